"""Plain answers: the few sentences or list items that say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.asking import Asks
from chatbot.candidates import ABOUT_A_THING, Candidate, introduces, lead_of, opening
from chatbot.draft import Line, Span
from chatbot.extractive import lists
from chatbot.extractive.desk import (
    WORDS_WANTED,
    Desk,
    block_line,
    carries_on,
    joined,
    points_back,
    run_line,
    thought_around,
    word_count,
)
from chatbot.words import content_stems, stem, stems
from ingest.notes import Block, BlockKind, Section

MOST_THOUGHTS = 4
MOST_LINES = 6  # each has a footnote of its own
MOST_LINES_OF_LISTS = 12  # but the items of a list share one


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
        left = WORDS_WANTED - word_count(lines)
        opened = lists.opened_lines(candidate.section, candidate.block, max(left, 0))
        if not opened and not is_best and lists.opens(candidate.block):
            continue  # says nothing without what follows
        blocks = thought_around(desk, candidate)
        told_as = direct_first(candidate, blocks) if is_best else None
        told_as = list(opened) or told_as or [run_line(candidate.section, blocks)]
        added = [*_lead_lines(desk, candidate), *told_as]
        added = [line for line in added if line not in lines]
        if len(lines) + len(added) > (MOST_LINES_OF_LISTS if opened else MOST_LINES):
            continue
        if not is_best and word_count(lines) + word_count(added) > WORDS_WANTED:
            continue
        if any(_says_the_same(line, other) for line in added for other in lines):
            continue
        lines.extend(added)
        told.update((candidate.section.id, block.ordinal) for block in blocks)
        told.update(
            (span.section.id, block.ordinal)
            for line in opened
            for span in line.spans
            for block in span.blocks
        )
        thoughts += 1
    return tuple(lines)


def direct_first(best: Candidate, blocks: Sequence[Block]) -> list[Line]:
    """A thought with the sentence that answers in front, and what stands before it behind.

    All are cited by the one quote that holds them in their own order. A sentence that only
    carries on the one before it ("However, …") keeps its place.
    """
    at = list(blocks).index(best.block)
    if not at or carries_on(best.block):
        return [run_line(best.section, blocks)]
    span = (Span.over(best.section, blocks),)
    parts = (blocks[at:], blocks[:at])
    return [Line(joined(part), span) for part in parts]


def compose_definition(desk: Desk) -> tuple[Line, ...]:
    """What the thing is, when nothing else is asked: what introduces it, or begins its section.

    None when it asks for more than the heading says, or the section begins otherwise.
    """
    asked = {stem(term) for term in desk.query.terms} - ABOUT_A_THING
    if Asks.DEFINITION not in desk.query.asks or not asked:
        return ()
    introduced = [c for c in desk.candidates if introduces(c.section, c.block, asked)]
    if introduced and not hangs_anything(introduced[0].section, introduced[0].block):
        best = introduced[0]
        return tuple(direct_first(best, thought_around(desk, best)))
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
