"""Whether the golden set fits its notes: stale, doubled, given away, or silent about a section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from desks import Shelf
from sample_report import item, unanswerable

from evals.golden_set import Evidence, GoldenFact, GoldenItem, GoldenSet, ItemType
from evals.lint import ITEMS_PER_SECTION, LintReport, lint
from ingest.index import NotesIndex

NOTES = {
    "storage.md": (
        "# Storage\n\n"  # says nothing itself: nobody is to ask about it
        "## Contents\n\n- [Buckets](#buckets)\n- [Volumes](#volumes)\n\n"
        "## Buckets\n\nCaf\u00e9s \U0001f600 keep buckets. A bucket holds objects.\n\n"
        "## **Volumes** \u2014 disks\n\nA volume is a disk of 16 TB.\n"
    ),
    "queues.md": "# Queues\n\nA queue keeps a message for up to 14 days.\n\n# Limits\n\nNone.\n",
    "limits.md": "# Limits\n\nTen. Do not ask for more.\n",
}
BUCKET = ("storage.md", "Buckets", "A bucket holds objects.")
VOLUME = ("storage.md", "Volumes - disks", "a disk of 16 TB")
QUEUE = ("queues.md", "Queues", "up to 14 days")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotesIndex]:
    with Shelf.open(NOTES, tmp_path_factory.mktemp("lint")) as shelf:
        yield shelf.index


def about(item_id: str, *places: tuple[str, str, str], **fields: Any) -> GoldenItem:
    evidence = tuple(Evidence(file=f, heading=h, quote=q) for f, h, q in places)
    return item(item_id, evidence=evidence, **fields)


def found(index: NotesIndex, *items: GoldenItem, kind: str) -> list[str]:
    """The problems of one kind, without its name."""
    report = lint(GoldenSet(items), index)
    return [p.removeprefix(f"{kind}: ") for p in report.problems if p.startswith(kind)]


def clean() -> tuple[GoldenItem, ...]:
    """Two items about each section that says something."""
    places = (
        BUCKET,
        VOLUME,
        QUEUE,
        ("queues.md", "Limits", "None."),
        ("limits.md", "Limits", "Ten."),
    )
    # Names that are alike would make questions that are.
    names = iter("oak elm fir yew ash plum pear rowan hazel beech".split())
    return tuple(about(next(names), place) for place in places for _ in range(ITEMS_PER_SECTION))


def test_a_set_that_fits_has_no_problem(index: NotesIndex) -> None:
    report = lint(GoldenSet(clean()), index)
    assert report.problems == ()
    assert all(row.is_covered for row in report.coverage)


def test_every_section_that_says_something_is_counted_and_no_other(index: NotesIndex) -> None:
    report = lint(GoldenSet((about("one", BUCKET),)), index)
    assert {(row.source, row.heading[-1]): row.items for row in report.coverage} == {
        ("storage.md", "Buckets"): 1,
        ("storage.md", "Volumes \u2014 disks"): 0,
        ("queues.md", "Queues"): 0,
        ("queues.md", "Limits"): 0,
        ("limits.md", "Limits"): 0,
    }
    assert "storage.md › Storage › Buckets: 1" in map(str, report.coverage)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        pytest.param(
            ("storage.md", "Buckets", "A bucket holds things."),
            "'A bucket holds things.' does not stand under 'Buckets' in storage.md",
            id="the sentence was changed",
        ),
        pytest.param(
            ("storage.md", "Buckets", "a disk of 16 TB"),
            "'a disk of 16 TB' does not stand under 'Buckets' in storage.md",
            id="it stands under another heading",
        ),
        pytest.param(
            ("storage.md", "Buckets", "a bucket holds objects."),
            "'a bucket holds objects.' does not stand under 'Buckets' in storage.md",
            id="another case is not verbatim",
        ),
        pytest.param(
            ("storage.md", "Barrels", "A bucket holds objects."),
            "no heading 'Barrels' in 'storage.md'",
            id="the heading was renamed",
        ),
        pytest.param(
            ("stores.md", "Buckets", "A bucket holds objects."),
            "no heading 'Buckets' in 'stores.md'",
            id="the file was renamed",
        ),
        pytest.param(
            ("storage.md", "Contents", "[Buckets](#buckets)"),
            "no heading 'Contents' in 'storage.md'",
            id="a table of contents is no evidence",
        ),
        pytest.param(
            ("limits.md", "Limits", "None."),
            "'None.' does not stand under 'Limits' in limits.md",
            id="the same heading in another file",
        ),
    ],
)
def test_evidence_that_is_not_there_is_stale(
    index: NotesIndex, place: tuple[str, str, str], said: str
) -> None:
    assert found(index, about("one", BUCKET, place), kind="stale evidence") == [f"one: {said}"]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(BUCKET, id="after characters of several bytes"),
        pytest.param(VOLUME, id="a heading with emphasis and another dash"),
        pytest.param(("storage.md", "BUCKETS", "A bucket"), id="a heading in another case"),
    ],
)
def test_evidence_that_stands_there_is_not_stale(
    index: NotesIndex, place: tuple[str, str, str]
) -> None:
    assert found(index, about("one", place), kind="stale evidence") == []


def test_every_stale_place_is_named(index: NotesIndex) -> None:
    lost = [("storage.md", "Buckets", words) for words in ("first lost", "second lost")]
    assert len(found(index, about("one", *lost), kind="stale evidence")) == 2


@pytest.mark.parametrize(
    "again",
    [
        "How much does a bucket hold?",
        "how much does a **bucket** hold",
        "How much does a bucket holds?",
    ],
)
def test_a_question_that_is_asked_twice_is_named_with_both_items(
    index: NotesIndex, again: str
) -> None:
    first = about("first", BUCKET, question="How much does a bucket hold?")
    second = about("second", BUCKET, question=again)
    assert found(index, first, second, kind="duplicate question") == [
        f"second: {again!r} is asked by first"
    ]


def test_a_paraphrase_that_only_repeats_is_doubled(index: NotesIndex) -> None:
    own = about("one", BUCKET, question="What is it for?", paraphrases=("what is it for",))
    other = about("two", BUCKET, question="Why?", paraphrases=("What is it for?",))
    assert len(found(index, own, other, kind="duplicate question")) == 2


def test_the_same_words_after_other_turns_are_another_question(index: NotesIndex) -> None:
    def follow_up(item_id: str, turn: str) -> GoldenItem:
        return about(
            item_id,
            BUCKET,
            question="And how large?",
            type=ItemType.FOLLOW_UP,
            turns=(turn,),
            standalone=f"How large is it, {item_id}?",
        )

    one, two = follow_up("one", "What is a bucket?"), follow_up("two", "What is a volume?")
    assert found(index, one, two, kind="duplicate question") == []
    assert found(index, one, follow_up("two", "What is a bucket?"), kind="duplicate question")


def test_questions_that_differ_in_a_word_are_two(index: NotesIndex) -> None:
    one = about("one", BUCKET, question="How large is a bucket?")
    two = about("two", BUCKET, question="How large is a volume?")
    assert found(index, one, two, kind="duplicate question") == []


def fact(words: str, importance: str = "vital") -> GoldenFact:
    return GoldenFact.model_validate({"text": words, "any_of": [words], "importance": importance})


GIVEN_AWAY = "answerable without the notes"


def test_an_item_whose_question_holds_every_vital_fact_is_given_away(index: NotesIndex) -> None:
    facts = (fact("holds objects"), fact("5 TB", "okay"))
    given = about("one", BUCKET, question="Is it so that a bucket holds objects?", key_facts=facts)
    (said,) = found(index, given, kind=GIVEN_AWAY)
    assert said.startswith("one: ")


def test_what_an_earlier_turn_says_is_given_away_too(index: NotesIndex) -> None:
    given = about(
        "one",
        BUCKET,
        question="Is that so?",
        type=ItemType.FOLLOW_UP,
        turns=("I heard that a bucket holds objects.",),
        standalone="Does it?",
        key_facts=(fact("holds objects"),),
    )
    assert len(found(index, given, kind=GIVEN_AWAY)) == 1


def test_an_item_that_keeps_a_vital_fact_back_is_not_given_away(index: NotesIndex) -> None:
    facts = (fact("holds objects"), fact("16 TB"))
    asked = about("one", BUCKET, question="It holds objects, of what size?", key_facts=facts)
    assert found(index, asked, kind=GIVEN_AWAY) == []


def test_an_unanswerable_item_needs_no_evidence_and_covers_nothing(index: NotesIndex) -> None:
    report = lint(GoldenSet((*clean(), unanswerable("price", near="Buckets"))), index)
    assert report.problems == ()


def test_a_section_that_too_few_ask_about_is_uncovered(index: NotesIndex) -> None:
    dropped, *others = clean()
    assert found(index, *others, kind="uncovered section") == [
        "storage.md › Storage › Buckets: 1, wanted 2"
    ]
    # The same section twice in one item is one item.
    again = dropped.evidence[0].model_copy(update={"quote": "Caf\u00e9s"})
    twice = others[0].model_copy(update={"evidence": (*others[0].evidence, again)})
    assert found(index, twice, *others[1:], kind="uncovered section")


def test_drafts_are_held_against_nothing(index: NotesIndex) -> None:
    draft = about("draft", ("gone.md", "Gone", "gone"))
    report = lint(GoldenSet(clean(), drafts=(draft,)), index)
    assert report == LintReport((), report.coverage)
