"""An answer that is there already, told as events: its lines, each behind what it cites."""

from __future__ import annotations

import pytest
from worded import cited_by, standing

from chatbot.answer import Answer, Citation, Ruling, Status, Timings
from chatbot.event_lines import events_of
from chatbot.events import Citations, Verdict


def citation(number: int) -> Citation:
    return Citation(number, "note.md", ("Note",), "note", (1, 1), f"quote {number}", 0, 7)


def answer(text: str, status: Status = Status.ANSWERED, numbers: int = 3) -> Answer:
    citations = tuple(citation(number) for number in range(1, numbers + 1))
    return Answer("Why?", status, text, citations, (), Timings())


def test_each_line_is_a_sentence_of_the_notes_own() -> None:
    events = list(events_of(answer("One. [1] [2]\n- Two [2]\nThree. [3]")))
    assert [type(event) for event in events] == [Citations, Verdict, Verdict, Citations, Verdict]
    told = [(one.bullet, one.text, one.numbers) for one in standing(events)]
    assert told == [("", "One.", (1, 2)), ("- ", "Two", (2,)), ("", "Three.", (3,))]
    assert {one.ruling for one in standing(events)} == {Ruling.VERIFIED}
    assert list(cited_by(events)) == [1, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "One. [1] [2]\n- Two [2]\nThree. [3]",
        "a = [0]\nb = items[1]\nprint(a) [1]\nIt prints. [2]",
        "See [RFC 9] and (2). [3]",
    ],
)
def test_the_lines_of_its_sentences_are_its_text(text: str) -> None:
    assert "\n".join(one.line for one in standing(list(events_of(answer(text))))) == text


def test_what_is_missing_is_no_sentence() -> None:
    partial = answer("One. [1]\nYour notes don't answer the rest: “the price”.", Status.PARTIAL)
    assert [one.text for one in standing(list(events_of(partial)))] == ["One."]


def test_a_refusal_is_no_sentence() -> None:
    assert list(events_of(answer("Your notes don't answer this.", Status.NOT_IN_NOTES, 0))) == []
