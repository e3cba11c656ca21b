"""A follow-up against its stand-alone rewrite."""

from __future__ import annotations

import pytest

from evals.metrics.multi_turn import TurnPair, history_gap


def test_the_gap_is_what_the_follow_ups_lose() -> None:
    pairs = [
        TurnPair(follow_up=0.5, standalone=1),
        TurnPair(follow_up=1, standalone=1),
        TurnPair(follow_up=0, standalone=1),
    ]
    assert history_gap(pairs) == pytest.approx(1 - 0.5)


def test_a_follow_up_may_do_better() -> None:
    assert history_gap([TurnPair(follow_up=1, standalone=0.25)]) == -0.75


def test_a_pair_needs_both_scores() -> None:
    pairs = [TurnPair(0, 1), TurnPair(None, 0), TurnPair(1, None), TurnPair(1, 1)]
    assert history_gap(pairs) == 0.5


def test_without_pairs_there_is_no_gap() -> None:
    assert history_gap([]) is None
    assert history_gap([TurnPair(None, 1), TurnPair(1, None)]) is None
