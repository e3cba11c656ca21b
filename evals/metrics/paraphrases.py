"""Whether a question is answered alike in other words. The definitions are ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evals.metrics.citations import GoldSection


@dataclass(frozen=True, slots=True)
class Member:
    """What became of one wording; `right_sections` as `citations.right_sections` gives them."""

    declined: bool
    right_sections: frozenset[GoldSection] = frozenset()


def is_consistent(group: Sequence[Member]) -> bool | None:
    """Whether all wordings have the same decision and those answered share a right section.

    All answered where the notes hold nothing is not consistent: there is no right section to
    share. None for a group of fewer than two, which has nothing to compare.
    """
    if len(group) < 2:
        return None
    answered = [member for member in group if not member.declined]
    if not answered:
        return True
    if len(answered) < len(group):
        return False
    return bool(frozenset.intersection(*(member.right_sections for member in answered)))


def worst_of(scores: Iterable[float | None]) -> float | None:
    """Return the lowest score of a group; None where every score is "n/a".

    One wording that fails is a failure that somebody meets, which a mean would hide.
    """
    return min((score for score in scores if score is not None), default=None)
