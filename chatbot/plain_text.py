"""A note's words as plain text: what may be shown anywhere, whatever the note holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from chatbot.answer import Citation, Passage

_REPLACED = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f"  # C0 without tab and newline: ESC starts sequences
    "\x80-\x9f"  # C1: one character does what ESC and a letter do
    "\u202a-\u202e\u2066-\u2069"  # text shown in another order than it is stored
    "\ud800-\udfff"  # lone surrogates: no encoding holds them
)
_DROPPED = (
    "\u061c\u200e\u200f"  # direction marks
    "\u00ad\u180e\u200b\u2060-\u2064\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # invisible
)
# Zero-width joiners stay: emoji and several scripts are written with them.
_HOSTILE = re.compile(f"[{_REPLACED}{_DROPPED}]")
_NEWLINES = re.compile("\r\n?|[\u2028\u2029]")
# A short code stands alone: `a:key:b` and `10:30:00` hold none.
_SHORT_CODE = re.compile(r"(?<![\w:]):[a-z0-9_+-]+:(?![\w:])")


def neutral(text: str) -> str:
    """The text without a character that steers a terminal or hides from the reader.

    Newlines and tabs stay. Control characters become their pictures (ESC is shown as ␛),
    overrides of the writing direction become U+FFFD, invisible characters are dropped.
    """
    return _HOSTILE.sub(_harmless, _NEWLINES.sub("\n", text))


def _harmless(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "" if re.fullmatch(f"[{_DROPPED}]", character) else "\ufffd"


def readable(text: str) -> str:
    """A note's words as people read them: mis-decoded characters and emoji repaired, harmless."""
    from ingest.mojibake import repair

    return neutral(_SHORT_CODE.sub(_emoji, repair(text)))


def _emoji(match: re.Match[str]) -> str:
    from rich.emoji import Emoji

    return Emoji.replace(match[0])


def one_line(text: str, width: int | None = None) -> str:
    """The text on one line, cut at a word within `width` characters."""
    line = " ".join(text.split())
    if width is None or len(line) <= width:
        return line
    return line[: width - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def place(cited: Citation | Passage) -> str:
    """Where it stands, for people: `Storage › Amazon S3 — storage.md:12–14`."""
    first, last = cited.lines
    lines = f"{first}" if first == last else f"{first}–{last}"
    heading = " › ".join(readable(part) for part in cited.heading)
    return one_line(f"{heading} — {neutral(cited.source)}:{lines}")


def to_json_line(value: dict[str, Any]) -> str:
    """One line of JSON, without a raw character that steers a terminal."""
    text = json.dumps(value, ensure_ascii=False)
    # Such characters stand only inside strings, where an escape means the same character.
    return _HOSTILE.sub(
        _json_escape, text.replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
    )


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if ord(match[0]) > 0x7F else f"\\u{ord(match[0]):04x}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of input. `length` is the whole line's; `text` holds no more than was asked for."""

    number: int
    text: str
    length: int


def read_lines(stream: TextIO, limit: int) -> Iterator[Line]:
    """The lines of a stream, without their ends, never holding more than `limit` characters.

    What follows in a longer line is read and counted, and not kept.
    """
    number = 0
    while piece := stream.readline(limit + 1):
        number += 1
        text = piece.rstrip("\r\n")
        if number == 1:
            text = text.removeprefix("\ufeff")
        length = len(text)
        while not piece.endswith("\n") and (piece := stream.readline(limit + 1)):
            length += len(piece.rstrip("\r\n"))
        yield Line(number, text[:limit], length)
