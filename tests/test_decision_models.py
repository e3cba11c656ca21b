"""The models that decide whether to answer, and the ones that come with the package."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from test_abstention import features

from chatbot.decision_models import (
    BoostedTrees,
    LogisticModel,
    MeanModel,
    RandomTrees,
    Tree,
    logit,
    packaged_model,
    read_model,
)

LEAF = Tree(feature=("",), value=(0.25,), left=(0,), right=(0,))
STEP = Tree(feature=("a", "", ""), value=(1.5, -2.0, 3.0), left=(1, 0, 0), right=(2, 0, 0))


def test_a_probability_is_the_logistic_function_of_the_weighted_sum() -> None:
    model = LogisticModel({"a": 2.0, "b": -1.0}, bias=0.5)
    assert model.probability({"a": 1.0, "b": 2.5, "unused": 9.0}) == pytest.approx(0.5)
    assert model.probability({"a": 1.0, "b": 0.0}) == pytest.approx(0.924142, abs=1e-6)


@pytest.mark.parametrize("bias", [-1e9, 1e9])
def test_an_extreme_sum_is_no_error(bias: float) -> None:
    assert 0 <= LogisticModel({}, bias).probability({}) <= 1


@pytest.mark.parametrize(("a", "value"), [(1.0, -2.0), (1.5, -2.0), (1.6, 3.0)])
def test_a_tree_goes_left_up_to_its_threshold(a: float, value: float) -> None:
    assert STEP.at({"a": a}) == value


def test_boosted_trees_add_up_to_a_logit() -> None:
    model = BoostedTrees((LEAF, STEP))
    assert logit(model.probability({"a": 9.0})) == pytest.approx(3.25)


def test_a_mean_at_its_threshold_is_even() -> None:
    sure, unsure = LogisticModel({}, bias=logit(0.9)), LogisticModel({}, bias=logit(0.5))
    assert MeanModel((sure, unsure), threshold=0.7).probability({}) == pytest.approx(0.5)
    assert MeanModel((sure, unsure), threshold=0.5).probability({}) > 0.5
    assert MeanModel((sure, unsure), threshold=0.8).probability({}) < 0.5


def test_random_trees_have_a_mean_that_is_a_probability() -> None:
    sure = Tree(feature=("a", "", ""), value=(1.5, 0.25, 0.75), left=(1, 0, 0), right=(2, 0, 0))
    assert RandomTrees((LEAF, sure)).probability({"a": 9.0}) == pytest.approx(0.5)


@pytest.mark.parametrize(("a", "b", "forest"), [(0, 9, 0.1), (2, 3, 0.2), (2, 4, 0.9)])
def test_stored_random_trees_weigh_a_third(a: float, b: float, forest: float) -> None:
    stored = {
        "threshold": 0.5,
        "names": ["a", "b"],
        "logistic": {"weights": {}, "bias": 0.0},
        "trees": [{"feature": [""], "value": [0.0], "left": [0], "right": [0]}],
        "random_trees": [[[0, -1, 1, -1, -1], [1.5, 0.1, 3.5, 0.2, 0.9], [2, 0, 4, 0, 0]]],
    }
    mean = (0.5 + 0.5 + forest) / 3
    assert read_model(stored).probability({"a": a, "b": b}) == pytest.approx(mean)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_log_odds_of_a_certainty_are_finite(probability: float) -> None:
    assert abs(logit(probability)) < 30


ABSTENTION = ("chatbot.extractive", "abstention.json")


def packaged() -> dict[str, Any]:
    file = resources.files("chatbot.extractive").joinpath("abstention.json")
    return json.loads(file.read_text("utf-8"))  # type: ignore[no-any-return]


def names_used() -> set[str]:
    stored = packaged()
    return {name for tree in stored["trees"] for name in tree["feature"] if name} | set(
        stored["logistic"]["weights"]
    )


def test_the_packaged_model_knows_the_features_it_uses() -> None:
    known = features("buckets?", "Buckets")
    assert names_used() <= set(known)
    assert 0 < packaged_model(*ABSTENTION).probability(known) < 1


def test_every_feature_is_weighed_by_the_packaged_model() -> None:
    assert set(features("buckets?", "Buckets")) == set(packaged()["logistic"]["weights"])


def test_the_packaged_trees_lead_downwards() -> None:
    for stored in packaged()["trees"]:
        tree = Tree(**stored)
        for at, name in enumerate(tree.feature):
            assert not name or at < tree.left[at] < tree.right[at] < len(tree.feature)
