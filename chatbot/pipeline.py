"""The three stages of an answer over one opened index; no LangChain here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TypeVar

from chatbot.aliases import Aliases, aliases_in
from chatbot.answer import Answer, Passage, Question, Timings
from chatbot.candidates import TermWeights, telling_names
from chatbot.decision_models import packaged_model
from chatbot.extractive.abstention import Confidence
from chatbot.extractive.answerer import ExtractiveAnswerer
from chatbot.grounding.closeness import Closeness
from chatbot.grounding.judge import Judge
from chatbot.grounding.quotables import Quotable
from chatbot.query import Query, understand
from chatbot.reranker import Reranker
from chatbot.retrieval import Retrieval, Searcher
from chatbot.spelling import Speller
from ingest.embedding import Embedder
from ingest.index import NotesIndex

T = TypeVar("T")

NOTHING_SPENT = Timings()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, as the first stage takes it."""

    question: Question
    timings: Timings = NOTHING_SPENT


@dataclass(frozen=True, slots=True)
class Understood:
    """A query, as the second takes it."""

    query: Query
    timings: Timings


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A query and what was found for it, as the third takes it."""

    query: Query
    retrieval: Retrieval
    timings: Timings


class Pipeline:
    """The three stages over one opened index: understand, retrieve, answer."""

    def __init__(self, index: NotesIndex, embedder: Embedder, reranker: Reranker | None) -> None:
        self.index = index
        aliases = learnt_aliases(index)
        weights = TermWeights(index.vocabulary(), aliases)
        # A word that the model reads as one token is ordinary English, or the notes' own.
        self._speller = Speller(
            index.vocabulary(), is_common=lambda word: embedder.count_tokens([word])[0] <= 3
        )
        self._note_names = telling_names(index.sources())
        self._embedder = embedder
        self._searcher = Searcher(index, embedder, reranker, weights, aliases)
        confidence = Confidence(
            packaged_model("chatbot.extractive", "abstention.json"),
            is_stub=lambda section_id: index.section(section_id).is_stub,
        )
        self._answerer = ExtractiveAnswerer(
            self._searcher,
            weights,
            index.source_text,
            confidence,
            source_digest=index.source_digest,
        )

    def judge(self, quotables: Sequence[Quotable]) -> Judge:
        """What holds sentences against these blocks."""
        return Judge(
            quotables,
            relevance=self._searcher.logits,
            closeness=Closeness(self._embedder.embed_question),
            supported=packaged_model("chatbot.grounding", "support.json").probability,
        )

    def search(self, question: Question, limit: int) -> list[Passage]:
        """The passages for `question`, best first."""
        query = understand(question, self._speller, self._note_names)
        return list(self._searcher.retrieve(query, limit).passages)

    def features(self, question: Question) -> dict[str, float] | None:
        """What the decision to answer looks at, by name; None when nothing was composed.

        A question in parts is taken as a whole.
        """
        query = replace(understand(question, self._speller, self._note_names), parts=())
        return self._answerer.features(query, self._searcher.retrieve(query))

    def ask(self, question: Question) -> Answer:
        """Take all three."""
        return self.answer(self.retrieve(self.understand(Asked(question))))

    def understand(self, asked: Asked) -> Understood:
        """Correct the spelling, and find out what is asked for."""
        query, spent = _timed(lambda: understand(asked.question, self._speller, self._note_names))
        return Understood(query, replace(asked.timings, understand=spent))

    def retrieve(self, step: Understood) -> Retrieved:
        """Find passages and blocks."""
        retrieval, spent = _timed(lambda: self._searcher.retrieve(step.query))
        return Retrieved(step.query, retrieval, replace(step.timings, retrieve=spent))

    def answer(self, step: Retrieved) -> Answer:
        """Compose the answer, or decline."""
        answer, spent = _timed(lambda: self._answerer.answer(step.query, step.retrieval))
        return replace(
            answer,
            corrections=step.query.corrections,
            timings=replace(step.timings, answer=spent),
        )


def learnt_aliases(index: NotesIndex) -> Aliases:
    """The short forms that the notes introduce, in their text and in their headings."""
    titles = (section.title for section in index.outline() if "(" in section.title)
    texts = (*titles, *index.texts_with("("))
    found = (alias for text in texts for alias in aliases_in(text))
    return Aliases(found, index.vocabulary())


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = perf_counter()
    result = work()
    return result, (perf_counter() - started) * 1000
