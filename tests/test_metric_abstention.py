"""Declining what is not in the notes, and only that."""

from __future__ import annotations

import pytest

from evals.metrics.abstention import (
    Outcome,
    crag_outcome,
    crag_score,
    decline_f1,
    decline_precision,
    decline_recall,
    over_refusal_rate,
)

# (answerable, declined): 3 right refusals, 1 needless, 2 answered in vain, 4 answered.
DECISIONS = [(False, True)] * 3 + [(True, True)] + [(False, False)] * 2 + [(True, False)] * 4


def test_figures_by_hand() -> None:
    assert decline_precision(DECISIONS) == 3 / 4
    assert decline_recall(DECISIONS) == 3 / 5
    assert decline_f1(DECISIONS) == pytest.approx(2 / (4 / 3 + 5 / 3))
    assert over_refusal_rate(DECISIONS) == 1 / 5


def test_decisions_may_come_from_a_generator() -> None:
    assert decline_f1(decision for decision in DECISIONS) == decline_f1(DECISIONS)


def test_scikit_learn_agrees() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth = [not answerable for answerable, _ in DECISIONS]
    declined = [declined for _, declined in DECISIONS]
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, declined, average="binary"
    )
    assert decline_precision(DECISIONS) == pytest.approx(precision)
    assert decline_recall(DECISIONS) == pytest.approx(recall)
    assert decline_f1(DECISIONS) == pytest.approx(f1)


def test_nothing_declined_has_no_precision_and_no_recall_but_0() -> None:
    decisions = [(True, False), (False, False)]
    assert decline_precision(decisions) is None
    assert decline_recall(decisions) == 0
    assert decline_f1(decisions) == 0
    assert over_refusal_rate(decisions) == 0


def test_answerable_questions_alone_have_no_recall() -> None:
    assert decline_recall([(True, False), (True, True)]) is None
    assert decline_precision([(True, False), (True, True)]) == 0
    assert decline_f1([(True, False), (True, True)]) == 0
    assert decline_f1([(True, False)]) is None


def test_unanswerable_questions_alone_have_no_over_refusal() -> None:
    assert over_refusal_rate([(False, True), (False, False)]) is None


def test_no_questions_have_no_figure() -> None:
    for metric in (decline_precision, decline_recall, decline_f1, over_refusal_rate):
        assert metric([]) is None
    assert crag_score([]) is None


@pytest.mark.parametrize(
    ("answerable", "declined", "correct", "outcome"),
    [
        (True, False, True, Outcome.CORRECT),
        (True, False, False, Outcome.WRONG),
        (True, True, False, Outcome.MISSING),
        (True, True, True, Outcome.MISSING),
        (False, True, False, Outcome.CORRECT),
        (False, True, True, Outcome.CORRECT),
        (False, False, False, Outcome.WRONG),
        (False, False, True, Outcome.WRONG),
    ],
)
def test_every_case_has_its_outcome(
    answerable: bool, declined: bool, correct: bool, outcome: Outcome
) -> None:
    found = crag_outcome(answerable=answerable, declined=declined, correct=correct)
    assert found is outcome


def test_crag_score_by_hand() -> None:
    right_answer, wrong_answer = (True, False, True), (True, False, False)
    refused, right_refusal = (True, True, False), (False, True, False)
    # 4 correct, 1 missing, 2 wrong of 7: (8 + 1) / 7 - 1 = (4 - 2) / 7
    verdicts = [right_answer] * 3 + [right_refusal, refused] + [wrong_answer] * 2
    assert crag_score(verdicts) == pytest.approx(2 / 7)
    assert crag_score([right_answer, right_refusal]) == 1
    assert crag_score([refused]) == 0
    assert crag_score([wrong_answer, (False, False, True)]) == -1


def test_always_declining_scores_the_share_of_unanswerable_questions() -> None:
    verdicts = [(True, True, False)] * 3 + [(False, True, False)]
    assert crag_score(verdicts) == pytest.approx(1 / 4)
