"""The stream of events: in order, the same for everybody, and ended by whoever stops listening."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ToyEmbedder, write_notes
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import ChatGenerationChunk
from langsmith.utils import get_env_var, tracing_is_enabled
from model_server import ModelServer, running_model_server, says, stalls
from scripted_model import ScriptedModel
from worded import (
    BUCKETS,
    LABEL,
    NOTES,
    QUEUES,
    answer_of,
    built,
    chain_over,
    cited_by,
    require_sound,
    scripted,
    standing,
)

from chatbot.answer import Answer, Question, Status, Timings
from chatbot.cancellation import Cancellation, Cancelled
from chatbot.chain import NotesChain
from chatbot.chat_models import ChatModel, ModelChoice, Patience, open_chat_model
from chatbot.errors import EmptyQuestion, QuestionTooLong
from chatbot.events import Done, Event, Failed, TextDelta, Verdict
from chatbot.events import Status as Begins
from chatbot.numbering import cited_so_far
from chatbot.privacy import TRACING_SWITCHES
from ingest.pipeline import ingest_notes

REPLY = ["A queue keeps a message ", "for up to 14 days [1].", " It holds no ", "objects [1]."]
WITHIN = 30  # seconds, on a busy machine
PARTS = Question("How long does a queue keep a message? What does a bucket hold?")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("events"))


@pytest.fixture
def chain(directory: Path) -> Iterator[NotesChain]:
    with chain_over(directory, scripted(*REPLY)[0]) as ready:
        yield ready


def untimed(event: Event) -> Event:
    if isinstance(event, Done):
        return Done(replace(event.answer, timings=Timings()))
    return event


def kinds(events: list[Event]) -> list[str]:
    """The names of the events, what is repeated once; of a stage its own."""
    names = [str(e.stage) if isinstance(e, Begins) else type(e).__name__ for e in events]
    return [name for at, name in enumerate(names) if not at or names[at - 1] != name]


def streamed(chain: NotesChain, question: Question = QUEUES) -> list[Event]:
    return list(map(untimed, chain.events.stream(question)))


def test_what_happens_comes_in_its_order(chain: NotesChain) -> None:
    events = streamed(chain)
    assert kinds(events) == [
        *("understand", "retrieve", "compose", "write"),
        *("TextDelta", "Citations", "Verdict", "TextDelta", "Citations", "Verdict", "Done"),
    ]
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "".join(REPLY)
    require_sound(events, NOTES.__getitem__)


def test_a_sentence_is_judged_before_the_next_is_written(directory: Path) -> None:
    model, _ = scripted(*REPLY, delay=0.05)
    with chain_over(directory, model) as chain:
        heard = []
        for event in chain.events.stream(QUEUES):
            heard.append(event)
            if isinstance(event, Verdict):
                break
    assert "".join(e.text for e in heard if isinstance(e, TextDelta)) == "".join(REPLY[:3])


def test_an_answer_in_the_notes_own_words_has_verdicts_too(directory: Path) -> None:
    for question in (QUEUES, BUCKETS, PARTS):
        with chain_over(directory) as chain:
            events = streamed(chain, question)
            answer = require_sound(events, NOTES.__getitem__)
        assert kinds(events)[:3] == ["understand", "retrieve", "compose"]
        assert set(kinds(events)[3:]) == {"Citations", "Verdict", "Done"}
        assert answer.model == ""
        assert len(standing(events)) >= 1


def test_a_refusal_has_no_verdicts(directory: Path) -> None:
    with chain_over(directory) as chain:
        events = streamed(chain, Question("Who painted the ceiling of the chapel?"))
    assert kinds(events) == ["understand", "retrieve", "compose", "Done"]
    assert answer_of(events).status is Status.NOT_IN_NOTES


def test_every_way_of_asking_has_the_same_events_and_answer(chain: NotesChain) -> None:
    expected = streamed(chain)

    async def ask() -> tuple[list[Event], Event]:
        events = [untimed(event) async for event in chain.events.astream(QUEUES)]
        return events, untimed(await chain.events.ainvoke(QUEUES))

    events, last = asyncio.run(ask())
    assert events == expected
    assert streamed(chain) == expected
    assert [untimed(chain.events.invoke(QUEUES)), last] == [expected[-1]] * 2
    assert untimed(Done(chain.invoke(QUEUES))) == expected[-1]


@pytest.mark.parametrize(("text", "error"), [(" ", EmptyQuestion), ("x" * 5000, QuestionTooLong)])
def test_a_question_that_cannot_be_answered_is_refused(
    chain: NotesChain, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        chain.events.invoke(Question(text))
    with pytest.raises(error):
        asyncio.run(chain.events.ainvoke(Question(text)))
    assert answer_of(streamed(chain)).model == LABEL


def test_numbers_go_on_through_a_conversation(directory: Path) -> None:
    script = ScriptedModel(
        replies=[["A bucket holds objects [1]."], ["".join(REPLY)], ["A bucket holds objects."]]
    )
    answers: list[Answer] = []
    with chain_over(directory, ChatModel.of(script, LABEL)) as chain:
        for question in (BUCKETS, QUEUES, BUCKETS):
            asked = replace(question, cited=cited_so_far(answers))
            events = streamed(chain, asked)
            answers.append(answer_of(events))
            announced = cited_by(events)
            assert tuple(announced.values()) == answers[-1].citations
            assert {n for one in standing(events) for n in one.numbers} == set(announced)
    assert [[c.number for c in answer.citations] for answer in answers] == [[1], [2, 3], [1]]
    assert answers[2].text == "A bucket holds objects. [1]"


def test_numbers_go_on_in_the_notes_own_words_after_a_failure(directory: Path) -> None:
    model, _ = scripted(*REPLY, error=ValueError("x"), error_after=3)
    with chain_over(directory) as plain:
        first = plain.invoke(BUCKETS)
        asked = replace(QUEUES, cited=cited_so_far([first]))
        expected = plain.invoke(asked)
    with chain_over(directory, model) as chain:
        answer = require_after_failure(streamed(chain, asked))
    assert answer.citations == expected.citations
    assert min(c.number for c in answer.citations) == len(first.citations) + 1


def require_after_failure(events: list[Event]) -> Answer:
    assert [type(event) for event in events].count(Failed) == 1
    known = cited_by(events)
    answer = answer_of(events)
    assert tuple(known.values()) == answer.citations
    assert "\n".join(one.line for one in standing(events)) == answer.text
    return answer


def test_the_clock_is_told_in_order_and_of_a_model_alone(directory: Path) -> None:
    with chain_over(directory, scripted(*REPLY, delay=0.002)[0]) as chain:
        told = answer_of(list(chain.events.stream(QUEUES))).timings
    assert 0 < told.understand + told.retrieve < told.first_token
    assert told.first_token <= told.first_verified <= told.total
    with chain_over(directory) as chain:
        told = answer_of(list(chain.events.stream(QUEUES))).timings
    assert (told.first_token, told.first_verified) == (0.0, 0.0)
    assert "first_token" not in told.to_json()


# Whoever stops listening


@contextmanager
def stalled(directory: Path, **options: object) -> Iterator[tuple[NotesChain, ModelServer]]:
    """A chain whose model, on a server, says half of its answer and then nothing."""
    with running_model_server(stalls(*REPLY[:3])) as server:
        choice = ModelChoice("openai", "tiny", server.url)
        model = open_chat_model(choice, patience=Patience(silence=600), environ={})
        threads = set(threading.enumerate())
        with chain_over(directory, model, **options) as chain:
            yield chain, server
            assert server.asked == 1
            require_let_go(chain, server.gone)
        assert eventually(lambda: not answering(threads)), answering(threads)


def answering(before: set[threading.Thread]) -> list[str]:
    new = set(threading.enumerate()) - before
    return [thread.name for thread in new if thread.name.startswith("footnote-answer")]


def eventually(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + WITHIN
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)
    return is_so()


def require_let_go(chain: NotesChain, gone: threading.Event) -> None:
    """Fail unless the server saw the client leave, and nobody reads the index any more."""
    assert gone.wait(WITHIN)
    assert eventually(lambda: not chain._library._users)


async def until_verdict(events: AsyncIterator[Event]) -> None:
    async for event in events:
        if isinstance(event, Verdict):
            return


def test_another_thread_may_cancel(directory: Path) -> None:
    with stalled(directory) as (chain, _):
        cancellation = Cancellation()
        events = chain.events.stream(QUEUES, cancellation=cancellation)
        while not isinstance(next(events), Verdict):
            pass
        timer = threading.Timer(0.05, cancellation.cancel)
        timer.start()
        with pytest.raises(Cancelled):
            list(events)
        timer.join()


def test_what_was_cancelled_before_is_not_begun(directory: Path) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    model, script = scripted(*REPLY)
    with chain_over(directory, model) as chain:
        with pytest.raises(Cancelled):
            list(chain.events.stream(QUEUES, cancellation=cancellation))
        assert not chain._library._users
    assert script.asked == []


@pytest.mark.parametrize("leave", ["close", "drop", "throw"])
def test_whoever_leaves_the_stream_ends_the_request(directory: Path, leave: str) -> None:
    with stalled(directory) as (chain, _):
        events = chain.events.stream(QUEUES)
        while not isinstance(next(events), Verdict):
            pass
        if leave == "close":
            events.close()
        elif leave == "throw":
            with pytest.raises(KeyboardInterrupt):
                events.throw(KeyboardInterrupt)
        del events
        gc.collect()


def test_an_interrupt_in_the_midst_of_a_step_ends_the_request(directory: Path) -> None:
    class Interrupted(ToyEmbedder):
        armed = False

        def embed_question(self, text: str) -> Any:
            if self.armed:
                raise KeyboardInterrupt
            return super().embed_question(text)

    embedder = Interrupted()
    with stalled(directory, embedder=embedder) as (chain, _):
        events = chain.events.stream(QUEUES)
        while not isinstance(next(events), TextDelta):
            pass
        embedder.armed = True  # the next step judges a sentence
        with pytest.raises(KeyboardInterrupt):
            list(events)


def test_a_task_that_is_cancelled_ends_the_request(directory: Path) -> None:
    async def ask(chain: NotesChain) -> None:
        heard = asyncio.Event()

        async def listen() -> None:
            async for event in chain.events.astream(QUEUES):
                if isinstance(event, Verdict):
                    heard.set()

        task = asyncio.create_task(listen())
        await heard.wait()
        await asyncio.sleep(0.05)  # it waits for the model
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with stalled(directory) as (chain, _):
        asyncio.run(ask(chain))


def test_ainvoke_that_is_cancelled_ends_the_request(directory: Path) -> None:
    async def ask(chain: NotesChain, server: ModelServer) -> None:
        task = asyncio.create_task(chain.events.ainvoke(QUEUES))
        while not server.asked:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with stalled(directory) as (chain, server):
        asyncio.run(ask(chain, server))


@pytest.mark.parametrize("leave", ["aclose", "drop", "loop ends"])
def test_whoever_leaves_the_async_stream_ends_the_request(directory: Path, leave: str) -> None:
    kept: list[AsyncIterator[Event]] = []

    async def ask(chain: NotesChain) -> None:
        events = chain.events.astream(QUEUES)
        await until_verdict(events)
        if leave == "aclose":
            async with aclosing(events):
                pass
        elif leave == "loop ends":
            kept.append(events)

    with stalled(directory) as (chain, _):
        asyncio.run(ask(chain))
        gc.collect()


def test_another_may_cancel_the_async_stream_and_keeps_its_word_for_itself(directory: Path) -> None:
    cancellation = Cancellation()

    async def ask(chain: NotesChain) -> None:
        events = chain.events.astream(QUEUES, cancellation=cancellation)
        await until_verdict(events)
        cancellation.cancel()
        with pytest.raises(Cancelled):
            await until_verdict(events)

    with stalled(directory) as (chain, _):
        asyncio.run(ask(chain))
    with chain_over(directory, scripted(*REPLY)[0]) as chain:
        another = Cancellation()
        asyncio.run(chain.events.ainvoke(QUEUES, cancellation=another))
        assert not another.is_cancelled


def test_an_async_stream_that_was_never_begun_costs_nothing(chain: NotesChain) -> None:
    async def ask() -> None:
        chain.events.astream(QUEUES)

    asyncio.run(ask())
    gc.collect()
    assert not chain._library._users


def test_the_library_can_be_closed_while_an_answer_streams(directory: Path) -> None:
    with chain_over(directory, scripted(*REPLY)[0]) as chain:
        events = chain.events.stream(QUEUES)
        while not isinstance(next(events), TextDelta):
            pass
        chain.close()
        answer = answer_of(list(events))
        assert answer.model == LABEL
        assert not chain._library._users
        with pytest.raises(RuntimeError, match="closed"):
            chain.events.invoke(QUEUES)


def test_an_answer_that_streams_goes_on_with_the_index_it_began_with(tmp_path: Path) -> None:
    directory = built(tmp_path)
    with chain_over(directory, scripted(*REPLY)[0]) as chain:
        events = chain.events.stream(QUEUES)
        heard = []
        while not isinstance(heard[-1] if heard else None, TextDelta):
            heard.append(next(events))
        newer = {**NOTES, "queues.md": "# Queues\n\nA queue keeps a message for up to 4 days.\n"}
        notes = write_notes(tmp_path / "notes", newer)
        ingest_notes([notes], directory, embedder=ToyEmbedder())
        again = chain.events.invoke(QUEUES).answer
        old = require_sound([*heard, *events], NOTES.__getitem__)
        assert not chain._library._users
    assert "14 days" in old.text
    assert "4 days" in again.text
    assert "14 days" not in again.text
    assert require_quotes(again, newer)


def require_quotes(answer: Answer, notes: dict[str, str]) -> bool:
    return all(notes[c.source][c.start : c.end] == c.quote for c in answer.citations)


def test_two_threads_may_ask_one_chain_at_once(directory: Path) -> None:
    both = [*REPLY, "\n\nA bucket ", "holds objects."]
    with chain_over(directory, scripted(*both, delay=0.001)[0]) as chain:
        alone = {question: streamed(chain, question) for question in (QUEUES, BUCKETS)}
        assert all(answer_of(events).model == LABEL for events in alone.values())
        with ThreadPoolExecutor(4) as pool:
            asked = [QUEUES, BUCKETS] * 4
            for question, events in zip(
                asked, pool.map(lambda q: streamed(chain, q), asked), strict=True
            ):
                assert events == alone[question]
        assert not chain._library._users


# Who is told of the request


class Told(BaseCallbackHandler):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self.asked.append(str(messages[0][-1].content))


def test_the_callers_callbacks_hear_of_the_model(chain: NotesChain) -> None:
    told = Told()
    chain.events.invoke(QUEUES, {"callbacks": [told], "run_name": "mine"})
    asyncio.run(chain.events.ainvoke(QUEUES, {"callbacks": [told]}))
    chain.invoke(QUEUES, {"callbacks": [told]})
    chain.events.invoke(QUEUES)
    assert [QUEUES.text in text for text in told.asked] == [True] * 3


class Watching(ScriptedModel):
    """Says whether LangSmith would trace it."""

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        TRACED.append(bool(tracing_is_enabled()))
        async for chunk in super()._astream(*args, **kwargs):
            yield chunk


TRACED: list[bool] = []


def test_langsmith_is_kept_out_of_the_model_whatever_the_shell_says(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    TRACED.clear()
    with chain_over(directory, ChatModel.of(Watching.of(*REPLY), LABEL)) as chain:
        for name in TRACING_SWITCHES:  # another test may have switched one off
            if name != "LANGCHAIN_TRACING":  # a relic that langchain-core refuses
                monkeypatch.setenv(name, "true")
        get_env_var.cache_clear()
        try:
            assert tracing_is_enabled()
            chain.events.invoke(QUEUES)
            asyncio.run(chain.events.ainvoke(QUEUES))
            chain.invoke(QUEUES)
            for _ in chain.events.stream(QUEUES):
                assert tracing_is_enabled()  # for the caller nothing changes
        finally:
            monkeypatch.undo()
            get_env_var.cache_clear()
    assert TRACED == [False] * 4


def test_the_citations_come_before_the_verdict_over_http_too(directory: Path) -> None:
    with running_model_server(says(*REPLY)) as server:
        choice = ModelChoice("openai", "tiny", server.url)
        model = open_chat_model(choice, environ={})
        with chain_over(directory, model) as chain:
            answer = require_sound(streamed(chain), NOTES.__getitem__)
    assert answer.model == f"tiny at {server.url}"
