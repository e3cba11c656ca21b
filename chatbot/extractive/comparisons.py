"""Comparisons: what the notes say of each side, side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum

from chatbot.answer import Question
from chatbot.asking import Asks
from chatbot.candidates import Candidate, evidence_words, is_label, lead_of, opening
from chatbot.draft import Line
from chatbot.extractive import tables
from chatbot.extractive.desk import (
    Desk,
    block_line,
    points_back,
    run_line,
    thought_around,
    word_count,
)
from chatbot.query import Query
from chatbot.retrieval import Searcher
from chatbot.sides import asked_of, beside
from chatbot.words import content_stems, content_words, distinct, stem, stems, words
from ingest.notes import BlockKind

WORDS_PER_SIDE = 60
NAMED = 0.9  # from here on a side counts as named
_COMPARING = frozenset(
    stem(word)
    for word in (
        "difference differences differ different compare compared comparison versus between better"
        " choose pick prefer distinction side both same confuse mix"
    ).split()
)
# Asked in words that carry no topic: "who is each of them for?"
_PURPOSE = re.compile(r"\b(?:who|whom|when|where|why)\b", re.IGNORECASE)
BLOCKS_PER_SIDE = 2
LOGITS_BEHIND = 3.0
JUDGED_PER_SIDE = 10
MOST_READ_ON = 2


@dataclass(frozen=True, slots=True)
class Side:
    """One of the compared things: a desk for it alone, whose candidates name it, best first."""

    name: str
    desk: Desk
    definition: Candidate | None


def compose(desk: Desk, searcher: Searcher) -> tuple[Line, ...]:
    """The best one or two thoughts of each side, in the order asked; none when a side is empty.

    Each side is looked for, and judged, by itself: what says most of one seldom names both. A
    block that names both sides and is judged as good as any comes first.
    """
    sides = [_side(desk, searcher, at) for at in (0, 1)]
    ranked = _side_by_side(
        [
            _definition_first(side) if _asks_nothing_else(desk) else side.desk.candidates
            for side in sides
        ],
        desk,
    )
    if any(not candidates for candidates in ranked):
        return ()
    lines: list[Line] = []
    used: set[tuple[str, int]] = set()
    least = desk.candidates[0].logit - LOGITS_BEHIND
    near = [c for c in desk.candidates if c.logit >= least and c.block.kind is not BlockKind.ROW]
    both = next((c for c in near if min(_naming(desk, c)) >= NAMED), None)
    if both is not None:
        _take(desk, both, lines, used)
        for further in _read_on(desk, both):
            if further.key not in used:
                _take(desk, further, lines, used)
    for side, candidates in zip(sides, ranked, strict=True):
        length, taken = 0, 0
        for candidate in candidates:
            if candidate.key in used:
                continue
            size = len(candidate.block.text.split())
            behind = candidate.logit < candidates[0].logit - LOGITS_BEHIND
            if taken and (behind or length + size > WORDS_PER_SIDE or taken >= BLOCKS_PER_SIDE):
                break
            length += _take(side.desk, candidate, lines, used, side.name)
            taken += 1
        what_it_is = side.definition
        is_row = candidates[0].block.kind is BlockKind.ROW
        if what_it_is is None or what_it_is.key in used or is_row:
            continue
        if length + len(what_it_is.block.text.split()) <= WORDS_PER_SIDE:
            lines.append(block_line(what_it_is.section, what_it_is.block))
            used.add(what_it_is.key)
    return tuple(lines)


def _read_on(desk: Desk, both: Candidate) -> list[Candidate]:
    """The next blocks of the section, as far as each names a side and not the other.

    Who says that two things differ says next in what.
    """
    found = []
    for block in both.section.blocks[both.block.ordinal + 1 :][:MOST_READ_ON]:
        candidate = Candidate(both.section, block, 0.0, both.logit)
        named = [
            _names(desk, stems(block.text), *pair)
            for pair in (desk.query.sides, desk.query.sides[::-1])
        ]
        is_plain = block.kind in (BlockKind.SENTENCE, BlockKind.ITEM)
        if not is_plain or max(named) < NAMED:
            break
        found.append(candidate)
    return found


def _side(desk: Desk, searcher: Searcher, at: int) -> Side:
    """What was found of one side, judged by what is asked of it alone."""
    query = _query_for(desk, at)
    found = searcher.shortlist(query)[:JUDGED_PER_SIDE]
    pool = list({c.key: c for c in (*desk.candidates, *found)}.values())
    judged = tuple(searcher.judge(query, _of_side(desk, pool, at)))
    own = replace(desk, query=query, candidates=judged)
    return Side(desk.query.sides[at], own, _definition(desk, judged, at))


def _definition_first(side: Side) -> tuple[Candidate, ...]:
    if side.definition is None:
        return side.desk.candidates
    rest = (c for c in side.desk.candidates if c.key != side.definition.key)
    return (side.definition, *rest)


def _naming(desk: Desk, candidate: Candidate) -> tuple[float, float]:
    """How fully the block, with its heading and lead-in, names each side, in [0, 1]."""
    first, second = beside(desk.query.sides, 0), desk.query.sides[1]
    text = stems(evidence_words(candidate, desk.query))
    return (_names(desk, text, first, second), _names(desk, text, second, first))


def _of_side(desk: Desk, pool: Sequence[Candidate], at: int) -> list[Candidate]:
    """The blocks that name this side and not the other, in the order given."""
    scores = {}
    for candidate in pool:
        named = _naming(desk, candidate)
        if named[at] > 0 and named[at] >= named[1 - at]:
            scores[candidate.key] = named[at] - 0.6 * named[1 - at]
    best = max(scores.values(), default=0.0)
    return [c for c in pool if c.key in scores and scores[c.key] >= 0.9 * best]


def _asks_nothing_else(desk: Desk) -> bool:
    """Whether the question names two things and not in which respect they are compared."""
    return not _aspect(desk) and not _PURPOSE.search(desk.query.text)


def _definition(desk: Desk, pool: Sequence[Candidate], at: int) -> Candidate | None:
    """What says what a side is: a block that opens with its name, or how its section begins."""
    phrase, others = words(desk.query.sides[at]), words(desk.query.sides[1 - at])
    name = set(content_stems(desk.query.sides[at]))
    opening_with_it = []
    for candidate in pool:
        block, told = candidate.block, words(candidate.block.text)
        is_plain = block.kind in (BlockKind.SENTENCE, BlockKind.ITEM) and not is_label(block)
        is_named = phrase in (told[: len(phrase)], told[1 : len(phrase) + 1])  # "Amazon Polly is"
        if is_plain and is_named and not _holds_run(told, others):
            opening_with_it.append(candidate)
    if opening_with_it:  # a thing is introduced under its name, before more is said of it
        return min(
            opening_with_it,
            key=lambda c: (
                not name <= set(content_stems(c.section.title)),
                c.block.ordinal,
                -c.logit,
                c.key,
            ),
        )
    other = set(content_stems(desk.query.sides[1 - at])) - name
    titles = [
        (len(title), -candidate.logit, candidate)
        for candidate in pool
        for title in (set(content_stems(candidate.section.title)),)
        if name <= title and not (other and other <= title)
    ]
    if not titles:
        return None
    section = min(titles, key=lambda found: found[:2])[2].section
    first = opening(section)
    if first is None:
        return None
    known = {c.key: c for c in pool}
    return known.get((section.id, first.ordinal), Candidate(section, first, 0.0))


def _side_by_side(ranked: Sequence[Sequence[Candidate]], desk: Desk) -> list[Sequence[Candidate]]:
    """The candidates, each side's as a row of one table where one's best is such a row."""
    for at, candidates in enumerate(ranked):
        if not candidates or candidates[0].block.kind is not BlockKind.ROW:
            continue
        best = candidates[0]
        row = _row_of(desk, best, 1 - at)
        if row is not None:
            return [[best], [row]] if at == 0 else [[row], [best]]
    return list(ranked)


def _row_of(desk: Desk, beside_it: Candidate, at: int) -> Candidate | None:
    """The row of the same table whose label names that side best, if one does."""
    section, taken = beside_it.section, beside_it.block
    sides = [beside(desk.query.sides, 0), desk.query.sides[1]]
    named = []
    for row in section.blocks:
        if row.kind is not BlockKind.ROW or row.group != taken.group or row is taken:
            continue
        label = stems(row.cells[0].text) if row.cells else []
        name = _names(desk, label, sides[at], sides[1 - at])
        score = name - 0.6 * _names(desk, label, sides[1 - at], sides[at])
        named.append((score, -len(label), row))  # of two that hold the name, the shorter is it
    best, _, row = max(named, key=lambda found: found[:2], default=(0.0, 0, taken))
    return Candidate(section, row, 0.0) if best >= NAMED else None


def _take(
    desk: Desk,
    candidate: Candidate,
    lines: list[Line],
    used: set[tuple[str, int]],
    side: str = "",
) -> int:
    """Add the candidate's thought to the lines; return how many words were added.

    Its lead-in comes first where only that names the side, or the thought leans on it.
    """
    section, block = candidate.section, candidate.block
    used.add(candidate.key)
    if block.kind is BlockKind.ROW:
        cells = tables.cells_asked(desk, section, block)
        lines.append(tables.row_line(section, block, cells))
        return len(lines[-1].text.split())
    before = word_count(lines)
    lead = lead_of(section, block)
    phrase = stems(side)
    names_side = lead is not None and bool(phrase) and _holds_run(stems(lead.text), phrase)
    if lead is not None and (names_side or points_back(block)):
        line = block_line(section, lead)
        used.add((section.id, lead.ordinal))
        is_needed = points_back(block) or not _holds_run(stems(block.text), phrase)
        if line not in lines and is_needed:
            lines.append(line)
    blocks = thought_around(desk, candidate)
    used.update((section.id, other.ordinal) for other in blocks)
    lines.append(run_line(section, blocks))
    return word_count(lines) - before


def _names(desk: Desk, text: Sequence[str], side: str, other: str) -> float:
    """How fully a text, as its stems, names `side` rather than `other`, in [0, 1].

    1 when it holds the side's words in a row; else the weighted share of the words that
    only this side has, times 0.9.
    """
    if _holds_run(text, stems(side)):
        return 1.0
    own = set(content_stems(side)) - set(content_stems(other)) or set(content_stems(side))
    held = own & set(text)
    total = fsum(desk.weights.weight(s) for s in own)
    return 0.9 * fsum(desk.weights.weight(s) for s in held) / total if total else 0.0


def _holds_run(text: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(text[at : at + size] == phrase for at in range(len(text) - size + 1))


def _query_for(desk: Desk, at: int) -> Query:
    """The query for one side alone: what it is, or what is asked of both."""
    query = desk.query
    side = beside(query.sides, at)
    aspect = " ".join(_aspect(desk))
    plain = f"{side}: {aspect}" if aspect else f"What is {side}?"
    text = asked_of(query.text, query.sides, at) or plain
    return replace(
        query,
        question=Question(text, scope=query.question.scope),
        text=text,
        terms=distinct(content_words(text)),
        asks=query.asks - {Asks.COMPARISON},
        sides=(),
    )


def _aspect(desk: Desk) -> list[str]:
    """The words that say in which respect the sides are compared."""
    sides = {s for side in desk.query.sides for s in content_stems(side)}
    return [word for word in desk.query.terms if stem(word) not in sides | _COMPARING]
