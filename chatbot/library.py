"""The notes that questions are answered from: always the newest index, nothing of LangChain.

`chatbot.chain` makes a LangChain `Runnable` of it. A single question at the command line
does without: importing LangChain takes longer than answering.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from chatbot.answer import Answer, Passage, Question
from chatbot.cancellation import Cancellation
from chatbot.events import Event
from chatbot.generation.writer import ChatModel
from chatbot.pipeline import MODEL_CONTEXT, Pipeline
from chatbot.reranker import CrossEncoder, Reranker
from chatbot.settings import Settings
from ingest.embedders import open_embedder
from ingest.embedding import Embedder
from ingest.errors import WeightsUnavailable
from ingest.index import NotesIndex, Store
from ingest.weights import RERANKER, PackagedModel

WITHOUT_RERANKER = (
    "The reranker is not installed, or was altered: answers come from the fused rank."
    " To see which it is: footnote doctor"
)


class NotesLibrary:
    """An index of notes and what answers from it; opened by `open_library`.

    Each question is answered from the newest complete index; one under way keeps the index
    it began with. Safe to share between threads.
    """

    def __init__(
        self,
        index: NotesIndex,
        embedder: Embedder,
        reranker: Reranker | None = None,
        *,
        model: ChatModel | None = None,
        model_context: int = MODEL_CONTEXT,
        notices: tuple[str, ...] = (),
    ) -> None:
        self._model = model
        self._model_context = model_context
        self._embedder = embedder
        self._reranker = reranker
        self._notices = notices
        self._lock = threading.Lock()
        self._pipeline = self._over(index)
        self._users: dict[Pipeline, int] = {}
        self._closed = False

    @property
    def index(self) -> NotesIndex:
        """The index that the next question would be answered from, as far as is known."""
        return self._pipeline.index

    @property
    def notices(self) -> tuple[str, ...]:
        """What is not as it should be, though everything is still answered: a line each."""
        return (*self._notices, *self._pipeline.index.notices)

    def invoke(self, question: Question, /) -> Answer:
        """Answer one question: the same answer as the chain's.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
        """
        with self.reading() as pipeline:
            return pipeline.ask(question)

    def events(
        self, question: Question, /, cancellation: Cancellation | None = None
    ) -> Generator[Event, None, None]:
        """Answer one question, and say what happens on the way: the last event is `Done`.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
            Cancelled: `cancellation` was cancelled meanwhile.
        """
        with self.reading() as pipeline:
            yield from pipeline.events(question, cancellation)

    def follow(self, question: Question, /) -> Generator[Event, None, None]:
        """The same, as whoever follows an answer at a terminal needs it."""
        return self.events(question)

    def search(self, question: Question, /, limit: int = 5) -> list[Passage]:
        """The passages that may answer, best first, at most `limit`; nothing is composed."""
        with self.reading() as pipeline:
            return pipeline.search(question, limit)

    def close(self) -> None:
        """Let go of the index once it has answered what it is asked; more is an error."""
        with self._lock:
            self._closed = True
            if not self._users.get(self._pipeline):
                self._pipeline.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Pipeline]:
        """The stages over the newest index, held open until the caller is done with them."""
        with self._lock:
            if self._closed:
                raise RuntimeError("The library is closed. Open another one: open_library(…)")
            self._refresh()
            pipeline = self._pipeline
            self._users[pipeline] = self._users.get(pipeline, 0) + 1
        try:
            yield pipeline
        finally:
            self._let_go(pipeline)

    def _over(self, index: NotesIndex) -> Pipeline:
        return Pipeline(
            index,
            self._embedder,
            self._reranker,
            self._model,
            model_context=self._model_context,
        )

    def _let_go(self, pipeline: Pipeline) -> None:
        with self._lock:
            self._users[pipeline] -= 1
            if not self._users[pipeline]:
                del self._users[pipeline]
                if self._closed or pipeline is not self._pipeline:
                    pipeline.index.close()

    def _refresh(self) -> None:
        old = self._pipeline
        newest = old.index.refreshed()
        if newest is old.index:
            return
        try:
            newest.require_embedder(self._embedder.identity)
            self._pipeline = self._over(newest)
        except BaseException:
            newest.close()
            raise
        if not self._users.get(old):
            old.index.close()


def open_library(
    directory: Path,
    settings: Settings,
    *,
    store: Store = "chroma",
    weights: PackagedModel = RERANKER,
    model: ChatModel | None = None,
) -> NotesLibrary:
    """Open the index in `directory` and everything that answers from it.

    `store` 'exact' gives the same answers without Chroma, which takes a second or two to
    import: better for one question. Without the reranker's `weights` answers come from the
    fused rank alone, and `notices` says so. `model` words the answers in place of the one that
    the settings name.

    Raises:
        IndexNotFound, IndexDamaged, IndexMismatch: there is no index to answer from.
        WeightsUnavailable: the embedder that the index was built with is not installed.
    """
    index = NotesIndex.open(directory, embedder_name=settings.embedder, store=store)
    try:
        precision = index.settings.embedder.precision
        embedder = open_embedder(settings.embedder, directory / "models", precision=precision)
        index.require_embedder(embedder.identity)
        reranker = open_reranker(weights) if settings.rerank else None
        _load_ahead(embedder, reranker)
        missing = settings.rerank and reranker is None
        notices = (WITHOUT_RERANKER,) if missing else ()
        return NotesLibrary(
            index,
            embedder,
            reranker,
            model=model or _model_of(settings),
            model_context=settings.model_context,
            notices=notices,
        )
    except BaseException:
        index.close()
        raise


def _model_of(settings: Settings) -> ChatModel | None:
    if not settings.model and not settings.model_url:
        return None
    from chatbot.chat_models.configured import configured_model

    return configured_model(settings)


def open_reranker(weights: PackagedModel = RERANKER) -> Reranker | None:
    """The cross-encoder, or None where its weights are not installed or were altered."""
    try:
        return CrossEncoder(weights.verified_folder())
    except WeightsUnavailable:
        return None


def _load_ahead(embedder: Embedder, reranker: Reranker | None) -> None:
    """Have the first question's models loaded by threads, while the rest is made ready.

    What fails there fails again, and is heard of, when the question needs it.
    """
    threads = ThreadPoolExecutor(2)
    threads.submit(embedder.embed_question, "ready?")
    if reranker is not None:
        threads.submit(reranker.scores, "ready?", ["Ready."])
    threads.shutdown(wait=False)
