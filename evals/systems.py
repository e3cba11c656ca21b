"""What is judged: the chatbot, and the tutorial's chain as its control.

A system is described by a small value that another process can be handed, and opened there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Protocol

from chatbot.answer import Answer, Question, Status, Turn
from chatbot.chain import open_chain
from chatbot.pipeline import MODEL_CONTEXT
from chatbot.settings import Settings
from evals.asked_model import AskedModel
from evals.golden_set import Case
from evals.metrics.citations import quote_is_exact
from evals.naive_chain import NaiveChain, Piece, pieces_of
from evals.results import CitedPlace, FoundPlace, Result, Writing, WrittenSentence
from ingest.index import NotesIndex


class Asking(Protocol):
    """An opened system."""

    def __call__(self, case: Case) -> Result:
        """Ask the case, its earlier turns first, and return what came of it."""
        ...


class System(Protocol):
    """A system that can be opened, in this process or in another."""

    def open(self) -> AbstractContextManager[Asking]:
        """Open it for as long as the context lasts."""
        ...


@dataclass(frozen=True, slots=True)
class Footnote:
    """The chatbot over an index, with the settings that change its answers."""

    index: Path
    embedder: str
    rerank: bool = True
    model: AskedModel | None = None  # that words the answers

    @contextmanager
    def open(self) -> Iterator[Asking]:
        """Open the chain, and the index to check its quotes against.

        The environment's settings are not heard: a model is asked where one was named here.
        """
        context = self.model.context if self.model else MODEL_CONTEXT
        settings = Settings(
            index=self.index, embedder=self.embedder, rerank=self.rerank, model_context=context
        )
        model = self.model.open() if self.model else None
        with (
            NotesIndex.open(self.index) as notes,
            open_chain(self.index, settings, store="exact", model=model) as chain,
        ):

            def ask(case: Case) -> Result:
                if model is not None:
                    model.failures.clear()
                history: list[Turn] = []
                for text in case.turns:
                    earlier = chain.invoke(Question(text, tuple(history)))
                    history.append(Turn(text, earlier.text))
                answer = chain.invoke(Question(case.text, tuple(history)))
                result = result_of(case, answer, notes)
                if model is None:
                    return result
                failure = model.failures[0] if model.failures else ""
                return replace(result, writing=writing_of(answer, failure))

            yield ask


def result_of(case: Case, answer: Answer, notes: NotesIndex) -> Result:
    """The answer as a result, every quote compared with the note it is said to come from."""
    return Result(
        case_id=case.id,
        declined=answer.status is Status.NOT_IN_NOTES,
        text=answer.text,
        confidence=answer.confidence,
        citations=tuple(
            CitedPlace(
                number=c.number,
                source=c.source,
                heading=c.heading,
                quote=c.quote,
                start=c.start,
                end=c.end,
                is_exact=quote_is_exact(notes.source_text(c.source), c.start, c.end, c.quote),
            )
            for c in answer.citations
        ),
        passages=tuple(FoundPlace(p.source, p.heading, p.score) for p in answer.passages),
        milliseconds=round(answer.timings.total, 3),
    )


def writing_of(answer: Answer, failure: str = "") -> Writing:
    """What a model did for the answer."""
    return Writing(
        model=answer.model,
        notice=answer.notice,
        failure=failure,
        sentences=tuple(
            WrittenSentence(each.said, str(each.ruling), each.text, each.problem)
            for each in answer.sentences
        ),
        first_token=round(answer.timings.first_token, 3),
        first_verified=round(answer.timings.first_verified, 3),
    )


@dataclass(frozen=True, slots=True)
class TutorialChain:
    """The chain of every tutorial, over the same notes: nearest chunks, the first is the answer.

    It never declines, and looks at the last turn alone. What it cites is the section in which
    the chunk begins, the most that can be said for a chunk that knows no sections; its quote
    counts as exact where it stands in the note.
    """

    notes: tuple[Path, ...]
    store: Path
    index: Path  # of the same notes, to find the section of a chunk

    @contextmanager
    def open(self) -> Iterator[Asking]:
        """Open the store, made if need be."""
        complete = self.store / "complete"
        is_new = not complete.exists()
        if is_new:  # or only begun: what an interrupted run left would lack notes
            shutil.rmtree(self.store, ignore_errors=True)
        chain = NaiveChain(self.store)
        if is_new:
            chain.add([piece for folder in self.notes for piece in pieces_of(folder)])
            complete.touch()
        with NotesIndex.open(self.index) as index:

            def ask(case: Case) -> Result:
                began = perf_counter()
                pieces = chain.nearest(case.text)
                spent = (perf_counter() - began) * 1000
                places = [_place_of(piece, index) for piece in pieces]
                return Result(
                    case_id=case.id,
                    declined=False,
                    text=pieces[0].text if pieces else "",
                    confidence=1.0,
                    citations=tuple(places[:1]),
                    passages=tuple(FoundPlace(p.source, p.heading, 0.0) for p in places),
                    milliseconds=round(spent, 3),
                )

            yield ask


def _place_of(piece: Piece, index: NotesIndex) -> CitedPlace:
    """The section in which a chunk begins; the file alone where it cannot be found in it."""
    start = index.source_text(piece.source).find(piece.text)
    inside = [s for s in index.outline() if s.source == piece.source and s.start <= start < s.end]
    heading = max(inside, key=lambda section: section.start).heading if inside else ()
    end = start + len(piece.text)
    return CitedPlace(1, piece.source, heading, piece.text, start, end, is_exact=start >= 0)
