"""How far a figure could be off, given how few questions it rests on.

Too few to say is None, "insufficient data": fewer than `minimum_n`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, both ends within it."""

    low: float
    high: float


def wilson_interval(
    successes: int, n: int, *, confidence: float = 0.95, minimum_n: int = 5
) -> Interval | None:
    """Return Wilson's score interval for the share `successes / n`; None below `minimum_n`.

    For shares of independent items. (Wilson, "Probable Inference, the Law of Succession, and
    Statistical Inference", JASA 22(158), 1927; without continuity correction.)

    Raises:
        ValueError: `successes` is not within 0 to `n`, or `confidence` not between 0 and 1.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} are impossible.")
    _check(confidence)
    if n < max(minimum_n, 1):
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / n
    centre = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At the ends the exact bounds are 0 and 1; rounding misses them by a hair.
    low = 0.0 if successes == 0 else (centre - reach) / scale
    high = 1.0 if successes == n else (centre + reach) / scale
    return Interval(low, high)


def bootstrap_interval(
    values: Sequence[float],
    clusters: Sequence[str],
    *,
    seed: int = 0,
    resamples: int = 10_000,
    confidence: float = 0.95,
    minimum_n: int = 5,
) -> Interval | None:
    """Return the cluster bootstrap's percentile interval for the mean of `values`.

    `clusters` names for each value what it shares with others, such as its source section. Whole
    clusters are drawn with replacement, as many as there are, and each draw's mean is over all
    its values. `minimum_n` counts clusters, for they are what is independent: None with fewer.
    The order of the values does not matter; the same `seed` gives the same interval. (Efron and
    Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13; Field and Welsh,
    "Bootstrapping clustered data", JRSS B 69(3), 2007.)

    Raises:
        ValueError: the lengths differ, a value is not finite, `confidence` is not between 0 and
            1, or `resamples` is below 1.
    """
    _check(confidence)
    if resamples < 1:
        raise ValueError(f"The bootstrap cannot draw {resamples} times.")
    members: dict[str, list[float]] = defaultdict(list)
    for value, cluster in zip(values, clusters, strict=True):
        if not math.isfinite(value):
            raise ValueError(f"A value of cluster {cluster!r} is {value}; it must be finite.")
        members[cluster].append(value)
    n = len(members)
    if n < max(minimum_n, 1):
        return None
    names = sorted(members)
    sums = np.array([math.fsum(members[name]) for name in names])
    sizes = np.array([len(members[name]) for name in names])
    drawn = np.random.default_rng(seed).integers(n, size=(resamples, n))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(low), float(high))


def bootstrap_difference(
    new: Sequence[float],
    old: Sequence[float],
    clusters: Sequence[str],
    *,
    seed: int = 0,
    resamples: int = 10_000,
    confidence: float = 0.95,
    minimum_n: int = 5,
) -> Interval | None:
    """Return the interval for the mean of `new` − `old`, paired item by item.

    As `bootstrap_interval` of the differences, so that what makes an item hard for both cancels
    out. An interval that lies below 0 is a regression.

    Raises:
        ValueError: as `bootstrap_interval`.
    """
    return bootstrap_interval(
        [after - before for after, before in zip(new, old, strict=True)],
        clusters,
        seed=seed,
        resamples=resamples,
        confidence=confidence,
        minimum_n=minimum_n,
    )


def _check(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence is {confidence}; it lies between 0 and 1.")
