"""Words that are numbers, in digits and in letters."""

from __future__ import annotations

import re
from decimal import Decimal

from chatbot.grounding.units import UNITS


def _count(names: str, start: int, step: int = 1) -> dict[str, Decimal]:
    return {name: Decimal(start + step * n) for n, name in enumerate(names.split())}


ONES = _count("zero one two three four five six seven eight nine", 0)
_TEENS = _count(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", 10
)
TENS = _count("twenty thirty forty fifty sixty seventy eighty ninety", 20, step=10)
SPELLED = ONES | _TEENS | TENS

TIMES = {
    "hundred": Decimal(100),
    "thousand": Decimal(1000),
    "million": Decimal(10**6),
    "billion": Decimal(10**9),
    "trillion": Decimal(10**12),
    "k": Decimal(1000),
}
# Behind a currency only: "5m" may be metres or minutes.
MONEY_TIMES = {"m": TIMES["million"], "b": TIMES["billion"], "bn": TIMES["billion"]}

_ORDINALS = frozenset("st nd rd th".split())
_SUFFIXES = _ORDINALS.union(UNITS, TIMES, MONEY_TIMES)
_DIGITS = re.compile(r"([0-9]{1,30}(?:\.[0-9]{1,30})?)([a-z]{0,10})")


_SMALL = "|".join(sorted(SPELLED, key=len, reverse=True))
_ROUND = "|".join(name for name in TIMES if len(name) > 1)
_COMPOUND = re.compile(
    rf"\b(?:({'|'.join(TENS)})[- ]({'|'.join(list(ONES)[1:])})|({_SMALL}))\b(?:[ -]({_ROUND})\b)?",
    re.IGNORECASE,
)


def in_digits(text: str) -> str:
    """The text with numbers of several words in digits: "twenty-five thousand" is 25000."""
    return _COMPOUND.sub(_digits, text)


def _digits(spelled: re.Match[str]) -> str:
    tens, ones, small, times = (part.lower() if part else "" for part in spelled.groups())
    if not times and not tens:
        return spelled.group()
    value = TENS[tens] + ONES[ones] if tens else SPELLED[small]
    return f"{value * TIMES.get(times, 1):f}"


def read_numeral(folded: str) -> tuple[Decimal | None, str]:
    """The value of a folded word, and the letters glued to it: "5gb"; None if it is no number."""
    if folded in SPELLED:
        return SPELLED[folded], ""
    matched = _DIGITS.fullmatch(folded)
    if matched is None:
        return None, ""
    digits, suffix = matched.groups()
    if suffix and suffix not in _SUFFIXES:
        return None, ""  # "5xlarge", "3d": a name
    if suffix == "s" and len(digits) == 4:
        suffix = ""  # "the 1990s"
    return Decimal(digits).normalize(), suffix
