"""What became of a model's sentences, counted."""

from __future__ import annotations

from evals.metrics.writing import Sentences, sentences_of
from evals.results import Writing, WrittenSentence

VERIFIED = WrittenSentence("A bucket holds objects.", "verified", "A bucket holds objects.")
REPAIRED = WrittenSentence("Buckets hold things.", "repaired", "A bucket holds objects.", "things")
UNSUPPORTED = WrittenSentence("It is blue.", "unsupported", problem="blue is not there")
UNCITED = WrittenSentence("I hope that helps!", "uncited", problem="says nothing of your notes")
AGAIN = WrittenSentence("So it holds objects.", "verified", problem="said before")
REFUSAL = WrittenSentence("Not in your notes.", "uncited")


def test_each_sentence_is_counted_by_what_became_of_it() -> None:
    worded = Writing("tiny", sentences=(VERIFIED, REPAIRED, UNSUPPORTED, UNCITED, AGAIN))
    found = sentences_of([worded, Writing("tiny", sentences=(VERIFIED,))])
    assert found == Sentences(
        written=6, verified=2, repaired=1, unsupported=1, uncited=1, repeated=1, in_answers=3
    )
    assert found.dropped == 3
    assert found.verified + found.repaired + found.dropped == found.written


def test_what_was_let_stand_and_then_declined_is_in_no_answer() -> None:
    found = sentences_of([Writing("", sentences=(VERIFIED,))])
    assert (found.verified, found.in_answers) == (1, 0)


def test_that_the_notes_do_not_say_is_no_sentence_that_was_left_out() -> None:
    assert sentences_of([Writing("tiny", sentences=(VERIFIED, REFUSAL))]).written == 1


def test_where_nothing_was_written_there_is_nothing_to_count() -> None:
    assert sentences_of([Writing(notice="It is gone.")]).written == 0


def test_an_answer_fell_back_where_it_is_not_the_models_and_something_is_said_of_that() -> None:
    assert Writing("", notice="tiny wrote nothing that your notes hold.").fell_back
    assert not Writing("").fell_back  # declined
    assert not Writing("tiny", notice="Left out: 1 sentence …").fell_back
