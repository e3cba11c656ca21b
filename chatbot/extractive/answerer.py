"""The default answerer: the few blocks that answer, in the form that the question asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot.answer import Answer, Citation, Status, Timings
from chatbot.asking import Asks
from chatbot.candidates import Candidate, TermWeights
from chatbot.draft import Line, cite
from chatbot.extractive import (
    comparisons,
    direct,
    figures,
    lists,
    other_notes,
    sentences,
    tables,
)
from chatbot.extractive.abstention import Confidence
from chatbot.extractive.desk import Desk
from chatbot.query import Query
from chatbot.retrieval import Retrieval, Searcher
from chatbot.words import content_stems, stem, stems
from ingest.notes import BlockKind

REFUSAL = "Your notes don't answer this."
EMPTY_HEADING = "Your notes don't answer this: “{heading}” is a heading with nothing under it."
NEAREST = "The nearest sections:"
NEAREST_SECTIONS = 3
MOST_CITATIONS = 6
UNSURE = 0.49  # the most that is said of the confidence where the answer is none


@dataclass(frozen=True, slots=True)
class ExtractiveAnswerer:
    """Answers from what was retrieved, in the notes' own words, or declines.

    Args:
        searcher: finds more about each side of a comparison, and judges texts.
        weights: how much each word tells.
        source_text: the text of a source by name, to cut quotes from.
        confidence: how sure it is that given lines answer.
        threshold: the least confidence, in [0, 1], at which an answer is given.
    """

    searcher: Searcher
    weights: TermWeights
    source_text: Callable[[str], str]
    confidence: Confidence
    threshold: float = 0.5

    def answer(self, query: Query, retrieval: Retrieval) -> Answer:
        """The answer, with citations numbered in order of use; timings are left at zero."""
        desk = self.desk(query, retrieval)
        lines = compose(desk, self.searcher)
        sure = self.confidence.of(desk, lines, retrieval.passages)
        empty = self._empty_heading(query, retrieval)
        is_of_another = empty is not None and not _name(lines, empty)
        if not lines or sure < self.threshold or is_of_another:
            sure = min(sure, UNSURE)
            return self._declined(query, retrieval, sure, empty)
        text, citations = cite(lines, self.source_text)
        return _answer(query, Status.ANSWERED, text, citations, retrieval, sure)

    def features(self, query: Query, retrieval: Retrieval) -> dict[str, float] | None:
        """What `confidence` looks at for this query, by name; None when nothing is composed."""
        desk = self.desk(query, retrieval)
        lines = compose(desk, self.searcher)
        return self.confidence.features(desk, lines, retrieval.passages) if lines else None

    def desk(self, query: Query, retrieval: Retrieval) -> Desk:
        """What the answer to `query` is composed with."""
        return Desk(
            query, retrieval.candidates, self.weights, self.searcher.logits, self.source_text
        )

    def _declined(
        self, query: Query, retrieval: Retrieval, sure: float, empty: str | None
    ) -> Answer:
        """Say that the notes do not answer, and which sections come nearest."""
        nearest = dict.fromkeys(
            " › ".join(passage.heading[-2:])
            for passage in retrieval.passages
            if not self.confidence.is_stub(passage.section_id)
        )
        parts = [REFUSAL if empty is None else EMPTY_HEADING.format(heading=empty)]
        if nearest:
            parts.append(f"{NEAREST} {'; '.join(list(nearest)[:NEAREST_SECTIONS])}.")
        return _answer(query, Status.NOT_IN_NOTES, " ".join(parts), (), retrieval, sure)

    def _empty_heading(self, query: Query, retrieval: Retrieval) -> str | None:
        """The heading with nothing under it, nor below it, that the question is about, if any.

        The question names all of it, or two words and more that its parent's heading lacks.
        """
        asked = {stem(term) for term in query.terms}
        for passage in retrieval.passages:
            title = set(content_stems(passage.heading[-1]))
            own = title - set(content_stems(" ".join(passage.heading[-2:-1])))
            is_named = title and (title <= asked or (len(own) > 1 and own <= asked))
            if is_named and self.searcher.is_empty(passage.section_id):
                return passage.heading[-1]
        return None


def _name(lines: Sequence[Line], heading: str) -> bool:
    """Whether one of the lines, or where it stands, holds the heading's words in a row.

    Inflected or not: what is told of "Widget limits" is told of "Widgets".
    """
    wanted = stems(heading)
    for line in lines:
        told = stems(" ".join((*line.spans[0].section.heading, line.text)))
        if any(told[at : at + len(wanted)] == wanted for at in range(len(told))):
            return True
    return False


def compose(desk: Desk, searcher: Searcher) -> tuple[Line, ...]:
    """The lines that answer best, in the form that the question asks for; maybe none.

    The last ones are left out where more places would be cited than a reader follows.
    """
    lines = _composed(desk, searcher)
    cited: set[tuple[str, int, int]] = set()
    for at, line in enumerate(lines):
        cited |= {span.key for span in line.spans}
        if len(cited) > MOST_CITATIONS:
            return lines[:at]
    return lines


def _composed(desk: Desk, searcher: Searcher) -> tuple[Line, ...]:
    if not desk.candidates:
        return ()
    if Asks.FIGURE in desk.query.asks:
        return figures.compose(desk)
    if desk.query.sides and (lines := comparisons.compose(desk, searcher)):
        return lines
    lines = _of_best(desk, desk.candidates[0])
    return other_notes.with_other_note(desk, lines) if lines else ()


def _of_best(desk: Desk, best: Candidate) -> tuple[Line, ...]:
    """The lines around the best block, in the form that it and the question ask for."""
    if best.block.kind is BlockKind.ROW:
        return sentences.compose_definition(desk) or tables.compose(desk, best)
    lines = (
        figures.hanging_figures(desk.source_text, best, lists.hanging(best.section, best.block))
        or lists.compose(desk, best)
        or lists.compose_common(desk)
        or lists.compose_section(desk)
        or lists.compose_fitting(desk)
        or sentences.compose_definition(desk)
        or sentences.compose(desk)
    )
    return direct.with_verdict(desk, direct.with_name(desk, lines))


def _answer(
    query: Query,
    status: Status,
    text: str,
    citations: tuple[Citation, ...],
    retrieval: Retrieval,
    sure: float,
) -> Answer:
    return Answer(
        question=query.question.text,
        status=status,
        text=text,
        citations=citations,
        passages=retrieval.passages,
        timings=Timings(),
        confidence=round(sure, 4),
    )
