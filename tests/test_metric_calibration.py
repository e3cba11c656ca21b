"""What a confidence is worth: hand-computed values, and scikit-learn's own."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from evals.metrics.calibration import Bin, brier_score, calibration_error, reliability

FORECASTS = [(0.9, True), (0.8, True), (0.8, False), (0.1, False)]


def test_the_brier_score_is_the_mean_squared_error() -> None:
    assert brier_score(FORECASTS) == pytest.approx((0.01 + 0.04 + 0.64 + 0.01) / 4)


def test_certainty_that_holds_scores_0_and_that_fails_scores_1() -> None:
    assert brier_score([(1, True), (0, False)]) == 0
    assert brier_score([(1, False), (0, True)]) == 1


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=40))
def test_the_brier_score_is_scikit_learns(forecasts: list[tuple[float, bool]]) -> None:
    confidences, outcomes = zip(*forecasts, strict=True)
    expected = brier_score_loss(outcomes, confidences, pos_label=True, labels=[False, True])
    assert brier_score(forecasts) == pytest.approx(expected)


def test_bins_tell_what_was_said_and_what_turned_out() -> None:
    assert reliability(FORECASTS) == (
        Bin(0.1, 0.2, 1, 0.1, 0.0),
        Bin(0.8, 0.9, 2, 0.8, 0.5),
        Bin(0.9, 1.0, 1, 0.9, 1.0),
    )


def test_certainty_is_in_the_last_bin() -> None:
    (last,) = reliability([(1.0, True)])
    assert (last.low, last.high, last.n) == (0.9, 1.0, 1)


def test_the_calibration_error_weighs_each_bin_by_its_forecasts() -> None:
    assert calibration_error(FORECASTS) == pytest.approx((1 * 0.1 + 2 * 0.3 + 1 * 0.1) / 4)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1), st.integers(1, 20))
def test_every_forecast_is_in_one_bin(forecasts: list[tuple[float, bool]], bins: int) -> None:
    found = reliability(forecasts, bins)
    assert sum(each.n for each in found) == len(forecasts)
    assert all(0 <= each.observed <= 1 for each in found)


def test_without_forecasts_there_is_nothing_to_say() -> None:
    assert brier_score([]) is None
    assert reliability([]) == ()
    assert calibration_error([]) is None


@pytest.mark.parametrize("confidence", [-0.01, 1.01, math.nan])
def test_what_is_no_confidence_is_an_error(confidence: float) -> None:
    with pytest.raises(ValueError, match=r"not within 0 to 1"):
        brier_score([(confidence, True)])
