"""The figures of slices made by hand: what is counted, and that "n/a" is never 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sample_report import (
    asked,
    declined,
    invented,
    item,
    missing,
    passing,
    raised,
    refusal,
    result,
    rightly_declined,
    unanswerable,
)

from evals.golden_set import GoldenItem, ItemType
from evals.results import CitedPlace
from evals.scoring import Score, score
from evals.summary import ALL, Figure, summarise


def figure(scores: Sequence[Score], metric: str, of: str = ALL) -> tuple[float | None, int]:
    """The value and the count; the interval is tried by itself."""
    found = summarise(scores)[of][metric]
    return found.value, found.n


def said(golden: GoldenItem, variant: str = "question", **fields: Any) -> Score:
    case = asked(golden, variant)
    return score(case, result(case, **fields))


def refused(golden: GoldenItem, variant: str = "question") -> Score:
    case = asked(golden, variant)
    return score(case, refusal(case))


def test_slices_are_all_types_topics_and_the_critical_ones() -> None:
    scores = [
        passing("a"),
        missing("b", topic="compute", critical=True),
        passing("c", type=ItemType.LIST),
    ]
    figures = summarise(scores)
    names = [ALL, "critical", "topic: compute", "topic: storage", "type: fact", "type: list"]
    assert list(figures) == names
    passed = {name: figures[name]["passed"] for name in names}
    assert {name: (f.value, f.n) for name, f in passed.items()} == {
        ALL: (pytest.approx(2 / 3), 3),
        "critical": (0, 1),
        "topic: compute": (0, 1),
        "topic: storage": (1, 2),
        "type: fact": (0.5, 2),
        "type: list": (1, 1),
    }


def test_a_slice_without_a_case_is_not_there() -> None:
    assert "critical" not in summarise([passing("a")])


def test_of_nothing_every_figure_is_not_applicable_and_none_is_0() -> None:
    figures = summarise([])
    assert list(figures) == [ALL]
    assert set(figures[ALL].values()) == {Figure(None, 0)}


def test_where_nothing_is_answerable_answers_are_not_applicable() -> None:
    figures = summarise([rightly_declined("a"), rightly_declined("b")])[ALL]
    measured = {name for name, f in figures.items() if f.value is not None}
    assert measured == {
        "abstention_precision",
        "abstention_recall",
        "abstention_f1",
        "crag_score",
        "brier",
        "calibration_error",
        "passed",
        "ms_p50",
        "ms_p95",
    }
    assert all(f.n == 0 for name, f in figures.items() if name not in measured)


def test_where_everything_is_answerable_and_answered_declining_is_not_applicable() -> None:
    scores = [passing("a"), passing("b")]
    for metric in ("abstention_precision", "abstention_recall", "abstention_f1"):
        assert figure(scores, metric) == (None, 0)
    assert figure(scores, "over_refusal") == (0, 2)


def test_decisions_are_counted_by_what_they_are_about() -> None:
    scores = [
        passing("a"),
        missing("b"),
        declined("c"),
        rightly_declined("d"),
        rightly_declined("e"),
        invented("f"),
    ]
    assert figure(scores, "abstention_precision") == (pytest.approx(2 / 3), 3)
    assert figure(scores, "abstention_recall") == (pytest.approx(2 / 3), 3)
    assert figure(scores, "over_refusal") == (pytest.approx(1 / 3), 3)
    assert figure(scores, "crag_score") == (pytest.approx((3 - 2) / 6), 6)
    assert figure(scores, "passed") == (0.5, 6)


def test_facts_count_a_refusal_as_a_miss_and_citations_leave_it_out() -> None:
    scores = [passing("a"), declined("b"), rightly_declined("c")]
    assert figure(scores, "key_facts_strict") == (0.5, 2)
    assert figure(scores, "section_recall_at_1") == (1, 2)
    for metric in ("quotes_exact", "cites_right_section", "section_precision", "forbidden_free"):
        assert figure(scores, metric) == (1, 1)


def test_citations_of_an_invented_answer_are_not_counted() -> None:
    assert figure([passing("a"), invented("b")], "cites_right_section") == (1, 1)


def test_a_case_that_raised_is_missed_and_nothing_is_said_for_its_answer() -> None:
    scores = [passing("a"), raised("b")]
    assert figure(scores, "passed") == (0.5, 2)
    for metric in ("forbidden_free", "quotes_exact", "groundedness"):
        assert figure(scores, metric) == (1, 1)
    assert figure(scores, "ms_p50") == (250, 1)
    assert figure([raised("b")], "ms_p95") == (None, 0)
    assert figure([raised("b")], "forbidden_free") == (None, 0)


def test_lengths_are_those_of_answers() -> None:
    scores = [passing("a"), missing("b", "One two. [1]"), declined("c")]
    assert figure(scores, "words_median") == (3, 2)
    assert figure(scores, "words_p95") == (4, 2)


def test_a_mean_over_five_sections_has_an_interval_that_holds_it() -> None:
    scores = [*(passing(f"a{n}") for n in range(4)), missing("b")]
    passed = summarise(scores)[ALL]["passed"]
    assert passed.value == pytest.approx(0.8)
    assert passed.interval is not None
    assert 0 <= passed.interval.low < 0.8 < passed.interval.high <= 1


def test_many_questions_about_one_section_are_too_few_for_an_interval() -> None:
    one = item("one")
    scores = [said(item(f"a{n}", evidence=one.evidence)) for n in range(20)]
    passed = summarise(scores)[ALL]["passed"]
    assert (passed.n, passed.interval) == (20, None)


GOLDEN = item("a", paraphrases=("In other words?",))
OTHER = CitedPlace(1, "storage.md", ("Storage", "Other"), "A bucket holds objects.", 0, 23, True)


@pytest.mark.parametrize(
    ("again", "consistent", "all_passed"),
    [
        (said(GOLDEN, "paraphrase-1"), 1, 1),
        (refused(GOLDEN, "paraphrase-1"), 0, 0),
        (said(GOLDEN, "paraphrase-1", citations=(OTHER,)), 0, 0),
        (said(GOLDEN, "paraphrase-1", text="Nothing of that kind. [1]"), 1, 0),
    ],
    ids=["same", "declined", "another section", "same section, no fact"],
)
def test_wordings_are_consistent_when_they_agree_and_pass_with_the_worst(
    again: Score, consistent: float, all_passed: float
) -> None:
    scores = [said(GOLDEN), again, passing("alone")]
    assert figure(scores, "paraphrases_consistent") == (consistent, 1)
    assert figure(scores, "paraphrases_all_passed") == (all_passed, 1)


def test_items_of_one_group_are_wordings_of_one_question() -> None:
    one = item("one", group="buckets")
    two = item("two", group="buckets", evidence=one.evidence)
    shared = said(one).result.citations
    scores = [said(one), said(two, citations=shared), passing("b"), passing("c")]
    assert figure(scores, "paraphrases_consistent") == (1, 1)


def test_wordings_that_are_all_declined_are_consistent_and_need_not_pass() -> None:
    scores = [refused(GOLDEN), refused(GOLDEN, "paraphrase-1")]
    assert figure(scores, "paraphrases_consistent") == (1, 1)
    assert figure(scores, "paraphrases_all_passed") == (0, 1)


def test_invented_answers_in_all_wordings_are_not_consistent() -> None:
    golden = unanswerable("a", paraphrases=("In other words?",))
    scores = [said(golden), said(golden, "paraphrase-1")]
    assert figure(scores, "paraphrases_consistent") == (0, 1)


def test_without_a_second_wording_there_is_no_consistency() -> None:
    assert figure([passing("a"), passing("b")], "paraphrases_consistent") == (None, 0)
    assert figure([passing("a"), passing("b")], "paraphrases_all_passed") == (None, 0)


def follow_up(item_id: str) -> GoldenItem:
    return item(item_id, type=ItemType.FOLLOW_UP, turns=("Before?",), standalone="Alone?")


def test_the_follow_up_gap_is_what_is_lost_against_the_stand_alone_wording() -> None:
    lost, kept, gained = follow_up("lost"), follow_up("kept"), follow_up("gained")
    scores = [refused(lost), said(lost, "standalone"), said(kept), said(kept, "standalone")]
    assert figure(scores, "follow_up_gap") == (0.5, 2)
    scores += [said(gained), refused(gained, "standalone")]
    assert figure(scores, "follow_up_gap") == (0, 3)


def test_without_a_follow_up_there_is_no_gap() -> None:
    assert figure([passing("a"), declined("b")], "follow_up_gap") == (None, 0)
    assert figure([said(follow_up("a"))], "follow_up_gap") == (None, 0)


def test_the_stand_alone_wording_counts_for_the_gap_alone() -> None:
    golden = follow_up("a")
    without = summarise([said(golden)])
    with_aid = summarise([said(golden), refused(golden, "standalone")])
    gap = with_aid[ALL]["follow_up_gap"]
    assert (gap.value, gap.n) == (-1, 1)
    assert {**with_aid, ALL: {**with_aid[ALL], "follow_up_gap": Figure(None, 0)}} == without


def test_a_figure_becomes_json_with_its_interval() -> None:
    scores = [*(passing(f"a{n}") for n in range(4)), missing("b")]
    told = summarise(scores)[ALL]["passed"].to_json()
    assert set(told) == {"value", "n", "interval"}
    assert set(told["interval"]) >= {"low", "high"}
    assert Figure(None, 0).to_json() == {"value": None, "n": 0, "interval": None}
