"""What another note says of the same thing: shown beside, since notes may disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from chatbot.asking import holds_kind
from chatbot.candidates import Candidate, evidence_words
from chatbot.draft import Line
from chatbot.extractive import tables
from chatbot.extractive.desk import Desk, block_line
from chatbot.retrieval import Searcher
from chatbot.words import content_stems, content_words, distinct, stem, stems, words
from ingest.notes import BlockKind

# Fixed phrases of an answer, in front of the other note's own words.
ALSO = "Another note says:"
OTHERWISE = "Another note says otherwise:"

# How far behind the best block that of another note may be judged, and how much less of the
# question it may hold, to be an answer as well.
LOGITS_BEHIND = 7.0
COVERAGE_BEHIND = 0.3
LOWEST_LOGIT = -2.0
# What another note says in these words, with another number, is about the same thing.
ALIKE_WORDS = 0.6
ALIKE_LOOKED_AT = 5
SAME_WORDS = 0.6  # of the shorter one's, from here on two blocks say the same


def with_other_note(desk: Desk, lines: Sequence[Line], searcher: Searcher) -> tuple[Line, ...]:
    """The lines with the best block of another note that answers as well; behind them, if new.

    One that answers is among the candidates, or says what the best one says with another number.

    It is announced as saying otherwise only where it holds all that the best one holds of the
    question, and gives another number of the same unit: else it may be about something else.
    Nothing is done to a comparison, which tells of several notes anyway, nor for one that says
    the same.
    """
    best = desk.candidates[0]
    if desk.query.sides:
        return tuple(lines)
    other = next((c for c in desk.candidates[1:] if _answers_too(desk, c, best)), None)
    other = other or _same_with_another_number(desk, best, searcher)
    if other is None:
        return tuple(lines)
    phrase = OTHERWISE if _contradicts(desk, other, best) else ALSO
    told = [line for line in lines if other.block in line.spans[0].blocks]
    if not told:
        line = _line(desk, other)
        return (*lines, Line(f"{phrase} {line.text}", line.spans))
    if phrase == ALSO or told[0].bullet or told[0] is lines[0]:
        return tuple(lines)
    return tuple(
        Line(f"{phrase} {line.text}", line.spans) if line is told[0] else line for line in lines
    )


def _answers_too(desk: Desk, candidate: Candidate, best: Candidate) -> bool:
    """Whether another note's, judged nearly as good, with the asked kind of value, and new."""
    if candidate.section.source == best.section.source or _says_the_same(best, candidate):
        return False
    if not _is_of_kind(desk, candidate, best):
        return False
    own = desk.coverage(evidence_words(candidate, desk.query))
    return (
        candidate.logit >= max(best.logit - LOGITS_BEHIND, LOWEST_LOGIT)
        and own >= desk.coverage(evidence_words(best, desk.query)) - COVERAGE_BEHIND
    )


def _same_with_another_number(desk: Desk, best: Candidate, searcher: Searcher) -> Candidate | None:
    """The block of another note with the words of the best one and other numbers of its units.

    Such a block may word it so that the question alone does not find it.
    """
    said = best.block.text
    if not _numbers(said):
        return None
    others = frozenset(searcher.sources) - {best.section.source}
    if desk.query.question.scope is not None:
        others &= desk.query.question.scope
    if not others:
        return None
    found = searcher.shortlist(
        replace(
            desk.query,
            question=replace(desk.query.question, scope=others),
            text=said,
            terms=distinct(content_words(said)),
        )
    )
    for candidate in found[:ALIKE_LOOKED_AT]:
        told = candidate.block.text
        differs = _numbers(told) != _numbers(said) and not _units(told).isdisjoint(_units(said))
        if differs and _is_alike(desk, candidate, best) and _is_of_kind(desk, candidate, best):
            return candidate
    return None


def _is_of_kind(desk: Desk, candidate: Candidate, best: Candidate) -> bool:
    """Whether it holds the asked kinds of value, as far as the best block does."""
    return all(
        holds_kind(candidate.block.text, kind) or not holds_kind(best.block.text, kind)
        for kind in desk.query.asks
    )


def _is_alike(desk: Desk, one: Candidate, other: Candidate) -> bool:
    """Whether most words of one stand in the other, headings and lead-ins counted in."""
    for this, that in ((one, other), (other, one)):
        own = {s for s in content_stems(this.block.text) if not s[0].isdigit()}
        held = own & set(stems(evidence_words(that, desk.query)))
        if len(own) > 1 and len(held) / len(own) >= ALIKE_WORDS:
            return True
    return False


def _contradicts(desk: Desk, other: Candidate, best: Candidate) -> bool:
    asked = {stem(term) for term in desk.query.terms}
    mine = asked & set(stems(evidence_words(best, desk.query)))
    theirs = asked & set(stems(evidence_words(other, desk.query)))
    told, said = best.block.text, other.block.text
    has_numbers = bool(_numbers(told)) and bool(_numbers(said))
    return (
        mine <= theirs
        and has_numbers
        and _numbers(told) != _numbers(said)
        and not _units(told).isdisjoint(_units(said))
    )


def _line(desk: Desk, candidate: Candidate) -> Line:
    section, block = candidate.section, candidate.block
    if block.kind is BlockKind.ROW:
        return tables.row_line(section, block, tables.cells_asked(desk, section, block))
    return block_line(section, block)


def _says_the_same(one: Candidate, other: Candidate) -> bool:
    """Whether two blocks share most of their words and all of their numbers."""
    mine, theirs = set(content_stems(one.block.text)), set(content_stems(other.block.text))
    smaller = min(len(mine), len(theirs))
    is_alike = not smaller or len(mine & theirs) / smaller >= SAME_WORDS
    return is_alike and _numbers(one.block.text) == _numbers(other.block.text)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(word for word in words(text) if word[0].isdigit())


def _units(text: str) -> frozenset[str]:
    """The stems of the words that stand behind numbers."""
    told = words(text)
    return frozenset(
        stem(unit) for number, unit in pairwise(told) if number[0].isdigit() and unit.isalpha()
    )
