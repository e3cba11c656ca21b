"""Mutations: each spoils an answer that passed so that the gates notice, and only where it can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sample_report import asked, item, missing, raised, refusal, result, unanswerable

from evals.golden_set import Case, Evidence, GoldenFact, GoldenItem, ItemType
from evals.mutations import MUTATIONS, MutationRow, caught_share, mutate_all
from evals.results import CitedPlace, FoundPlace
from evals.scoring import Cause, Score, score


def about(item_id: str, quote: str, fact: str, **fields: Any) -> GoldenItem:
    """An item whose answer stands in a note of its own."""
    given: dict[str, Any] = {
        "key_facts": (GoldenFact(text=fact, any_of=(fact,)),),
        "evidence": (Evidence(file=f"{item_id}.md", heading=item_id, quote=quote),),
    }
    return item(item_id, **(given | fields))


def said(golden: GoldenItem, text: str = "", **fields: Any) -> Score:
    """The score of an answer that quotes the item's evidence."""
    (place,) = golden.evidence
    heading = (place.heading,)
    case = asked(golden)
    given: dict[str, Any] = {
        "citations": (
            CitedPlace(1, place.file, heading, place.quote, 0, len(place.quote), is_exact=True),
        ),
        "passages": (FoundPlace(place.file, heading, 0.9),),
    }
    return score(case, result(case, text or f"{place.quote} [1]", **(given | fields)))


def declined(item_id: str = "price") -> Score:
    case = asked(unanswerable(item_id))
    return score(case, refusal(case))


def plain(item_id: str = "plain", **fields: Any) -> Score:
    """An answer with neither a number nor a verb that can be denied."""
    return said(about(item_id, "Buckets hold objects.", "hold objects", **fields))


# A number that is the fact, one that is not; a statement, a denial; answers that only quote.
SIZE = said(about("size", "Objects grow to 5 TB.", "5 TB"))
DAYS = said(about("days", "Messages stay for up to 14 days.", "messages stay"))
FOLDER = said(about("folder", "A bucket is a folder.", "is a folder"))
CHEAP = said(about("cheap", "Spot instances are cheap.", "cheap"))
DISK = said(about("disk", "A volume cannot shrink.", "shrink"))
LATE = said(about("late", "A snapshot can not be late.", "late"))
PLAIN = plain()
DECLINED = declined()
GOOD = (SIZE, DAYS, FOLDER, CHEAP, DISK, LATE, PLAIN, DECLINED)


def rows(*scores: Score) -> dict[str, MutationRow]:
    return {row.name: row for row in mutate_all(scores)}


def made(name: str, *scores: Score) -> int:
    return rows(*scores)[name].made


def test_unmutated_every_sample_passes() -> None:
    # What the mutations spoil was good: otherwise they would be caught for nothing.
    for good in GOOD:
        assert (good.case.id, good.cause) == (good.case.id, None)
        assert score(good.case, good.result).passed


@pytest.mark.parametrize(
    ("name", "scores", "causes"),
    [
        ("number swapped", [SIZE], {Cause.NOT_USED: 1}),
        ("number swapped", [DAYS], {Cause.UNGROUNDED: 1}),
        ("negation", [FOLDER], {Cause.NOT_USED: 1}),
        ("negation", [CHEAP], {Cause.UNGROUNDED: 1}),
        ("negation", [DISK], {Cause.UNGROUNDED: 1}),
        ("negation", [LATE], {Cause.UNGROUNDED: 1}),
        ("wrong section cited", [PLAIN, SIZE], {Cause.WRONG_CITATION: 2}),
        ("quote nearly right", [PLAIN], {Cause.WRONG_CITATION: 1}),
        ("fact dropped", [PLAIN], {Cause.NOT_USED: 1}),
        ("needless refusal", [PLAIN], {Cause.NEEDLESSLY_DECLINED: 1}),
        ("near miss answered", [DECLINED, PLAIN], {Cause.ANSWERED_UNANSWERABLE: 1}),
        ("citation invented", [PLAIN], {Cause.WRONG_CITATION: 1}),
    ],
)
def test_a_mutation_is_caught_and_for_the_right_cause(
    name: str, scores: list[Score], causes: Mapping[Cause, int]
) -> None:
    row = rows(*scores)[name]
    assert row.by_cause == {str(cause): count for cause, count in causes.items()}
    assert (row.made, row.caught, row.share) == (sum(causes.values()), row.made, 1.0)


def test_every_mutation_is_tried_and_in_this_order() -> None:
    names = [row.name for row in mutate_all(GOOD)]
    assert names == list(MUTATIONS)
    assert len(names) == 8
    assert all(row.made > 0 for row in mutate_all(GOOD))


def test_all_mutations_of_good_answers_are_caught() -> None:
    assert caught_share(mutate_all(GOOD)) == 1.0


@pytest.mark.parametrize("name", [name for name in MUTATIONS if name != "near miss answered"])
def test_a_declined_question_has_nothing_else_to_spoil(name: str) -> None:
    assert made(name, DECLINED) == 0


@pytest.mark.parametrize("name", ["number swapped", "negation"])
def test_without_a_number_or_a_verb_there_is_nothing_to_swap_or_to_deny(name: str) -> None:
    assert made(name, PLAIN) == 0
    assert rows(PLAIN)[name].share is None


@pytest.mark.parametrize("text", ["Buckets hold objects. [1]", "Buckets hold objects in S3. [1]"])
def test_a_footnote_and_a_digit_in_a_name_are_no_numbers(text: str) -> None:
    golden = about("s3", "Buckets hold objects in S3.", "hold objects")
    assert said(golden, text).passed
    assert made("number swapped", said(golden, text)) == 0


@pytest.mark.parametrize("number", ["1.5", "16,000", "9", "10", "0"])
def test_a_number_of_any_form_becomes_another_one(number: str) -> None:
    good = said(about("size", f"Volumes hold {number} blocks.", f"{number} blocks"))
    row = rows(good)["number swapped"]
    assert (row.made, row.caught) == (1, 1)


def test_a_wrong_section_is_one_that_the_case_does_not_want() -> None:
    same = about("elm", "Buckets hold objects.", "hold objects")
    also = about("oak", "Buckets hold objects.", "hold objects", evidence=same.evidence)
    assert made("wrong section cited", said(same), DECLINED) == 0
    assert made("wrong section cited", said(same), PLAIN) == 2
    assert made("wrong section cited", said(same), said(also)) <= 2


def test_a_neighbour_in_the_same_note_is_the_first_wrong_section() -> None:
    good = said(about("elm", "Buckets hold objects.", "hold objects"))
    (place,) = good.result.citations
    near = replace(place, heading=("another heading",))
    neighbour = said(about("oak", "Queues hold messages.", "hold messages"), citations=(near,))
    neighbour = replace(neighbour, passed=True)
    assert rows(good, neighbour, PLAIN)["wrong section cited"].caught >= 1


def test_what_stands_below_the_wanted_heading_is_no_wrong_section() -> None:
    wide = said(about("elm", "Buckets hold objects.", "hold objects"))
    (place,) = wide.result.citations
    below = said(wide.case.item, citations=(replace(place, heading=("elm", "below")),))
    assert below.passed
    assert made("wrong section cited", wide, below) == 0


def test_a_near_miss_needs_an_answer_to_be_given() -> None:
    assert made("near miss answered", DECLINED, declined("rent")) == 0
    assert made("near miss answered", DECLINED, declined("rent"), PLAIN) == 2
    assert made("near miss answered", PLAIN) == 0


def test_a_fact_is_dropped_with_every_line_that_holds_it() -> None:
    golden = about("twice", "Buckets hold objects.", "hold objects")
    twice = said(golden, "Buckets hold objects. [1]\nBuckets hold objects. [1]")
    assert rows(twice)["fact dropped"].by_cause == {str(Cause.NOT_USED): 1}


def test_a_fact_that_spans_two_lines_cannot_be_dropped_with_one() -> None:
    good = said(about("span", "hold\nobjects", "hold objects"), "hold\nobjects [1]")
    assert good.passed
    assert made("fact dropped", good) == 0


def test_every_citation_leads_elsewhere_when_one_would_be_right() -> None:
    golden = about("pair", "Buckets hold objects.", "hold objects")
    (place,) = said(golden).result.citations
    both = (place, CitedPlace(2, place.source, place.heading, place.quote, 0, 21, is_exact=True))
    good = said(golden, "Buckets hold objects. [1] [2]", citations=both)
    assert good.passed
    assert rows(good, SIZE)["wrong section cited"].by_cause == {str(Cause.WRONG_CITATION): 2}


@pytest.mark.parametrize("bad", [missing("bad"), raised("bad")])
def test_what_did_not_pass_is_not_spoilt(bad: Score) -> None:
    assert not bad.passed
    assert all(row.made == 0 for row in mutate_all([bad]))


def test_a_measuring_aid_is_not_spoilt() -> None:
    golden = about(
        "alone",
        "Buckets hold objects.",
        "hold objects",
        type=ItemType.FOLLOW_UP,
        turns=("And before?",),
        standalone="What do buckets hold?",
    )
    first = said(golden)
    alone = Case(golden, "standalone", golden.standalone)
    assert score(alone, first.result).passed
    assert all(row.made == 0 for row in mutate_all([score(alone, first.result)]))
    assert made("needless refusal", first, score(alone, first.result)) == 1


def test_spoiling_leaves_the_scores_as_they_were() -> None:
    before = [good.result.to_json() for good in GOOD]
    mutate_all(GOOD)
    assert [good.result.to_json() for good in GOOD] == before
    assert mutate_all(GOOD) == mutate_all(GOOD)


def test_a_mutation_that_slips_through_is_counted_as_made() -> None:
    # "8 or 8" says nothing that the quote does not: no gate can tell.
    slippery = said(about("either", "Buckets hold 5 or 8 objects.", "objects"))
    row = rows(slippery)["number swapped"]
    assert (row.made, row.caught, row.share, row.by_cause) == (1, 0, 0.0, {})


def test_the_total_weighs_each_mutation_once() -> None:
    table = [
        MutationRow("a", 1, 0, {}),
        MutationRow("b", 0, 0, {}),
        MutationRow("c", 9, 9, {"x": 9}),
    ]
    assert caught_share(table) == 0.9
    assert [row.share for row in table] == [0.0, None, 1.0]


def test_without_a_mutation_there_is_no_total() -> None:
    assert caught_share(mutate_all([])) is None
    assert caught_share([]) is None
