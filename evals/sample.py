"""A few of the questions, for a model that takes its time: of each kind, and always the same."""

from __future__ import annotations

from collections.abc import Sequence

from evals.golden_set import Case


def spread(cases: Sequence[Case], count: int) -> tuple[Case, ...]:
    """At most `count` of the cases, in their order, as many of each type as can be.

    Within a type they are as far apart as can be. Stand-alone wordings, which are no questions
    of their own, are left out.
    """
    kinds: dict[str, list[Case]] = {}
    for case in cases:
        if case.counts:
            kinds.setdefault(case.item.type, []).append(case)
    shares = dict.fromkeys(kinds, 0)
    left = min(count, sum(map(len, kinds.values())))
    while left:
        for kind, every in kinds.items():
            if left and shares[kind] < len(every):
                shares[kind] += 1
                left -= 1
    taken = {
        every[at * len(every) // shares[kind]].id
        for kind, every in kinds.items()
        for at in range(shares[kind])
    }
    return tuple(case for case in cases if case.id in taken)
