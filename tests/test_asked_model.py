"""Which model `footnote eval` asks, and when it is given up on."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from model_server import running_model_server

from chatbot.cancellation import Cancellation
from chatbot.chat_models import Message, ModelChoice
from chatbot.errors import ModelFailed
from evals.asked_model import MOST_SILENT, AskedModel, WatchedModel, as_typed, named_model
from evals.errors import HarnessFailed

URL = "http://127.0.0.1:8080/v1"
TINY = AskedModel(ModelChoice("openai", "tiny", URL))


def test_a_model_is_named_by_what_was_typed_and_by_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOOTNOTE_MODEL", "openai:gpt-4o")
    monkeypatch.setenv("FOOTNOTE_MODEL_URL", "http://elsewhere.example/v1")
    monkeypatch.setenv("FOOTNOTE_MODEL_CONTEXT", "777")
    assert named_model(None, None) is None
    assert named_model("tiny", URL) == TINY
    assert named_model("ollama:tiny", None) == AskedModel(ModelChoice("ollama", "tiny"))
    small = named_model("tiny", URL, context=900, silence=5)
    assert small == replace(TINY, context=900, silence=5)


@pytest.mark.parametrize(
    ("name", "url", "limits", "said"),
    [
        ("gpt-4o", None, {}, "--model is 'gpt-4o', which does not say whose model"),
        ("openai:gpt-4o", URL, {}, "but --model-url names a server"),
        ("", None, {}, "name no model"),
        (None, "", {}, "name no model"),
        ("tiny", "127.0.0.1", {}, "--model-url: not the address of a server"),
        ("tiny", "http://me:hunter2secret@h.example/v1", {}, "it may hold no password"),
        ("tiny", URL, {"context": 3}, "--model-context is 3: "),
        ("tiny", URL, {"silence": 0.0}, "--model-timeout is 0.0: "),
    ],
)
def test_what_names_no_model_is_refused_in_the_words_of_the_command(
    name: str | None, url: str | None, limits: dict[str, float], said: str
) -> None:
    with pytest.raises(HarnessFailed) as raised:
        named_model(name, url, **limits)  # type: ignore[arg-type]
    (problem,) = raised.value.problems
    assert said in problem
    assert "\n" not in problem
    assert "FOOTNOTE_MODEL" not in problem
    assert "hunter2secret" not in problem


def test_a_servers_only_model_goes_by_its_own_name() -> None:
    with running_model_server(models=("tiny",)) as server:
        found = named_model(None, server.url)
        assert found is not None
        assert (found.choice.name, found.label) == ("tiny", f"tiny at {server.url}")
    with (
        running_model_server(models=("one", "two")) as server,
        pytest.raises(HarnessFailed, match=r"has one, two\. Set --model to one"),
    ):
        named_model(None, server.url)
    with pytest.raises(HarnessFailed, match="Nothing answers at"):
        named_model(None, server.url)


def test_the_key_of_a_server_keeps_its_name() -> None:
    said = "Set FOOTNOTE_MODEL_KEY, or set FOOTNOTE_MODEL_TIMEOUT higher. Correct FOOTNOTE_MODEL."
    assert as_typed(said) == (
        "Set FOOTNOTE_MODEL_KEY, or set --model-timeout higher. Correct --model."
    )


def test_a_model_can_be_handed_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(TINY)) == TINY


def test_what_decides_the_answers_decides_the_key() -> None:
    others = [
        replace(TINY, choice=ModelChoice("openai", "small", URL)),
        replace(TINY, choice=ModelChoice("openai", "tiny", f"{URL}/other")),
        replace(TINY, context=900),
    ]
    assert len({json.dumps(each.key()) for each in (TINY, *others)}) == 4
    assert replace(TINY, silence=1).key() == TINY.key()  # a failure is kept nowhere


def test_a_model_that_cannot_be_set_up_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    hosted = named_model("openai:gpt-4o", None)
    assert hosted is not None
    with pytest.raises(HarnessFailed, match="OPENAI_API_KEY"):
        hosted.open()


@dataclass
class Script:
    """A model that says each of these words in its turn; of "", nothing, and of "…", not all."""

    words: list[str]
    label: str = "tiny"
    closed: list[bool] = field(default_factory=list)

    def stream(
        self, messages: Sequence[Message], cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        said = self.words.pop(0)
        try:
            if said:
                yield said
            if said in ("", "…"):
                raise ModelFailed(f"tiny failed: {said or 'silence'}. Set FOOTNOTE_MODEL.")
        finally:
            self.closed.append(True)


def ask(model: WatchedModel) -> str:
    return "".join(model.stream([Message("user", "?")]))


def test_a_model_that_fails_at_its_first_question_is_given_up_with_its_reason() -> None:
    with pytest.raises(HarnessFailed, match=r"tiny failed: silence\. Set --model\."):
        ask(WatchedModel(Script([""])))


def test_one_failure_among_answers_is_remembered_and_no_end() -> None:
    watched = WatchedModel(Script(["Yes.", "", "Yes.", "", ""]))
    assert ask(watched) == "Yes."
    for _ in range(2):
        with pytest.raises(ModelFailed):
            ask(watched)
        if not watched.failures[1:]:
            assert ask(watched) == "Yes."
    assert len(watched.failures) == 2


def test_a_model_that_stays_silent_is_given_up() -> None:
    watched = WatchedModel(Script(["Yes.", *[""] * MOST_SILENT]))
    ask(watched)
    for _ in range(MOST_SILENT - 1):
        with pytest.raises(ModelFailed):
            ask(watched)
    with pytest.raises(HarnessFailed, match="silence"):
        ask(watched)


def test_a_model_that_breaks_off_each_time_is_there_and_goes_on() -> None:
    watched = WatchedModel(Script(["…"] * (MOST_SILENT + 2)))
    for _ in range(MOST_SILENT + 2):
        with pytest.raises(ModelFailed):
            ask(watched)


def test_whoever_stops_listening_ends_the_reply() -> None:
    script = Script(["Yes."])
    pieces = WatchedModel(script).stream([Message("user", "?")])
    next(pieces)
    del pieces
    assert script.closed == [True]
