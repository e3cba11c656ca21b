"""`footnote chat` keeps what is said, `footnote conversations` finds it again."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import chdir, closing
from dataclasses import replace
from pathlib import Path

import pytest
from kept import answer
from markdown_it import MarkdownIt
from test_cli import Chain, Run, failing, run

from chatbot.answer import (
    Answer,
    Citation,
    JudgedSentence,
    Question,
    Ruling,
    Status,
    Timings,
)
from chatbot.backend import Backend
from chatbot.cli import main
from chatbot.numbering import numbered_on
from chatbot.terminal import Terminal
from chatbot.user_data import UserData
from chatbot.user_data.markdown import conversation_in_markdown

HOSTILE = (
    "\x1b[2J\u202e<script>alert(1)</script> ![x](http://x.invalid/p.png) [a](javascript:b)"
    " `code` ~~~ | # *bold* &amp; [1] [7]"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder of its own; what would be kept is in `.footnote` in it."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        del os.environ[name]
    with chdir(tmp_path):
        yield tmp_path / ".footnote"
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def kept(home: Path) -> UserData:
    return UserData(home)


def chat(typed: str, *argv: str) -> Run:
    done = run("chat", *argv, stdin=typed)
    assert done.code == 0, done.err
    return done


def test_a_chat_is_kept_and_says_where(kept: UserData) -> None:
    done = chat("What is S3?\nAnd EBS?\n")
    assert done.err.count(f"is kept in {Path('.footnote/user.sqlite')}") == 1
    assert "--private" in done.err
    [conversation] = kept.conversations()
    assert (conversation.notebook, conversation.title) == ("default", "What is S3?")
    assert [turn.question for turn in kept.turns(conversation.id)] == ["What is S3?", "And EBS?"]


def test_a_chat_without_a_question_leaves_nothing(kept: UserData) -> None:
    chat("/quit\n")
    assert not kept.path.exists()


@pytest.mark.parametrize(
    ("typed", "argv"),
    [("What is S3?\n", ["--private"]), ("/private\nWhat is S3?\n/new\nAnd EBS?\n", [])],
)
def test_a_private_chat_leaves_nothing(kept: UserData, typed: str, argv: list[str]) -> None:
    done = chat(typed, *argv)
    assert "Amazon S3 stores objects." in done.out
    assert not kept.path.parent.exists()


def test_new_begins_another_conversation(kept: UserData) -> None:
    chat("one?\n/new\ntwo?\nthree?\n")
    found = [(conversation.title, conversation.turns) for conversation in kept.conversations()]
    assert found == [("two?", 2), ("one?", 1)]


def test_tomorrow_the_newest_goes_on_with_what_was_said(kept: UserData) -> None:
    chat("one?\n/new\ntwo?\n")
    done = chat("and?\n", "--continue")
    assert "“two?”: 1 turn so far" in done.err
    assert done.out.startswith("? two?\ntwo? Amazon S3 stores objects. [1]\n\n1  Storage › S3 — ")
    [asked] = done.chain.asked
    assert [(turn.question, turn.answer) for turn in asked.history] == [
        ("two?", "two? Amazon S3 stores objects. [1]")
    ]
    assert [turn.question for turn in kept.turns(2)] == ["two?", "and?"]


def test_a_conversation_goes_on_by_its_number(kept: UserData) -> None:
    chat("one?\n/new\ntwo?\n")
    assert chat("and?\n", "--continue", "1").chain.asked[0].history[0].question == "one?"
    assert [turn.question for turn in kept.turns(1)] == ["one?", "and?"]
    assert chat("what?\n", "--continue", "1", "--private").chain.asked[0].history
    assert kept.get(1).turns == 2


def test_each_notebook_has_conversations_of_its_own(kept: UserData, home: Path) -> None:
    chat("torts?\n", "--notebook", "law")
    chat("S3?\n", "--index", "elsewhere")
    refused = run("chat", "--continue")
    assert (refused.code, refused.out) == (2, "")
    assert "No conversation about 'default' is kept yet." in refused.err
    refused = run("chat", "--continue", "1")
    assert "footnote chat --continue 1 --notebook law" in refused.err
    assert "--index" in run("chat", "--continue", "2").err
    assert "torts?" in chat("", "--continue", "--notebook", "law").out
    assert "S3?" in chat("", "--continue", "--index", "elsewhere").out


@pytest.mark.parametrize("number", ["0", "-1", "x", "1" * 40, "１", ""])
def test_what_is_no_number_is_one_line(number: str) -> None:
    refused = run("chat", f"--continue={number}")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "is not the number of a conversation" in refused.err


def test_a_conversation_deleted_meanwhile_goes_on_as_another(kept: UserData) -> None:
    class Deleting(Chain):
        def invoke(self, question: Question, /) -> Answer:
            if question.text == "two?":
                kept.delete(1)
            return super().invoke(question)

    chain = Deleting()
    run("chat", stdin="one?\ntwo?\n", backend=Backend(open_chain=lambda *_: chain))
    assert [conversation.title for conversation in kept.conversations()] == ["two?"]


def test_an_answer_that_cannot_be_kept_is_shown_all_the_same(kept: UserData) -> None:
    class Spoiling(Chain):
        def invoke(self, question: Question, /) -> Answer:
            if question.text == "two?":
                kept.path.write_bytes(b"no table at all" * 1000)
            return super().invoke(question)

    chain = Spoiling()
    done = run("chat", stdin="one?\ntwo?\nthree?\n", backend=Backend(open_chain=lambda *_: chain))
    assert done.code == 0
    for question in ("one?", "two?", "three?"):
        assert f"{question} Amazon S3 stores objects." in done.out
    assert done.err.count("Not kept: ") == 2
    assert len(chain.asked[2].history) == 2


def test_user_data_of_a_newer_footnote_keeps_no_question_from_being_answered(
    kept: UserData,
) -> None:
    chat("one?\n")
    with closing(sqlite3.connect(kept.path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = kept.path.read_bytes()
    done = chat("two?\n")
    assert "two? Amazon S3" in done.out
    assert done.err.count("Not kept: ") == 1
    assert kept.path.read_bytes() == before
    assert run("chat", "--continue").code == 2
    assert run("conversations").err.startswith("footnote: ")


# the numbers of footnotes


class Numbered(Chain):
    """Cites the note that a question names, and one that every question is about."""

    def invoke(self, question: Question, /) -> Answer:
        self.asked.append(question)
        names = [question.text.strip("?"), "everything"]
        cited = tuple(
            Citation(number, f"{name}.md", (name,), name, (1, 1), name, 0, len(name), name)
            for number, name in enumerate(names, start=1)
        )
        text = f"{names[0]} [1]\nall [2]"
        given = Answer(question.text, Status.ANSWERED, text, cited, (), Timings())
        return numbered_on(given, question.cited)


def numbered(*argv: str, stdin: str = "") -> list[str]:
    """Run a command; the lines of its answers."""
    backend = Backend(open_chain=lambda *_: Numbered())
    done = run(*argv, stdin=stdin, backend=backend)
    assert done.code == 0, done.err
    return re.findall(r"^\w+ \[\d+\]", done.out, re.MULTILINE)


@pytest.mark.parametrize("argv", [["chat"], ["chat", "--private"]])
def test_a_source_keeps_its_number_through_a_conversation(argv: list[str]) -> None:
    shown = numbered(*argv, stdin="oak?\nelm?\noak?\n/new\nelm?\n")
    assert shown == [
        *("oak [1]", "all [2]", "elm [3]", "all [2]", "oak [1]", "all [2]"),
        *("elm [1]", "all [2]"),
    ]


def test_tomorrow_the_numbers_go_on(kept: UserData) -> None:
    numbered("chat", stdin="oak?\nelm?\n")
    assert numbered("chat", "--continue", stdin="fir?\n")[-2:] == ["fir [4]", "all [2]"]
    assert numbered("ask", "ash?", "--conversation", "1") == ["ash [5]", "all [2]"]
    assert [cited.number for cited in kept.turns(1)[3].answer.citations] == [5, 2]


def test_a_conversation_that_was_numbered_answer_by_answer_goes_on(kept: UserData) -> None:
    begun = kept.start("default", Numbered().invoke(Question("oak?")))
    kept.append(begun, Numbered().invoke(Question("elm?")))
    assert numbered("ask", "fir?", "--conversation", "1") == ["fir [3]", "all [2]"]


# ask --conversation


def test_without_being_told_to_ask_keeps_nothing(kept: UserData) -> None:
    assert run("ask", "What is S3?").code == 0
    assert not kept.path.parent.exists()


def test_a_question_begins_a_conversation_and_another_goes_on_with_it(kept: UserData) -> None:
    begun = run("ask", "What is S3?", "--conversation", "new")
    assert begun.code == 0
    assert begun.out.startswith("What is S3? Amazon S3 stores objects. [1]\n")
    assert begun.err.startswith("Kept in conversation 1. To go on: footnote ask")
    more = run("ask", "And EBS?", "--conversation", "1", "--json")
    assert more.err == ""
    assert more.objects[0]["conversation"] == 1
    [asked] = more.chain.asked
    assert [turn.question for turn in asked.history] == ["What is S3?"]
    assert [turn.question for turn in kept.turns(1)] == ["What is S3?", "And EBS?"]
    begun = run("ask", "Glacier?", "--conversation", "new", "--json")
    assert (begun.objects[0]["conversation"], begun.err) == (2, "")
    assert begun.chain.asked[0].history == ()


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_each_line_is_a_turn(kept: UserData, json_too: list[str]) -> None:
    done = run("ask", "-", "--conversation", "new", *json_too, stdin="one?\n\ntwo?\n")
    assert done.code == 0
    assert len(done.out.splitlines()) == 2
    assert [turn.question for turn in done.chain.asked[1].history] == ["one?"]
    assert done.err.count("Kept in conversation 1.") == (0 if json_too else 1)
    assert kept.get(1).turns == 2


def test_an_answer_is_kept_before_it_is_shown(kept: UserData) -> None:
    seen: list[int] = []

    class Looking(io.StringIO):
        def write(self, text: str, /) -> int:
            seen.append(kept.get(1).turns)
            return super().write(text)

    screen = Terminal(io.StringIO("one?\ntwo?\n"), Looking(), io.StringIO())
    backend = Backend(open_chain=lambda *_: Chain())
    assert main(["ask", "-", "--conversation", "new"], backend=backend, terminal=screen) == 0
    assert seen == [1, 2]


def test_a_question_in_a_conversation_of_another_notebook_is_refused(kept: UserData) -> None:
    chat("torts?\n", "--notebook", "law")
    never = Backend(open_chain=failing(AssertionError("opened")))
    refused = run("ask", "x?", "--conversation", "1", backend=never)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "footnote ask … --conversation 1 --notebook law" in refused.err
    assert run("ask", "x?", "--conversation", "7", backend=never).code == 2
    assert kept.get(1).turns == 1


@pytest.mark.parametrize("number", ["0", "-1", "x", "NEW", ""])
def test_what_is_no_conversation_to_ask_in_is_one_line(number: str) -> None:
    refused = run("ask", "x?", f"--conversation={number}")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "is not the number of a conversation, nor 'new'" in refused.err


def test_a_turn_that_cannot_be_kept_is_shown_and_is_not_a_success(kept: UserData) -> None:
    class Spoiling(Chain):
        def invoke(self, question: Question, /) -> Answer:
            kept.path.write_bytes(b"no table at all" * 1000)
            return super().invoke(question)

    chat("one?\n")
    whole = kept.path.read_bytes()
    backend = Backend(open_chain=lambda *_: Spoiling())
    done = run("ask", "two?", "--conversation", "1", backend=backend)
    assert done.code == 2
    assert done.out.startswith("two? Amazon S3 stores objects. [1]")
    assert done.err.startswith("Not kept: ")
    assert done.err.count("\n") == 1
    kept.path.write_bytes(whole)
    done = run("ask", "-", "--conversation", "1", "--json", stdin="a?\nb?\n", backend=backend)
    assert (done.code, done.err.count("Not kept: ")) == (2, 2)
    assert [told["conversation"] for told in done.objects] == [None, None]


def test_what_was_said_and_cannot_be_read_is_no_light_to_answer_in(kept: UserData) -> None:
    chat("one?\n")
    kept.path.write_bytes(b"")
    refused = run("ask", "two?", "--conversation", "1")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)


def test_a_conversation_deleted_while_it_is_asked_in_goes_on_as_another(kept: UserData) -> None:
    class Deleting(Chain):
        def invoke(self, question: Question, /) -> Answer:
            kept.delete(1)
            return super().invoke(question)

    chat("one?\n")
    backend = Backend(open_chain=lambda *_: Deleting())
    done = run("ask", "two?", "--conversation", "1", backend=backend)
    assert (done.code, done.err.split(".")[0]) == (0, "Kept in conversation 2")


# conversations


def test_a_conversation_is_renamed(kept: UserData) -> None:
    chat("What is S3?\n")
    done = run("conversations", "--rename", "1", "Exam", "week\x1b[2J")
    assert (done.code, done.out) == (0, "Conversation 1 is called “Exam week␛[2J” now.\n")
    assert "Exam week" in run("conversations", "exam").out
    assert run("conversations", "--rename", "2", "x").code == 2
    for none in ([], [" "]):
        refused = run("conversations", "--rename", "1", *none)
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
        assert "footnote conversations --rename 1 TITLE" in refused.err
    assert kept.get(1).title == "Exam week␛[2J"


def test_conversations_are_listed_the_newest_first(kept: UserData) -> None:
    assert "No conversation is kept yet" in run("conversations").err
    chat("What is S3?\nAnd EBS?\n/new\nGlacier?\n")
    lines = run("conversations").out.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert lines[1].endswith("What is S3?  (default, 2 turns)")
    assert run("conversations", "EBS").out.splitlines() == [lines[1]]
    assert run("conversations", "ebs", "glacier").err == ("No conversation holds 'ebs glacier'.\n")


def test_conversations_json_is_one_object_a_line(kept: UserData) -> None:
    chat("What is S3?\n/new\nGlacier?\n")
    first, second = run("conversations", "--json").objects
    assert (first["id"], second["id"]) == (2, 1)
    assert set(first) == {"id", "notebook", "title", "created", "updated", "turns"}
    [shown] = run("conversations", "--show", "1", "--json").objects
    assert shown["turns"][0]["answer"] == json.loads(kept.turns(1)[0].stored)


def test_a_conversation_is_shown_with_its_footnotes(kept: UserData) -> None:
    chat("What is S3?\n")
    shown = run("conversations", "--show", "1").out
    assert "? What is S3?\nWhat is S3? Amazon S3 stores objects. [1]\n\n1  Storage › S3" in shown
    assert run("conversations", "--show", "2").code == 2


def test_what_is_deleted_can_be_brought_back(kept: UserData) -> None:
    chat("What is S3?\n")
    gone = run("conversations", "--delete", "1")
    assert gone.out == "Deleted conversation 1, “What is S3?”.\n"
    assert "--undo" in gone.err
    assert run("conversations").out == ""
    assert run("conversations", "--delete", "1").code == 2
    assert run("conversations", "--undo").out == "Conversation 1, “What is S3?”, is back.\n"
    assert run("conversations").out
    assert run("conversations", "--undo").code == 2


def test_an_export_holds_each_answer_with_its_footnotes(kept: UserData, tmp_path: Path) -> None:
    chat("What is S3?\n/new\nGlacier?\n")
    page = run("conversations", "--show", "1", "--export", "-").out
    assert page.startswith("# What is S3?\n\nAsked of default, begun ")
    assert "## What is S3?\n\nWhat is S3? Amazon S3 stores objects. [^1-1-1]\n" in page
    assert "[^1-1-1]: Storage › S3 — storage.md:3: “Amazon S3 stores objects.”\n" in page
    file = tmp_path / "all.md"
    assert run("conversations", "--export", str(file)).code == 0
    assert page in file.read_text(encoding="utf-8")
    assert "# Glacier?" in file.read_text(encoding="utf-8")
    again = run("conversations", "--export", str(file))
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "not overwritten" in again.err


def test_an_export_to_a_json_file_is_one_array_of_whole_conversations(
    kept: UserData, tmp_path: Path
) -> None:
    chat("What is S3?\nAnd EBS?\n/new\nGlacier?\x1b\n")
    file = tmp_path / "all.JSON"
    assert run("conversations", "--export", str(file)).err.endswith("holds 2 conversations.\n")
    assert "\x1b" not in file.read_text(encoding="utf-8")
    first, second = json.loads(file.read_text(encoding="utf-8"))
    assert (first["id"], [turn["question"] for turn in second["turns"]]) == (
        2,
        ["What is S3?", "And EBS?"],
    )
    assert second["turns"][0]["answer"] == json.loads(kept.turns(1)[0].stored)
    assert "citations_now" not in second["turns"][0]
    assert run("conversations", "--export", str(file)).code == 2
    one = tmp_path / "one.json"
    assert run("conversations", "--show", "1", "--export", str(one)).code == 0
    [shown] = json.loads(one.read_text(encoding="utf-8"))
    assert [turn["citations_now"] for turn in shown["turns"]] == [[], []]
    none = tmp_path / "none.json"
    run("conversations", "xylophone", "--export", str(none))
    assert json.loads(none.read_text(encoding="utf-8")) == []


def test_an_export_says_who_worded_an_answer_and_what_was_amiss(kept: UserData) -> None:
    told = JudgedSentence("It stores.", Ruling.VERIFIED, "Amazon S3 stores objects.", (1,))
    lost = JudgedSentence("Moonshine.", Ruling.UNSUPPORTED, "", (), problem="Moonshine is not in")
    worded = replace(
        answer("S3?"), model="gemma_3*", sentences=(told, lost), notice=f"One is out. {HOSTILE}"
    )
    kept.append(kept.start("default", worded), answer("EBS?"))
    page = run("conversations", "--show", "1", "--export", "-").out
    assert "\n\n*One is out. " in page
    assert "\n\n*Worded by gemma\\_3\\*.*\n\n[^1-1-1]: " in page
    assert page.count("Worded by") == 1
    assert "Moonshine" not in page
    rendered = MarkdownIt("commonmark").render(page)
    assert "<p><em>One is out. " in rendered
    assert "<p><em>Worded by gemma_3*.</em></p>" in rendered
    assert not re.search(r"<(?:script|img|a|code|strong|h3)\b", rendered)


def test_nothing_in_an_export_is_active(kept: UserData) -> None:
    cited = Citation(1, f"a{HOSTILE}.md", (HOSTILE,), "", (1, 1), HOSTILE, 0, len(HOSTILE))
    begun = kept.start(HOSTILE, Answer(HOSTILE, Status.ANSWERED, HOSTILE, (cited,), (), Timings()))
    page = conversation_in_markdown(begun, kept.turns(begun.id))
    from markdown_it import MarkdownIt

    kinds = {token.type for token in MarkdownIt("gfm-like", {"linkify": False}).parse(page)}
    inline = {
        child.type
        for token in MarkdownIt("gfm-like", {"linkify": False}).parse(page)
        for child in token.children or ()
    }
    assert kinds <= {
        *("heading_open", "inline", "heading_close", "paragraph_open", "paragraph_close"),
    }
    assert inline <= {"text", "text_special"}
    assert not set(page) & {"\x1b", "\u202e"}
    assert "[^1-1-1]" in page
    assert r"\[7\]" in page  # a number that is no footnote stays text


def test_a_bracket_of_the_notes_own_is_no_footnote(kept: UserData) -> None:
    begun = kept.start("default", answer("S3?", "Take items[1] or x [1] y. [1]\n- [1] is it [1]"))
    page = conversation_in_markdown(begun, kept.turns(begun.id))
    assert "Take items\\[1\\] or x \\[1\\] y. [^1-1-1]\n- \\[1\\] is it [^1-1-1]\n" in page


def test_nothing_that_is_kept_steers_a_terminal(kept: UserData) -> None:
    begun = kept.start(HOSTILE, answer(HOSTILE, HOSTILE))
    for argv in (
        ["conversations"],
        ["conversations", "--json"],
        ["conversations", "--show", "1"],
        ["conversations", "--export", "-"],
        ["conversations", "--delete", "1"],
        ["conversations", "--undo"],
        ["chat", "--continue", "1"],
    ):
        done = run(*argv)
        assert not set(done.out + done.err) & {"\x1b", "\u202e"}, argv
    assert kept.get(begun.id).turns == 1


def test_a_kept_answer_that_cannot_be_read_is_one_line(kept: UserData) -> None:
    chat("one?\n/new\ntwo?\n")
    with closing(sqlite3.connect(kept.path)) as connection, connection:
        connection.execute("UPDATE turns SET answer = '{' WHERE conversation = 1")
    for argv in (["conversations", "--show", "1"], ["chat", "--continue", "1"]):
        refused = run(*argv)
        assert (refused.code, refused.err.count("\n")) == (2, 1), argv
        assert "“one?”, turn 1," in refused.err
    assert run("conversations", "--show", "2").code == 0


def test_without_an_index_a_chat_keeps_nothing(kept: UserData) -> None:
    broken = Backend(open_chain=failing(OSError(5, "no")))
    assert run("chat", stdin="x\n", backend=broken).code == 2
    assert not kept.path.exists()


def test_words_and_a_number_are_not_both_taken(kept: UserData) -> None:
    chat("What is S3?\n")
    for option in (["--delete", "1"], ["--show", "1"], ["--undo"]):
        refused = run("conversations", "glacier", *option)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert run("conversations").out


BLOCKS = ["---", "+ item", "1. item", "2) item", "===", "    code", "# head", "> quote", "```"]


@pytest.mark.parametrize("line", BLOCKS)
@pytest.mark.parametrize("bullet", ["", "- "])
def test_a_notes_words_begin_no_block_in_an_export(kept: UserData, line: str, bullet: str) -> None:
    text = f"Before.\n{bullet}{line} [1]"
    kept.start("default", replace(answer("What is S3?"), text=text))
    page = run("conversations", "--show", "1", "--export", "-").out
    rendered = MarkdownIt("commonmark").render(page.split("## What is S3?")[1])
    assert not re.search(r"<(?:h\d|hr|ol|blockquote|pre|code)\b", rendered)
    assert rendered.count("<li>") == (1 if bullet else 0)
