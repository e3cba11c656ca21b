"""Answers out of a table: the asked cells with their row's and column's names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import inf

from chatbot.asking import Asks, holds_kind
from chatbot.candidates import Candidate, columns_named, lead_of
from chatbot.draft import Line, Span
from chatbot.extractive.desk import Desk
from chatbot.words import content_stems, stem, words
from ingest.notes import Block, BlockKind, Section

MOST_ROWS = 9
MOST_ROWS_NAMED = 2
WORDS_OF_A_SHORT_ROW = 12  # read at a glance: no cell of it is worth leaving out
# Of the cells that the question does not name, those judged within this of the best are given.
CELL_LOGITS_BEHIND = 2.5
MOST_CELLS = 3
# A cell that nobody named is worth showing when it is judged so much better than those.
FAR_BETTER = 2.0

_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip
_MOST = re.compile(r"(?<!at )\b(?:longest|highest|largest|biggest|most|greatest)\b", re.IGNORECASE)
_LEAST = re.compile(r"(?<!at )\b(?:shortest|lowest|smallest|least|fewest)\b", re.IGNORECASE)

# What a cell says without a number, and what that comes to.
_WITHOUT_NUMBER = (
    (re.compile(r"\b(?:unlimited|no (?:upper )?limit|unbounded)\b", re.IGNORECASE), inf),
    (re.compile(r"^\W*(?:none|no|nothing|never|zero)\b", re.IGNORECASE), 0.0),
)
_LACKS = re.compile(r"\b(?:no|not|without|lacks?|cannot|never|\w+n['’]t)\b", re.IGNORECASE)
# "Which one", "that one": no number is asked for.
_ONE_OF_THEM = re.compile(r"\b(which|this|that|each|any|the) one\b", re.IGNORECASE)

_QUANTITY = re.compile(r"(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>%|[^\W\d_]*)")

_SECONDS = {
    stem(unit): seconds
    for unit, seconds in (
        ("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400), ("week", 604_800),
        ("month", 2_592_000), ("quarter", 7_776_000), ("year", 31_536_000),
    )
}  # fmt: skip


def compose(desk: Desk, best: Candidate) -> tuple[Line, ...]:
    """The rows and cells that answer: by value, by superlative, all labels, or the best row."""
    header = lead_of(best.section, best.block)
    rows = tuple(
        block
        for block in best.section.blocks
        if block.kind is BlockKind.ROW and block.group == best.block.group and block.cells
    )
    if header is None or not best.block.cells:
        return (row_line(best.section, best.block, ()),)
    named = columns_named(header, desk.query)
    columns = tuple(at for at in named if at)
    asked_for = _rows_named(desk, rows)
    if not asked_for:
        chosen = (
            _rows_by_value(desk, rows, header, columns)
            or _extremes(desk, rows, columns)
            or _rows_by_yes_or_no(desk, rows, columns)
        )
        if chosen:
            lines = [row_line(best.section, row, cells) for row, cells in chosen]
            return tuple(lines[:MOST_ROWS])
        if Asks.LIST in desk.query.asks and not columns and 0 in named:
            return labels(best.section, header, rows)
    shown = asked_for if asked_for and best.block not in asked_for else (best.block,)
    return tuple(
        row_line(best.section, row, cells_asked(desk, best.section, row))
        for row in shown[:MOST_ROWS_NAMED]
    )


def cells_asked(desk: Desk, section: Section, row: Block) -> tuple[int, ...]:
    """The cells of `row` to show, in table order.

    Those whose column the question names, else all of a short row, else the best judged; and one
    more that holds what the question asks for besides, or is judged far better.
    """
    header = lead_of(section, row)
    cells = tuple(at for at, cell in enumerate(row.cells) if at and cell.text)
    if header is None or len(cells) <= 1:
        return cells
    names = [cell.text for cell in header.cells]
    told = {at: f"{names[at] if at < len(names) else ''}: {row.cells[at].text}" for at in cells}
    texts = [f"{row.cells[0].text}: {text}" for text in told.values()]
    logits = dict(zip(cells, desk.judge(desk.query.text, texts), strict=True))
    named = tuple(at for at in columns_named(header, desk.query, row) if at in cells)
    if not named and sum(len(cell.text.split()) for cell in row.cells) <= WORDS_OF_A_SHORT_ROW:
        return cells
    if 0 < len(named) <= MOST_CELLS:
        chosen = list(named)
    else:
        good = sorted(named or cells, key=lambda at: (-logits[at], at))
        chosen = [at for at in good if logits[at] >= logits[good[0]] - CELL_LOGITS_BEHIND]
        chosen = chosen[:MOST_CELLS]
    rest = _asked_besides(desk, [names[0], row.cells[0].text, *(told[at] for at in chosen)])
    others = [at for at in cells if at not in chosen]
    holding = [at for at in others if rest & set(content_stems(row.cells[at].text))]
    better = [at for at in others if logits[at] > max(logits[at] for at in chosen) + FAR_BETTER]
    chosen += sorted(holding or better, key=lambda at: (-logits[at], at))[:1]
    for kind in sorted(desk.query.asks):
        if not any(holds_kind(row.cells[at].text, kind) for at in (0, *chosen)):
            of_kind = [at for at in others if holds_kind(row.cells[at].text, kind)]
            chosen += sorted(of_kind, key=lambda at: (-logits[at], at))[:1]
    return tuple(sorted(set(chosen)))


def _asked_besides(desk: Desk, texts: Sequence[str]) -> set[str]:
    """The stems of the question that `texts` do not hold, each as often as it is asked.

    "How long do retrievals take with Glacier Flexible Retrieval?" asks for retrievals even
    of a row whose label holds the word.
    """
    rest = Counter(content_stems(desk.query.text))
    for text in texts:
        rest.subtract(set(content_stems(text)))
    return {word for word, count in rest.items() if count > 0}


def row_line(section: Section, row: Block, columns: Sequence[int]) -> Line:
    """One row: its label, then the given columns by name (all of them when none is given)."""
    header = lead_of(section, row)
    spans = [Span.over(section, (row,))]
    if header is not None:
        spans.append(Span.over(section, (header,)))
    names = header.cells if header is not None else ()
    label = row.cells[0].text if row.cells else row.text
    parts = []
    for at in columns or range(1, len(row.cells)):
        if at < len(row.cells) and row.cells[at].text:
            name = names[at].text if at < len(names) else ""
            parts.append(f"{name}: {row.cells[at].text}" if name else row.cells[at].text)
    return Line(f"{label} — {'; '.join(parts)}" if parts else label, tuple(spans))


def labels(section: Section, header: Block, rows: Sequence[Block]) -> tuple[Line, ...]:
    """The rows' labels: one citation for the run of rows, one for the header."""
    spans = (Span.over(section, rows), Span.over(section, (header,)))
    return tuple(Line(row.cells[0].text, spans, "- ") for row in rows[:MOST_ROWS])


def _rows_named(desk: Desk, rows: Sequence[Block]) -> tuple[Block, ...]:
    """The rows whose label the question holds, words that most labels share left aside.

    Where some labels are held whole, those; else the ones held in good part.
    """
    asked = {stem(term) for term in desk.query.terms}
    labels = [set(content_stems(row.cells[0].text)) for row in rows]
    shared = Counter(word for label in labels for word in label)
    whole, partly = [], []
    for row, label in zip(rows, labels, strict=True):
        own = {word for word in label if shared[word] <= len(labels) / 2} or label
        only = {word for word in own if shared[word] == 1}
        if label and own <= asked:
            whole.append(row)
        elif only and len(only & asked) >= 0.6 * len(only):
            partly.append(row)
    return tuple(whole or partly)


def _rows_by_value(
    desk: Desk, rows: Sequence[Block], header: Block, columns: Sequence[int]
) -> list[tuple[Block, tuple[int, ...]]]:
    """The rows that hold a number of the question, in the asked columns or else in any."""
    wanted = {
        _NUMBER_WORDS.get(word, word)
        for word in words(_ONE_OF_THEM.sub(r"\1", desk.query.text))
        if word[0].isdigit() or word in _NUMBER_WORDS
    }
    if not wanted:
        return []
    for places in ([tuple(columns)] if columns else []) + [tuple(range(1, len(header.cells)))]:
        found = []
        for row in rows:
            cells = tuple(
                at
                for at in places
                if at < len(row.cells) and wanted & set(words(row.cells[at].text))
            )
            if cells:
                found.append((row, cells))
        if 0 < len(found) < len(rows):
            return found
    return []


def _rows_by_yes_or_no(
    desk: Desk, rows: Sequence[Block], columns: Sequence[int]
) -> list[tuple[Block, tuple[int, ...]]]:
    """The rows that have, or lack, what the one asked column says yes or no to.

    "Which transfers need no agent?" wants the rows where "Agent needed" is "No".
    """
    if len(columns) != 1 or Asks.YES_NO in desk.query.asks:
        return []
    at = columns[0]
    told = [words(row.cells[at].text)[:1] if at < len(row.cells) else [] for row in rows]
    if not all(first in (["yes"], ["no"]) for first in told):
        return []
    wanted = ["no"] if _LACKS.search(desk.query.text) else ["yes"]
    found: list[tuple[Block, tuple[int, ...]]] = [
        (row, (at,)) for row, first in zip(rows, told, strict=True) if first == wanted
    ]
    return found if len(found) < len(rows) else []


def _extremes(
    desk: Desk, rows: Sequence[Block], columns: Sequence[int]
) -> list[tuple[Block, tuple[int, ...]]]:
    """The rows with the largest or smallest number in the one asked column."""
    wants_most = _MOST.search(desk.query.text) is not None
    if len(columns) != 1 or not (wants_most or _LEAST.search(desk.query.text)):
        return []
    at = columns[0]
    values: list[tuple[float, Block]] = []
    units = set()
    for row in rows:
        told = row.cells[at].text if at < len(row.cells) else ""
        found = _QUANTITY.search(told)
        if found:
            unit = stem(found["unit"].casefold())
            scale = _SECONDS.get(unit)
            values.append((float(found["number"].replace(",", "")) * (scale or 1), row))
            units.add("time" if scale else unit)
        elif told:
            bound = next((value for sign, value in _WITHOUT_NUMBER if sign.search(told)), None)
            if bound is None:
                return []  # more or less than the others, and nobody can tell which
            values.append((bound, row))
    if len(values) < 2 or len(units - {""}) > 1:  # 90 GB are not more than 2 TB
        return []
    extreme = (max if wants_most else min)(value for value, _ in values)
    return [(row, (at,)) for value, row in values if value == extreme]
