"""Follow-ups: what is carried over from the questions before, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.answer import Question, Turn
from chatbot.asking import Asks
from chatbot.follow_up import TURNS_REMEMBERED, readings, stand_alone
from chatbot.query import understand
from chatbot.spelling import Speller
from chatbot.words import content_words


def told(text: str, *earlier: str) -> set[str]:
    return set(content_words(stand_alone(text, earlier).text))


@pytest.mark.parametrize("text", ["What does it cost?", "why?", "and its price?", "Why not?"])
def test_a_question_that_leans_takes_the_topic_along(text: str) -> None:
    assert "efs" in told(text, "Tell me about EFS")


@pytest.mark.parametrize("text", ["Price of Kinesis shards", "Which formats does Firehose write?"])
def test_a_question_that_stands_takes_nothing(text: str) -> None:
    assert stand_alone(text, ["Tell me about EFS"]).text == text


def test_a_topic_is_carried_over_several_turns() -> None:
    assert "efs" in told("and why is that?", "What is EFS?", "Who can mount it?", "is it fast?")


def test_a_new_name_takes_the_place_of_the_old_one() -> None:
    words = told("and for EBS?", "What is the minimum duration of EFS?")
    assert {"minimum", "duration", "ebs"} <= words
    assert "efs" not in words


def test_a_new_aspect_keeps_the_old_name() -> None:
    assert {"efs", "price"} <= told("what about its price?", "How fast is EFS?")


def test_only_so_many_turns_are_looked_at() -> None:
    turns = ["What is EFS?", *["Is it fast?"] * (TURNS_REMEMBERED + 1)]
    assert "efs" not in told("is it big?", *turns)


def test_without_earlier_questions_nothing_changes() -> None:
    assert stand_alone("and EFS?", []).text == "and EFS?"


def test_a_remainder_asks_for_the_kind_that_was_asked_before() -> None:
    nobody = Speller({}, is_common=lambda _: True)
    history = (Turn("How many days are files kept in Glacier?", "90 days"),)
    assert Asks.DURATION in understand(Question("and in Bunker?", history), nobody).asks
    assert Asks.DURATION not in understand(Question("and in Bunker?"), nobody).asks


# People


@pytest.mark.parametrize(
    "text",
    [
        "Where was she born?",
        "When did he die?",
        "and her mother?",
        "Which prize was awarded to him in the end?",
        "Did his brothers sing?",
        "What did they publish?",
    ],
)
def test_a_pronoun_for_a_person_points_back(text: str) -> None:
    assert {"ada", "lovelace"} <= told(text, "Who was Ada Lovelace?")


@pytest.mark.parametrize("text", ["Which heresies spread quickly?", "Is the herring kosher today?"])
def test_a_word_that_only_begins_like_a_pronoun_does_not(text: str) -> None:
    assert "lovelace" not in told(text, "Who was Ada Lovelace?")


# Names of older turns


def test_a_name_is_still_known_after_a_turn_that_leant_on_it() -> None:
    words = told("What did he publish?", "Who was Kepler?", "Where was he born?")
    assert "kepler" in words


def test_what_was_asked_two_turns_ago_is_over_but_the_name_is_not() -> None:
    words = told("How old is it?", "Which animals live in the Sahara?", "Is it hot there?")
    assert "sahara" in words
    assert "animals" not in words


def test_a_turn_that_stands_begins_a_new_topic() -> None:
    words = told("How deep is it?", "How old is the Sahara?", "Which fish does Loch Ness hold?")
    assert {"loch", "ness"} <= words
    assert "sahara" not in words


@pytest.mark.parametrize(
    "turns",
    [
        ("Which gods did Athens worship?", "and Sparta?", "and Thebes?"),
        ("Which gods did Athens worship?", "and in Sparta?", "what about Thebes?"),
        ("Which gods did Athens worship?", "or Corinth?", "and Sparta?", "how about Thebes?"),
    ],
)
def test_what_is_asked_is_kept_over_remainders_and_only_the_last_name(
    turns: tuple[str, ...],
) -> None:
    *earlier, text = turns
    words = told(text, *earlier)
    assert {"gods", "worship", "thebes"} <= words
    assert not words & {"athens", "sparta", "corinth"}


def test_a_new_name_takes_the_place_of_one_that_was_carried_along() -> None:
    words = told("and Sparta?", "Which gods did Athens worship?", "Did it fall in battle?")
    assert {"fall", "battle", "sparta"} <= words
    assert "athens" not in words


def test_a_question_after_a_remainder_is_asked_of_its_name() -> None:
    words = told("When did it fall?", "Which gods did Athens worship?", "and Sparta?")
    assert "sparta" in words
    assert "athens" not in words


# Two ways to read a question

SHORT = (
    "What are the steps?", "advantages?", "Which tools?", "How deep is the trench?", "the price",
)  # fmt: skip


@pytest.mark.parametrize("text", SHORT)
def test_a_short_question_may_stand_or_lean_and_is_likelier_to_stand(text: str) -> None:
    alone, leaning = readings(text, ["How do I bake sourdough bread?"])
    assert alone.text == text
    assert {"bake", "sourdough", "bread"} <= set(content_words(leaning.text))
    assert leaning.text.endswith(text)


@pytest.mark.parametrize(
    "text",
    [
        "Does this fungus spoil bread quickly?",
        "Which of these rivers cross three countries?",
        "How many legs has that spider from Peru got?",
    ],
)
def test_a_long_question_that_points_may_point_at_its_own_words(text: str) -> None:
    leaning, alone = readings(text, ["What is a fjord?"])
    assert "fjord" in leaning.text
    assert alone.text == text


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        *((text, ()) for text in SHORT),  # nothing was said before
        ("How are glaciers formed in high valleys?", ("What is a fjord?",)),  # it says it all
        ("and Oslo?", ("Where is Bonn?",)),  # a remainder cannot stand
        ("why?", ("Where is Bonn?",)),
        ("Is it old?", ("Where is Bonn?",)),  # says too little to stand
        ("What is it?", ("And why?",)),  # nothing to lean on
    ],
)
def test_other_questions_are_read_in_one_way(text: str, earlier: tuple[str, ...]) -> None:
    assert len(readings(text, earlier)) == 1


def test_standing_alone_is_the_likelier_reading() -> None:
    for text in (*SHORT, "and Oslo?", "Does this fungus spoil bread quickly?"):
        earlier = ["How do I bake sourdough bread?"]
        assert stand_alone(text, earlier) == readings(text, earlier)[0]


def test_both_readings_are_understood() -> None:
    nobody = Speller({}, is_common=lambda _: True)
    query = understand(Question("the steps?", (Turn("How do I bake bread?", "…"),)), nobody)
    assert query.terms == ("steps",)
    assert query.other is not None
    assert set(query.other.terms) == {"bake", "bread", "steps"}


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=60),
    earlier=st.lists(st.sampled_from([*SHORT, "and Oslo?", "Is it?", "", "Who was Kepler?"])),
)
def test_there_are_one_or_two_readings_and_each_ends_with_the_question(
    text: str, earlier: list[str]
) -> None:
    ways = readings(text, earlier)
    assert len(ways) in (1, 2)
    assert all(way.text.endswith(text) for way in ways)
    assert len({way.text for way in ways}) == len(ways)
