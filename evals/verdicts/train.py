"""Fit the weights by which the judge holds a sentence for supported.

Run it as `python -m evals.verdicts.train NOTEBOOK … [--write]`.

Fits a logistic model, boosted trees and random trees over the signs of `chatbot.grounding.signs`,
to the sentences of notebooks of facts and, at less weight, to the notes' own sentences and
programmed corruptions of them. Reports their quality on the notebooks' sentences, held out fact by
fact, and on the notes' own, held out note by note; with `--write` puts all where the judge reads
them. The threshold, which becomes a probability of 0.5, is where `REJECTED_WANTED` of the faithful
rewordings are rejected on held-out folds: such a one is replaced by the notes' own words, which is
mild, while a corrupted one that passes is a lie with a footnote.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chatbot.generation.material import Material
from chatbot.privacy import keep_private
from evals.study_notes.train_abstention import stored_logistic, stored_tree
from evals.verdicts.bench import Row, Told, rows_of, told_of
from evals.verdicts.mutants import sentences_of
from evals.verdicts.notebook import Fact, load_facts

ROOT = Path(__file__).parents[2]
STORED = ROOT / "chatbot" / "grounding" / "support.json"
FAITHFUL = ("faithful", "verbatim", "part")
FOLDS, REPEATS = 10, 2
REGULARISATION = 0.1  # C of scikit-learn
TREES, LEARNING_RATE, DEPTH, SMALLEST_LEAF = 100, 0.1, 5, 8
RANDOM_TREES, RANDOM_DEPTH, RANDOM_LEAF = 75, 12, 4
MADE_WEIGHT = 0.3  # of a sentence that a program made, beside one that was written
REJECTED_WANTED = 0.15  # of the faithful rewordings: where the threshold is put
REJECTED = (0.05, 0.1, 0.15, 0.2, 0.25)
PROCESSES = 2  # that judge sentences at a time, a notebook each
# How much of a sentence's wording is the notes': at least, and below.
WORDINGS = {"light": (0.7, 1.01), "middling": (0.45, 0.7), "bold": (0.0, 0.45)}
Matrix = npt.NDArray[np.float64]
Fold = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]  # the rows to fit to, and the others


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
    facts = [f"{row.source} {row.fact}" for row in rows]
    folds = [
        fold
        for seed in range(REPEATS)
        for fold in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(
            x, kinds, facts
        )
    ]
    probability = _held_out(x, y, weights, folds)
    threshold = float(np.quantile(probability[kinds == "faithful"], REJECTED_WANTED))
    logistic, boosted, random = _fitted(x, y, weights, seed=0)
    stored = {
        "threshold": round(threshold, 5),
        "names": list(names),
        "logistic": stored_logistic(logistic, names),
        "trees": [stored_tree(tree[0].tree_, names, LEARNING_RATE) for tree in boosted.estimators_],
        "random_trees": [_stored_random_tree(tree.tree_) for tree in random.estimators_],
    }
    figures = _figures(rows, kinds, y, made, probability)
    notes = np.array([row.source for row in rows])
    if len(set(notes)) > 1:
        by_note = GroupKFold(min(FOLDS, len(set(notes)))).split(x, y, notes)
        figures["notes' own sentences, held out by note"] = _own_sentences(
            kinds, _held_out(x, y, weights, list(by_note)) < threshold
        )
    return stored, figures


def _own_sentences(kinds: npt.NDArray[Any], below: npt.NDArray[Any]) -> dict[str, float]:
    """Of the notes' own sentences the share rejected, and caught of those made wrong, by kind."""
    mutants = np.char.startswith(kinds, "mutant")
    return {
        **{f"{kind} rejected": _share(below[kinds == kind]) for kind in FAITHFUL[1:]},
        "caught": _share(below[mutants]),
        **{kind: _share(below[kinds == kind]) for kind in sorted(set(kinds[mutants]))},
    }


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


def _held_out(x: Matrix, y: Matrix, weights: Matrix, folds: Sequence[Fold]) -> Matrix:
    """Each row's probability by models that did not see it, averaged over those."""
    total, times = np.zeros(len(y)), np.zeros(len(y))
    for seed, (seen, unseen) in enumerate(folds):
        for model in _fitted(x[seen], y[seen], weights[seen], seed):
            total[unseen] += model.predict_proba(x[unseen])[:, 1]
            times[unseen] += 1
    return np.asarray(total / times)


def _fitted(x: Matrix, y: Matrix, weights: Matrix, seed: int) -> tuple[Any, Any, Any]:
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
    random = ExtraTreesClassifier(
        n_estimators=RANDOM_TREES,
        max_depth=RANDOM_DEPTH,
        min_samples_leaf=RANDOM_LEAF,
        max_features=0.5,
        n_jobs=2,
        random_state=seed,
    ).fit(x, y, sample_weight=weights)
    return logistic, boosted, random


def _stored_random_tree(tree: Any) -> list[list[float]]:
    """The tree as `chatbot.decision_models.read_model` reads it, rounded to what it can tell."""
    is_leaf = tree.children_left < 0
    shares = tree.value[:, 0, 1] / tree.value[:, 0].sum(axis=1)
    values = np.where(is_leaf, shares.round(3), tree.threshold.round(4))
    return [
        [-1 if leaf else int(at) for leaf, at in zip(is_leaf, tree.feature, strict=True)],
        [float(value) for value in values],
        [max(int(at), 0) for at in tree.children_right],
    ]


def signed(notebook: Path) -> list[Row]:
    """The sentences of a notebook, and those made beside them, with their signs."""
    keep_private(tracing=False)
    # Without signs there is nothing to weigh: no block shares a word with the sentence.
    rows = rows_of(load_facts(notebook, ROOT), ROOT, sentences, ruled=False)
    return [row for row in rows if row.signs]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, report, and write if asked to; 0 when done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", type=Path, nargs="+", metavar="NOTEBOOK")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as processes:
        rows = [row for some in processes.map(signed, options.notebooks) for row in some]
    stored, figures = fit(rows, list(rows[0].signs))
    print(json.dumps(figures, indent=1))
    if options.write:
        STORED.write_text(as_json(stored), "utf-8")
        print(f"written to {STORED.name}", file=sys.stderr)
    return 0


def as_json(stored: dict[str, Any]) -> str:
    """One line for each part and for each tree, so that a change can be read as one."""
    parts = [f"{json.dumps(name)}: {_lines(part)}" for name, part in stored.items()]
    return "{" + ",\n ".join(parts) + "}\n"


def _lines(part: Any) -> str:
    if not isinstance(part, list) or isinstance(part[0], str):
        return json.dumps(part)
    return "[\n" + ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in part) + "]"


if __name__ == "__main__":
    sys.exit(main())
