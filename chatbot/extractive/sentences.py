"""Plain answers: the few sentences or list items that say it."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.asking import Asks
from chatbot.candidates import Candidate, lead_of
from chatbot.draft import Line
from chatbot.extractive.desk import (
    WORDS_WANTED,
    Desk,
    block_line,
    opening,
    points_back,
    run_line,
    thought_around,
    word_count,
)
from chatbot.words import content_stems, stem, stems
from ingest.notes import Block, BlockKind, Section

MOST_THOUGHTS = 4
MOST_LINES = 6  # each has a footnote of its own


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a further thought may be judged behind the best one, in logits."""

    behind: float
    behind_a_sure_one: float  # the rest beside one that surely answers would only be noise
    lowest: float

    def holds(self, logit: float, best: float) -> bool:
        """Whether a thought of this logit is near enough to the best."""
        allowed = self.behind_a_sure_one if best >= SURE_LOGIT else self.behind
        return logit >= max(best - allowed, self.lowest)


SURE_LOGIT = 5.0
# What stands in the section of the best thought is about the same thing, whatever its words.
SAME_SECTION = Reach(behind=10.0, behind_a_sure_one=5.0, lowest=-9.0)
ELSEWHERE = Reach(behind=6.0, behind_a_sure_one=3.0, lowest=-4.0)


def compose(desk: Desk) -> tuple[Line, ...]:
    """The best thought and those nearly as good, best first, about `WORDS_WANTED` words."""
    best = desk.candidates[0]
    lines: list[Line] = []
    told: set[tuple[str, int]] = set()
    thoughts = 0
    for candidate in desk.candidates[:8]:
        if candidate.key in told:
            continue
        is_best = candidate is best
        reach = SAME_SECTION if candidate.section.id == best.section.id else ELSEWHERE
        if thoughts >= MOST_THOUGHTS:
            break
        is_near = is_best or reach.holds(candidate.logit, best.logit)
        if candidate.block.kind is BlockKind.ROW or not is_near:
            continue
        blocks = thought_around(desk, candidate)
        added = [*_lead_lines(desk, candidate), run_line(candidate.section, blocks)]
        added = [line for line in added if line not in lines]
        if len(lines) + len(added) > MOST_LINES:
            continue
        if not is_best and word_count(lines) + word_count(added) > WORDS_WANTED:
            continue
        if any(_says_the_same(line, other) for line in added for other in lines):
            continue
        lines.extend(added)
        told.update((candidate.section.id, block.ordinal) for block in blocks)
        thoughts += 1
    return tuple(lines)


def compose_definition(desk: Desk) -> tuple[Line, ...]:
    """How the section that the question names begins, when it asks what that thing is.

    None when it asks for more than the heading says, or the section begins otherwise.
    """
    asked = {stem(term) for term in desk.query.terms}
    if Asks.DEFINITION not in desk.query.asks:
        return ()
    named = [
        (len(candidate.section.heading), len(title - asked), at, candidate.section)
        for at, candidate in enumerate(desk.candidates)
        for title in (set(content_stems(candidate.section.title)),)
        if title & asked and not asked - set(stems(" ".join(candidate.section.heading)))
    ]
    if not named:
        return ()
    section = min(named, key=lambda found: found[:3])[3]  # the outermost: what it is about
    first = opening(section)
    if first is None or hangs_anything(section, first):
        return ()
    known = {c.key: c for c in desk.candidates}
    judged = known.get((section.id, first.ordinal), Candidate(section, first, 0.0))
    blocks = thought_around(desk, judged)
    return (run_line(section, blocks),)


def hangs_anything(section: Section, block: Block) -> bool:
    """Whether the block opens a list."""
    return any(other.lead == block.ordinal for other in section.blocks)


def _lead_lines(desk: Desk, candidate: Candidate) -> list[Line]:
    """The lead-in of a list item, where the item alone would not say what was asked."""
    lead = lead_of(candidate.section, candidate.block)
    if lead is None or candidate.block.kind is not BlockKind.ITEM:
        return []
    own = desk.coverage(candidate.block.text)
    both = desk.coverage(f"{lead.text} {candidate.block.text}")
    is_label = len(content_stems(lead.text)) <= 3
    leans = points_back(candidate.block)
    return [block_line(candidate.section, lead)] if both > own or is_label or leans else []


def _says_the_same(line: Line, other: Line) -> bool:
    """Whether two lines hold nearly the same words (three quarters of the shorter one's)."""
    mine, theirs = set(content_stems(line.text)), set(content_stems(other.text))
    smaller = min(len(mine), len(theirs))
    return smaller > 0 and len(mine & theirs) / smaller > 0.75
