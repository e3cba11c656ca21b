"""A model that fails costs its words, not the answer; and nothing of a key is told."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from chroma_server import free_port
from model_server import (
    Script,
    breaks_off,
    never_ends,
    refuses,
    running_model_server,
    says,
    sends,
    stalls,
)
from worded import (
    BUCKETS,
    LABEL,
    NOTES,
    QUEUES,
    answer_of,
    built,
    chain_over,
    require_sound,
    scripted,
)

from chatbot.answer import Answer, Question, Status
from chatbot.chat_models import ChatModel, ModelChoice, Patience, open_chat_model
from chatbot.chat_models.configured import AbsentModel, LateModel, configured_model
from chatbot.chat_models.providers import PROVIDERS
from chatbot.events import Event, Failed, TextDelta, Verdict
from chatbot.generation.decision import OWN_WORDS
from chatbot.settings import Settings

SECRET = "sk-tr0ub4dor-and-3-more"
BEGINS = "A queue keeps a message for up to 14 days [1]. It holds"
UNKNOWN = Question("Who painted the ceiling of the chapel?")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("failed"))


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A key in every variable that may hold one; fail where any of it is logged."""
    for name in ("FOOTNOTE_MODEL_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, SECRET)
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.records:
        told = f"{record.getMessage()} {record.__dict__} {record.exc_info}"
        assert "tr0ub4dor" not in told


def require_secret(events: list[Event], answer: Answer) -> None:
    assert "tr0ub4dor" not in repr(events)
    assert "tr0ub4dor" not in json.dumps(answer.to_json())


def own_answer(directory: Path, question: Question) -> Answer:
    with chain_over(directory) as chain:
        return chain.invoke(question)


def failed_with(directory: Path, model: object, question: Question = QUEUES) -> list[Event]:
    """What happens with a model that fails; fail unless the answer is as without one."""
    own = own_answer(directory, question)
    with chain_over(directory, model) as chain:
        events = list(chain.events.stream(question))
        answer = require_sound(events, NOTES.__getitem__)
        assert not chain._library._users
    [reason] = [event.reason for event in events if isinstance(event, Failed)]
    assert reason.isprintable()
    assert len(reason) < 400
    told = (answer.text, answer.status, answer.citations, answer.confidence, answer.passages)
    assert told == (own.text, own.status, own.citations, own.confidence, own.passages)
    assert answer.model == ""
    declined = own.status is Status.NOT_IN_NOTES
    assert answer.notice == (reason if declined else f"{reason} {OWN_WORDS}")
    require_secret(events, answer)
    return events


def reason_in(events: list[Event]) -> str:
    return next(event.reason for event in events if isinstance(event, Failed))


def opened(url: str, silence: float = 30.0, environ: Mapping[str, str] | None = None) -> ChatModel:
    choice = ModelChoice("openai", "tiny", url)
    patience = Patience(silence=silence, pauses=(0, 0))
    return open_chat_model(
        choice, patience=patience, environ=environ or {"FOOTNOTE_MODEL_KEY": SECRET}
    )


BODY = f"Incorrect key {SECRET}; Authorization: Bearer {SECRET}"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (refuses(401, BODY), "refused the key in FOOTNOTE_MODEL_KEY"),
        (refuses(404, BODY), "There is no model"),
        (refuses(429, BODY), "rate limit"),
        (refuses(500, BODY), "trouble of its own"),
        (refuses(418, BODY), "failed: "),
        (breaks_off(), "broke off"),
        (breaks_off(BEGINS), "broke off"),
        (says(BEGINS, finish=None), "broke off in the middle"),
        (says(BEGINS, finish="length"), "reached its limit"),
        (says(BEGINS, finish="content_filter"), "withheld its answer"),
        (says(), "gave an empty answer"),
        (says(" \n", "\t"), "gave an empty answer"),
        (sends(b"<html>" + SECRET.encode() + b"</html>\n\n"), "answer"),
        (sends(b"data: {" + SECRET.encode() + b"\n\n", BEGINS), "no chat model's answer"),
        (never_ends("on and on, "), "did not come to an end"),
        (says("x" * 10_000_000), "did not come to an end"),
    ],
)
def test_over_http_the_notes_speak_where_a_model_fails(
    directory: Path, script: Script, words: str
) -> None:
    with running_model_server(script) as server:
        events = failed_with(directory, opened(server.url))
    assert words in reason_in(events)


def test_a_model_that_stalls_in_mid_answer_is_given_up(directory: Path) -> None:
    with running_model_server(stalls(BEGINS)) as server:
        events = failed_with(directory, opened(server.url, silence=0.3))
        assert server.gone.wait(30)
    assert "was silent for 0.3 seconds" in reason_in(events)
    assert any(isinstance(event, TextDelta) for event in events)


def test_a_server_that_is_not_there_is_named(directory: Path) -> None:
    url = f"http://127.0.0.1:{free_port('127.0.0.1')}/v1"
    events = failed_with(directory, opened(url))
    assert reason_in(events) == f"Nothing answers at {url}. Is the server running?"


def test_what_was_judged_before_a_failure_stands_nowhere(directory: Path) -> None:
    model, _ = scripted(BEGINS, error=ConnectionResetError("x"), error_after=1)
    events = failed_with(directory, model)
    before = next(event for event in events if isinstance(event, Verdict)).sentence
    assert before.text
    assert before.numbers
    [kept] = answer_of(events).sentences
    assert (kept.said, kept.ruling) == (before.said, before.ruling)
    assert (kept.text, kept.numbers, kept.line) == ("", (), "")


def test_where_the_notes_do_not_answer_either_the_failure_is_told(directory: Path) -> None:
    model, _ = scripted(error=RuntimeError(f"token={SECRET}"))
    events = failed_with(directory, model, UNKNOWN)
    assert answer_of(events).notice.startswith(LABEL)
    assert OWN_WORDS not in answer_of(events).notice


def test_an_answer_in_parts_is_the_same_with_a_model_that_fails(directory: Path) -> None:
    both = Question("How long does a queue keep a message? What does a bucket hold?")
    for question in (both, BUCKETS):
        failed_with(directory, scripted(error=ValueError("no"))[0], question)


def test_the_notes_own_words_do_not_depend_on_how_many_passages_a_model_is_handed(
    tmp_path: Path,
) -> None:
    notes = {
        **NOTES,
        "long.md": "# Long\n\n" + "".join(f"## Part {n}\n\nQueue {n} rests.\n\n" for n in range(9)),
        "empty.md": "# Queues that rest\n\n## Message rest\n",
    }
    index = built(tmp_path, notes)
    for text in ("Which queue rests?", "What is a message rest?", "How long is queue 3 kept?"):
        with chain_over(index) as chain:
            own = chain.invoke(Question(text))
        with chain_over(index, AbsentModel("none", "None.")) as chain:
            answer = chain.invoke(Question(text))
        assert (answer.text, answer.status, answer.confidence, answer.passages) == (
            *(own.text, own.status, own.confidence, own.passages),
        )


# The model that the settings name


def configured(**values: Any) -> LateModel | AbsentModel | None:
    return configured_model(Settings(**values))


def test_no_model_is_none() -> None:
    assert configured() is None


def test_a_model_that_cannot_be_had_says_so_when_it_is_asked_and_not_before() -> None:
    pieces = AbsentModel("none", "None.").stream([])
    with pytest.raises(Exception, match=r"None\."):
        next(pieces)


@pytest.mark.parametrize("name", ["gpt-5", "nobody:gpt-5", "openai:", ":", "a b c"])
def test_a_wrong_name_costs_the_models_words_alone(directory: Path, name: str) -> None:
    events = failed_with(directory, configured(model=name))
    assert "FOOTNOTE_MODEL" in reason_in(events)


def test_a_name_of_a_provider_beside_an_address_costs_the_models_words_alone(
    directory: Path,
) -> None:
    model = configured(model="openai:gpt", model_url="http://127.0.0.1:9/v1")
    assert "FOOTNOTE_MODEL_URL" in reason_in(failed_with(directory, model))


def test_a_package_that_is_not_installed_is_named(directory: Path) -> None:
    absent = [name for name, one in PROVIDERS.items() if find_spec(one.package) is None]
    if not absent:
        pytest.skip("every provider's package is installed")
    events = failed_with(directory, configured(model=f"{absent[0]}:some-model"))
    assert "needs a package that is not installed" in reason_in(events)


def test_a_key_that_is_not_set_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    events = failed_with(directory, configured(model="openai:gpt-5"))
    assert reason_in(events) == "openai:gpt-5 needs a key. Set OPENAI_API_KEY."


def test_a_server_that_starts_later_is_found_then(directory: Path) -> None:
    port = free_port("127.0.0.1")
    url = f"http://127.0.0.1:{port}/v1"
    model = configured(model_url=url)
    assert isinstance(model, LateModel)
    assert model.label == f"the model at {url}"
    assert "Nothing answers" in reason_in(failed_with(directory, model))
    with (
        running_model_server(says("A queue keeps a message for up to 14 days."), port=port),
        chain_over(directory, model) as chain,
    ):
        for _ in range(2):
            answer = require_sound(list(chain.events.stream(QUEUES)), NOTES.__getitem__)
            assert answer.model == f"tiny at {url}"


def test_nothing_is_asked_of_a_server_before_a_question_is(directory: Path) -> None:
    with running_model_server(says(BEGINS)) as server:
        model = configured(model_url=server.url)
        with chain_over(directory, model):
            assert server.requests == []
