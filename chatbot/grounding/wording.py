"""The plain words of a sentence that a model wrote, and the passages that it cites."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot.grounding.inline import Cell, Code, Inline, Marker

_MARK, _CODE = "\x00", "\x01"  # stand in for a marker and for code; no reply holds either
_LINK = re.compile(r"!?\[(?!\d{1,3}\])([^\[\]]{1,300})\]\([^()\s]{0,500}\)")
_MARKS = re.compile(r"\x00(?:\s*(?:[,;&–-]|and\b)?\s*\x00)+")
_EMPTIED = re.compile(r"[(\[]\s*\x00\s*[)\]]")
_ACCORDING = re.compile(
    r"\A(?:According to|Based on|As (?:stated|described|noted|mentioned|shown|explained) (?:in|by)"
    r"|As per|Per|In|From) ?\x00 ?, ?(\w)"
)
_STRAY_STOPS = re.compile(r"(?<=[.!?…。！？])(?:[\"'”’)*_]{0,8}\s*\x00[.,;\s]*)+\Z")
_MARK_INSIDE = re.compile(r"\s*\x00(?=\w)|\x00(?=[\"“(])")
_STRONG = re.compile(r"(?<!\d)(?<!\S )\*{2,}|\*{2,}(?![\d\s])|(?<!\s)\*{2,}(?!\d)|~~")
_UNDERLINED = re.compile(r"(?<!\w)__(?=\S)|(?<=\S)__(?!\w)")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]+)(?<=\S)\*(?![\w*])")
_UNDERSCORED = re.compile(r"(?<!\w)_(?=[^\s_])([^_]+)(?<=\S)_(?!\w)")
_HALF_EMPHASIS = re.compile(r"\A\*(?=\w)|(?<=[\w.!?])\*\Z")  # the other half is another sentence's
_BOX = re.compile(r"\A\[[ xX]\] ")
_BRACKETS = re.compile(r"[\[\]()【】]")
_PASSES = 4


def read_wording(cells: Sequence[Cell]) -> tuple[str, tuple[int, ...]]:
    """The words without markers, emphasis, links and backticks, and the numbers that they cite."""
    written: list[str] = []
    code: list[str] = []
    numbers: dict[int, None] = {}
    for cell in cells:
        if isinstance(cell, Marker):
            numbers |= cell.numbers
            written.append(_MARK)
        elif isinstance(cell, Code):
            code.append(" ".join(cell.text.split()))
            written.append(_CODE)
        else:
            written.append(cell)
    text = _plain("".join(written))
    # What stood around a number may have hidden a marker, as in "[**1**]".
    for _ in range(_PASSES):
        marked, found = _mark(text)
        if found is None:
            break
        numbers |= found
        text = _plain(marked)
    else:
        text = _plain(_BRACKETS.sub("", text))
    codes = iter(code)
    text = re.sub(_CODE, lambda _: next(codes, ""), text)
    return " ".join(text.split()), tuple(numbers)


def read_words(text: str) -> tuple[str, tuple[int, ...]]:
    """The same of a text that stands alone, as a cell of a table does."""
    line = Inline()
    cells = [cell for character in text for cell in line.feed(character)]
    return read_wording([*cells, *line.end()])


def _plain(text: str) -> str:
    text = _LINK.sub(r"\1", text.replace("`", ""))
    if "*" in text or "~~" in text:
        text = _STRONG.sub("", text)
        text = _EMPHASIS.sub(r"\1", text)
    if "_" in text:
        text = _UNDERLINED.sub("", text)
        text = _UNDERSCORED.sub(r"\1", text)
    if _MARK in text:
        text = _EMPTIED.sub(_MARK, _MARKS.sub(_MARK, text))
        text = _ACCORDING.sub(lambda begun: begun.group(1).upper(), text)
        text = _STRAY_STOPS.sub("", text)
        text = _MARK_INSIDE.sub(" ", text)
        text = re.sub(r"\s*\x00\s*(?=[.,;:!?)\]])|\s*\x00", "", text)
    text = " ".join(text.split())
    return _HALF_EMPHASIS.sub("", _BOX.sub("", text))


def _mark(text: str) -> tuple[str, dict[int, None] | None]:
    """The text with the markers in it marked, and the numbers that they cite; None without any."""
    if not any(bracket in text for bracket in "[【("):
        return text, None
    line = Inline()
    cells = [cell for character in text for cell in line.feed(character)] + line.end()
    found: dict[int, None] = {}
    has_marker = False
    written: list[str] = []
    for cell in cells:
        if isinstance(cell, Marker):
            has_marker = True
            found |= cell.numbers
        written.append(cell if isinstance(cell, str) else _MARK)
    return "".join(written), found if has_marker else None
