"""Small models that turn features into a probability, read from JSON kept in the package.

Some of them decide together: a logistic one, and trees, which see what counts only together,
boosted or grown at random. They are plain arithmetic here; scikit-learn fits them in `evals`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from math import exp, fsum, log
from typing import Any, Protocol


class Model(Protocol):
    """What turns features into a probability."""

    def probability(self, values: Mapping[str, float]) -> float:
        """The probability, in [0, 1], of what the model was fitted to."""
        ...


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """Weights by feature name, and a bias."""

    weights: Mapping[str, float]
    bias: float

    def probability(self, values: Mapping[str, float]) -> float:
        """The probability, in [0, 1], of what the model was fitted to."""
        return _sigmoid(
            self.bias + fsum(weight * values[name] for name, weight in self.weights.items())
        )


@dataclass(frozen=True, slots=True)
class Tree:
    """A regression tree. Inner node i looks at a feature; node 0 is the root.

    `feature[i]` is "" for a leaf, whose `value[i]` is the tree's; else the way leads to
    `left[i]` where the feature is at most `value[i]`, and to `right[i]` where it is more.
    """

    feature: Sequence[str]
    value: Sequence[float]
    left: Sequence[int]
    right: Sequence[int]

    def at(self, values: Mapping[str, float]) -> float:
        """The value of the leaf that the features lead to."""
        node = 0
        while self.feature[node]:
            is_left = values[self.feature[node]] <= self.value[node]
            node = self.left[node] if is_left else self.right[node]
        return self.value[node]


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """Trees whose sum is a logit (gradient boosting; Friedman 2001)."""

    trees: Sequence[Tree]

    def probability(self, values: Mapping[str, float]) -> float:
        """The probability, in [0, 1], of what the model was fitted to."""
        return _sigmoid(fsum(tree.at(values) for tree in self.trees))


@dataclass(frozen=True, slots=True)
class RandomTrees:
    """Trees whose mean is a probability (extremely randomised; Geurts et al. 2006)."""

    trees: Sequence[Tree]

    def probability(self, values: Mapping[str, float]) -> float:
        """The probability, in [0, 1], of what the model was fitted to."""
        return fsum(tree.at(values) for tree in self.trees) / len(self.trees)


@dataclass(frozen=True, slots=True)
class MeanModel:
    """The mean of several models, moved so that `threshold` becomes a probability of 0.5."""

    models: Sequence[Model]
    threshold: float

    def probability(self, values: Mapping[str, float]) -> float:
        """The probability, in [0, 1], of what the model was fitted to."""
        mean = fsum(model.probability(values) for model in self.models) / len(self.models)
        return _sigmoid(logit(mean) - logit(self.threshold))


def logit(probability: float) -> float:
    """The log-odds of a probability, kept finite at 0 and 1."""
    kept = min(max(probability, 1e-9), 1 - 1e-9)
    return log(kept / (1 - kept))


def _sigmoid(score: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


@lru_cache(maxsize=4)
def packaged_model(package: str, name: str) -> Model:
    """The model whose weights are kept in a file of a package of ours."""
    text = resources.files(package).joinpath(name).read_text("utf-8")
    return read_model(json.loads(text))


def read_model(stored: Mapping[str, Any]) -> Model:
    """The model that was stored: "logistic", "trees" and the "threshold" of their mean.

    Beside them there may be "random_trees". These are many: their features are numbers that
    count in "names", -1 for a leaf, and what lies left of a node is the next.
    """
    models: list[Model] = [
        LogisticModel(**stored["logistic"]),
        BoostedTrees(tuple(Tree(**tree) for tree in stored["trees"])),
    ]
    if "random_trees" in stored:
        names = [*stored["names"], ""]
        models.append(RandomTrees(tuple(_tree(names, *tree) for tree in stored["random_trees"])))
    return MeanModel(models, stored["threshold"])


def _tree(
    names: Sequence[str], features: Sequence[int], values: Sequence[float], right: Sequence[int]
) -> Tree:
    left = range(1, len(features) + 1)
    return Tree(tuple(names[at] for at in features), tuple(values), left, tuple(right))
