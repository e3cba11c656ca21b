"""Every cause of a miss, what comes first of several, and how close a decision was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sample_report import FACT, QUOTE, asked, item, refusal, result, unanswerable

from evals.golden_set import Case, Evidence, GoldenFact, ItemType
from evals.results import CitedPlace, FoundPlace, Result
from evals.scoring import Cause, Score, score

RIGHT = ("Storage", "Buckets b")
WRONG = ("Storage", "Volumes")
FOUND = FoundPlace("storage.md", RIGHT, 0.9)
PENGUINS = "Penguins waddle across icy southern beaches while tourists photograph them."
NEVER_ASKED = Result("b", declined=False, text="", error="OSError: disk gone")


def case(**fields: Any) -> Case:
    return asked(item("b", **fields))


def cited(number: int = 1, heading: tuple[str, ...] = RIGHT, **fields: Any) -> CitedPlace:
    given: dict[str, Any] = {"quote": QUOTE, "is_exact": True, "source": "storage.md"} | fields
    return CitedPlace(number=number, heading=heading, start=0, end=len(QUOTE), **given)


def found(*headings: str) -> tuple[FoundPlace, ...]:
    """Passages in this order; their scores fall evenly."""
    return tuple(
        FoundPlace("storage.md", ("Storage", heading), 0.9 - n / 10)
        for n, heading in enumerate(headings)
    )


def answered(text: str = f"{QUOTE} [1]", of: Case | None = None, **fields: Any) -> Score:
    of = of or case()
    return score(of, result(of, text, **fields))


def declined(of: Case | None = None, **fields: Any) -> Score:
    of = of or case()
    return score(of, refusal(of, **fields))


def test_a_right_answer_passes_and_has_no_cause() -> None:
    good = answered()
    assert (good.passed, good.cause) == (True, None)
    assert (good.strict_facts, good.weighted_facts, good.missing_facts) == (1, 1, ())
    assert (good.quotes_exact, good.cites_right_section, good.section_recall) == (True, True, 1)
    assert good.right_sections == {("storage.md", "buckets b")}  # as headings are compared
    assert (good.recall_at, good.reciprocal_rank, good.ndcg) == ((1, 1, 1), 1, 1)
    assert (good.words, good.forbidden, good.ungrounded) == (4, (), ())


def test_a_right_refusal_passes() -> None:
    good = declined(asked(unanswerable("b")))
    assert (good.passed, good.cause) == (True, None)


MISSES = [
    ("asking raised", score(case(), NEVER_ASKED), Cause.ERROR),
    ("raised late", answered(error="OSError: disk gone"), Cause.ERROR),
    (
        "raised, nothing to say",
        score(asked(unanswerable("b")), replace(NEVER_ASKED, declined=True)),
        Cause.ERROR,
    ),
    ("declined, nothing found", declined(passages=()), Cause.NOT_RETRIEVED),
    ("declined, other found", declined(passages=found("Volumes")), Cause.NOT_RETRIEVED),
    ("found too low", declined(passages=found(*"12345", "Buckets b")), Cause.NOT_RETRIEVED),
    ("no fact, other found", answered("No. [1]", passages=found("Volumes")), Cause.NOT_RETRIEVED),
    ("declined, though found", declined(), Cause.NEEDLESSLY_DECLINED),
    ("found at the fifth place", declined(passages=found(*"1234", "Buckets b")),
     Cause.NEEDLESSLY_DECLINED),
    ("invented", answered(of=asked(unanswerable("b"))), Cause.ANSWERED_UNANSWERABLE),
    ("no fact, though found", answered("Nothing of that kind. [1]"), Cause.NOT_USED),
    ("cites another section", answered(citations=(cited(heading=WRONG),)), Cause.WRONG_CITATION),
    ("cites another file", answered(citations=(cited(source="a.md"),)), Cause.WRONG_CITATION),
    ("inexact quote", answered(citations=(cited(is_exact=False),)), Cause.WRONG_CITATION),
    ("one inexact quote of two", answered(citations=(cited(), cited(2, is_exact=False))),
     Cause.WRONG_CITATION),
    ("marker without citation", answered(f"{QUOTE} [1] [2]"), Cause.WRONG_CITATION),
    ("no citation", answered(QUOTE, citations=()), Cause.WRONG_CITATION),
    ("forbidden words", answered(of=case(forbidden=("holds objects",))), Cause.FORBIDDEN),
    ("number from nowhere", answered(f"{QUOTE} It has 7 TB. [1]"), Cause.UNGROUNDED),
    ("denied", answered(f"{QUOTE} [1]\nA bucket holds no objects. [1]"), Cause.UNGROUNDED),
    ("name from nowhere", answered(f"{QUOTE} Ask Zanzibar for it. [1]"), Cause.UNGROUNDED),
    ("words from nowhere", answered(f"{QUOTE} [1]\n{PENGUINS} [1]"), Cause.UNGROUNDED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("missed", "cause"), [row[1:] for row in MISSES], ids=[row[0] for row in MISSES]
)
def test_a_miss_has_its_cause(missed: Score, cause: Cause) -> None:
    assert (missed.cause, missed.passed) == (cause, False)


def test_every_cause_can_be_one() -> None:
    assert {cause for _, _, cause in MISSES} == set(Cause)


def test_of_several_causes_the_earliest_step_counts() -> None:
    of = case(forbidden=("holds objects", "nothing"))
    everything: dict[str, Any] = {"of": of, "citations": (cited(heading=WRONG, is_exact=False),)}
    assert answered("Nothing, or 7 TB. [1]", **everything).cause is Cause.NOT_USED
    assert answered(f"{QUOTE} 7 TB. [1]", **everything).cause is Cause.WRONG_CITATION
    assert answered(f"{QUOTE} 7 TB. [1]", of=of).cause is Cause.FORBIDDEN
    assert answered(f"{QUOTE} 7 TB. [1]").cause is Cause.UNGROUNDED


def test_what_is_ungrounded_is_said() -> None:
    assert "number: 7 TB" in answered(f"{QUOTE} It has 7 TB. [1]").ungrounded


def test_a_line_is_held_against_the_quotes_that_it_cites_alone() -> None:
    volume = "A volume has 16 TB."
    both = (cited(), cited(2, quote=volume))
    assert answered(f"{QUOTE} [1]\n{volume} [2]", citations=both).passed
    swapped = answered(f"{QUOTE} [1]\n{volume} [1]", citations=both)
    assert swapped.cause is Cause.UNGROUNDED


def test_an_answer_that_cites_nothing_has_no_exact_quotes() -> None:
    bare = answered(QUOTE, citations=())
    assert (bare.quotes_exact, bare.cites_right_section) == (False, False)


def test_an_okay_fact_weighs_and_is_no_cause() -> None:
    okay = GoldenFact(text="extra", any_of=("never said",), importance="okay")
    vital = GoldenFact(text="vital", any_of=(FACT,))
    lacking = answered(of=case(key_facts=(vital, okay)))
    assert lacking.passed
    assert (lacking.strict_facts, lacking.missing_facts) == (1, ())
    assert lacking.weighted_facts == pytest.approx(1 / 1.5)


def test_missing_facts_are_named() -> None:
    facts = tuple(GoldenFact(text=text, any_of=(text,)) for text in ("bucket", "moon", "sun"))
    lacking = answered(of=case(key_facts=facts))
    assert (lacking.missing_facts, lacking.strict_facts) == (("moon", "sun"), 0)


def test_a_refusal_says_no_fact_and_has_no_citations_to_measure() -> None:
    refused = declined()
    assert (refused.strict_facts, refused.weighted_facts, refused.words) == (0, 0, 0)
    nothing = (refused.quotes_exact, refused.section_precision, refused.section_recall)
    assert nothing == (None, None, None)
    assert (refused.cites_right_section, refused.groundedness) == (None, None)


def test_of_an_unanswerable_question_there_is_nothing_to_find() -> None:
    invented = answered(of=asked(unanswerable("b")))
    assert invented.recall_at == (None, None, None)
    assert (invented.reciprocal_rank, invented.ndcg) == (None, None)
    assert (invented.strict_facts, invented.weighted_facts) == (None, None)


TWO = tuple(Evidence(file="storage.md", heading=h, quote=QUOTE) for h in ("Buckets b", "Volumes"))


@pytest.mark.parametrize("kind", [ItemType.COMPARISON, ItemType.MULTI_SECTION])
def test_a_question_of_several_sections_needs_each_of_them(kind: ItemType) -> None:
    of = case(type=kind, evidence=TWO)
    half = answered(of=of, passages=found("Buckets b", "Other"))
    assert half.recall_at == (0.5, 0.5, 0.5)
    whole = answered(of=of, passages=found("Buckets b", "Other", "Volumes"))
    assert whole.recall_at == (0.5, 1, 1)


def test_of_several_places_of_one_fact_any_will_do() -> None:
    of = case(evidence=TWO)
    late = answered(of=of, passages=found("Other", "Volumes", "Buckets b"))
    assert (late.recall_at, late.reciprocal_rank) == ((0, 1, 1), 0.5)


def test_a_part_of_the_right_section_is_in_it_and_a_heading_of_its_file_is_not() -> None:
    part = FoundPlace("storage.md", (*RIGHT, "Part"), 0.9)
    assert answered(passages=(part,)).recall_at[0] == 1
    assert answered(passages=(FoundPlace("storage.md", ("Storage",), 0.9),)).recall_at[0] == 0


@pytest.mark.parametrize(
    ("confidence", "scores", "margin"),
    [
        (0.9, (0.9, 0.2), 0.4),
        (0.1, (0.9, 0.2), 0.4),
        (0.9, (0.9, 0.88), 0.02),
        (0.5, (0.9, 0.2), 0.0),
        (0.9, (0.9,), 0.4),
        (0.7, (), 0.2),
        (0.9, (0.6, 0.9), 0.3),  # in an order of their own
        (0.9, (0.9, 0.9, 0.1), 0.0),
    ],
)
def test_the_margin_is_the_nearer_of_threshold_and_second_passage(
    confidence: float, scores: tuple[float, ...], margin: float
) -> None:
    passages = tuple(replace(FOUND, score=value) for value in scores)
    measured = answered(confidence=confidence, passages=passages)
    assert measured.margin == pytest.approx(margin)
