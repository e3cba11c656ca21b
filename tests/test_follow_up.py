"""Follow-ups: what is carried over from the questions before, and what is not."""

from __future__ import annotations

import pytest

from chatbot.answer import Question, Turn
from chatbot.asking import Asks
from chatbot.follow_up import TURNS_REMEMBERED, stand_alone
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
