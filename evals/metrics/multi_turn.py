"""What a follow-up loses against the same question asked to stand alone."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TurnPair:
    """The same score of a last turn with its history, and of its stand-alone rewrite."""

    follow_up: float | None
    standalone: float | None


def history_gap(pairs: Iterable[TurnPair]) -> float | None:
    """Return the mean stand-alone score minus the mean follow-up score; None without pairs.

    Above 0, something was lost in reading the follow-up; retrieval and answering are the same
    for both. A pair of which either score is "n/a" does not count. After MTRAG's comparison of
    last turns with rewrites (Katsis et al., "MTRAG: A Multi-Turn Conversational Benchmark for
    Evaluating Retrieval-Augmented Generation Systems", 2025).
    """
    gaps = [
        pair.standalone - pair.follow_up
        for pair in pairs
        if pair.standalone is not None and pair.follow_up is not None
    ]
    return statistics.fmean(gaps) if gaps else None
