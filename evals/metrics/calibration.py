"""Whether a confidence means what it says: of the questions held 80 % sure, 80 % should be so."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Forecast: TypeAlias = tuple[float, bool]  # the confidence, in [0, 1], and what turned out

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The forecasts from `low` to below `high` (the last bin: to 1, which is in it).

    Attributes:
        forecast: their mean confidence.
        observed: the share of them that turned out true.
    """

    low: float
    high: float
    n: int
    forecast: float
    observed: float


def brier_score(forecasts: Iterable[Forecast]) -> float | None:
    """Return the mean squared difference of confidence and outcome, in [0, 1]; less is better.

    None without forecasts. Always forecasting the base rate p scores p(1 − p). (Brier,
    "Verification of Forecasts Expressed in Terms of Probability", Monthly Weather Review 78, 1950.)

    Raises:
        ValueError: a confidence lies outside [0, 1].
    """
    errors = [(confidence - outcome) ** 2 for confidence, outcome in _checked(forecasts)]
    return statistics.fmean(errors) if errors else None


def reliability(forecasts: Iterable[Forecast], bins: int = BINS) -> tuple[Bin, ...]:
    """Return the bins of equal width that hold a forecast, lowest first.

    Raises:
        ValueError: a confidence lies outside [0, 1].
    """
    held: dict[int, list[Forecast]] = {}
    for confidence, outcome in _checked(forecasts):
        held.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, outcome))
    return tuple(
        Bin(
            low=at / bins,
            high=(at + 1) / bins,
            n=len(some),
            forecast=statistics.fmean(confidence for confidence, _ in some),
            observed=statistics.fmean(outcome for _, outcome in some),
        )
        for at, some in sorted(held.items())
    )


def calibration_error(forecasts: Sequence[Forecast], bins: int = BINS) -> float | None:
    """Return the expected calibration error, in [0, 1]; None without forecasts.

    The mean distance of a bin's confidence from what turned out, each bin weighted by its
    forecasts. (Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning",
    AAAI 2015.)
    """
    if not forecasts:
        return None
    gaps = (each.n * abs(each.forecast - each.observed) for each in reliability(forecasts, bins))
    return sum(gaps) / len(forecasts)


def _checked(forecasts: Iterable[Forecast]) -> Iterable[Forecast]:
    for confidence, outcome in forecasts:
        if not 0 <= confidence <= 1:  # also where it is no number
            raise ValueError(f"A confidence of {confidence} is not within 0 to 1.")
        yield confidence, outcome
