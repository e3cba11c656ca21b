"""What an earlier answer cited is found again, or said to be gone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Ingest
from test_cli import run

from chatbot.answer import Answer, Citation, Question
from chatbot.backend import Backend
from chatbot.chain import NotesChain
from chatbot.user_data import UserData
from chatbot.whereabouts import Since, Whereabouts, whereabouts
from ingest.index import NotesIndex

QUEUES = "# Queues\n\nA queue keeps a message for up to 14 days.\n"


@pytest.fixture
def answer(chain: NotesChain) -> Answer:
    given = chain.invoke(Question("How long does a queue keep a message?"))
    assert [cited.source for cited in given.citations] == ["queues.md"]
    return given


@pytest.fixture
def cited(answer: Answer) -> Citation:
    return answer.citations[0]


def look(index: Path, citation: Citation) -> Whereabouts:
    with NotesIndex.open(index, store="exact") as opened:
        return whereabouts(opened, citation)


def test_what_stands_where_it_stood_is_unchanged(cited: Citation, index_directory: Path) -> None:
    found = look(index_directory, cited)
    assert (found.since, found.now) == (Since.UNCHANGED, cited)


def test_a_citation_says_which_state_of_its_note_it_is_of(
    cited: Citation, notes_folder: Path
) -> None:
    text = (notes_folder / "queues.md").read_bytes()
    assert cited.note == hashlib.sha256(text).hexdigest()


def test_a_note_that_was_edited_elsewhere_is_told_apart_from_one_that_was_not(
    cited: Citation, notes_folder: Path, ingest: Ingest, index_directory: Path
) -> None:
    assert not look(index_directory, cited).note_changed
    (notes_folder / "queues.md").write_text(f"{QUEUES}\nIt is a line.\n")
    ingest()
    found = look(index_directory, cited)
    assert (found.since, found.note_changed) == (Since.UNCHANGED, True)
    assert found.now is not None
    assert found.now == replace(cited, note=found.now.note)
    # What was kept before citations had a digest: nothing is known, and nothing said.
    assert not look(index_directory, replace(cited, note="")).note_changed


def test_a_note_that_was_only_renamed_is_as_it_was(
    cited: Citation, notes_folder: Path, ingest: Ingest, index_directory: Path
) -> None:
    (notes_folder / "queues.md").rename(notes_folder / "waiting.md")
    ingest()
    assert not look(index_directory, cited).note_changed


def test_a_note_that_was_renamed_is_followed(
    cited: Citation, notes_folder: Path, ingest: Ingest, index_directory: Path
) -> None:
    (notes_folder / "queues.md").rename(notes_folder / "compute" / "waiting.md")
    ingest()
    found = look(index_directory, cited)
    assert found.since is Since.MOVED
    assert found.now is not None
    assert (found.now.source, found.now.quote) == ("compute/waiting.md", cited.quote)


def test_a_section_that_others_were_written_above_is_followed(
    cited: Citation, notes_folder: Path, ingest: Ingest, index_directory: Path
) -> None:
    text = f"# Queues\n\nAnother of that name.\n\n{QUEUES}"
    (notes_folder / "queues.md").write_text(text)
    ingest()
    found = look(index_directory, cited)
    assert found.since is Since.MOVED
    assert found.now is not None
    assert (found.now.anchor, found.now.lines) == ("queues-1", (7, 7))
    assert text[found.now.start : found.now.end] == cited.quote


def test_a_section_that_says_something_else_is_told_apart(
    cited: Citation, notes_folder: Path, ingest: Ingest, index_directory: Path
) -> None:
    (notes_folder / "queues.md").write_text(QUEUES.replace("14", "21"))
    ingest()
    found = look(index_directory, cited)
    assert found.since is Since.CHANGED
    assert found.now is not None
    assert "21 days" in found.now.quote


def test_what_is_no_longer_in_the_notes_is_gone(
    cited: Citation, notes_folder: Path, ingest: Ingest, index_directory: Path
) -> None:
    (notes_folder / "queues.md").unlink()
    ingest()
    assert look(index_directory, cited) == Whereabouts(1, Since.GONE)


def test_a_few_words_that_stand_anywhere_are_not_taken_for_what_was_cited(
    cited: Citation, notes_folder: Path, ingest: Ingest, index_directory: Path
) -> None:
    few = replace(cited, quote="14 days")
    (notes_folder / "queues.md").write_text("# Queues\n\nA queue is a line.\n")
    (notes_folder / "other.md").write_text("# Leave\n\nLeave is 14 days.\n")
    ingest()
    assert look(index_directory, few).since is Since.CHANGED


def test_of_the_same_words_twice_the_nearest_is_taken(
    cited: Citation, notes_folder: Path, ingest: Ingest, index_directory: Path
) -> None:
    sentence = cited.quote
    (notes_folder / "queues.md").write_text(f"# Queues\n\n{sentence}\n\nMore. {sentence}\n")
    ingest()
    assert look(index_directory, cited).since is Since.UNCHANGED
    early = f"# Queues\n\n{sentence}\n\n" + "Words between. " * 40 + f"\n\n{sentence}\n"
    (notes_folder / "queues.md").write_text(early)
    ingest()
    last = early.rindex(sentence)
    late = replace(cited, start=last - 3, end=last - 3 + len(sentence))
    found = look(index_directory, late).now
    assert found is not None
    assert found.start == last


def test_words_that_stand_in_another_section_now_are_found_there(
    cited: Citation, notes_folder: Path, ingest: Ingest, index_directory: Path
) -> None:
    """As when an index was made anew, and another note has the name that this one had."""
    (notes_folder / "queues.md").rename(notes_folder / "waiting.md")
    (notes_folder / "queues.md").write_text("# Queues\n\nTea is not for queues.\n")
    shutil.rmtree(index_directory)
    ingest()
    found = look(index_directory, cited)
    assert found.since is Since.MOVED
    assert found.now is not None
    assert (found.now.source, found.now.quote) == ("waiting.md", cited.quote)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    before = dict(os.environ)
    os.environ["FOOTNOTE_HOME"] = str(tmp_path)  # whose default notebook's index is `index`
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)


def test_a_conversation_of_yesterday_says_what_became_of_its_footnotes(
    answer: Answer, notes_folder: Path, ingest: Ingest, home: Path
) -> None:
    UserData(home).start("default", answer)
    shown = run("conversations", "--show", "1", backend=Backend())
    assert "Since then" not in shown.out
    (notes_folder / "queues.md").rename(notes_folder / "waiting.md")
    ingest()
    shown = run("conversations", "--show", "1", backend=Backend())
    assert "Since then [1] has moved: Queues — waiting.md:3" in shown.out
    (notes_folder / "waiting.md").unlink()
    ingest()
    assert "has gone from the notes" in run("conversations", "--show", "1", backend=Backend()).out
    [told] = run("conversations", "--show", "1", "--json", backend=Backend()).objects
    assert told["turns"][0]["citations_now"] == [
        {"number": 1, "since": "gone", "now": None, "note_changed": False}
    ]


def test_a_note_that_was_edited_around_what_was_cited_is_mentioned_once(
    answer: Answer, notes_folder: Path, ingest: Ingest, home: Path
) -> None:
    text = "# Queues\n\nA queue keeps a message for up to 14 days. It is a line.\n"
    (notes_folder / "queues.md").write_text(text)
    ingest()
    start = text.index("It is")
    more = replace(answer.citations[0], number=12, quote="It is a line.", start=start)
    more = replace(more, end=start + len(more.quote))
    kept = UserData(home)
    kept.start("default", replace(answer, citations=(*answer.citations, more)))
    kept.start("default", replace(answer, citations=(replace(answer.citations[0], note=""),)))
    shown = run("conversations", "--show", "1", backend=Backend()).out
    assert shown.count("Since then") == 1
    assert "Since then queues.md was edited; what [1] and [12] cite still stands there." in shown
    assert "Since then" not in run("conversations", "--show", "2", backend=Backend()).out
    [told] = run("conversations", "--show", "1", "--json", backend=Backend()).objects
    places = told["turns"][0]["citations_now"]
    assert [(one["since"], one["note_changed"]) for one in places] == [("unchanged", True)] * 2
    (notes_folder / "queues.md").write_text(f"Tea.\n\n{text}")
    ingest()
    shown = run("conversations", "--show", "1", backend=Backend()).out
    assert shown.count("Since then") == shown.count(" has moved: ") == 2


def test_a_conversation_is_shown_without_an_index(answer: Answer, tmp_path: Path) -> None:
    home = tmp_path / "other"
    UserData(home).start("default", answer)
    os.environ["FOOTNOTE_HOME"] = str(home)
    try:
        shown = run("conversations", "--show", "1", "--json", backend=Backend())
    finally:
        del os.environ["FOOTNOTE_HOME"]
    assert json.loads(shown.out)["turns"][0]["citations_now"] == []
