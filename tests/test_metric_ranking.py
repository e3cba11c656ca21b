"""Ranking metrics by hand, and against trec_eval through ir-measures."""

from __future__ import annotations

import math
import random

import pytest

from evals.metrics.ranking import ndcg_at, recall_at, reciprocal_rank

RELEVANT = frozenset("abc")


@pytest.mark.parametrize(("k", "recall"), [(1, 0), (2, 1 / 3), (3, 1 / 3), (4, 2 / 3), (9, 2 / 3)])
def test_recall_is_the_share_of_the_relevant_that_was_found(k: int, recall: float) -> None:
    assert recall_at(RELEVANT, ["x", "a", "y", "b"], k) == pytest.approx(recall)


def test_recall_counts_relevant_ones_that_k_places_cannot_hold() -> None:
    assert recall_at(RELEVANT, ["a", "b"], 2) == pytest.approx(2 / 3)


def test_reciprocal_rank_is_that_of_the_first_right_one() -> None:
    assert reciprocal_rank(RELEVANT, ["x", "y", "c", "a"]) == pytest.approx(1 / 3)
    assert reciprocal_rank(RELEVANT, ["a", "b"]) == 1
    assert reciprocal_rank(RELEVANT, ["x", "y"]) == 0
    assert reciprocal_rank(RELEVANT, []) == 0


def test_reciprocal_rank_looks_no_further_than_its_cutoff() -> None:
    ranked = ["x", "y", "c"]
    assert reciprocal_rank(RELEVANT, ranked, 2) == 0
    assert reciprocal_rank(RELEVANT, ranked, 3) == pytest.approx(1 / 3)


def test_ndcg_by_hand() -> None:
    # Gains at ranks 2 and 4, of an ideal 1, 2, 3 (1, 2 where only two places count).
    ranked = ["x", "a", "y", "b"]
    third, fifth = 1 / math.log2(3), 1 / math.log2(5)
    assert ndcg_at(RELEVANT, ranked, 4) == pytest.approx((third + fifth) / (1 + third + 0.5))
    assert ndcg_at(RELEVANT, ranked, 2) == pytest.approx(third / (1 + third))
    assert ndcg_at(RELEVANT, ranked, 1) == 0


def test_the_best_order_has_ndcg_1_at_every_cutoff() -> None:
    for k in (1, 2, 3, 4, 10):
        assert ndcg_at(RELEVANT, ["c", "a", "b", "x", "y"], k) == pytest.approx(1)


def test_a_name_counts_once_at_its_first_place() -> None:
    ranked = ["x", "x", "a", "a", "a", "b"]
    once = ["x", "a", "b"]
    assert reciprocal_rank(RELEVANT, ranked) == 1 / 2
    for k in (1, 2, 3, 6):
        assert recall_at(RELEVANT, ranked, k) == recall_at(RELEVANT, once, k)
        assert ndcg_at(RELEVANT, ranked, k) == ndcg_at(RELEVANT, once, k)


def test_without_relevant_ones_there_is_no_figure() -> None:
    assert recall_at(frozenset(), ["a"], 3) is None
    assert reciprocal_rank(frozenset(), ["a"]) is None
    assert ndcg_at(frozenset(), ["a"], 3) is None


@pytest.mark.parametrize("metric", [recall_at, reciprocal_rank, ndcg_at])
@pytest.mark.parametrize("relevant", [RELEVANT, frozenset()])
def test_a_cutoff_before_the_first_place_is_refused(metric, relevant) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="k is 0"):
        metric(relevant, ["a"], 0)


def test_ir_measures_agrees() -> None:
    irm = pytest.importorskip("ir_measures")
    dice = random.Random(7)
    names = [f"section-{n}" for n in range(30)]
    cutoffs = (1, 2, 3, 5, 10, 40)
    qrels, run, ours = [], [], {}
    for query in map(str, range(60)):
        relevant = frozenset(dice.sample(names, dice.randint(1, 12)))
        ranked = dice.sample(names, dice.randint(1, 20))
        qrels += [irm.Qrel(query, name, 1) for name in relevant]
        # trec_eval sorts by score, and ties by name: each place has a score of its own.
        run += [irm.ScoredDoc(query, name, float(-n)) for n, name in enumerate(ranked)]
        ours[query, irm.RR] = reciprocal_rank(relevant, ranked)
        for k in cutoffs:
            ours[query, irm.R @ k] = recall_at(relevant, ranked, k)
            ours[query, irm.nDCG @ k] = ndcg_at(relevant, ranked, k)
            ours[query, irm.RR @ k] = reciprocal_rank(relevant, ranked, k)
    measures = sorted({measure for _, measure in ours}, key=str)
    theirs = {(m.query_id, m.measure): m.value for m in irm.iter_calc(measures, qrels, run)}
    assert len(set(theirs.values())) > 100  # it is no comparison of zeros
    assert ours == pytest.approx(theirs)
