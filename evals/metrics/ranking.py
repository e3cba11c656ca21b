"""How high the right sections stand in a ranked list.

Relevance is binary. A name that comes twice in a list counts once, at its first place, and the
places behind it move up. When nothing is relevant there is nothing to find: the value is None,
never 0. trec_eval, whose figures these are otherwise, gives 0 there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set


def recall_at(relevant: Set[str], ranked: Sequence[str], k: int) -> float | None:
    """Return the share of `relevant` among the first `k` of `ranked`; None without relevant ones.

    trec_eval's `recall_k`: the denominator is all of `relevant`, also where that exceeds `k`.

    Raises:
        ValueError: `k` is below 1.
    """
    found = relevant & set(_first(ranked, k))
    return len(found) / len(relevant) if relevant else None


def reciprocal_rank(
    relevant: Set[str], ranked: Sequence[str], k: int | None = None
) -> float | None:
    """Return 1 / the rank of the first relevant name; None when nothing is relevant.

    0 when none is in `ranked`, or within its first `k`. The mean over questions is MRR
    (Voorhees, "The TREC-8 Question Answering Track Report", 1999).

    Raises:
        ValueError: `k` is below 1.
    """
    ranks = (n for n, name in enumerate(_first(ranked, k), 1) if name in relevant)
    return 1 / next(ranks, math.inf) if relevant else None


def ndcg_at(relevant: Set[str], ranked: Sequence[str], k: int) -> float | None:
    """Return the discounted gain of the first `k`, over the best one that `k` places can hold.

    Each relevant name gains 1 / log2(rank + 1); the ideal list has min(k, |relevant|) of them
    on top. None when nothing is relevant. (Järvelin and Kekäläinen, "Cumulated gain-based
    evaluation of IR techniques", ACM TOIS 20(4), 2002, with the discount of trec_eval's
    `ndcg_cut_k`.)

    Raises:
        ValueError: `k` is below 1.
    """
    first = _first(ranked, k)
    if not relevant:
        return None
    gained = [_gain(n) for n, name in enumerate(first, 1) if name in relevant]
    ideal = [_gain(n) for n in range(1, min(k, len(relevant)) + 1)]
    return math.fsum(gained) / math.fsum(ideal)


def _gain(rank: int) -> float:
    return 1 / math.log2(rank + 1)


def _first(ranked: Sequence[str], k: int | None) -> list[str]:
    if k is not None and k < 1:
        raise ValueError(f"The cutoff k is {k}; the first place is 1.")
    return list(dict.fromkeys(ranked))[:k]
