"""Fit the weights by which the answerer declines.

Run it as `python -m evals.study_notes.train_abstention --set QUESTIONS NOTES WEIGHT [--write]`.

Fits a logistic model and boosted trees over the features of `chatbot.extractive.abstention` to
question sets with known answerability (those of this folder and of `evals/development`),
reports their quality on held-out folds, and with `--write` puts both where the answerer reads
them. A set's WEIGHT says how much each of its
questions counts; the figures and the threshold are those of the sets that count fully (1). The
threshold, which becomes a confidence of 0.5, is where `REFUSED_WANTED` of their answerable
questions are refused on held-out folds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chatbot.answer import Question, Turn
from chatbot.chain import NotesChain, open_chain
from chatbot.privacy import keep_private
from chatbot.settings import Settings
from evals.study_notes.questions import StudyQuestion, load_questions
from ingest.pipeline import ingest_notes

STORED = Path(__file__).parents[2] / "chatbot" / "extractive" / "abstention.json"
FOLDS, REPEATS = 10, 4
REGULARISATION = 0.1  # C of scikit-learn: small, as there are few questions
TREES, LEARNING_RATE, DEPTH, SMALLEST_LEAF = 80, 0.1, 3, 10
REFUSED_WANTED = 0.05
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One question: its features, whether the notes answer it, how much it counts.

    `topic` is what it is about. Questions of one topic ask for the same facts in other words,
    so they are held out together.
    """

    features: Mapping[str, float]
    answerable: bool
    weight: float
    topic: str


def rows_of(chain: NotesChain, items: Sequence[StudyQuestion], weight: float) -> list[Row]:
    """The rows of every question for which something was composed."""
    rows = []
    for item in items:
        history = tuple(Turn(turn, "") for turn in item.turns)
        features = chain.features(Question(item.question, history))
        if features is not None:
            topic = item.sections[0] if item.sections else item.near or item.id
            rows.append(Row(features, item.answerable, weight, topic))
    return rows


def held_out(x: Matrix, y: Matrix, weights: Matrix, topics: Sequence[str]) -> Matrix:
    """Each row's probability by models that did not see its topic, averaged over repeats."""
    total = np.zeros(len(y))
    for seed in range(REPEATS):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
        for seen, unseen in folds.split(x, y, topics):
            for model in fitted(x[seen], y[seen], weights[seen]):
                total[unseen] += model.predict_proba(x[unseen])[:, 1]
    return np.asarray(total / REPEATS / 2)


def fit(rows: Sequence[Row], names: Sequence[str]) -> tuple[dict[str, Any], dict[str, float]]:
    """The models to store, and the figures on held-out folds of the sets that count fully."""
    x = np.array([[row.features[name] for name in names] for row in rows])
    y = np.array([float(row.answerable) for row in rows])
    counts = np.array([row.weight for row in rows])
    full = counts == 1
    probability = held_out(x, y, counts, [row.topic for row in rows])
    threshold = float(np.quantile(probability[full & (y == 1)], REFUSED_WANTED))
    logistic, boosted = fitted(x, y, counts)
    stored = {
        "logistic": stored_logistic(logistic, names),
        "trees": [stored_tree(tree[0].tree_, names, LEARNING_RATE) for tree in boosted.estimators_],
        "threshold": round(threshold, 5),
    }
    unanswerable = full & (y == 0)
    figures = {
        "questions": int(full.sum()),
        "auroc": round(float(roc_auc_score(y[full], probability[full])), 3),
        "declined_unanswerable": round(float((probability[unanswerable] < threshold).mean()), 3),
        "refused_answerable": REFUSED_WANTED,
    }
    return stored, figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, report, and write if asked to; 0 when done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", nargs=3, action="append", required=True, dest="sets")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    try:
        sets = [(Path(asked), Path(notes), float(weight)) for asked, notes, weight in options.sets]
    except ValueError as error:
        parser.error(f"--set: the weight is no number ({error})")
    keep_private(tracing=False)
    rows: list[Row] = []
    for questions, notes, weight in sets:
        with tempfile.TemporaryDirectory() as scratch:
            ingest_notes([notes], Path(scratch))
            with open_chain(Path(scratch), Settings(index=Path(scratch))) as chain:
                rows += rows_of(chain, load_questions(questions), weight)
    stored, figures = fit(rows, list(rows[0].features))
    print(json.dumps(figures, indent=1))
    if options.write:
        STORED.write_text(as_json(stored), "utf-8")
        print(f"written to {STORED.name}", file=sys.stderr)
    return 0


def as_json(stored: Mapping[str, Any]) -> str:
    """One line for the weights and one for each tree, so that a change can be read as one."""
    trees = ",\n   ".join(json.dumps(tree) for tree in stored["trees"])
    return (
        f'{{"threshold": {stored["threshold"]},\n'
        f' "logistic": {json.dumps(stored["logistic"])},\n "trees": [\n   {trees}]}}\n'
    )


def fitted(x: Matrix, y: Matrix, weights: Matrix) -> tuple[Any, Any]:
    """The logistic model (with its scaler) and the boosted trees, as scikit-learn has them."""
    logistic = make_pipeline(
        StandardScaler(), LogisticRegression(C=REGULARISATION, max_iter=3000)
    ).fit(x, y, logisticregression__sample_weight=weights)
    # "zero": the trees alone are the logit, with nothing to add that a reader must know of.
    boosted = GradientBoostingClassifier(
        init="zero",
        n_estimators=TREES,
        learning_rate=LEARNING_RATE,
        max_depth=DEPTH,
        min_samples_leaf=SMALLEST_LEAF,
        subsample=0.7,
        max_features=0.5,
        random_state=0,
    ).fit(x, y, sample_weight=weights)
    return logistic, boosted


def stored_logistic(fitted: Any, names: Sequence[str]) -> dict[str, Any]:
    """The logistic model as `chatbot.decision_models.LogisticModel` reads it."""
    scaler, logistic = fitted[0], fitted[1]
    slopes = logistic.coef_[0] / scaler.scale_
    bias = float(logistic.intercept_[0] - (slopes * scaler.mean_).sum())
    weights = {name: round(float(slope), 5) for name, slope in zip(names, slopes, strict=True)}
    return {"weights": weights, "bias": round(bias, 5)}


def stored_tree(tree: Any, names: Sequence[str], rate: float) -> dict[str, Any]:
    """The tree as `chatbot.decision_models.Tree` reads it; `rate` is its learning rate."""
    is_leaf = tree.children_left < 0
    values = np.where(is_leaf, rate * tree.value[:, 0, 0], tree.threshold)
    return {
        "feature": [
            "" if leaf else names[at] for leaf, at in zip(is_leaf, tree.feature, strict=True)
        ],
        "value": [round(float(value), 6) for value in values],
        "left": [max(int(at), 0) for at in tree.children_left],
        "right": [max(int(at), 0) for at in tree.children_right],
    }


if __name__ == "__main__":
    sys.exit(main())
