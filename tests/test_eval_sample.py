"""A few of the questions: of every kind, always the same, and in golden order."""

from __future__ import annotations

import pytest
from sample_report import item, unanswerable

from evals.golden_set import Case, GoldenSet, ItemType
from evals.sample import spread

ITEMS = (
    *(item(f"fact-{n}") for n in range(20)),
    *(item(f"list-{n}", type=ItemType.LIST) for n in range(3)),
    *(unanswerable(f"near-{n}") for n in range(8)),
)
CASES = GoldenSet(ITEMS).cases()


def kinds(cases: tuple[Case, ...]) -> dict[str, int]:
    return {
        kind: sum(case.id.startswith(kind) for case in cases) for kind in ("fact", "list", "near")
    }


@pytest.mark.parametrize(
    ("count", "shares"),
    [
        (1, {"fact": 1, "list": 0, "near": 0}),
        (6, {"fact": 2, "list": 2, "near": 2}),
        (12, {"fact": 5, "list": 3, "near": 4}),  # what lists are lacking, others make up for
        (31, {"fact": 20, "list": 3, "near": 8}),
    ],
)
def test_every_kind_has_as_many_as_can_be(count: int, shares: dict[str, int]) -> None:
    assert kinds(spread(CASES, count)) == shares


def test_within_a_kind_they_are_far_apart_and_all_in_golden_order() -> None:
    taken = [case.id for case in spread(CASES, 6)]
    assert taken == ["fact-0", "fact-10", "list-0", "list-1", "near-0", "near-4"]


def test_it_is_the_same_each_time() -> None:
    assert spread(CASES, 9) == spread(tuple(CASES), 9)


def test_more_than_there_are_is_all_of_them() -> None:
    assert spread(CASES, 1000) == CASES


def test_a_standalone_wording_is_no_question_and_is_left_out() -> None:
    follow_up = item("it", type=ItemType.FOLLOW_UP, turns=("Before?",), standalone="Alone?")
    cases = GoldenSet((follow_up,)).cases()
    assert [case.id for case in cases] == ["it", "it/standalone"]
    assert [case.id for case in spread(cases, 2)] == ["it"]
