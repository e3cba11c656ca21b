"""What is measured without a number: "within hours", "once a week", "per second"."""

from __future__ import annotations

from collections.abc import Iterable

from chatbot.grounding.sentences import Sentence
from chatbot.grounding.units import UNITS, Amount

_ONE_KIND = {"months": "time"}  # a month is no number of seconds, but it is time


def other_measures(claim: Sentence, evidence: Iterable[Sentence]) -> int:
    """How many units of a claim the evidence lacks, though it has others of the kind."""
    told = {unit for sentence in evidence for unit in _units(sentence)}
    kinds = {_kind(unit) for unit in told}
    return sum(unit not in told and _kind(unit) in kinds for unit in _units(claim))


def _kind(unit: Amount) -> str:
    return _ONE_KIND.get(unit.kind, unit.kind)


def _units(sentence: Sentence) -> set[Amount]:
    # A single letter is a unit only behind a number.
    found = {
        UNITS[word.folded]
        for word in sentence.words
        if len(word.folded) > 1 and word.folded in UNITS
    }
    return found | {quantity.unit for quantity in sentence.quantities if quantity.unit}
