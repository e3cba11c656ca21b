"""Notes laid out on a desk: what answers are composed with, without an index or weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from conftest import ToyEmbedder, WordReranker, write_notes
from markdown_notes import read

from chatbot.answer import Answer, Question
from chatbot.candidates import Candidate, TermWeights
from chatbot.decision_models import LogisticModel, Model
from chatbot.draft import Line, cite
from chatbot.extractive.abstention import Confidence
from chatbot.extractive.answerer import ExtractiveAnswerer
from chatbot.extractive.desk import Desk
from chatbot.pipeline import learnt_aliases
from chatbot.query import Query, understand
from chatbot.reranker import Reranker
from chatbot.retrieval import Retrieval, Searcher
from chatbot.spelling import Speller
from chatbot.words import words
from ingest.index import NotesIndex
from ingest.notes import Block, Section
from ingest.pipeline import ingest_notes

NOBODY_MISSPELLS = Speller({}, is_common=lambda _: True)


def asked(text: str, *, scope: frozenset[str] | None = None) -> Query:
    """The question as the matching stages see it, its spelling left alone."""
    return understand(Question(text, scope=scope), NOBODY_MISSPELLS)


@dataclass(frozen=True)
class Notes:
    """Sections read from Markdown, by the words that stand in them."""

    texts: dict[str, str]

    @classmethod
    def of(cls, text: str) -> Notes:
        return cls({"note.md": text})

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        return tuple(section for name, text in self.texts.items() for section in read(text, name))

    @cached_property
    def weights(self) -> TermWeights:
        held = Counter(
            word
            for section in self.sections
            for block in section.blocks
            for word in {*words(block.text), *words(" ".join(section.heading))}
        )
        return TermWeights(held)

    def section(self, title: str) -> Section:
        (found,) = (section for section in self.sections if section.title == title)
        return found

    def found(self, opening: str, logit: float = 5.0) -> Candidate:
        """The one block that opens with these words, as a judged candidate."""
        ((section, block),) = (
            (section, block)
            for section in self.sections
            for block in section.blocks
            if block.text.startswith(opening)
        )
        return Candidate(section, block, fused=0.01, logit=logit)

    def block(self, opening: str) -> Block:
        return self.found(opening).block

    def desk(self, question: str, *candidates: Candidate) -> Desk:
        """A desk with these candidates, best first; texts are judged by shared words."""
        return Desk(
            query=asked(question),
            candidates=candidates,
            weights=self.weights,
            judge=WordReranker().scores,
            source_text=self.texts.__getitem__,
        )

    def quotes(self, lines: Sequence[Line]) -> list[str]:
        """What is quoted for the lines, in order of use."""
        return [citation.quote for citation in cite(lines, self.texts.__getitem__)[1]]


def told(lines: Sequence[Line]) -> list[str]:
    """The lines as they are read."""
    return [f"{line.bullet}{line.text}" for line in lines]


ALWAYS = LogisticModel({}, bias=30.0)
NEVER = LogisticModel({}, bias=-30.0)


@dataclass(frozen=True)
class Shelf:
    """An ingested folder of notes and everything that answers from it, without weights."""

    index: NotesIndex
    embedder: ToyEmbedder
    searcher: Searcher
    weights: TermWeights

    @classmethod
    def open(cls, notes: dict[str, str], folder: Path, reranker: Reranker | None = None) -> Shelf:
        embedder = ToyEmbedder()
        ingest_notes([write_notes(folder / "notes", notes)], folder / "index", embedder=embedder)
        index = NotesIndex.open(folder / "index", store="exact")
        aliases = learnt_aliases(index)
        weights = TermWeights(index.vocabulary(), aliases)
        searcher = Searcher(index, embedder, reranker, weights, aliases)
        return cls(index, embedder, searcher, weights)

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *_: object) -> None:
        self.index.close()

    def retrieve(self, question: str, limit: int = 5, **asking: frozenset[str]) -> Retrieval:
        return self.searcher.retrieve(asked(question, **asking), limit)

    def desk(self, question: str, **asking: frozenset[str]) -> Desk:
        query = asked(question, **asking)
        return self.answerer(ALWAYS).desk(query, self.searcher.retrieve(query))

    def answerer(self, model: Model) -> ExtractiveAnswerer:
        confidence = Confidence(
            model,
            is_stub=lambda section_id: self.index.section(section_id).is_stub,
        )
        return ExtractiveAnswerer(self.searcher, self.weights, self.index.source_text, confidence)

    def ask(self, question: str, model: Model = ALWAYS) -> Answer:
        query = asked(question)
        return self.answerer(model).answer(query, self.searcher.retrieve(query))
