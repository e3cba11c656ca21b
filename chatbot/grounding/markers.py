"""The markers by which a model cites passages, in all the ways that models write them."""

from __future__ import annotations

import re

LONGEST = 64  # characters of a marker
_WIDEST = 9  # passages that a range may name; of "[1-40]" only the first nine are taken
_NAMES = frozenset(
    "passage passages source sources doc docs document documents ref refs reference references"
    " note notes citation citations see cf".split()
)
_NAME = rf"(?:(?:{'|'.join(sorted(_NAMES, key=len, reverse=True))})\b\s?[.:#]?\s?)?"
_JOINT = r"\s*(?:,\s*and\b|[,;&+/]|\band\b)\s*"
_ITEM = rf"{_NAME}[#^]?(\d{{1,3}})(?:\s?[-–—]\s?(\d{{1,3}}))?\^?"
_ITEM_AT = re.compile(_ITEM, re.IGNORECASE)
_BODY = re.compile(rf"\s*{_ITEM}(?:{_JOINT}{_ITEM})*\s*", re.IGNORECASE)
_NAMED = re.compile(r"\s*(?:passage|source|doc|ref)", re.IGNORECASE)  # "(see 2)" may be a page
_DAGGER = re.compile(r"\s*(\d{1,3})(?::\d{1,4})?\s*†[\w\s,:.#/\-–—]*")
_SQUARE = re.compile(r"\[\[([^\[\]]*)\]\]|\[([^\[\]]*)\]|【([^【】]*)】")
_BETWEEN = re.compile(rf"(?:\s|{_JOINT})*")
_CALLED = re.compile(rf"\(\s*{_NAME}", re.IGNORECASE)
_SHAPE = re.compile(
    r"\[\[[^\[\]]*\]\]|\[[^\[\]]+\]|【[^【】]+】|\((?:[^()\[\]]|\[[^\[\]]*\]|【[^【】]*】)+\)"
)
_OPENED = re.compile(r"\[\[?[^\[\]]*\]?|【[^【】]*|\([^()]*")
_CITES = re.compile(r"[\w\s,;&+/^#:.*\[\]【】†\-–—]*")
_LETTERS = re.compile(r"[a-z]*")


def marker_at_start(text: str) -> tuple[int, tuple[int, ...]] | None:
    """How long the marker is that a text begins with, and the passages that it cites.

    Understood are `[1]`, `[1, 2; 3]`, `[1-3]`, `[[1]]`, `[^1]`, `[Passage 1]`, `[source 2]`,
    `[passages 1 and 2]`, `【1】`, `【1†source】`, `(passage 2)`, `([1], [2])` and `(Source: [1])`.
    A number has at most three digits, so that `[2019]` stays a year; `[0]` is a marker that cites
    nothing, and `[0-9]` none. Superscripts are left alone: "m²" is an area.
    """
    shape = _SHAPE.match(text, 0, LONGEST)
    if shape is None:
        return None
    numbers = _read(shape.group())
    return None if numbers is None else (shape.end(), numbers)


def may_become_marker(text: str) -> bool:
    """Whether a text may begin with a marker once more of it is there."""
    if len(text) >= LONGEST or not _OPENED.fullmatch(text) or not _CITES.fullmatch(text[1:]):
        return text[:1] == "【" and len(text) < LONGEST and "】" not in text
    body = text.lstrip("[【( ^#*").lower()
    name = _LETTERS.match(body)
    letters = name.group() if name else ""
    if not letters:
        return text[0] != "(" or not body or "[" in text or "【" in text
    if letters != body:
        return letters in _NAMES
    return any(known.startswith(letters) for known in _NAMES)


def _read(marker: str) -> tuple[int, ...] | None:
    if marker[0] != "(":
        return _read_body(marker.strip("[]【】"), named=False)
    if "[" not in marker and "【" not in marker:
        return _read_body(marker[1:-1], named=True)
    called = _CALLED.match(marker)
    at = called.end() if called else 1
    numbers: list[int] = []
    while at < len(marker) - 1:
        square = _SQUARE.match(marker, at)
        found = square and _read_body(square.group().strip("[]【】"), named=False)
        if square is None or found is None:
            return None
        numbers += found
        between = _BETWEEN.match(marker, square.end())
        at = between.end() if between else square.end()
    return tuple(numbers)


def _read_body(body: str, *, named: bool) -> tuple[int, ...] | None:
    """What stands between the brackets, as numbers; `named` if it must say what they number."""
    body = body.replace("*", "")
    if dagger := _DAGGER.fullmatch(body):
        return _from_one([int(dagger.group(1))])
    if not _BODY.fullmatch(body) or (named and not _NAMED.match(body)):
        return None
    numbers: list[int] = []
    for item in _ITEM_AT.finditer(body):
        first, last = int(item.group(1)), int(item.group(2) or item.group(1))
        if last < first or (item.group(2) and not first):
            return None
        numbers += range(first, min(last, first + _WIDEST - 1) + 1)
    return _from_one(numbers)


def _from_one(numbers: list[int]) -> tuple[int, ...]:
    return tuple(number for number in numbers if number)
