"""A model's reply read while it streams: its sentences, and the passages that each cites.

A reply is what a model makes of "end each sentence with the numbers of its passages", Markdown
of any sort. It is read a character at a time, so that where its pieces were cut cannot matter:

- `preamble` drops what is no part of the answer: thinking, a role's name, hidden characters;
- `reply_lines` tells a heading from an item, a row, a fence, a list of sources;
- `inline` and `markers` read the words, the code and the markers of a line;
- `running_text` cuts the words into sentences, and `wording` makes them plain.

Nothing is judged here: a sentence without markers has no numbers, whatever follows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from chatbot.grounding.inline import Cell, Inline, Marker
from chatbot.grounding.preamble import Characters, Preamble
from chatbot.grounding.reply_lines import LineKind, read_line_start
from chatbot.grounding.running_text import RunningText
from chatbot.grounding.wording import read_wording, read_words

_DELIMITER = re.compile(r"(?=[^-]*-)[|:\-\s]+")
_BOLD = re.compile(r"\s*(\*\*|__)(?!\s)(?:(?!\1).)+\1:?\s*")
_CELLS = re.compile(r"(?<!\\)\|")
_CLOSING_HASHES = re.compile(r"\s+#+\Z")


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of a reply.

    `text` is plain words: without markers, emphasis, tags and backticks, on one line. Only of
    code it is the whole block, verbatim, its fences included; in an item, not its indentation.
    """

    text: str
    numbers: tuple[int, ...]  # of the passages that it cites, 1 to 999, in order, each once
    bullet: str = ""  # "- " for the first sentence of an item, also of a numbered one
    is_heading: bool = False  # "## …", the head of a table, or a title in bold on its own line
    is_code: bool = False


def read_reply(text: str) -> list[Said]:
    """The sentences of a whole reply."""
    reader = ReplyReader()
    return [*reader.feed(text), *reader.finish()]


class ReplyReader:
    """Reads one reply.

    A sentence is given out with the first character of the next that is neither white space nor
    part of a marker; what may yet turn out a marker, code, a list of sources or a short
    parenthesis is waited for, at most some hundred characters. A row waits for the next line,
    which may make a heading of it. Markers behind a sentence are its own, on the next line too;
    those that begin a new paragraph belong to what follows them.

    A title in bold is a heading only if it cites nothing and is no statement: no full stop.
    """

    def __init__(self) -> None:
        self._characters = Characters()
        self._preamble = Preamble()
        self._inline = Inline()
        self._text = RunningText()
        self._said: list[Said] = []
        self._waiting: Said | None = None  # complete, but for markers that may follow
        self._between: list[int] = []  # markers at the start of a line: of whom is not known yet
        self._after_blank = False
        self._step: Callable[[str], None] = self._start_line
        self._start: list[str] = []
        self._begin_line()
        self._open(LineKind.TEXT)
        self._is_quoted = False
        self._rows = 0  # of the table
        self._raw: list[str] = []  # of a row, or of the fence's line
        self._code: list[str] = []
        self._fence = ""
        self._drops_sources = False

    def feed(self, piece: str) -> list[Said]:
        """The sentences that are complete now."""
        for character in self._characters.feed(piece):
            for read in self._preamble.feed(character):
                self._step(read)
        return self._take()

    def finish(self) -> list[Said]:
        """The rest."""
        for read in self._preamble.end():
            self._step(read)
        while self._step == self._start_line and self._start:
            self._read_start(ended=True)
        if self._step == self._read_code:
            self._end_code_line(ended=True)
        elif self._step == self._read_row:
            self._end_row()
        elif self._step == self._read_text:
            self._end_text_line()
        self._close()
        self._settle()
        return self._take()

    def _take(self) -> list[Said]:
        said, self._said = self._said, []
        return said

    # The start of a line

    def _begin_line(self) -> None:
        self._step = self._start_line
        self._start.clear()
        self._indent = 0
        self._quotes = False
        self._may_be_title = False
        self._is_fresh = True  # nothing of the line has been put down

    def _start_line(self, character: str) -> None:
        if not self._start and character in " \t":
            self._indent += 1
        elif not self._start and character == ">":
            self._quotes, self._indent = True, 0
        else:
            self._start.append(character)
            self._read_start(ended=False)

    def _read_start(self, *, ended: bool) -> None:
        text = "".join(self._start)
        if self._drops_sources and self._is_source(text):
            self._skip(text)
            return
        found = read_line_start(text, ended=ended)
        if found is None:
            return
        self._drops_sources = False
        kind, length = found
        self._start.clear()
        self._begin(kind, text)
        for read in text[length:]:
            self._step(read)

    def _is_source(self, text: str) -> bool:
        """Whether the list of sources goes on: until a heading, or a paragraph after it."""
        if text == "\n":
            self._after_blank = True
        is_prose = text[0].isalpha() and self._after_blank and not self._indent
        return text[0] != "#" and not is_prose

    def _begin(self, kind: LineKind, text: str) -> None:
        self._rows = self._rows if kind is LineKind.ROW else 0
        if kind is LineKind.BLANK:
            self._close()
            self._settle_markers()
            self._after_blank = True
            self._begin_line()
        elif kind is LineKind.TEXT:
            self._begin_text(text)
        elif kind is LineKind.RULE:
            self._close()
            self._step = self._read_text
        elif kind in (LineKind.SOURCES, LineKind.REFERENCE):
            self._close()
            self._settle()
            self._drops_sources = kind is LineKind.SOURCES
            self._after_blank = False
            self._skip(text if self._drops_sources else "")
        elif kind is LineKind.ROW:
            self._close()
            self._settle_markers()
            self._step = self._read_row
        else:
            self._close()
            self._settle()
            self._open(kind)
            self._step = self._read_code if kind is LineKind.FENCE else self._read_text
            if kind is LineKind.FENCE:
                self._fence = text[: len(text) - len(text.lstrip(text[0]))]

    def _begin_text(self, text: str) -> None:
        is_flush = not self._indent and text[0] not in "[【" and not text[0].islower()
        if (self._kind is LineKind.ITEM and is_flush) or self._quotes != self._is_quoted:
            self._close()
        self._is_quoted = self._quotes
        self._may_be_title = self._kind is LineKind.TEXT and not self._text.cells
        self._step = self._read_text

    def _skip(self, text: str) -> None:
        """Pass over the line that a text ends in."""
        if text.endswith("\n"):
            self._begin_line()
        else:
            self._start.clear()
            self._step = self._skip_line

    def _skip_line(self, character: str) -> None:
        if character == "\n":
            self._begin_line()

    # Running text

    def _open(self, kind: LineKind) -> None:
        self._kind = kind
        self._bullet = "- " if kind is LineKind.ITEM else ""
        self._leads = False  # its markers stand before what they are of

    def _read_text(self, character: str) -> None:
        if character == "\n":
            self._end_text_line()
            self._begin_line()
            return
        for cell in self._inline.feed(character):
            self._put(cell)

    def _end_text_line(self) -> None:
        for cell in self._inline.end():
            self._put(cell)
        cells = self._text.cells
        if self._kind is LineKind.HEADING or (self._may_be_title and _is_title(cells)):
            self._close(is_heading=True)
        elif cells:
            self._put("\n")

    def _put(self, cell: Cell) -> None:
        is_fresh, self._is_fresh = self._is_fresh, self._is_fresh and _is_space(cell)
        if _is_space(cell):
            pass
        elif not self._text.cells and not self._receive(cell):
            return
        elif is_fresh and self._leads and isinstance(cell, Marker) and self._text.has_words:
            self._close()
            self._settle()
            self._leads = True
        if self._kind is LineKind.HEADING:
            self._text.cells.append(cell)
            return
        for cells in self._text.add(cell):
            self._settle()
            self._say(cells)
            self._settle()

    def _receive(self, cell: Cell) -> bool:
        """Whether a cell at the start of a sentence is its own; else it was the last one's."""
        if isinstance(cell, Marker) and self._waiting:
            self._between += cell.numbers
            return False
        between = self._between if self._after_blank else []
        if between:
            self._between = []
            self._text.add(Marker(dict.fromkeys(between)))
        self._settle()
        self._leads = self._leads or bool(between) or isinstance(cell, Marker)
        self._after_blank = False
        return True

    # Rows and code

    def _read_row(self, character: str) -> None:
        if character == "\n":
            self._end_row()
            self._begin_line()
            return
        if character not in "|-: \t":
            self._settle()
        self._raw.append(character)

    def _end_row(self) -> None:
        row = "".join(self._raw).strip()
        self._raw = []
        if _DELIMITER.fullmatch(row):
            if self._waiting and self._rows == 1:
                self._waiting = replace(self._waiting, is_heading=True)
            return
        self._settle()
        words = [read_words(cell) for cell in _CELLS.split(row.removeprefix("|").removesuffix("|"))]
        self._rows += 1
        if any(text for text, _ in words):
            numbers = dict.fromkeys(number for _, cited in words for number in cited)
            self._waiting = Said(_row(words), tuple(numbers))
        self._after_blank = False

    def _read_code(self, character: str) -> None:
        if character == "\n":
            self._end_code_line(ended=False)
        else:
            self._raw.append(character)

    def _end_code_line(self, *, ended: bool) -> None:
        line = "".join(self._raw)
        line = line[min(self._indent, len(line) - len(line.lstrip(" \t"))) :]  # an item's own
        self._raw = []
        closes = bool(self._code) and line.strip().startswith(self._fence)
        self._code.append(line)
        if not ended and not (closes and not line.strip().strip(self._fence[0])):
            return
        self._waiting = Said("\n".join(self._code).rstrip("\n"), (), is_code=True)
        self._code = []
        self._after_blank = False
        self._open(LineKind.TEXT)
        self._begin_line()

    # Giving out

    def _close(self, *, is_heading: bool = False) -> None:
        """End what grows; the last of it waits for markers."""
        for cells in self._text.close(whole=is_heading):
            self._settle()
            self._say(cells, is_heading=is_heading)
            self._after_blank = False
        self._open(LineKind.TEXT)

    def _say(self, cells: list[Cell], *, is_heading: bool = False) -> None:
        text, numbers = read_wording(cells)
        if is_heading:
            text = _CLOSING_HASHES.sub("", text)
        if any(character.isalnum() or ord(character) > 0x2100 for character in text):
            self._waiting = Said(text, numbers, self._bullet, is_heading)
            self._bullet = ""

    def _settle_markers(self) -> None:
        """Markers alone on a line belong to the sentence before."""
        if self._waiting and self._between:
            numbers = dict.fromkeys([*self._waiting.numbers, *self._between])
            self._waiting = replace(self._waiting, numbers=tuple(numbers))
        self._between = []

    def _settle(self) -> None:
        """Give out what waits."""
        self._settle_markers()
        if self._waiting:
            self._said.append(self._waiting)
        self._waiting = None


def _row(words: list[tuple[str, tuple[int, ...]]]) -> str:
    return " ".join(" | ".join(text for text, _ in words).split())


def _is_space(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.isspace()


def _is_title(cells: list[Cell]) -> bool:
    """Whether all that grows is one title in bold."""
    if not cells or cells[0] not in ("*", "_"):
        return False
    if any(not isinstance(cell, str) for cell in cells):
        return False
    line = "".join(str(cell) for cell in cells)
    return bool(_BOLD.fullmatch(line)) and line.strip("*_: ")[-1:] not in (".", "!", "。")
