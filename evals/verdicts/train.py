"""Fit the weights by which the judge holds a sentence for supported.

Run it as `python -m evals.verdicts.train NOTEBOOK [--write]`.

Fits a logistic model and boosted trees over the signs of `chatbot.grounding.signs`, to the
sentences of a notebook of facts and, at less weight, to the notes' own sentences and programmed
corruptions of them. Reports their quality on the notebook's sentences, held out fact by fact, and
with `--write` puts both where the judge reads them. The threshold, which becomes a probability of
0.5, is where `REJECTED_WANTED` of the notebook's faithful sentences are rejected on held-out
folds: such a one is replaced by the notes' own words, which is mild, while a corrupted one that
passes is a lie with a footnote.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
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

from chatbot.generation.material import Material
from chatbot.privacy import keep_private
from evals.study_notes.train_abstention import as_json, stored_logistic, stored_tree
from evals.verdicts.bench import Row, Told, rows_of, told_of
from evals.verdicts.mutants import sentences_of
from evals.verdicts.notebook import Fact, load_facts

ROOT = Path(__file__).parents[2]
STORED = ROOT / "chatbot" / "grounding" / "support.json"
FAITHFUL = ("faithful", "verbatim", "part")
FOLDS, REPEATS = 10, 3
REGULARISATION = 0.1  # C of scikit-learn
TREES, LEARNING_RATE, DEPTH, SMALLEST_LEAF = 200, 0.07, 5, 8
MADE_WEIGHT = 0.3  # of a sentence that a program made, beside one that was written
REJECTED_WANTED = 0.1
REJECTED = (0.05, 0.1, 0.15, 0.2)
# How much of a sentence's wording is the notes': at least, and below.
WORDINGS = {"light": (0.7, 1.01), "middling": (0.45, 0.7), "bold": (0.0, 0.45)}
Matrix = npt.NDArray[np.float64]


def sentences(number: int, fact: Fact, material: Material, cited: set[int]) -> Iterable[Told]:
    """The notebook's sentences about a fact, and those that a program makes beside it."""
    yield from told_of(number, fact, material, cited)
    yield from sentences_of(material.quotables, cited, seed=number)


def fit(rows: Sequence[Row], names: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The models to store, and the figures on held-out folds."""
    x = np.array([[row.signs[name] for name in names] for row in rows])
    kinds = np.array([row.kind for row in rows])
    y = np.isin(kinds, FAITHFUL).astype(float)
    made = np.array([row.kind in FAITHFUL[1:] or row.kind.startswith("mutant") for row in rows])
    weights = np.where(made, MADE_WEIGHT, 1.0)
    probability = _held_out(x, y, weights, kinds, [row.fact for row in rows])
    threshold = float(np.quantile(probability[kinds == "faithful"], REJECTED_WANTED))
    logistic, boosted = _fitted(x, y, weights, seed=0)
    stored = {
        "logistic": stored_logistic(logistic, names),
        "trees": [stored_tree(tree[0].tree_, names, LEARNING_RATE) for tree in boosted.estimators_],
        "threshold": round(threshold, 5),
    }
    return stored, _figures(rows, kinds, y, made, probability)


def _figures(
    rows: Sequence[Row], kinds: npt.NDArray[Any], y: Matrix, made: Matrix, probability: Matrix
) -> dict[str, Any]:
    written = made == 0
    faithful = kinds == "faithful"
    wrong = sorted(set(kinds[written & (y == 0)]))
    wording = np.array([row.wording for row in rows])
    curve = {}
    for rejected in REJECTED:
        threshold = np.quantile(probability[faithful], rejected)
        below = probability < threshold
        curve[f"at {rejected:.0%} of faithful rejected"] = {
            "all": _share(below[written & (y == 0)]),
            **{kind: _share(below[kinds == kind]) for kind in wrong},
            "programmed": _share(below[(made == 1) & (y == 0)]),
            "verbatim rejected": _share(below[(made == 1) & (y == 1)]),
            **{
                f"{name} wording": {
                    "rejected": _share(below[faithful & (wording >= least) & (wording < most)]),
                    "caught": _share(
                        below[written & (y == 0) & (wording >= least) & (wording < most)]
                    ),
                }
                for name, (least, most) in WORDINGS.items()
            },
        }
    return {
        "sentences": {kind: int((kinds == kind).sum()) for kind in sorted(set(kinds))},
        "auroc": round(float(roc_auc_score(y[written], probability[written])), 3),
        "caught": curve,
    }


def _share(flags: npt.NDArray[Any]) -> float:
    return round(float(flags.mean()), 3) if len(flags) else 0.0


def _held_out(
    x: Matrix, y: Matrix, weights: Matrix, kinds: npt.NDArray[Any], facts: Sequence[int]
) -> Matrix:
    """Each row's probability by models that did not see its fact, averaged over repeats."""
    total = np.zeros(len(y))
    for seed in range(REPEATS):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
        for seen, unseen in folds.split(x, kinds, facts):
            for model in _fitted(x[seen], y[seen], weights[seen], seed):
                total[unseen] += model.predict_proba(x[unseen])[:, 1]
    return np.asarray(total / REPEATS / 2)


def _fitted(x: Matrix, y: Matrix, weights: Matrix, seed: int) -> tuple[Any, Any]:
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
        subsample=0.6,
        max_features=0.15,
        random_state=seed,
    ).fit(x, y, sample_weight=weights)
    return logistic, boosted


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, report, and write if asked to; 0 when done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    keep_private(tracing=False)
    facts = load_facts(options.notebook, ROOT)
    # Without signs there is nothing to weigh: no block shares a word with the sentence.
    rows = [row for row in rows_of(facts, ROOT, sentences) if row.signs]
    stored, figures = fit(rows, list(rows[0].signs))
    print(json.dumps(figures, indent=1))
    if options.write:
        STORED.write_text(as_json(stored), "utf-8")
        print(f"written to {STORED.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
