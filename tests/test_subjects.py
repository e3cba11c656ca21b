"""What a sentence speaks of where it does not say so, and what is asked of the judge then."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from chatbot.answer import Ruling
from chatbot.events import Verdict
from chatbot.generation.composer import OF_WHAT_IS_OUT, Composer, Notes
from chatbot.generation.material import Material
from chatbot.generation.subjects import Subject, names_in
from chatbot.grounding.judge import Judge, Judgement
from chatbot.grounding.replies import Said, read_reply
from chatbot.numbering import Numbering


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("S3 Glacier Deep Archive is the cheapest.", "S3 Glacier Deep Archive"),
        ("The cheapest is Amazon S3.", "Amazon S3"),
        ("Cold storage is cheap.", ""),
        ("", ""),
    ],
)
def test_the_names_of_a_sentence_are_what_the_next_may_mean(text: str, names: str) -> None:
    assert names_in(text) == names


def said(text: str, bullet: str = "") -> Said:
    return Said(text, (1,), bullet)


def test_a_sentence_that_points_back_means_the_one_before_it() -> None:
    subject = Subject()
    subject.follow(said("Amazon S3 keeps objects."), stands=True)
    assert subject.of(said("It keeps them for 90 days.")) == "Amazon S3"
    assert subject.of(said("Buckets are regional.")) == ""


def test_what_points_back_goes_on_meaning_the_same() -> None:
    subject = Subject()
    subject.follow(said("Amazon S3 keeps objects."), stands=True)
    subject.follow(said("It is cheap."), stands=True)
    assert subject.of(said("They are encrypted.")) == "Amazon S3"


def test_what_points_back_to_a_sentence_that_is_out_means_nothing() -> None:
    subject = Subject()
    subject.follow(said("Amazon S3 keeps objects."), stands=False)
    assert subject.of(said("It is cheap.")) is None
    assert subject.of(said("Buckets are regional.")) == ""


def test_an_item_is_of_its_heading_until_a_sentence_ends_the_list() -> None:
    subject = Subject()
    subject.open("Amazon S3 Standard")
    assert subject.of(said("Durability: 11 nines", "- ")) == "Amazon S3 Standard"
    subject.follow(said("Durability: 11 nines", "- "), stands=True)
    assert subject.of(said("Zones: 3", "- ")) == "Amazon S3 Standard"
    subject.follow(said("Buckets are regional."), stands=True)
    assert subject.of(said("Zones: 3", "- ")) == ""


class Asked(Judge):
    """Finds no sentence supported, and knows which it was asked about."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def judge(self, sentence: str, cited: Collection[int]) -> Judgement:
        self.sentences.append(sentence)
        return Judgement(Ruling.UNSUPPORTED, (), "no")


def composed(reply: str) -> tuple[Composer, list[str]]:
    judge = Asked()
    notes = Notes(lambda _: "", lambda _: "")
    composer = Composer(judge, Material((), (), ()), Numbering(), notes)
    for sentence in read_reply(reply):
        for event in composer.add(sentence):
            assert isinstance(event, Verdict)
    return composer, judge.sentences


def test_an_item_is_judged_with_the_names_of_what_it_stands_under() -> None:
    _, asked = composed("**Amazon S3 Standard**\n- Durability: 11 nines [1]\n- Zones: 3 [1]\n")
    assert asked == [
        "Amazon S3 Standard Durability: 11 nines",
        "Amazon S3 Standard Zones: 3",
    ]


def test_a_sentence_about_what_was_left_out_is_left_out_unasked() -> None:
    composer, asked = composed("Amazon S3 sings. [1] It keeps objects for 90 days. [1]\n")
    assert asked == ["Amazon S3 sings."]
    assert [sentence.problem for sentence in composer.sentences] == ["no", OF_WHAT_IS_OUT]


def test_the_same_item_under_another_heading_is_no_repetition() -> None:
    reply = "".join(
        f"**Amazon S{n} Standard**\n- Durability: 11 nines [1]\n- Zones: 3 [1]\n" for n in range(4)
    )
    composer, asked = composed(reply)
    assert len(asked) == 8
    assert not composer.runs_in_circles


def test_a_model_that_says_one_thing_again_and_again_runs_in_circles() -> None:
    composer, asked = composed("Buckets sing loudly. [1]\n" * 5)
    assert len(asked) == 1
    assert composer.runs_in_circles
