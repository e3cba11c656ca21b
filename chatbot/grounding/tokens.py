"""Words and marks: what a sentence is read as."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from chatbot.grounding.numerals import read_numeral
from chatbot.grounding.units import UNITS
from chatbot.words import content_words, fold, stem

MARKS = frozenset('%$€£,;:!?()|"“”.–—-/')
_MARK = "[" + re.escape("".join(sorted(MARKS))) + "]"
_WORD = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?[^\W_]*|[^\W_]+(?:\.[^\W_]+)*"
_LINK = r"https?://[^\s<>()\[\]\"'`|]{1,2000}|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}"
_TOKEN = re.compile(f"{_WORD}|{_MARK}")
_TOKEN_OR_LINK = re.compile(f"{_LINK}|{_WORD}|{_MARK}")

# "min" and "minutes" are compared as one; of two ways to write a unit, the last is the longest.
_UNIT_STEMS = {unit: stem(name) for name, unit in UNITS.items() if len(name) > 2}


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A word as it is written and as it is compared.

    `value` is that of a number, `suffix` the letters glued to one: "13k", "5GB", "3rd".
    """

    surface: str
    folded: str
    stem: str
    content: bool
    value: Decimal | None = None
    suffix: str = ""


Token = Word | str  # a mark is a plain string


def tokenise(text: str) -> list[Token]:
    """The words, links and marks of a text, in order; any other character is left out."""
    pattern = _TOKEN_OR_LINK if is_link(text) else _TOKEN
    return [piece if piece in MARKS else _word(piece) for piece in pattern.findall(text)]


@lru_cache(maxsize=16_384)
def _word(surface: str) -> Word:
    folded = fold(surface) or surface
    if is_link(surface):
        address = folded.rstrip(".,;:!?*")
        return Word(surface, address, address, content=True)
    value, suffix = read_numeral(folded.replace(",", ""))
    # "twelve" and "1,000" are compared as 12 and 1000.
    # "DPUs" are more of a "DPU", which no stemmer knows.
    several = len(surface) > 2 and surface[-1] == "s" and surface[-2].isupper()
    compared = stem(folded[:-1] if several else folded)
    if folded in UNITS and UNITS[folded] in _UNIT_STEMS:
        compared = _UNIT_STEMS[UNITS[folded]]
    if value is not None and not suffix:
        compared = f"{value:f}"
    return Word(surface, folded, compared, bool(content_words(folded)), value, suffix)


def is_link(text: str) -> bool:
    """Whether a word is a web or mail address, or a text may hold one."""
    return "://" in text or "@" in text


def folded_at(tokens: Sequence[Token], at: int) -> str:
    """The token at a place, to be looked up; "" behind the end."""
    if at >= len(tokens):
        return ""
    token = tokens[at]
    return token if isinstance(token, str) else token.folded


def spell(tokens: Sequence[Token]) -> str:
    """The tokens as readable text."""
    text = " ".join(token if isinstance(token, str) else token.surface for token in tokens)
    text = re.sub(r" (?=[%,;:!?).])|(?<=[($€£]) ", "", text)
    return re.sub(r" (?=[-–—/] )|(?<=[-–—/]) ", "", text)
