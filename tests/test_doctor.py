"""The doctor: what it finds, what it advises, and when it is content."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from chroma_server import free_port
from kept import answer
from model_server import running_model_server

from chatbot.chat_models import ModelChoice
from chatbot.doctor import (
    LIBRARIES,
    Check,
    IndexFacts,
    State,
    check_embedder,
    check_footnote,
    check_index,
    check_libraries,
    check_model,
    check_notes,
    check_privacy,
    check_python,
    check_reranker,
    check_user_data,
    diagnose,
    is_healthy,
    look_into_index,
    to_json,
)
from chatbot.errors import BadSetting
from chatbot.privacy import keep_private
from chatbot.settings import Settings
from chatbot.user_data import UserData
from chatbot.user_data.inspection import look_at
from ingest.changes import Changes
from ingest.errors import IndexDamaged, IndexMismatch, IndexNotFound, WeightsUnavailable

FACTS = IndexFacts("000007-abc", "all-MiniLM-L6-v2", sources=3, sections=1)


class Weights:
    """Weights that are there, or not as expected."""

    def __init__(self, name: str = "all-MiniLM-L6-v2", error: str = "") -> None:
        self.name = name
        self._error = error

    def verified_folder(self) -> Path:
        if self._error:
            raise WeightsUnavailable(self._error)
        return Path("models") / self.name


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise error

    return fail


def found(_: str) -> object:
    return object()


def test_a_supported_python_is_fine() -> None:
    assert check_python((3, 11, 7)).state is State.FINE
    assert check_python((4, 0, 0)).state is State.FINE


def test_an_old_python_fails() -> None:
    check = check_python((3, 10, 13))
    assert check.state is State.FAILED
    assert "3.11" in check.advice


def test_footnote_says_which_it_is() -> None:
    assert check_footnote(lambda name: "0.1.0").finding == "0.1.0"
    from_source = check_footnote(raising(PackageNotFoundError("footnote-study")))
    assert from_source.state is State.NOTE
    assert from_source.advice


def test_libraries_are_listed_with_their_versions() -> None:
    check = check_libraries(lambda name: "1.2")
    assert check.state is State.FINE
    assert all(f"{name} 1.2" in check.finding for name in LIBRARIES)


def test_a_missing_library_fails_and_says_how_to_install_it() -> None:
    def find(name: str) -> str:
        if name == "torch":
            raise PackageNotFoundError(name)
        return "1"

    check = check_libraries(find)
    assert check.state is State.FAILED
    assert check.finding == "not installed: torch"
    assert "constraints.txt" in check.advice


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_packaged_weights_are_checked(name: str) -> None:
    check = check_embedder(name, [Weights()], raising(AssertionError("looked elsewhere")))
    assert check.state is State.FINE
    assert "every file as expected" in check.finding


def test_altered_weights_fail() -> None:
    check = check_embedder("all-MiniLM-L6-v2", [Weights(error="SHA-256 differs.")], found)
    assert (check.state, check.finding) == (State.FAILED, "SHA-256 differs.")
    assert check.advice


def test_another_model_is_looked_for_on_this_machine() -> None:
    assert check_embedder("my/model", [Weights()], found).state is State.FINE
    missing = check_embedder("my/model", [Weights()], raising(WeightsUnavailable("Not here.")))
    assert (missing.state, missing.finding) == (State.FAILED, "Not here.")


def test_answers_still_come_without_the_reranker() -> None:
    for check in (
        check_reranker(True, Weights("cross", error="Not installed.")),
        check_reranker(False, Weights("cross")),
    ):
        assert check.state is State.NOTE
        assert "answers still come, from the fused rank" in check.finding
        assert check.advice
        assert is_healthy([check])


def test_the_reranker_is_fine() -> None:
    assert check_reranker(True, Weights("cross")).state is State.FINE


def test_an_index_says_what_it_holds() -> None:
    check = check_index(Path("index"), lambda: FACTS)
    assert check.state is State.FINE
    assert check.finding == (
        "index, generation 000007-abc, all-MiniLM-L6-v2, whole: 3 notes, 1 section"
    )


def test_an_index_with_a_notice_is_worth_knowing() -> None:
    facts = IndexFacts("1", "m", 1, 1, notices=("Chroma is damaged.",))
    check = check_index(Path("index"), lambda: facts)
    assert check.state is State.NOTE
    assert "Chroma is damaged." in check.finding


@pytest.mark.parametrize(
    "error",
    [
        IndexNotFound("None. Make one."),
        IndexDamaged("Damaged. Mend it."),
        IndexMismatch("Other. Rebuild it."),
    ],
)
def test_an_index_that_cannot_answer_fails(error: Exception) -> None:
    check = check_index(Path("index"), raising(error))
    assert (check.state, check.finding) == (State.FAILED, str(error))


def test_an_unreadable_index_fails_with_advice() -> None:
    check = check_index(Path("index"), raising(PermissionError(13, "Permission denied")))
    assert check.state is State.FAILED
    assert "Permission denied" in check.finding
    assert check.advice


def test_privacy_is_in_force_once_it_is_kept() -> None:
    environment = {"LANGSMITH_TRACING": "true"}
    assert check_privacy(False, environ=environment).state is State.FAILED
    keep_private(environ=environment)
    assert check_privacy(False, environ=environment).state is State.FINE


def test_tracing_that_was_asked_for_is_worth_knowing() -> None:
    environment = {"LANGSMITH_TRACING": "true"}
    keep_private(tracing=True, environ=environment)
    assert check_privacy(True, environ=environment).state is State.NOTE


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("http://127.0.0.1:8000", State.FINE),
        ("http://localhost", State.FINE),
        ("http://[::1]:8000", State.FINE),
        ("http://192.168.0.2:8000", State.NOTE),
        ("https://127.0.0.1.example.com", State.NOTE),
    ],
)
def test_notes_that_go_to_another_machine_are_told(url: str, state: State) -> None:
    environment: dict[str, str] = {}
    keep_private(environ=environment)
    check = check_privacy(False, url, environ=environment)
    assert check.state is state
    assert (url in check.finding) == (state is State.NOTE)


def test_one_failed_check_is_enough() -> None:
    fine, failed = Check("a", State.FINE, "x"), Check("b", State.FAILED, "y", "z")
    assert is_healthy([fine])
    assert not is_healthy([fine, failed])
    assert to_json([fine, failed]) == {
        "healthy": False,
        "checks": [
            {"name": "a", "state": "fine", "finding": "x", "advice": ""},
            {"name": "b", "state": "failed", "finding": "y", "advice": "z"},
        ],
    }


def test_without_an_index_the_doctor_names_the_command(tmp_path: Path) -> None:
    checks = {check.name: check for check in diagnose(Settings(home=tmp_path / "none"))}
    assert list(checks) == [
        "footnote",
        "python",
        "libraries",
        "embedder",
        "reranker",
        "index",
        "own data",
        "model",
        "prompt",
        "privacy",
    ]
    assert checks["index"].state is State.FAILED
    assert "footnote ingest" in checks["index"].finding + checks["index"].advice
    assert checks["embedder"].state is State.FINE


@pytest.mark.slow
def test_looks_into_a_whole_index(index_directory: Path) -> None:
    facts = look_into_index(index_directory, "toy")
    assert (facts.embedder, facts.sources) == ("toy", 3)
    assert facts.sections > 3
    assert facts.notices == ()


@pytest.mark.slow
def test_sees_a_flipped_bit(index_directory: Path) -> None:
    [catalog] = index_directory.glob("**/notes.sqlite")
    data = bytearray(catalog.read_bytes())
    data[-1] ^= 1
    catalog.chmod(0o644)
    catalog.write_bytes(bytes(data))
    with pytest.raises(IndexDamaged, match="footnote doctor --repair"):
        look_into_index(index_directory, "toy")


@pytest.mark.slow
def test_refuses_an_index_of_another_embedder(index_directory: Path) -> None:
    with pytest.raises(IndexMismatch, match="--rebuild"):
        look_into_index(index_directory, "all-MiniLM-L6-v2")


def test_an_index_in_step_with_its_notes_is_fine() -> None:
    check = check_notes(lambda: Changes(unchanged=3))
    assert (check.state, check.finding) == (State.FINE, "3 notes, all as in the index")


def test_notes_that_changed_are_counted_and_how_to_take_them_in_is_said() -> None:
    check = check_notes(lambda: Changes(added=("a",), edited=("b", "c"), unchanged=1))
    assert check.state is State.NOTE
    assert check.finding == "since the last ingest: 1 added, 2 edited"
    assert "footnote sync" in check.advice


def test_notes_that_are_gone_fail() -> None:
    check = check_notes(raising(IndexNotFound("There is no file or folder 'x'.")))
    assert check.state is State.FAILED


def test_what_is_kept_is_counted_and_damage_is_told_though_answers_come(tmp_path: Path) -> None:
    assert check_user_data(lambda: look_at(tmp_path)).state is State.FINE
    kept = UserData(tmp_path)
    kept.append(kept.start("default", answer()), answer())
    kept.delete(kept.start("default", answer()).id)
    check = check_user_data(lambda: look_at(tmp_path))
    assert (check.state, check.finding) == (State.FINE, "1 conversation with 2 turns, whole")
    whole = kept.path.read_bytes()
    kept.path.write_bytes(whole[:-12_288] + bytes(8192) + whole[-4096:])
    check = check_user_data(lambda: look_at(tmp_path))
    assert check.state is State.NOTE
    assert "footnote restore" in check.finding
    assert is_healthy([check])


def test_without_a_model_answers_are_in_the_notes_own_words() -> None:
    check = check_model(lambda: None, {})
    assert (check.state, check.finding) == (
        State.FINE,
        "none: answers are in the notes' own words",
    )


def test_a_model_that_is_named_badly_fails() -> None:
    check = check_model(raising(BadSetting("Write it otherwise.")), {})
    assert (check.state, check.finding) == (State.FAILED, "Write it otherwise.")


def test_a_models_key_is_told_by_name_and_never_shown() -> None:
    choice = ModelChoice("openai", "gpt-4o-mini")
    check = check_model(lambda: choice, {"OPENAI_API_KEY": "tr0ub4dor"})
    assert check.state is State.FINE
    assert check.finding.startswith("openai:gpt-4o-mini, its package is installed")
    assert "OPENAI_API_KEY is set" in check.finding
    assert "tr0ub4dor" not in str(check.to_json())
    check = check_model(lambda: choice, {})
    assert (check.state, check.advice) == (State.FAILED, "Set OPENAI_API_KEY.")


def test_a_variable_that_would_lead_elsewhere_is_worth_knowing() -> None:
    environ = {"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": "http://elsewhere"}
    check = check_model(lambda: ModelChoice("openai", "m"), environ)
    assert check.state is State.NOTE
    assert "not heeded: OPENAI_BASE_URL" in check.finding
    assert "FOOTNOTE_MODEL_URL" in check.advice


def test_a_server_that_answers_is_fine() -> None:
    with running_model_server(models=("llama",)) as server:
        for name in ("", "llama"):
            check = check_model(partial(ModelChoice, "openai", name, server.url), {})
            assert check.state is State.FINE
            assert check.finding == (
                f"llama at {server.url}, which answers, FOOTNOTE_MODEL_KEY is not set"
            )


def test_a_model_that_the_server_does_not_list_is_worth_knowing() -> None:
    with running_model_server(models=("llama", "qwen")) as server:
        check = check_model(lambda: ModelChoice("openai", "other", server.url), {})
    assert check.state is State.NOTE
    assert "llama, qwen" in check.advice


def test_without_its_server_answers_still_come() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    check = check_model(lambda: ModelChoice("openai", "llama", url), {})
    assert check.state is State.NOTE
    assert f"Nothing answers at {url}" in check.finding
    assert check.finding.endswith("Until then answers are in the notes' own words")
    assert is_healthy([check])


@pytest.mark.parametrize(
    ("model", "goes"),
    [
        (ModelChoice("openai", "gpt-4o-mini"), "openai:gpt-4o-mini"),
        (ModelChoice("openai", "m", "http://192.168.0.2/v1"), "m at http://192.168.0.2/v1"),
        (ModelChoice("ollama", "llama"), ""),
        (ModelChoice("openai", "m", "http://127.0.0.1:8080/v1"), ""),
        (None, ""),
    ],
)
def test_questions_that_go_to_another_machine_are_told(
    model: ModelChoice | None, goes: str
) -> None:
    environment: dict[str, str] = {}
    keep_private(environ=environment)
    check = check_privacy(False, environ=environment, model=model)
    assert check.state is (State.NOTE if goes else State.FINE)
    if goes:
        assert check.finding == f"questions, and the passages found for them, go to {goes}"
        assert "Unset FOOTNOTE_MODEL" in check.advice


def test_all_that_leaves_is_told_together() -> None:
    environment = {"LANGSMITH_TRACING": "true"}
    keep_private(tracing=True, environ=environment)
    model = ModelChoice("openai", "gpt-4o-mini")
    check = check_privacy(True, "http://192.168.0.2:8000", environ=environment, model=model)
    for word in ("Chroma", "openai:gpt-4o-mini", "LangSmith"):
        assert word in check.finding
    for switch in ("FOOTNOTE_CHROMA_URL", "FOOTNOTE_MODEL", "FOOTNOTE_TRACING"):
        assert switch in check.advice
