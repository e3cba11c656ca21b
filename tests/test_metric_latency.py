"""Milliseconds, reported."""

from __future__ import annotations

from evals.metrics.latency import Latency, latency


def test_half_and_19_of_20_are_not_slower() -> None:
    assert latency([float(n) for n in range(40, 0, -1)]) == Latency(p50=20, p95=38)


def test_one_slow_answer_of_three_is_the_95th_percentile() -> None:
    assert latency([10, 900, 12]) == Latency(p50=12, p95=900)


def test_without_measurements_there_is_no_figure() -> None:
    assert latency([]) is None
