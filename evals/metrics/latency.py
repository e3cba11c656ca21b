"""How long answers take. Reported only: a busy machine fails no gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.metrics.length import percentile


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that half of the answers, and 19 of 20, did not exceed."""

    p50: float
    p95: float


def latency(milliseconds: Sequence[float]) -> Latency | None:
    """Return the nearest-rank p50 and p95 (`length.percentile`); None without measurements."""
    p50, p95 = percentile(milliseconds, 50), percentile(milliseconds, 95)
    return None if p50 is None or p95 is None else Latency(p50, p95)
