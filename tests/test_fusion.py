import pytest

from chatbot.fusion import reciprocal_rank_fusion


def test_scores_are_the_published_formula_by_hand() -> None:
    fused = reciprocal_rank_fusion([["a", "b"], ["b", "c"]])
    assert fused == pytest.approx({"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 62})


def test_an_item_in_both_rankings_beats_the_best_of_one() -> None:
    fused = reciprocal_rank_fusion([["a", "b"], ["c", "b"]])
    assert max(fused, key=lambda item: fused[item]) == "b"


def test_weights_scale_each_ranking() -> None:
    fused = reciprocal_rank_fusion([["a"], ["b"]], weights=[2.0, 1.0])
    assert fused["a"] == pytest.approx(2 * fused["b"])


def test_no_rankings_fuse_to_nothing() -> None:
    assert reciprocal_rank_fusion([]) == {}
