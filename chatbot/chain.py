"""Question in, cited answer out: the library of notes as one LangChain `Runnable`."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from chatbot.answer import Answer, Passage, Question
from chatbot.event_stream import NotesEvents
from chatbot.events import Event
from chatbot.generation.writer import ChatModel
from chatbot.grounding.judge import Judge
from chatbot.grounding.quotables import Quotable
from chatbot.library import NotesLibrary, open_library
from chatbot.pipeline import Asked, Pipeline
from chatbot.privacy import untraced
from chatbot.settings import Settings
from ingest.index import NotesIndex, Store
from ingest.weights import RERANKER, PackagedModel


class NotesChain(Runnable[Question, Answer]):
    """Answers questions from a library of notes; opened by `open_chain`.

    A LangChain `Runnable` from `Question` to `Answer`: `invoke`, `stream` (one whole answer),
    `batch` and their async twins; `events` is the same with all that happens on the way. Safe to
    share between threads. Each question is answered
    from the newest complete index; a question under way keeps the one it began with.
    LangSmith's tracer is kept out unless `tracing`.
    """

    def __init__(self, library: NotesLibrary, *, tracing: bool = False) -> None:
        self._library = library
        self._tracing = tracing

    @property
    def index(self) -> NotesIndex:
        """The index that the next question would be answered from, as far as is known."""
        return self._library.index

    @property
    def notices(self) -> tuple[str, ...]:
        """What is not as it should be, though everything is still answered: a line each."""
        return self._library.notices

    def invoke(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Answer:
        """Answer one question.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
        """
        traced = nullcontext() if self._tracing else untraced()
        with self._library.reading() as pipeline, traced:
            return _steps(pipeline).invoke(Asked(input), config)

    @property
    def events(self) -> NotesEvents:
        """The same chain as a `Runnable` that streams what happens, in words as they come."""
        return NotesEvents(self._library, tracing=self._tracing)

    def follow(self, question: Question) -> Generator[Event, None, None]:
        """Yield what `events` streams, as whoever follows an answer at a terminal needs it."""
        yield from self.events.stream(question)

    def search(self, question: Question, limit: int = 5) -> list[Passage]:
        """The passages that may answer, best first, at most `limit`; nothing is composed."""
        return self._library.search(question, limit=limit)

    def judge(self, quotables: Sequence[Quotable]) -> Judge:
        """What holds sentences against blocks of the notes; to train and measure it."""
        with self._library.reading() as pipeline:
            return pipeline.judge(quotables)

    def features(self, question: Question) -> dict[str, float] | None:
        """What the decision to answer `question` looks at, by name; to train and explain it.

        None when nothing was composed, and the question is declined whatever the weights.
        """
        with self._library.reading() as pipeline:
            return pipeline.features(question)

    def close(self) -> None:
        """Let go of the index once it has answered what it is asked; more is an error."""
        self._library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_chain(
    directory: Path,
    settings: Settings,
    *,
    store: Store = "chroma",
    weights: PackagedModel = RERANKER,
    model: ChatModel | None = None,
) -> NotesChain:
    """Open the library in `directory` as a chain; arguments and errors as in `open_library`."""
    library = open_library(directory, settings, store=store, weights=weights, model=model)
    return NotesChain(library, tracing=settings.tracing)


def _steps(pipeline: Pipeline) -> Runnable[Asked, Answer]:
    return (
        RunnableLambda(pipeline.understand, name="understand")
        | RunnableLambda(pipeline.retrieve, name="retrieve")
        | RunnableLambda(pipeline.answer, name="answer")
    )
