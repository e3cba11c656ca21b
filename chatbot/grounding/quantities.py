"""Numbers in a sentence, with what they measure or count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from chatbot.grounding.numerals import MONEY_TIMES, ONES, SPELLED, TENS, TIMES
from chatbot.grounding.tokens import Token, Word, folded_at, spell
from chatbot.grounding.units import CURRENCIES, UNITS, Amount

_RANGE = frozenset("- – — / to and or".split())


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number at tokens [start, end), with its unit or, without one, the stem it counts."""

    said: str
    start: int
    end: int
    value: Decimal
    unit: Amount | None
    noun: str
    spelled: bool

    @property
    def kind(self) -> str:
        """What is measured or counted; "" where that is not said."""
        return self.unit.kind if self.unit else self.noun

    @property
    def amount(self) -> Amount:
        """What is measured or counted, and how much of it: 2 hours are 7,200 of time."""
        if self.unit is None:
            return Amount(self.noun, self.value)
        return Amount(self.unit.kind, self.value * self.unit.size)


def read_quantities(tokens: Sequence[Token]) -> list[Quantity]:
    """The numbers of a sentence, in order."""
    found: list[Quantity] = []
    end = 0
    for at, token in enumerate(tokens):
        if isinstance(token, str) or token.value is None or at < end:
            continue
        found.append(_quantity(tokens, at, token, token.value))
        end = found[-1].end
    for n in range(len(found) - 2, -1, -1):  # "30 to 90 days": the days are of both
        one, other = found[n], found[n + 1]
        joined = other.start - one.end == 1 and folded_at(tokens, one.end) in _RANGE
        if joined and one.unit is None and other.unit is not None:
            found[n] = replace(one, unit=other.unit)
    return found


def _quantity(tokens: Sequence[Token], at: int, token: Word, value: Decimal) -> Quantity:
    """The number at a place, with what belongs to it before and behind."""
    start, end = at, at + 1
    unit = UNITS.get(token.suffix)
    if at and tokens[at - 1] in CURRENCIES:
        start, unit = at - 1, UNITS[folded_at(tokens, at - 1)]
        value *= MONEY_TIMES.get(token.suffix, 1)
    value *= TIMES.get(token.suffix, 1)
    if token.folded in TENS:  # "thirty-six"
        ones = end + 1 if folded_at(tokens, end) == "-" else end
        if folded_at(tokens, ones) in ONES:
            value, end = value + ONES[folded_at(tokens, ones)], ones + 1
    if folded_at(tokens, end) in TIMES:
        value *= TIMES[folded_at(tokens, end)]
        end += 1
    noun = ""
    if unit is None:
        unit, end, noun = _measure(tokens, end)
    spelled = token.folded in SPELLED
    return Quantity(spell(tokens[start:end]), start, end, value, unit, noun, spelled)


def _measure(tokens: Sequence[Token], at: int) -> tuple[Amount | None, int, str]:
    """The unit behind a number, where it ends, and the stem that is counted if it has none."""
    begin = at + 1 if folded_at(tokens, at) == "-" else at
    name, following = folded_at(tokens, begin), folded_at(tokens, begin + 1)
    if name in UNITS:
        return UNITS[name], begin + 1, ""
    if name == "per" and following == "cent":
        return UNITS["percent"], begin + 2, ""
    token = tokens[begin] if begin < len(tokens) else ""
    if isinstance(token, str) or not token.content or token.value is not None:
        return None, at, ""
    if len(following) > 1 and following in UNITS:  # "30 calendar days"
        return UNITS[following], begin + 2, ""
    return None, at, token.stem
