"""Question in, events out, as they happen: a LangChain `Runnable`, for sync and async callers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, nullcontext
from contextvars import copy_context
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config

from chatbot.answer import Question
from chatbot.cancellation import Cancellation
from chatbot.events import Done, Event
from chatbot.library import NotesLibrary
from chatbot.privacy import untraced


class NotesEvents(Runnable[Question, Event]):
    """Streams what happens between a question and its answer; made by `NotesChain.events`.

    `stream` and `astream` yield each event as it happens, the last is `Done`; `invoke` and
    `ainvoke` return that one. Whoever stops listening, or cancels the task that does, ends the
    model's request. The callbacks, tags and metadata of `config` reach the model.
    """

    def __init__(self, library: NotesLibrary, *, tracing: bool = False) -> None:
        self._library = library
        self._tracing = tracing

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Done:
        """Answer one question; the event that carries the answer.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
        """
        *_, last = self.stream(input, config, **kwargs)
        return _done(last)

    async def ainvoke(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Done:
        """Answer one question; arguments and errors as of `astream`."""
        last: Event | None = None
        async with aclosing(self.astream(input, config, **kwargs)) as events:
            async for event in events:
                last = event
        return _done(last)

    def stream(
        self,
        input: Question,
        config: RunnableConfig | None = None,
        *,
        cancellation: Cancellation | None = None,
        **kwargs: Any,
    ) -> Generator[Event, None, None]:
        """Yield what happens.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
            Cancelled: `cancellation` was cancelled, perhaps by another thread.
        """
        steps = self._steps(input, config, cancellation)
        try:
            while (event := steps.next()) is not None:
                yield event
        finally:
            steps.close()

    async def astream(
        self,
        input: Question,
        config: RunnableConfig | None = None,
        *,
        cancellation: Cancellation | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[Event, None]:
        """Yield what happens; all of it is done in a thread of its own.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
            Cancelled: `cancellation` was cancelled.
        """
        wanted = Cancellation()  # of this stream alone: the caller's may be for more
        asked = nullcontext() if cancellation is None else cancellation.calling(wanted.cancel)
        steps = self._steps(input, config, wanted)
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="footnote-answer")
        try:
            with asked:
                while (event := await loop.run_in_executor(thread, steps.next)) is not None:
                    yield event
        finally:
            wanted.cancel()  # wakes the thread, where it waits for the model
            thread.submit(steps.close)
            thread.shutdown(wait=False)

    def _steps(
        self, question: Question, config: RunnableConfig | None, cancellation: Cancellation | None
    ) -> _Steps:
        events = self._library.events(question, cancellation)
        return _Steps(events, config or {}, tracing=self._tracing)


class _Steps:
    """One event after another, in a context of its own: what is set there is nobody else's."""

    def __init__(
        self, events: Generator[Event, None, None], config: RunnableConfig, *, tracing: bool
    ) -> None:
        self._events = events
        self._tracing = tracing
        self._context = copy_context()
        passed_on = RunnableConfig()  # not the name or number of the caller's own run
        if "callbacks" in config:
            passed_on["callbacks"] = config["callbacks"]
        if "tags" in config:
            passed_on["tags"] = config["tags"]
        if "metadata" in config:
            passed_on["metadata"] = config["metadata"]
        if passed_on:
            self._context.run(var_child_runnable_config.set, passed_on)

    def next(self) -> Event | None:
        """The next event, or None behind the last."""
        return self._context.run(self._next)

    def close(self) -> None:
        """Ask for no more."""
        self._context.run(self._events.close)

    def _next(self) -> Event | None:
        # The model is asked in here, and takes the context along to the loop that it runs on.
        with nullcontext() if self._tracing else untraced():
            return next(self._events, None)


def _done(event: Event | None) -> Done:
    assert isinstance(event, Done), "every stream of events ends with the answer"
    return event
