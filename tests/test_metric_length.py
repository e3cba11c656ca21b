"""Words, percentiles and medians."""

from __future__ import annotations

import numpy as np
import pytest

from evals.metrics.length import median, percentile, word_count


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("S3 stores objects. [1] [2]", 3),
        ("- days[3]\n- at 99.9 % [12]", 3),
        ("Class | Days \u2014 180 & more", 4),
        ("[1]", 0),
        ("  \n", 0),
    ],
)
def test_markers_and_lone_signs_are_no_words(text: str, words: int) -> None:
    assert word_count(text) == words


def test_a_percentile_is_the_value_at_its_rank() -> None:
    # Five values, unordered: ranks 1 (up to 20), 2 (up to 40), 3, 4, 5.
    values = [35.0, 15.0, 50.0, 20.0, 40.0]
    at = {percent: percentile(values, percent) for percent in (1, 20, 21, 30, 50, 80, 81, 95, 100)}
    assert at == {1: 15, 20: 15, 21: 20, 30: 20, 50: 35, 80: 40, 81: 50, 95: 50, 100: 50}


def test_rounding_does_not_move_a_rank() -> None:
    # 0.07 * 100 and 0.55 * 100 are a little more than 7 and 55.
    assert percentile(range(1, 101), 7) == 7
    assert percentile(range(1, 101), 55) == 55


@pytest.mark.parametrize("size", [1, 2, 7, 20, 40, 101])
def test_numpy_agrees(size: int) -> None:
    values = [float(n * n % 23) for n in range(size)]
    for percent in (1, 5, 50, 90, 95, 99, 100):
        theirs = np.percentile(values, percent, method="inverted_cdf")
        assert percentile(values, percent) == theirs


@pytest.mark.parametrize("percent", [0, -5, 101])
def test_a_percentile_outside_its_range_is_refused(percent: int) -> None:
    with pytest.raises(ValueError, match=f"is {percent};"):
        percentile([1.0], percent)


def test_the_median_lies_between_the_two_middle_values() -> None:
    assert median([9, 1, 5]) == 5
    assert median([9, 1, 5, 6]) == 5.5


def test_without_values_there_is_no_figure() -> None:
    assert percentile([], 95) is None
    assert median([]) is None
