"""Training and measuring the judge: what is made, what is fitted, what is counted."""

from __future__ import annotations

import json
import random

import pytest

from chatbot.decision_models import read_model
from chatbot.grounding.quotables import Quotable
from evals.verdicts.bench import Row
from evals.verdicts.measure import measure
from evals.verdicts.mutants import sentences_of
from evals.verdicts.train import REJECTED_WANTED, as_json, fit

BLOCKS = (
    Quotable(1, "The north tower is 30 metres high, and the south tower has 45 rooms."),
    Quotable(1, "Each night the Sluice service copies 20 files to the Granary store in 3 hours."),
    Quotable(1, "The keeper of the harbour must always close the heavy gate before dusk."),
    Quotable(1, "Service: Sluice; Speed: 3 files; Place: harbour; Kept for: 30 days"),
    Quotable(1, "These are the four ways to reach the old harbour:"),
    Quotable(2, "Bicycles travel free of charge on the early ferry to Oldshore."),
)


def row(kind: str, ruling: str = "verified", sign: float = 0.0, fact: int = 0) -> Row:
    return Row(fact, kind, kind, ruling, 0.5, {"sign": sign, "noise": 0.1}, wording=0.8, ms=10.0)


def test_made_sentences_are_the_notes_own_or_stand_nowhere_in_them() -> None:
    told = {block.text for block in BLOCKS}
    made = list(sentences_of(BLOCKS, {1}, seed=3))
    for text, kind in made:
        assert (text in told) == (kind == "verbatim")
        if kind.startswith("mutant"):
            assert not any(text in block for block in told)
    assert {kind for _, kind in made} >= {"verbatim", "part", "mutant number", "mutant negation"}


def test_made_sentences_are_of_the_cited_passages_and_no_rows() -> None:
    made = {text for text, kind in sentences_of(BLOCKS, {1}, seed=3) if kind == "verbatim"}
    assert made == {block.text for block in BLOCKS[:3]}


def test_the_same_seed_makes_the_same_sentences() -> None:
    assert list(sentences_of(BLOCKS, {1}, seed=5)) == list(sentences_of(BLOCKS, {1}, seed=5))


def test_what_is_measured_are_the_rulings() -> None:
    found = measure(
        [
            row("faithful"),
            row("faithful"),
            row("faithful"),
            row("faithful", "repaired"),
            row("number", "repaired"),
            row("number", "unsupported"),
            row("unit"),
        ]
    )
    assert found.rejected == 0.25
    assert found.caught == {"number": 1.0, "unit": 0.0}
    assert found.caught_of_all == pytest.approx(0.667)
    assert found.sentences == {"faithful": 4, "number": 2, "unit": 1}
    assert found.ms == 10


@pytest.mark.parametrize("kind", ["faithful", "number"])
def test_one_kind_alone_cannot_be_measured(kind: str) -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        measure([row(kind)])


def made_rows() -> list[Row]:
    chance = random.Random(1)
    kinds = ("faithful", "number", "verbatim", "mutant unit")
    return [
        row(kind, sign=(kind in ("faithful", "verbatim")) + chance.gauss(0, 0.3), fact=fact)
        for fact in range(40)
        for kind in kinds
    ]


def test_fitted_weights_reject_about_as_many_of_the_faithful_as_are_wanted() -> None:
    rows = made_rows()
    stored, figures = fit(rows, ["sign", "noise"])
    model = read_model(json.loads(as_json(stored)))
    refused = [r for r in rows if r.kind == "faithful" and model.probability(r.signs) < 0.5]
    assert len(refused) <= (REJECTED_WANTED + 0.05) * 40
    assert figures["auroc"] > 0.9
    assert figures["caught"]["at 10% of faithful rejected"]["number"] > 0.8


def test_fitting_twice_gives_the_same_weights() -> None:
    assert fit(made_rows(), ["sign"]) == fit(made_rows(), ["sign"])
