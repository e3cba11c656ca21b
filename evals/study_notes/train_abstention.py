"""Fit the weights by which the answerer declines.

Run it as `python -m evals.study_notes.train_abstention --set QUESTIONS NOTES WEIGHT [--write]`.

Fits a logistic model over the features of `chatbot.extractive.abstention` to question sets
with known answerability, reports its quality on held-out folds, and with `--write` puts the
weights where the answerer reads them. A set's WEIGHT says how much each of its questions
counts; the figures and the threshold are those of the sets that count fully (1). The bias is
shifted so that a confidence of 0.5 is where `REFUSED_WANTED` of their answerable questions
are refused on held-out folds.
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
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from chatbot.answer import Question
from chatbot.chain import NotesChain, open_chain
from chatbot.privacy import keep_private
from chatbot.settings import Settings
from evals.study_notes.questions import StudyQuestion, load_questions
from ingest.pipeline import ingest_notes

STORED = Path(__file__).parents[2] / "chatbot" / "extractive" / "abstention.json"
FOLDS, REPEATS = 10, 4
REGULARISATION = 0.1  # C of scikit-learn: small, as there are few questions
REFUSED_WANTED = 0.045
# What only an embedder with token vectors gives; the general model does without.
EMBEDDERS_OWN = ("alike_mean", "alike_least", "alike_rest_mean", "alike_rest_least")

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One question: its features, whether the notes answer it, how much it counts."""

    features: Mapping[str, float]
    answerable: bool
    weight: float


def rows_of(chain: NotesChain, items: Sequence[StudyQuestion], weight: float) -> list[Row]:
    """The rows of every question for which something was composed."""
    rows = []
    for item in items:
        features = chain.features(Question(item.question))
        if features is not None:
            rows.append(Row(features, item.answerable, weight))
    return rows


def held_out(x: Matrix, y: Matrix, weights: Matrix) -> Matrix:
    """Each row's probability by models that did not see it, averaged over repeats."""
    total = np.zeros(len(y))
    for seed in range(REPEATS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        for seen, unseen in folds.split(x, y):
            scaler, logistic = _fitted(x[seen], y[seen], weights[seen])
            total[unseen] += logistic.predict_proba(scaler.transform(x[unseen]))[:, 1]
    return np.asarray(total / REPEATS)


def fit(rows: Sequence[Row], names: Sequence[str]) -> tuple[dict[str, Any], dict[str, float]]:
    """The weights to store, and the figures on held-out folds of the sets that count fully."""
    x = np.array([[row.features[name] for name in names] for row in rows])
    y = np.array([float(row.answerable) for row in rows])
    counts = np.array([row.weight for row in rows])
    full = counts == 1
    probability = held_out(x, y, counts)
    threshold = float(np.quantile(probability[full & (y == 1)], REFUSED_WANTED))
    scaler, logistic = _fitted(x, y, counts)
    slopes = logistic.coef_[0] / scaler.scale_
    bias = float(logistic.intercept_[0] - (slopes * scaler.mean_).sum())
    stored = {
        "weights": {n: round(float(w), 5) for n, w in zip(names, slopes, strict=True)},
        "bias": round(bias - float(np.log(threshold / (1 - threshold))), 5),
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
                embedder = chain.index.settings.embedder.name
    names = list(rows[0].features)
    own, own_figures = fit(rows, names)
    general, figures = fit(rows, [name for name in names if name not in EMBEDDERS_OWN])
    print(json.dumps({embedder: own_figures, "any": figures}, indent=1))
    if options.write:
        STORED.write_text(json.dumps({embedder: own, "any": general}, indent=1) + "\n", "utf-8")
        print(f"written to {STORED.name}", file=sys.stderr)
    return 0


def _fitted(x: Matrix, y: Matrix, weights: Matrix) -> tuple[Any, Any]:
    scaler = StandardScaler().fit(x)
    logistic = LogisticRegression(C=REGULARISATION, max_iter=3000)
    return scaler, logistic.fit(scaler.transform(x), y, sample_weight=weights)


if __name__ == "__main__":
    sys.exit(main())
