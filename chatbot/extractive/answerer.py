"""The default answerer: the few blocks that answer, in the form that the question asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chatbot.answer import Answer, Citation, Passage, Status, Timings
from chatbot.asking import Asks
from chatbot.candidates import Candidate, TermWeights
from chatbot.compound import halves
from chatbot.draft import Line, cite, no_digest
from chatbot.extractive import (
    comparisons,
    direct,
    figures,
    lists,
    other_notes,
    sentences,
    tables,
)
from chatbot.extractive.abstention import Confidence, told_words
from chatbot.extractive.desk import Desk
from chatbot.query import Query, about
from chatbot.retrieval import Retrieval, Searcher
from chatbot.words import content_stems, stem, stems
from ingest.notes import BlockKind

REFUSAL = "Your notes don't answer this."
EMPTY_HEADING = "Your notes don't answer this: “{heading}” is a heading with nothing under it."
REST_MISSING = "Your notes don't answer the rest: “{rest}”."
NEAREST = "The nearest sections:"
NEAREST_SECTIONS = 3
MOST_CITATIONS = 6
_MARKER = re.compile(r"\[\d+\]")
# By how much the less likely reading must be surer to be taken.
LIKELIER = 0.05
# A half of a question is answered that the lines cover to this share, and left out below that.
COVERED, UNCOVERED = 0.6, 0.4
UNSURE = 0.49  # the most that is said of the confidence where the answer is none


@dataclass(frozen=True, slots=True)
class Decided:
    """What would be told to one query, and whether that answers it."""

    lines: tuple[Line, ...]
    sure: float
    answers: bool
    found: Retrieval  # what the lines were taken from
    empty_heading: str | None = None  # that the question is about, with nothing under it


@dataclass(frozen=True, slots=True)
class ExtractiveAnswerer:
    """Answers from what was retrieved, in the notes' own words, or declines.

    Args:
        searcher: finds more about each side of a comparison, and judges texts.
        weights: how much each word tells.
        source_text: the text of a source by name, to cut quotes from.
        confidence: how sure it is that given lines answer.
        threshold: the least confidence, in [0, 1], at which an answer is given.
        source_digest: the SHA-256 of a source by name, to tell which state of it is cited.
    """

    searcher: Searcher
    weights: TermWeights
    source_text: Callable[[str], str]
    confidence: Confidence
    threshold: float = 0.5
    source_digest: Callable[[str], str] = no_digest

    def answer(self, query: Query, retrieval: Retrieval) -> Answer:
        """The answer, with citations numbered in order of use; timings are left at zero.

        A query in parts is answered part by part; where a part has no answer, the others are
        given and it is said which one is missing.
        """
        if query.parts:
            decided = [
                self._surest(part, found)
                for part, found in zip(query.parts, retrieval.parts, strict=True)
            ]
            if any(one.answers for one in decided):
                return self._of_parts(query, retrieval, decided)
            query = replace(query, parts=())
            retrieval = self.searcher.retrieve(query)
        one = self._surest(query, retrieval)
        if not one.answers:
            return self._declined(query, one)
        rest = self._left_out(query, one.lines)
        if rest is not None:
            two = self._decide(rest, found := self.searcher.retrieve(rest))
            if two.answers:
                both = replace(query, parts=(query, rest))
                return self._of_parts(both, Retrieval.of_parts((one.found, found)), [one, two])
        text, citations = cite(one.lines, self.source_text, self.source_digest)
        return _answer(query, Status.ANSWERED, text, citations, one.found.passages, one.sure)

    def refuse(self, query: Query, retrieval: Retrieval) -> Answer:
        """The answer that the notes do not answer, and which sections come nearest."""
        nothing = Decided((), 0.0, False, retrieval, self._empty_heading(query, retrieval))
        return self._declined(query, nothing)

    def sure_of(self, query: Query, retrieval: Retrieval, lines: Sequence[Line]) -> float:
        """How sure it is, in [0, 1], that lines from wherever answer the query, as a whole."""
        if query.parts:
            query = replace(query, parts=())
            retrieval = self.searcher.retrieve(query)
        if not retrieval.candidates:
            return 0.0
        return self.confidence.of(self.desk(query, retrieval), lines, retrieval.passages)

    def _left_out(self, query: Query, lines: Sequence[Line]) -> Query | None:
        """The half of the question that the lines do not touch, where they cover the other."""
        if query.sides:
            return None
        told = told_words(lines, query)
        for pair in halves(query.text):
            covered = [self.weights.share(half, told) for half in pair]
            if max(covered) >= COVERED and min(covered) < UNCOVERED:
                return about(query, pair[covered.index(min(covered))])
        return None

    def _surest(self, query: Query, retrieval: Retrieval) -> Decided:
        """What is decided for the likelier reading, or for the other where that is surer."""
        one = self._decide(query, retrieval)
        if query.other is None or retrieval.other is None:
            return one
        two = self._decide(query.other, retrieval.other)
        is_better = (two.answers, two.sure) > (one.answers, one.sure + LIKELIER)
        return two if is_better else one

    def _decide(self, query: Query, retrieval: Retrieval) -> Decided:
        """What would be told, and whether it is an answer."""
        desk = self.desk(query, retrieval)
        lines = compose(desk, self.searcher)
        sure = self.confidence.of(desk, lines, retrieval.passages)
        empty = self._empty_heading(query, retrieval)
        is_of_another = empty is not None and not _name(lines, empty)
        answers = bool(lines) and sure >= self.threshold and not is_of_another
        return Decided(lines, sure, answers, retrieval, empty)

    def _of_parts(self, query: Query, retrieval: Retrieval, decided: Sequence[Decided]) -> Answer:
        """One answer of the parts that have one; the others are named."""
        told: list[Line] = []
        for one in decided:
            if one.answers:
                fair = within_reach(one.lines, max(2, MOST_CITATIONS // len(decided)))
                told += [line for line in fair if not _is_told(line, told)]
        told_lines = within_reach(tuple(told))
        text, citations = cite(told_lines, self.source_text, self.source_digest)
        missing = [
            _as_told(part.question.text)
            for part, one in zip(query.parts, decided, strict=True)
            if not one.answers
        ]
        if missing:
            text = f"{text}\n{REST_MISSING.format(rest='”, “'.join(missing))}"
        status = Status.PARTIAL if missing else Status.ANSWERED
        sure = min(one.sure for one in decided if one.answers)
        return _answer(query, status, text, citations, retrieval.passages, sure)

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

    def _declined(self, query: Query, decided: Decided) -> Answer:
        """Say that the notes do not answer, and which sections come nearest."""
        passages, empty = decided.found.passages, decided.empty_heading
        nearest = dict.fromkeys(
            " › ".join(passage.heading[-2:])
            for passage in passages
            if not self.confidence.is_stub(passage.section_id)
        )
        parts = [REFUSAL if empty is None else EMPTY_HEADING.format(heading=empty)]
        if nearest:
            parts.append(f"{NEAREST} {'; '.join(list(nearest)[:NEAREST_SECTIONS])}.")
        sure = min(decided.sure, UNSURE)
        return _answer(query, Status.NOT_IN_NOTES, " ".join(parts), (), passages, sure)

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
    return within_reach(_composed(desk, searcher))


def within_reach(lines: tuple[Line, ...], most: int = MOST_CITATIONS) -> tuple[Line, ...]:
    """The first lines that cite no more than `most` places together."""
    cited: set[tuple[str, int, int]] = set()
    for at, line in enumerate(lines):
        cited |= {span.key for span in line.spans}
        if len(cited) > most:
            return lines[:at]
    return lines


def _as_told(asked: str) -> str:
    """The user's own words on one line, without what would read as one of our markers."""
    return " ".join(_MARKER.sub("", asked).split()).rstrip("?. ")


def _is_told(line: Line, told: Sequence[Line]) -> bool:
    return any(line.text in other.text for other in told)


def _composed(desk: Desk, searcher: Searcher) -> tuple[Line, ...]:
    if not desk.candidates:
        return ()
    if Asks.FIGURE in desk.query.asks:
        return figures.compose(desk)
    if desk.query.sides and (lines := comparisons.compose(desk, searcher)):
        return lines
    lines = _of_best(desk, desk.candidates[0])
    return other_notes.with_other_note(desk, lines, searcher) if lines else ()


def _of_best(desk: Desk, best: Candidate) -> tuple[Line, ...]:
    """The lines around the best block, in the form that it and the question ask for."""
    if best.block.kind is BlockKind.ROW:
        return sentences.compose_definition(desk) or tables.compose(desk, best)
    lines = (
        sentences.compose_definition(desk)
        or figures.hanging_figures(desk.source_text, best, lists.hanging(best.section, best.block))
        or lists.compose(desk, best)
        or lists.compose_common(desk)
        or lists.compose_section(desk)
        or lists.compose_fitting(desk)
        or sentences.compose(desk)
    )
    return direct.with_verdict(desk, direct.with_name(desk, lines))


def _answer(
    query: Query,
    status: Status,
    text: str,
    citations: tuple[Citation, ...],
    passages: tuple[Passage, ...],
    sure: float,
) -> Answer:
    return Answer(
        question=query.question.text,
        status=status,
        text=text,
        citations=citations,
        passages=passages,
        timings=Timings(),
        confidence=round(sure, 4),
    )
