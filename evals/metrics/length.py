"""How much there is to read."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from evals.metrics.key_facts import without_markers


def word_count(text: str) -> int:
    """Return how many words `text` has, citation markers left out.

    A word is a stretch without white space that holds a letter or a digit, so a bullet, a lone
    dash and a table's bar are none. The count is ours.
    """
    stretches = without_markers(text).split()
    return sum(any(map(str.isalnum, stretch)) for stretch in stretches)


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return the nearest-rank percentile: the value of rank ⌈percent · n / 100⌉; None without any.

    Always one of `values`. (Hyndman and Fan, "Sample Quantiles in Statistical Packages", The
    American Statistician 50(4), 1996, definition 1.)

    Raises:
        ValueError: `percent` is not within 1 to 100.
    """
    if not 1 <= percent <= 100:
        raise ValueError(f"The percentile is {percent}; it lies within 1 to 100.")
    # In whole numbers: 0.07 * 100 is a little more than 7.
    rank = -(-percent * len(values) // 100)
    return sorted(values)[rank - 1] if values else None


def median(values: Sequence[float]) -> float | None:
    """Return the middle value, or the mean of the two middle ones; None without values."""
    return statistics.median(values) if values else None
