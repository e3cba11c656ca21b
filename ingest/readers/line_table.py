"""Lines of a raw text, and offsets into it that survive a parser's normalisation.

A Markdown parser wants line feeds only, no byte-order mark and no NUL. Each of those changes
is undone here: column `c` of line `n` of `normalised` is always `starts[n] + c` of the raw
text, because within a line characters are replaced one for one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

_NEWLINE = re.compile(r"\r\n|\r|\n")
_BYTE_ORDER_MARK = "\ufeff"


class LineTable:
    """The lines of one raw text. Line indexes here count from 0; line numbers from 1."""

    def __init__(self, text: str) -> None:
        self.text = text
        body = 1 if text.startswith(_BYTE_ORDER_MARK) else 0
        self.starts: list[int] = [body]
        self.ends: list[int] = []
        for newline in _NEWLINE.finditer(text, body):
            self.ends.append(newline.start())
            self.starts.append(newline.end())
        self.ends.append(len(text))

    @property
    def normalised(self) -> str:
        """The text as a parser wants it: no byte-order mark, line feeds only, no NUL."""
        body = self.text[self.starts[0] :]
        return _NEWLINE.sub("\n", body).replace("\0", "\ufffd")

    def line(self, index: int) -> str:
        """Line `index` without its newline, characters as in `normalised`."""
        if index >= len(self.starts):
            return ""
        return self.text[self.starts[index] : self.ends[index]].replace("\0", "\ufffd")

    def line_start(self, offset: int) -> int:
        """Where the line that holds `offset` begins; 0 for the first, mark included."""
        index = self._index(offset)
        return self.starts[index] if index else 0

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Raw [start, end) of lines `first` up to `last`, left out, without white space around."""
        last = min(max(last, first + 1), len(self.starts))
        start = self.starts[min(first, len(self.starts) - 1)]
        whole = self.text[start : self.ends[last - 1]]
        start += len(whole) - len(whole.lstrip())
        return start, start + len(whole.strip())

    def numbers(self, start: int, end: int) -> tuple[int, int]:
        """First and last line number, from 1, of the raw span [start, end)."""
        return self._index(start) + 1, self._index(max(start, end - 1)) + 1

    def _index(self, offset: int) -> int:
        return max(0, bisect_right(self.starts, offset) - 1)


class OffsetMap:
    r"""Raw offsets of a parser's content that was cut out of the raw text in stretches.

    Within a stretch, offsets advance together; between stretches the raw text has more
    (a newline of two characters, indentation, `>` of a quote, the backslash of `\|`).
    """

    def __init__(self, content_starts: Sequence[int], raw_starts: Sequence[int]) -> None:
        self._content = content_starts
        self._raw = raw_starts

    def stretch_end(self, offset: int) -> int | None:
        """Where the stretch that holds content `offset` ends; None for the last one."""
        following = bisect_right(self._content, offset)
        return self._content[following] if following < len(self._content) else None

    def start(self, offset: int) -> int:
        """Raw offset of the content character at `offset`."""
        index = max(0, bisect_right(self._content, offset) - 1)
        return max(0, self._raw[index] + offset - self._content[index])

    def end(self, offset: int) -> int:
        """Raw offset just after the content character before `offset`."""
        return self.start(offset - 1) + 1 if offset > 0 else self.start(0)


def align(content: str, table: LineTable, first: int, last: int) -> OffsetMap | None:
    """Map block content back to raw lines `first` … `last` - 1, or None if it does not fit.

    A parser takes a block's lines and cuts something off the front of each (indentation,
    list marker, `>`), so every line of `content` must be the tail of a raw line.
    """
    while first + 1 < last and not table.line(first).strip():
        first += 1  # a line of exotic white space opens a block and is then trimmed off it
    content_starts: list[int] = []
    raw_starts: list[int] = []
    position = 0
    for index, line in enumerate(content.split("\n")):
        if first + index >= last:
            return None
        body = line.strip()
        raw_line = table.line(first + index).rstrip()
        if not raw_line.endswith(body):
            return None
        column = len(raw_line) - len(body)
        content_starts.append(position)
        raw_starts.append(table.starts[first + index] + column - (len(line) - len(line.lstrip())))
        position += len(line) + 1
    return OffsetMap(content_starts, raw_starts)


def align_within(content: str, table: LineTable, line: int, column: int = 0) -> OffsetMap | None:
    """Map content that stands inside one raw line, with markup on both sides of it."""
    found = table.line(line).rfind(content, column)
    if found < 0:
        return None
    return OffsetMap([0], [table.starts[line] + found])
