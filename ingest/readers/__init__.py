"""One reader per note format: from a source document to its sections."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from ingest.notes import Section, SourceDocument
from ingest.readers.markdown import read_markdown
from ingest.readers.plain import read_plain

_SNIFFED = 200_000  # characters of a .txt file that are looked at

# What a line of Markdown looks like. Only for choosing a reader: the reader itself parses.
_SIGNS: tuple[re.Pattern[str], ...] = (
    re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE),
    re.compile(r"^[ \t]{0,8}[*+-][ \t]+\S", re.MULTILINE),
    re.compile(r"\]\([^\s()]{0,500}\)"),
    re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE),
    re.compile(r"^ {0,3}\|.{0,2000}\|[ \t]*$", re.MULTILINE),
    re.compile(r"\*\*\w"),
)


def split_sections(source: SourceDocument) -> tuple[Section, ...]:
    """The sections of a note, in document order; none when it holds no words.

    The reader is chosen by the name's suffix; `.txt` is read as Markdown when it looks like
    it. No text is refused: what cannot be parsed in bounded time is read as plain text.
    """
    return _reader(source)(source)


def _reader(source: SourceDocument) -> Callable[[SourceDocument], tuple[Section, ...]]:
    suffix = PurePosixPath(source.name).suffix.lower()
    if suffix in (".md", ".markdown") or _looks_like_markdown(source.text):
        return read_markdown
    return read_plain


def _looks_like_markdown(text: str) -> bool:
    """Whether a text opens with a heading, or shows two signs of Markdown, or one thrice."""
    sample = text[:_SNIFFED].replace("\r\n", "\n").replace("\r", "\n")
    if _SIGNS[0].match(sample.lstrip("\ufeff\n")):
        return True
    counts = [sum(1 for _ in sign.finditer(sample)) for sign in _SIGNS]
    return sum(count > 0 for count in counts) >= 2 or max(counts) >= 3
