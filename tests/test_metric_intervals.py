"""How far a figure could be off."""

from __future__ import annotations

import math

import pytest

from evals.metrics.intervals import (
    Interval,
    bootstrap_difference,
    bootstrap_interval,
    wilson_interval,
)

# Six sections; the items of one are alike.
CLUSTERS = [name for name in "abcdef" for _ in range(4)]
ALIKE = [float(name in "abcd") for name in CLUSTERS]


def width(interval: Interval | None) -> float:
    assert interval is not None
    return interval.high - interval.low


def test_wilson_by_hand() -> None:
    # z = 1.96, 8 of 10: (0.8 + 0.19207 ± 1.96 * sqrt(0.016 + 0.009604)) / 1.38415
    interval = wilson_interval(8, 10)
    assert interval is not None
    assert interval.low == pytest.approx(0.49016, abs=5e-5)
    assert interval.high == pytest.approx(0.94332, abs=5e-5)


def test_wilson_at_the_ends_stays_within_0_and_1() -> None:
    z = 1.959964
    none, all_of_them = wilson_interval(0, 20), wilson_interval(20, 20)
    assert none is not None
    assert all_of_them is not None
    assert none.low == 0
    assert none.high == pytest.approx(z * z / (20 + z * z))
    assert all_of_them.low == pytest.approx(20 / (20 + z * z))
    assert all_of_them.high == 1


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("successes", "n"), [(0, 5), (1, 7), (29, 31), (300, 637), (9, 9)])
def test_scipys_wilson_agrees(successes: int, n: int, confidence: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    theirs = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    ours = wilson_interval(successes, n, confidence=confidence)
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_too_few_are_insufficient() -> None:
    assert wilson_interval(4, 4) is None
    assert wilson_interval(5, 5) is not None
    assert wilson_interval(5, 5, minimum_n=6) is None
    assert wilson_interval(0, 0, minimum_n=0) is None
    assert wilson_interval(0, 1, minimum_n=0) is not None


@pytest.mark.parametrize(("successes", "n"), [(-1, 10), (11, 10), (1, 0)])
def test_an_impossible_share_is_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="impossible"):
        wilson_interval(successes, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_an_impossible_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        wilson_interval(5, 10, confidence=confidence)
    with pytest.raises(ValueError, match="confidence"):
        bootstrap_interval(ALIKE, CLUSTERS, confidence=confidence)


def test_whole_clusters_are_drawn() -> None:
    # 6 draws of clusters that are all 1 (4 of 6) or all 0: the mean is X / 6, X binomial.
    # P(X <= 1) = 0.0178 and P(X <= 2) = 0.1001; P(X = 6) = 0.0878. So 2/6 and 6/6.
    interval = bootstrap_interval(ALIKE, CLUSTERS)
    assert interval is not None
    assert interval.low == pytest.approx(2 / 6)
    assert interval.high == pytest.approx(1)


def test_clusters_make_an_interval_wider() -> None:
    each_alone = [str(n) for n in range(len(ALIKE))]
    clustered = width(bootstrap_interval(ALIKE, CLUSTERS))
    assert clustered > 1.5 * width(bootstrap_interval(ALIKE, each_alone))


def test_a_draw_is_the_mean_over_its_items_not_over_its_clusters() -> None:
    # X of the six draws are the big cluster: P(X = 0) = 0.335 and P(X <= 1) = 0.737, so the
    # middle draw has it once, and its mean is 95 of 100. A mean of cluster means would be 1/6.
    clusters = ["a"] * 95 + list("bcdef")
    values = [1.0] * 95 + [0.0] * 5
    middle = bootstrap_interval(values, clusters, confidence=0.01)
    assert middle is not None
    assert middle.low == pytest.approx(95 / 100)
    assert middle.high == pytest.approx(95 / 100)


def test_scipys_bootstrap_agrees_where_every_item_is_its_own_cluster() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = [math.sin(n) for n in range(60)]
    ours = bootstrap_interval(values, [str(n) for n in range(60)])
    theirs = stats.bootstrap(
        (values,), statistic=lambda x, axis: x.mean(axis=axis), method="percentile", rng=1
    ).confidence_interval
    assert ours is not None
    # Two bootstraps of 10,000 draws differ by about 0.003 here; the width is 0.36.
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.015)


def test_the_seed_fixes_the_interval_whatever_the_order() -> None:
    values = [math.sin(n) for n in range(24)]
    interval = bootstrap_interval(values, CLUSTERS, seed=3)
    assert bootstrap_interval(values, CLUSTERS, seed=3) == interval
    assert bootstrap_interval(values[::-1], CLUSTERS[::-1], seed=3) == interval
    assert bootstrap_interval(values, CLUSTERS, seed=4) != interval


def test_a_single_draw_is_an_interval_of_one_value() -> None:
    assert width(bootstrap_interval(ALIKE, CLUSTERS, resamples=1)) == 0


def test_more_confidence_is_a_wider_interval() -> None:
    values = [math.sin(n) for n in range(24)]
    widths = [width(bootstrap_interval(values, CLUSTERS, confidence=c)) for c in (0.5, 0.8, 0.99)]
    assert widths == sorted(set(widths))


def test_clusters_are_what_must_be_enough() -> None:
    four, five = [n % 4 for n in range(20)], [n % 5 for n in range(20)]
    values = [float(n % 3) for n in range(20)]
    assert bootstrap_interval(values, list(map(str, four))) is None
    assert bootstrap_interval(values, list(map(str, five))) is not None
    assert bootstrap_interval(values, list(map(str, five)), minimum_n=6) is None
    assert bootstrap_interval([], [], minimum_n=0) is None
    assert bootstrap_interval([0.5], ["a"], minimum_n=0) == Interval(0.5, 0.5)
    assert bootstrap_difference(values, values, list(map(str, four))) is None
    assert bootstrap_difference(values, values, list(map(str, five))) == Interval(0, 0)


def test_a_paired_difference_leaves_out_what_both_share() -> None:
    hard = [n / 24 for n in range(24)]
    better = [value + 0.25 for value in hard]
    interval = bootstrap_difference(better, hard, CLUSTERS)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.25, 0.25))
    assert width(bootstrap_interval(hard, CLUSTERS)) > 0.3


def test_a_regression_lies_below_0() -> None:
    new, old = [0.0] * 12 + [1.0] * 12, [1.0] * 24
    interval = bootstrap_difference(new, old, [str(n) for n in range(24)])
    assert interval is not None
    assert -1 < interval.low < interval.high < 0


def test_the_difference_takes_the_same_options() -> None:
    new, old = [math.sin(n) for n in range(24)], [math.cos(n) for n in range(24)]
    gaps = [a - b for a, b in zip(new, old, strict=True)]
    found = bootstrap_difference(new, old, CLUSTERS, seed=5, resamples=500, confidence=0.8)
    assert found == bootstrap_interval(gaps, CLUSTERS, seed=5, resamples=500, confidence=0.8)
    assert found is not None
    assert bootstrap_difference(new, old, CLUSTERS, minimum_n=7) is None


def test_what_cannot_be_paired_or_averaged_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        bootstrap_interval([1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="shorter"):
        bootstrap_difference([1.0, 0.0], [1.0], ["a", "b"])
    with pytest.raises(ValueError, match="'b' is nan"):
        bootstrap_interval([1.0, math.nan], ["a", "b"])
    with pytest.raises(ValueError, match="0 times"):
        bootstrap_interval(ALIKE, CLUSTERS, resamples=0)
