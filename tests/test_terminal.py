"""What is shown: plain words, whatever the notes hold."""

from __future__ import annotations

import io
import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answer import (
    Answer,
    Citation,
    Correction,
    JudgedSentence,
    Passage,
    Question,
    Ruling,
    Status,
    Timings,
)
from chatbot.dialogue import HELP, converse
from chatbot.errors import EmptyQuestion
from chatbot.plain_text import (
    Line,
    neutral,
    one_line,
    place,
    read_lines,
    readable,
    to_json_line,
)
from chatbot.terminal import STEP_LINES, Terminal
from ingest.build import IngestReport
from ingest.notes import SkippedFile
from ingest.steps import STEPS, Step

ESC = "\x1b"


def citation(quote: str = "Amazon S3 stores objects.", **changes: object) -> Citation:
    values: dict[str, object] = {
        "number": 1,
        "source": "storage.md",
        "heading": ("Storage", "Amazon S3"),
        "anchor": "amazon-s3",
        "lines": (12, 14),
        "quote": quote,
        "start": 0,
        "end": len(quote),
    }
    return Citation(**{**values, **changes})  # type: ignore[arg-type]


def passage(text: str = "Amazon S3 stores objects.") -> Passage:
    return Passage(
        source="storage.md",
        heading=("Storage", "Amazon S3"),
        anchor="amazon-s3",
        lines=(12, 14),
        start=0,
        end=len(text),
        score=0.831,
        text=text,
        section_id="storage.md#amazon-s3",
        chunk_id="storage.md#amazon-s3/0",
    )


def answer(
    text: str = "Amazon S3 stores objects. [1]",
    status: Status = Status.ANSWERED,
    citations: tuple[Citation, ...] = (citation(),),
) -> Answer:
    return Answer("What is S3?", status, text, citations, (), Timings())


def terminal(typed: str = "") -> Terminal:
    return Terminal(io.StringIO(typed), io.StringIO(), io.StringIO())


def shown(screen: Terminal) -> str:
    assert isinstance(screen.stdout, io.StringIO)
    return screen.stdout.getvalue()


def noticed(screen: Terminal) -> str:
    assert isinstance(screen.stderr, io.StringIO)
    return screen.stderr.getvalue()


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        (f"{ESC}[2Jgone", "␛[2Jgone"),
        (f"{ESC}]0;title\x07", "␛]0;title␇"),
        ("\x9b31mred", "\ufffd31mred"),
        ("a\x08b\x7f", "a␈b␡"),
        ("over\rwritten", "over\nwritten"),
        ("line\r\nline", "line\nline"),
        ("a\u2028b", "a\nb"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\u2067x\u2069", "\ufffdx\ufffd"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tag\U000e0041", "tag"),
        ("\ud800", "\ufffd"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("👩\u200d🔬 naïve “quote” — ok", "👩\u200d🔬 naïve “quote” — ok"),
    ],
)
def test_neutral_disarms(hostile: str, harmless: str) -> None:
    assert neutral(hostile) == harmless


@given(st.text(st.characters(codec=None)))
def test_neutral_leaves_nothing_that_steers(text: str) -> None:
    kept = neutral(text)
    assert neutral(kept) == kept
    kept.encode("utf-8")
    for character in kept.replace("\n", "").replace("\t", ""):
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in (
            *("LRE", "RLE", "LRO", "RLO", "PDF"),
            *("LRI", "RLI", "FSI", "PDI"),
        )


def test_readable_repairs_characters_and_short_codes() -> None:
    assert readable("Itâ€™s fast :rocket:") == "It's fast 🚀"
    assert readable("at 10:30:00, arn:aws:key:x, a:rocket:b") == (
        "at 10:30:00, arn:aws:key:x, a:rocket:b"
    )


def test_one_line_cuts_at_a_word() -> None:
    assert one_line("one\n two   three") == "one two three"
    assert one_line("one two three", 10) == "one two…"
    assert len(one_line("x" * 50, 10)) == 10


def test_place_names_heading_file_and_lines() -> None:
    assert place(citation()) == "Storage › Amazon S3 — storage.md:12–14"
    assert place(citation(lines=(7, 7))) == "Storage › Amazon S3 — storage.md:7"


def test_an_answer_is_its_text_and_its_footnotes() -> None:
    screen = terminal()
    screen.answer(answer())
    assert shown(screen).splitlines() == [
        "Amazon S3 stores objects. [1]",
        "",
        "1  Storage › Amazon S3 — storage.md:12–14",
        "   “Amazon S3 stores objects.”",
    ]
    assert noticed(screen) == ""


def test_footnotes_of_several_digits_stand_under_each_other() -> None:
    screen = terminal()
    screen.answer(answer("S3. [9] [10]", citations=(citation(number=9), citation(number=10))))
    first, _, second, quote = shown(screen).splitlines()[2:]
    assert (first[:4], second[:4], quote[:5]) == (" 9  ", "10  ", "    “")
    screen = terminal()
    screen.answer(answer("S3. [12]", citations=(citation(number=12),)))
    assert shown(screen).splitlines()[-1].startswith("    “")


def test_a_word_that_was_read_as_another_is_told() -> None:
    screen = terminal()
    mended = (Correction("glaciar", "glacier"), Correction("archve", f"arch{ESC}ive"))
    screen.answer(replace(answer(), corrections=mended))
    first = shown(screen).splitlines()[0]
    assert first == "Read “glaciar” as “glacier”, “archve” as “arch␛ive”."


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (Status.PARTIAL, "Your notes answer this in part."),
        (Status.NOT_IN_NOTES, "Not in your notes."),
    ],
)
def test_a_status_other_than_answered_is_said_once(status: Status, line: str) -> None:
    screen = terminal()
    screen.answer(answer(text=f"{line} More.", status=status))
    assert shown(screen).count(line) == 1
    screen = terminal()
    screen.answer(answer(status=status))
    assert shown(screen).startswith(f"{line}\nAmazon S3")


def test_markup_in_notes_is_shown_as_it_stands() -> None:
    text = "Use [bold red]arr[0][/bold red] and [link=http://x.invalid]here[/link]. [1]"
    screen = terminal()
    screen.answer(answer(text=text, citations=(citation(text),)))
    assert text in shown(screen)


def test_what_an_ingest_repaired_is_told() -> None:
    screen = terminal()
    report = IngestReport("g", 1, 1, 1, 1, 0, 0, (), True, repaired=("It was damaged.",))
    screen.report(report, Path("index"))
    assert isinstance(screen.stderr, io.StringIO)
    assert screen.stderr.getvalue() == "It was damaged.\n"


def test_no_raw_control_character_reaches_the_screen() -> None:
    bad = f"{ESC}[2J\x9b2J\u202e"
    hostile = citation(f"quote{bad}", source=f"a{bad}.md", heading=(f"head{bad}",))
    screen = terminal()
    screen.answer(answer(text=f"text{bad} [1]", citations=(hostile,)))
    screen.answer_line(answer(text=f"text{bad} [1]", citations=(hostile,)))
    screen.passages([passage(f"passage{bad}")])
    screen.finding(None, "index", bad, bad)
    screen.notice(bad)
    screen.error(bad)
    screen.report(IngestReport("g", 1, 1, 1, 1, 0, 0, (SkippedFile(bad, bad),), False), Path(bad))
    screen.json({"text": bad})
    for text in (shown(screen), noticed(screen)):
        assert not set(text) & {ESC, "\x9b", "\u202e"}


def test_piped_text_is_not_wrapped() -> None:
    long = "word " * 100 + "[1]"
    screen = terminal()
    screen.answer(answer(text=long))
    assert long in shown(screen)


def test_an_answer_fits_one_line() -> None:
    screen = terminal()
    screen.answer_line(answer(text="One thing. [1]\n\n- Another. [1]"))
    assert shown(screen) == (
        "One thing. [1] - Another. [1] — [1] Storage › Amazon S3 — storage.md:12–14\n"
    )


def test_passages_come_with_place_and_score() -> None:
    screen = terminal()
    screen.passages([passage()])
    assert shown(screen).splitlines() == [
        " 1  Storage › Amazon S3 — storage.md:12–14  0.83",
        "    Amazon S3 stores objects.",
    ]


def test_each_step_of_an_ingest_is_one_line() -> None:
    screen = terminal()
    for step in (
        Step("read", 2, 2),
        Step("split", 1, 2),
        Step("split", 2, 2),
        Step("embed", 0, 1),
        Step("embed", 1, 1),
        Step("flip", 0, 0),
    ):
        screen.progress(step)
    screen.settle()
    assert noticed(screen).splitlines() == [
        "Reading 2 notes",
        "Finding the sections of 2 notes",
        "Embedding 1 new chunk",
        "Switching over",
    ]


def test_every_step_has_its_words() -> None:
    assert set(STEP_LINES) == set(STEPS)


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_finished_step_is_ticked_and_a_broken_one_crossed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal(io.StringIO(), Screen(), Screen())
    screen.progress(Step("read", 2, 2))
    screen.progress(Step("embed", 5, 9))
    screen.settle(done=False)
    lines = [line for line in noticed(screen).splitlines() if "✓" in line or "✗" in line]
    assert "Reading 2 notes" in lines[0]
    assert "Embedding 5 of 9 new chunks" in lines[1]


@given(st.text(st.characters(codec=None)))
def test_json_is_one_line_without_control_and_means_the_same(text: str) -> None:
    line = to_json_line({"text": text})
    assert json.loads(line)["text"] == json.loads(json.dumps(text))
    assert line.splitlines() == [line]
    assert neutral(line) == line
    line.encode("utf-8")


def test_json_keeps_ordinary_characters() -> None:
    assert to_json_line({"quote": "naïve › 🚀"}) == '{"quote": "naïve › 🚀"}'


def test_lines_are_read_without_their_ends() -> None:
    stream = io.StringIO("\ufeffone\r\n\ntwo", newline="")
    assert list(read_lines(stream, 10)) == [Line(1, "one", 3), Line(2, "", 0), Line(3, "two", 3)]


def test_a_long_line_is_counted_and_not_kept() -> None:
    stream = io.StringIO("x" * 100_000 + "\nnext\n" + "y" * 11)
    long, following, last = read_lines(stream, 10)
    assert long == Line(1, "x" * 10, 100_000)
    assert following == Line(2, "next", 4)
    assert last == Line(3, "y" * 10, 11)


def test_a_line_of_exactly_the_limit_is_whole() -> None:
    assert list(read_lines(io.StringIO("x" * 10 + "\nnext\n"), 10)) == [
        Line(1, "x" * 10, 10),
        Line(2, "next", 4),
    ]


class Notes:
    """Answers with the question, and keeps what it was asked."""

    def __init__(self, *failures: BaseException) -> None:
        self.asked: list[Question] = []
        self._failures = list(failures)

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        if self._failures:
            raise self._failures.pop(0)
        text = f"About {question.text} [1]"
        return Answer(question.text, Status.ANSWERED, text, (citation(),), (), Timings())


def test_a_conversation_remembers_what_was_said() -> None:
    notes, screen = Notes(), terminal("What is S3?\n\nAnd its classes?\n")
    converse(notes, screen)
    first, second = notes.asked
    assert first.history == ()
    assert [(turn.question, turn.answer) for turn in second.history] == [
        ("What is S3?", "About What is S3? [1]")
    ]
    assert "About And its classes? [1]" in shown(screen)


def test_a_conversation_ends_at_quit() -> None:
    notes, screen = Notes(), terminal("/quit\nWhat is S3?\n")
    converse(notes, screen)
    assert notes.asked == []


def test_new_forgets() -> None:
    notes, screen = Notes(), terminal("One?\n/new\nTwo?\n")
    converse(notes, screen)
    assert notes.asked[1].history == ()


def test_a_conversation_knows_all_that_it_cited_until_it_is_forgotten() -> None:
    def at(number: int) -> Citation:
        return citation(number=number, source=f"{number}.md")

    answers = [answer("A [1]", citations=(at(1),)), answer("B [2]", citations=(at(2),))] * 2
    asked: list[Question] = []

    def reply(question: Question) -> Answer:
        asked.append(question)
        return answers[len(asked) - 1]

    converse(reply, terminal("a?\nb?\n/private\nc?\n/new\nd?\n"))
    assert [[cited.number for cited in question.cited] for question in asked] == [
        [],
        [1],
        [1, 2],
        [],
    ]


def test_help_and_unknown_commands_are_no_questions() -> None:
    notes, screen = Notes(), terminal("/help\n/hlep\n")
    converse(notes, screen)
    assert notes.asked == []
    assert HELP in noticed(screen)
    assert "No command /hlep" in noticed(screen)


def test_a_path_is_a_question_and_no_command() -> None:
    notes = Notes()
    converse(notes, terminal("/opt/ml/model holds what?\n"))
    assert [question.text for question in notes.asked] == ["/opt/ml/model holds what?"]


def test_a_question_that_fails_does_not_end_the_conversation() -> None:
    notes, screen = Notes(EmptyQuestion(), KeyboardInterrupt()), terminal("a?\nb?\nc?\n")
    converse(notes, screen)
    assert len(notes.asked) == 3
    assert notes.asked[2].history == ()
    assert "footnote: The question is empty." in noticed(screen)
    assert "Stopped." in noticed(screen)


def test_a_long_question_is_refused_in_conversation() -> None:
    notes, screen = Notes(), terminal("x" * 100_000 + "\n")
    converse(notes, screen)
    assert notes.asked == []
    assert "100,000 characters; 4,000 is the most" in noticed(screen)


def test_a_conversation_keeps_a_bounded_history() -> None:
    notes = Notes()
    converse(notes, terminal("again?\n" * 30))
    assert len(notes.asked[-1].history) == 10


# What a model worded


def worded(**changes: object) -> Answer:
    sentences = (
        JudgedSentence("S3 stores objects.", Ruling.VERIFIED, "S3 stores objects.", (1,)),
        JudgedSentence("It is free.", Ruling.UNSUPPORTED, "", (), problem="not in your notes"),
        JudgedSentence("Hello!", Ruling.UNCITED, "", ()),
        JudgedSentence(
            "It keeps files.",
            Ruling.REPAIRED,
            "It keeps objects.",
            (1,),
            "- ",
            "not “files”",
        ),
    )
    made = replace(
        answer("S3 stores objects. [1]\n- It keeps objects. [1]"),
        model="openai:tiny",
        sentences=sentences,
        notice="Left out: 1 sentence.",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_who_worded_an_answer_is_said_and_what_was_left_out() -> None:
    screen = terminal()
    screen.answer(worded())
    assert "Worded by openai:tiny" in shown(screen)
    assert "Left out: 1 sentence." in shown(screen)
    assert "free" not in shown(screen)


def test_what_the_notes_do_not_hold_can_be_shown_struck_out_in_its_place() -> None:
    screen = terminal()
    screen.strikes = True
    screen.answer(worded())
    lines = shown(screen).splitlines()
    assert lines[:4] == [
        "S3 stores objects. [1]",
        "✗ It is free. (not in your notes)",
        "- It keeps objects. [1]",
        "✗ - It keeps files. (not “files”)",
    ]
    assert "Hello" not in shown(screen)


def test_a_line_that_is_no_sentence_of_the_model_is_shown_with_the_struck_ones() -> None:
    rest = "Your notes don't answer the rest: “the price”."
    screen = terminal()
    screen.strikes = True
    screen.answer(worded(text=f"S3 stores objects. [1]\n- It keeps objects. [1]\n{rest}"))
    assert rest in shown(screen)


def test_an_answer_in_the_notes_own_words_says_why_it_is_not_a_models() -> None:
    screen = terminal()
    screen.answer(worded(model="", notice="tiny did not answer.", sentences=()))
    assert "tiny did not answer." in shown(screen)
    assert "Worded by" not in shown(screen)


@pytest.mark.parametrize("field", ["notice", "model"])
def test_what_is_said_of_a_model_moves_no_cursor(field: str) -> None:
    screen = terminal()
    screen.answer(worded(**{field: f"{ESC}[2Jgone"}))
    assert ESC not in shown(screen)
