"""What is told of a sentence: how well it is supported, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be wrong with a sentence."""

    NUMBER = "number"  # a number, with its unit, that no passage holds
    NEGATION = "negation"  # it denies what the passage affirms, or the other way round
    NAME = "name"  # a product, person, abbreviation or address that no passage names
    COVERAGE = "coverage"  # most of what it says is in no passage


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a sentence says and its passages do not.

    `said` is in the words of the sentence; `passage` is what the passages say instead, empty
    where that cannot be told.
    """

    kind: Kind
    said: str
    passage: str = ""


@dataclass(frozen=True, slots=True)
class Support:
    """How well a sentence is supported, in [0, 1], and what speaks against it."""

    score: float
    problems: tuple[Problem, ...] = ()
