"""Question in, events out, as they happen: a LangChain `Runnable`, for sync and async callers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from chatbot.answer import Question
from chatbot.cancellation import Cancellation
from chatbot.events import Event
from chatbot.library import NotesLibrary
from chatbot.privacy import untraced


class NotesEvents(Runnable[Question, Event]):
    """Streams what happens between a question and its answer; made by `NotesChain.events`.

    `stream` and `astream` yield each event as it happens, the last is `Done`; `invoke` returns
    that one. Whoever stops listening, or cancels the task that does, ends the model's request.
    """

    def __init__(self, library: NotesLibrary, *, tracing: bool = False) -> None:
        self._library = library
        self._tracing = tracing

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Event:
        """Answer one question; the event that carries the answer.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
        """
        *_, done = self.stream(input, config)
        return done

    def stream(
        self,
        input: Question,
        config: RunnableConfig | None = None,
        *,
        cancellation: Cancellation | None = None,
        **kwargs: Any,
    ) -> Iterator[Event]:
        """Yield what happens.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
            Cancelled: `cancellation` was cancelled, perhaps by another thread.
        """
        steps = self._steps(input, cancellation)
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
    ) -> AsyncIterator[Event]:
        """Yield what happens; all of it is done in a thread of its own.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
            Cancelled: `cancellation` was cancelled.
        """
        wanted = cancellation or Cancellation()
        steps = self._steps(input, wanted)
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="footnote-answer")
        try:
            while (event := await loop.run_in_executor(thread, steps.next)) is not None:
                yield event
        finally:
            wanted.cancel()  # wakes the thread, where it waits for the model
            thread.submit(steps.close)
            thread.shutdown(wait=False)

    def _steps(self, question: Question, cancellation: Cancellation | None) -> _Steps:
        return _Steps(self._library.events(question, cancellation), tracing=self._tracing)


class _Steps:
    """One event after another, in a context of its own: what is set there is nobody else's."""

    def __init__(self, events: Generator[Event, None, None], *, tracing: bool) -> None:
        self._events = events
        self._context = copy_context()
        if not tracing:
            self._context.run(lambda: untraced().__enter__())

    def next(self) -> Event | None:
        """The next event, or None behind the last."""
        return self._context.run(lambda: next(self._events, None))

    def close(self) -> None:
        """Ask for no more."""
        self._context.run(self._events.close)
