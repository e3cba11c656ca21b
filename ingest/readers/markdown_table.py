"""The rows and cells of a Markdown table, each with its exact place in the raw line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from ingest.readers.line_table import LineTable, OffsetMap

# What may stand in front of a row inside lists and quotes.
_CONTAINER_MARKS = frozenset(" \t>*+-.)0123456789[]^:")


@dataclass(frozen=True, slots=True)
class CellContent:
    """A cell's Markdown, where it stands, and how its characters map to the raw text.

    `offsets` is None when the cell could not be found in its line.
    """

    content: str
    start: int
    end: int
    offsets: OffsetMap | None


@dataclass(frozen=True, slots=True)
class RowContent:
    """A table row: whether it is the header, its line from 0, and its cells."""

    is_header: bool
    line: int
    cells: tuple[CellContent, ...]


def table_rows(tokens: Sequence[Token], table: LineTable) -> Iterator[RowContent]:
    """The rows among the tokens of one table, header first."""
    line, contents, is_header = 0, list[str](), True
    for token in tokens:
        if token.type == "tr_open" and token.map is not None:
            line, contents = token.map[0], []
        elif token.type in ("th_open", "td_open"):
            is_header = token.type == "th_open"
        elif token.type == "inline":
            contents.append(token.content)
        elif token.type == "tr_close":
            yield RowContent(is_header, line, _place(contents, table, line))


def _place(contents: list[str], table: LineTable, line: int) -> tuple[CellContent, ...]:
    raw = table.line(line)
    parts = _split_cells(raw)
    marks_only = not set(raw[slice(*parts[0])]) - _CONTAINER_MARKS
    # With a pipe in front, what stands before it is no cell.
    for skipped in (1, 0) if marks_only and len(parts) > 1 else (0,):
        placed = _match(contents, raw, parts[skipped:], table.starts[line])
        if placed is not None:
            return placed
    start, end = table.span(line, line + 1)
    return tuple(CellContent(content, start, end, None) for content in contents)


def _match(
    contents: list[str], raw: str, parts: list[tuple[int, int]], base: int
) -> tuple[CellContent, ...] | None:
    """The cells, if the parts of the line hold exactly these contents."""
    cells: list[CellContent] = []
    row_end = base + len(raw.rstrip())
    for index, content in enumerate(contents):
        if index >= len(parts):  # the row has fewer cells than the header
            if content:
                return None
            cells.append(CellContent("", row_end, row_end, OffsetMap([0], [row_end])))
            continue
        start, end = parts[index]
        text, places = _unescape(raw, start, end)
        body = text.strip()
        if body != content and not (index == 0 and body.endswith(content)):
            return None
        skip = len(text.rstrip()) - len(content)
        cells.append(_cell(content, places, skip, base, start))
    return tuple(cells)


def _cell(content: str, places: list[int], skip: int, base: int, part_start: int) -> CellContent:
    if not content:
        return CellContent("", base + part_start, base + part_start, OffsetMap([0], [base]))
    kept = places[skip : skip + len(content)]
    content_starts, raw_starts = [0], [base + kept[0]]
    for index in range(1, len(kept)):
        if kept[index] != kept[index - 1] + 1:  # a backslash before a pipe was dropped
            content_starts.append(index)
            raw_starts.append(base + kept[index])
    offsets = OffsetMap(content_starts, raw_starts)
    return CellContent(content, base + kept[0], base + kept[-1] + 1, offsets)


def _split_cells(raw: str) -> list[tuple[int, int]]:
    """The stretches between pipes that no backslash precedes."""
    parts: list[tuple[int, int]] = []
    start = 0
    pipe = raw.find("|")
    while pipe >= 0:
        if pipe == 0 or raw[pipe - 1] != "\\":
            parts.append((start, pipe))
            start = pipe + 1
        pipe = raw.find("|", pipe + 1)
    parts.append((start, len(raw)))
    return parts


def _unescape(raw: str, start: int, end: int) -> tuple[str, list[int]]:
    r"""The cell's content with `\|` as `|`, and the column of each of its characters."""
    places = [
        column
        for column in range(start, end)
        if not (raw[column] == "\\" and column + 1 < end and raw[column + 1] == "|")
    ]
    return "".join(raw[column] for column in places), places
