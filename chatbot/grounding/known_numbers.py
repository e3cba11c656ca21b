"""Numbers that the passages know, and those of a claim that they do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from chatbot.grounding.problems import Kind, Problem
from chatbot.grounding.quantities import Quantity
from chatbot.grounding.sentences import Sentence
from chatbot.grounding.units import UNITS, Amount
from chatbot.words import distinct

_IMPLY_ONE = frozenset("a an per each every".split())  # "a day" is one day
_LOOKED_AT = 200  # numbers of a kind, to tell what the passages say instead
_TOLD = 3  # of them, at most


class KnownNumbers:
    """The numbers in the passages, with what they measure or count."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._values: set[Decimal] = set()
        self._loose: set[Decimal] = set()  # without a unit or a noun, as in a table's cell
        self._measured: set[Amount] = set()
        self._counted: defaultdict[str, set[Decimal]] = defaultdict(set)  # noun -> numbers of it
        self._said: defaultdict[str, list[str]] = defaultdict(list)  # kind -> as it is written
        for sentence in sentences:
            for quantity in sentence.quantities:
                self._add(quantity)
            for one, other in pairwise(sentence.words):
                if other.folded in UNITS and one.folded in _IMPLY_ONE:
                    self._measured.add(UNITS[other.folded])

    def _add(self, quantity: Quantity) -> None:
        self._said[quantity.kind].append(quantity.said)
        self._values.add(quantity.value)
        if quantity.unit is not None:
            self._measured.add(quantity.amount)
        elif quantity.noun:
            self._counted[quantity.noun].add(quantity.value)
        else:
            self._loose.add(quantity.value)

    def missing(self, claim: Sentence) -> Iterator[Problem]:
        """The numbers of the claim that no passage holds with their units."""
        for quantity in claim.quantities:
            if not self._holds(quantity):
                same_kind = self._said.get(quantity.kind, ()) if quantity.kind else ()
                instead = distinct(same_kind[:_LOOKED_AT])[:_TOLD]
                yield Problem(Kind.NUMBER, quantity.said, ", ".join(instead))

    def _holds(self, quantity: Quantity) -> bool:
        if quantity.unit is not None:
            # The unit of a loose number may stand in its column's header.
            return quantity.amount in self._measured or quantity.value in self._loose
        if quantity.noun and quantity.noun in self._counted:
            numbers = self._counted[quantity.noun] | self._loose
            return quantity.value in numbers or (quantity.spelled and quantity.value == 1)
        # "Two reasons" may count what the passages only list.
        return quantity.spelled or quantity.value in self._values
