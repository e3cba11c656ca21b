"""What a terminal shows of an answer while it is being written, and what is left of it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from chatbot.answer import JudgedSentence, Ruling
from chatbot.events import Event, Failed, Stage, Status, TextDelta, Verdict
from chatbot.live_answer import WRITING, LiveAnswer

KEPT = Verdict(
    JudgedSentence("It is kept 180 days.", Ruling.VERIFIED, "It is kept 180 days.", (1,))
)
DROPPED = Verdict(JudgedSentence("Agnes made it.", Ruling.UNSUPPORTED, "", (), problem="not held"))


def frame(*events: Event) -> str:
    """The last frame, as plain text."""
    live = LiveAnswer(Console(file=io.StringIO()))
    for event in events:
        live.show(event)
    screen = Console(file=io.StringIO(), width=100, color_system=None)
    screen.print(live._shown())
    shown = screen.file
    assert isinstance(shown, io.StringIO)
    return shown.getvalue()


def test_what_is_not_checked_yet_is_shown_as_it_comes() -> None:
    assert "Waiting for the model" in frame(Status(Stage.WRITE))
    shown = frame(TextDelta("It is "), TextDelta("kept 180"))
    assert "It is kept 180" in shown
    assert WRITING in shown


def test_a_sentence_that_stands_takes_the_place_of_what_was_not_checked() -> None:
    shown = frame(TextDelta("It is kept 180 days [1]. A"), KEPT, TextDelta("nd then"))
    assert "It is kept 180 days. [1]" in shown
    assert shown.count("180 days") == 1
    assert "nd then" in shown


def test_a_sentence_that_does_not_stand_goes() -> None:
    assert "Agnes" not in frame(TextDelta("Agnes made it. S"), DROPPED)


def test_all_goes_where_the_model_fails() -> None:
    assert "180" not in frame(TextDelta("It is kept 180 days. X"), KEPT, Failed("gone"))


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x1b]0;title\x07", "\u202e", "[bold]x"])
def test_what_a_model_writes_moves_no_cursor_and_is_no_markup(hostile: str) -> None:
    shown = frame(TextDelta(f"a{hostile}b"))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert "[bold]" in shown or "bold" not in hostile


def test_nothing_is_shown_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with LiveAnswer(Console(file=stream)) as live:
        live.show(TextDelta("It is kept"))
    assert stream.getvalue() == ""


def test_nothing_is_left_on_a_terminal() -> None:
    stream = io.StringIO()
    with LiveAnswer(Console(file=stream, force_terminal=True, width=60)) as live:
        live.show(TextDelta("It is kept"))
    end = stream.getvalue().rpartition("It is kept")[2]
    assert "\x1b[2K" in end  # the line is cleared
