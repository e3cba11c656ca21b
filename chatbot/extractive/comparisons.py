"""Comparisons: what the notes say of each side, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum

from chatbot.answer import Question
from chatbot.candidates import Candidate, evidence_words, lead_of
from chatbot.draft import Line
from chatbot.extractive import tables
from chatbot.extractive.desk import (
    Desk,
    block_line,
    is_label,
    opening,
    points_back,
    run_line,
    thought_around,
    word_count,
)
from chatbot.query import Query
from chatbot.retrieval import Searcher
from chatbot.words import content_stems, content_words, distinct, stem, words
from ingest.notes import BlockKind

WORDS_PER_SIDE = 60
NAMED = 0.9  # from here on a side counts as named
_COMPARING = frozenset(
    stem(word)
    for word in (
        "difference differences differ different compare compared comparison versus between better"
        " choose pick prefer distinction"
    ).split()
)
BLOCKS_PER_SIDE = 2
LOGITS_BEHIND = 3.0
JUDGED_PER_SIDE = 10


def compose(desk: Desk, searcher: Searcher) -> tuple[Line, ...]:
    """The best one or two thoughts of each side, in the order asked; none when a side is empty.

    A block that names both sides and is judged as good as any comes first.
    """
    pool = _pool(desk, searcher)
    named = {c.key: _naming(desk, c) for c in pool}
    sides = [_of_side(pool, named, at) for at in (0, 1)]
    definitions = [_definition(desk, pool, at) for at in (0, 1)]
    if _asks_nothing_else(desk):
        sides = [
            side if opening is None else [opening, *(c for c in side if c.key != opening.key)]
            for side, opening in zip(sides, definitions, strict=True)
        ]
    sides = _side_by_side(sides, pool, named)
    if any(not side for side in sides):
        return ()
    lines: list[Line] = []
    used: set[tuple[str, int]] = set()
    best = pool[0]
    if min(named[best.key]) >= NAMED:
        _take(desk, best, lines, used)
    for at, side in enumerate(sides):
        length, taken = 0, 0
        for candidate in side:
            if candidate.key in used:
                continue
            size = len(candidate.block.text.split())
            behind = candidate.logit < side[0].logit - LOGITS_BEHIND
            if taken and (behind or length + size > WORDS_PER_SIDE or taken >= BLOCKS_PER_SIDE):
                break
            length += _take(desk, candidate, lines, used, desk.query.sides[at])
            taken += 1
        what_it_is = definitions[at]
        if what_it_is is None or what_it_is.key in used or side[0].block.kind is BlockKind.ROW:
            continue
        if length + len(what_it_is.block.text.split()) <= WORDS_PER_SIDE:
            lines.append(block_line(what_it_is.section, what_it_is.block))
            used.add(what_it_is.key)
    return tuple(lines)


def _pool(desk: Desk, searcher: Searcher) -> list[Candidate]:
    """What was found for the question and for each side, all judged by the question."""
    pool = {c.key: c for c in desk.candidates}
    for side in desk.query.sides:
        found = searcher.shortlist(_query_for(desk.query, side))[:JUDGED_PER_SIDE]
        new = searcher.judge(desk.query, [c for c in found if c.key not in pool])
        pool.update({c.key: c for c in new})
    return sorted(pool.values(), key=lambda c: (-c.logit, c.key))


def _naming(desk: Desk, candidate: Candidate) -> tuple[float, float]:
    """How fully the block, with its heading and lead-in, names each side, in [0, 1]."""
    first, second = desk.query.sides
    text = words(evidence_words(candidate, desk.query))
    return (_names(desk, text, first, second), _names(desk, text, second, first))


def _of_side(
    pool: Sequence[Candidate], named: Mapping[tuple[str, int], tuple[float, float]], at: int
) -> list[Candidate]:
    """The blocks that name this side and not the other, best judged first."""
    scores = {
        c.key: named[c.key][at] - 0.6 * named[c.key][1 - at]
        for c in pool
        if named[c.key][at] > 0 and named[c.key][at] >= named[c.key][1 - at]
    }
    best = max(scores.values(), default=0.0)
    return [c for c in pool if c.key in scores and scores[c.key] >= 0.9 * best]


def _asks_nothing_else(desk: Desk) -> bool:
    """Whether the question names two things and not in which respect they are compared."""
    sides = {s for side in desk.query.sides for s in content_stems(side)}
    return not {stem(term) for term in desk.query.terms} - sides - _COMPARING


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


def _side_by_side(
    sides: Sequence[list[Candidate]],
    pool: Sequence[Candidate],
    named: Mapping[tuple[str, int], tuple[float, float]],
) -> list[list[Candidate]]:
    """The sides, each as a row of one table where one side's best block is such a row."""
    for at, side in enumerate(sides):
        if not side or side[0].block.kind is not BlockKind.ROW:
            continue
        table = (side[0].section.id, side[0].block.group)
        rows = [c for c in pool if (c.section.id, c.block.group) == table and c is not side[0]]
        row = next((c for c in rows if named[c.key][1 - at] >= NAMED), None)
        if row is not None:
            return [[side[0]], [row]] if at == 0 else [[row], [side[0]]]
    return list(sides)


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
    phrase = words(side)
    names_side = lead is not None and bool(phrase) and _holds_run(words(lead.text), phrase)
    if lead is not None and (names_side or points_back(block)):
        line = block_line(section, lead)
        used.add((section.id, lead.ordinal))
        is_needed = points_back(block) or not _holds_run(words(block.text), phrase)
        if line not in lines and is_needed:
            lines.append(line)
    blocks = thought_around(desk, candidate)
    used.update((section.id, other.ordinal) for other in blocks)
    lines.append(run_line(section, blocks))
    return word_count(lines) - before


def _names(desk: Desk, text: Sequence[str], side: str, other: str) -> float:
    """How fully `text` names `side` rather than `other`, in [0, 1].

    1 when it holds the side's words in a row; else the weighted share of the words that
    only this side has, times 0.9.
    """
    if _holds_run(text, words(side)):
        return 1.0
    own = set(content_stems(side)) - set(content_stems(other)) or set(content_stems(side))
    held = own & set(content_stems(" ".join(text)))
    total = fsum(desk.weights.weight(s) for s in own)
    return 0.9 * fsum(desk.weights.weight(s) for s in held) / total if total else 0.0


def _holds_run(text: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(text[at : at + size] == phrase for at in range(len(text) - size + 1))


def _query_for(query: Query, side: str) -> Query:
    """The query for one side alone."""
    return replace(
        query,
        question=Question(side, scope=query.question.scope),
        text=side,
        terms=distinct(content_words(side)),
        sides=(),
    )
