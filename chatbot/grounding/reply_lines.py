"""What a line of a reply is, told from as little of it as can be."""

from __future__ import annotations

import re
from enum import Enum, auto


class LineKind(Enum):
    """What begins here."""

    BLANK = auto()
    TEXT = auto()
    HEADING = auto()
    ITEM = auto()
    ROW = auto()  # of a table
    RULE = auto()
    FENCE = auto()
    REFERENCE = auto()  # "[^1]: storage.md", no part of the answer
    SOURCES = auto()  # a list of them


_LONGEST = 400  # characters; what a line is must be known by then
_NAMES = (
    "sources used", "sources cited", "sources", "source", "references", "reference", "citations",
    "footnotes", "bibliography", "works cited", "passages cited", "passages used",
)  # fmt: skip
_DECORATIONS = (
    "",
    "**",
    "__",
    "*",
    "# ",
    "## ",
    "### ",
    "#### ",
    "## **",
    "### **",
)
_TITLES = frozenset(decoration + name for decoration in _DECORATIONS for name in _NAMES)
_SOURCES = re.compile(
    rf"(?:#{{1,4}} )?(?:\*\*|__|\*)?(?:{'|'.join(_NAMES)})[*_]{{0,2}} ?:?[*_]{{0,2}}[ \t]*",
    re.I,
)
_ENTRY = re.compile(r"(?:[-*+•]|\d{1,3}[.)])?[ \t]*")
_PLACE = re.compile(r"https?://|[\w-]\.(?:md|markdown|txt|html?|pdf|ipynb|docx?)\b|[›»]", re.I)
_FENCE = re.compile(r"(`{3,}|~{3,})([^\n]*)")
_ITEM = re.compile(r"[-*+–][ \t]|[•‣◦][ \t]?|\d{1,3}[.)][ \t]|[a-z]\)[ \t]")
_MAY_BE_ITEM = re.compile(r"[-*+–]|\d{1,3}[.)]?|[a-z]\)?")
_RULE = re.compile(r"([-*_=])(?:[ \t]*\1){2,}[ \t]*")
_MAY_BE_RULE = re.compile(r"([-*_=])(?:[ \t]*\1)*[ \t]*")
_REFERENCE = re.compile(r"\[\^?\d{1,3}\]:")
_MAY_BE_REFERENCE = re.compile(r"\[\^?\d{0,3}\]?")

Start = tuple[LineKind, int]


def read_line_start(text: str, *, ended: bool) -> Start | None:
    """What the line that a text begins with is, and the length of what only says so.

    None if more of it must be seen. `text` is without the white space before it; after a title
    like "Sources:" it may hold more lines. `ended` says that there is no more.
    """
    line, newline, _ = text.partition("\n")
    is_whole = bool(newline) or ended
    if not line:
        return (LineKind.BLANK, len(newline)) if is_whole else None
    if line[0] in "#*_-" or line[0].isalpha():
        is_sources = _is_sources(text, line, ended)
        if is_sources:
            return LineKind.SOURCES, len(text)
        if is_sources is None:
            return None
    return _read_mark(line, is_whole or len(line) >= _LONGEST)


def _is_sources(text: str, line: str, ended: bool) -> bool | None:
    """Whether a list of sources begins: its title, and an entry that begins with a marker."""
    small = line.lower()
    is_whole = ended or "\n" in text
    if not is_whole and len(small) < 24 and any(title.startswith(small) for title in _TITLES):
        return None
    title = _SOURCES.match(text)
    if title is None:
        return False
    rest = text[title.end() :]
    if not rest:
        return True if ended else None
    if rest[0] != "\n":
        return ":" in title.group() and rest[0] in "[【"
    entries = rest.lstrip()
    mark = _ENTRY.match(entries)
    entry = entries[mark.end() :] if mark else entries
    if entry[:1] in ("[", "【"):
        return True
    if "\n" in entry or ended or len(rest) > _LONGEST:
        return not entry.strip() or bool(_PLACE.search(entry.partition("\n")[0]))
    return None


def _read_mark(line: str, is_whole: bool) -> Start | None:
    first = line[0]
    if first == "|":
        return LineKind.ROW, 0
    if first in "`~":
        return _read_fence(line, is_whole)
    if first == "#":
        depth = len(line) - len(line.lstrip("#"))
        if depth == len(line) and depth < 7 and not is_whole:
            return None
        is_heading = depth < 7 and line[depth : depth + 1].isspace()
        return (LineKind.HEADING, depth) if is_heading else (LineKind.TEXT, 0)
    if is_whole and _RULE.fullmatch(line):
        return LineKind.RULE, len(line)
    if item := _ITEM.match(line):
        return LineKind.ITEM, item.end()
    if _REFERENCE.match(line):
        return LineKind.REFERENCE, 0
    waits = (_MAY_BE_ITEM, _MAY_BE_RULE, _MAY_BE_REFERENCE)
    if not is_whole and any(pattern.fullmatch(line) for pattern in waits):
        return None
    return LineKind.TEXT, 0


def _read_fence(line: str, is_whole: bool) -> Start | None:
    fence = _FENCE.match(line)
    if fence is None:
        waits = len(line) < 3 and line == line[0] * len(line) and not is_whole
        return None if waits else (LineKind.TEXT, 0)
    if line[0] == "`" and "`" in fence.group(2):
        return LineKind.TEXT, 0
    return (LineKind.FENCE, 0) if is_whole else None
