"""What stands with what: words that a claim gives to others than the notes do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from itertools import combinations

from chatbot.grounding.flow import Placed, Sort

Bag = frozenset[str]
_MOST = 32  # words that are exchanged with each other: more would take long


def misbound(
    claim: Sequence[Placed],
    evidence: Sequence[Placed],
    everywhere: Collection[str],
    weight: Callable[[str], float],
) -> dict[Sort, float]:
    """How surely two words of a sort stand in each other's clause, in [0, 1].

    1 where the claim's clauses are those of the evidence once the two are exchanged: "20 with,
    25 without" for "25 with, 20 without". Words `everywhere`, such as those of a heading, stand
    in all clauses.
    """
    theirs = _clauses(evidence)
    known = frozenset[str]().union(*theirs) - frozenset(everywhere)
    ours = [bag & known for bag in _clauses(claim)]
    ours = [bag for bag in ours if bag]
    worst = dict.fromkeys(Sort, 0.0)
    if len(ours) < 2:
        return worst
    kinds = {placed.stem: placed.sort for placed in claim if placed.stem in known}
    fits: dict[Bag, float] = {}

    def fit(bag: Bag) -> float:
        if bag not in fits:
            fits[bag] = max(sum(map(weight, bag & other)) for other in theirs)
        return fits[bag]

    for one, other in combinations(list(kinds)[:_MOST], 2):
        if kinds[one] is not kinds[other]:
            continue
        gain = sum(
            fit(_swapped(bag, one, other)) - fit(bag)
            for bag in ours
            if (one in bag) != (other in bag)
        )
        sort = kinds[one]
        worst[sort] = max(worst[sort], gain / (weight(one) + weight(other)))
    return worst


def _swapped(bag: Bag, one: str, other: str) -> Bag:
    return (bag - {one}) | {other} if one in bag else (bag - {other}) | {one}


def _clauses(flow: Sequence[Placed]) -> list[Bag]:
    clauses: defaultdict[int, set[str]] = defaultdict(set)
    for placed in flow:
        clauses[placed.clause].add(placed.stem)
    return [frozenset(stems) for stems in clauses.values()]
