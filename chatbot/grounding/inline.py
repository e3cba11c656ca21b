"""A line of a reply, character by character: its words, its markers, its code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatbot.grounding.markers import marker_at_start, may_become_marker

_OPENERS = frozenset("[【(`<")
_LONGEST_CODE = 200  # characters; a backtick that is not closed by then opens none
_LONGEST_TAG = 200
_LONGEST_ADDRESS = 500
_ADDRESS = re.compile(r"""\((?:[^\s()]|\([^\s()]*\))*(?:\s"[^"()]*")?\)""")
_ADDRESS_SO_FAR = re.compile(r"""\((?:[^\s()]|\([^\s()]*\))*(?:\([^\s()]*|\s(?:"[^"()]*"?)?)?""")
_WEB = re.compile(r"\((?:[a-z][a-z0-9+.-]*:|[#/.]|www\.)|\([^()]*\.(?:md|html?|txt|pdf)\b", re.I)
# Behind "items[0]" these make it code: what is named, called or set is no passage.
_CODE_BEHIND = re.compile(r"\w|\.\w| ?[-+*/%|&=!<>]?=")
_MAY_BE_CODE_BEHIND = re.compile(r"\.| ?[-+*/%|&=!<>]?")
_AND = re.compile(r" (?:and|&) (?=[\[【])")
_AND_SO_FAR = re.compile(r" (?:a(?:n(?:d ?)?)?|& ?)?")
_BREAKS = frozenset("br p li ul ol div tr td th table hr h1 h2 h3 h4 h5 h6 pre blockquote".split())
_TAG_NAMES = _BREAKS | frozenset(
    "b i em strong span sub sup a code u s del ins mark small big details summary cite font"
    " center q kbd var samp abbr img thead tbody dl dt dd section article ref strike think"
    " thinking reasoning answer response citation output".split()
)
_TAG = re.compile(r"</?([a-z][a-z0-9]*)(?:[\s/][^<>]*)?>|<!--[^<>]*-->|<\|[^<>|]{1,40}\|>", re.I)
_TAG_SO_FAR = re.compile(r"<(?:[/!|a-z][^<>]*)?", re.I)


@dataclass(slots=True, eq=False)
class Marker:
    """Passages that are cited where it stands, each once; none for `[0]`."""

    numbers: dict[int, None]


@dataclass(frozen=True, slots=True)
class Code:
    """What stands between backticks: no sentence ends in it, and it holds no marker."""

    text: str


Cell = str | Marker | Code  # a string is one character


class Inline:
    """The cells of a line, each as soon as it is told from the others.

    `[n]` that touches the word before it is a marker too ("ninety days[1]."), but for what is
    plainly code: `items[0].name`, `a[1]b`, `f[0](x)`, `x[1] = 2`, and `x = [1]`. A backslash
    before a bracket is Markdown's, and is left out.
    """

    def __init__(self) -> None:
        self._held = ""
        self._slash = ""  # a backslash, if the last character was one
        self._before = ""  # the character before what is held
        self._last = ""  # and the last that was no white space

    def feed(self, character: str) -> list[Cell]:
        """The cells that are known now."""
        slash = "" if character in "[]" else self._slash
        self._slash = ""
        if character == "\\" and not self._held.startswith("`"):
            self._slash = character
            character = ""
        if not self._held and not slash and character and character not in _OPENERS:
            return [self._pass(character)]
        self._held += slash + character
        return self._take(ended=False)

    def end(self) -> list[Cell]:
        """The rest; the line is over, and the next begins afresh."""
        self._held, self._slash = self._held + self._slash, ""
        cells = self._take(ended=True)
        self._before = self._last = ""
        return cells

    def _pass(self, character: str) -> str:
        self._before = character
        if not character.isspace():
            self._last = character
        return character

    def _take(self, *, ended: bool) -> list[Cell]:
        cells: list[Cell] = []
        while self._held:
            first = self._held[0]
            length, cell = self._read(ended) if first in _OPENERS else (0, "")
            if length < 0:
                break
            if not length:
                cells.append(self._pass(first))
                self._held = self._held[1:]
                continue
            self._held = self._held[length:]
            if isinstance(cell, str):
                cells += [self._pass(cell)] if cell else []
            else:
                self._before = self._last = ""
                cells.append(cell)
        return cells

    def _read(self, ended: bool) -> tuple[int, Cell]:
        """The length of what the held text begins with, and its cell.

        A length of 0: nothing but a character. Of -1: more must be seen.
        """
        if self._held[0] == "`":
            return _read_code(self._held, ended)
        if self._held[0] == "<":
            return _read_tag(self._held, ended)
        return self._read_marker(ended)

    def _read_marker(self, ended: bool) -> tuple[int, Cell]:
        held = self._held
        is_glued = self._before.isalnum() or self._before in ("_", ")", "]")
        if self._last == "=" or (held[0] == "(" and is_glued):
            return 0, ""
        found = marker_at_start(held)
        if found is None:
            waits = not ended and may_become_marker(held)
            return (-1 if waits else 0), ""
        length, numbers = found
        marker = Marker(dict.fromkeys(numbers))
        behind = held[length:]
        if held[0] == "(":
            return length, marker
        if not behind and not ended:
            return -1, ""
        if behind.startswith("("):
            if address := _ADDRESS.match(behind):
                if is_glued and not _WEB.match(behind):
                    return 0, ""
                return length + address.end(), marker
            may_close = len(behind) < _LONGEST_ADDRESS and _ADDRESS_SO_FAR.fullmatch(behind)
            if may_close and not ended:
                return -1, ""
        if both := _AND.match(behind):
            return length + both.end(), marker
        if not ended and _AND_SO_FAR.fullmatch(behind):
            return -1, ""
        if is_glued and not ended and _MAY_BE_CODE_BEHIND.fullmatch(behind):
            return -1, ""
        if is_glued and _CODE_BEHIND.match(behind):
            return 0, ""
        return length, marker


def _read_code(held: str, ended: bool) -> tuple[int, Cell]:
    run = len(held) - len(held.lstrip("`"))
    close = held.find("`" * run, run)
    if close > 0:
        return close + run, Code(held[run:close])
    return (0 if ended or len(held) > _LONGEST_CODE else -1), ""


def _read_tag(held: str, ended: bool) -> tuple[int, Cell]:
    tag = _TAG.match(held)
    if tag is None:
        may_close = len(held) < _LONGEST_TAG and _TAG_SO_FAR.fullmatch(held)
        return (-1 if may_close and not ended else 0), ""
    name = (tag.group(1) or "").lower()
    if name and name not in _TAG_NAMES:
        return 0, ""  # "List<String>" is no tag
    return tag.end(), " " if name in _BREAKS else ""
