"""What a person said and was answered is kept, found again, and nobody else's to lose."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kept import VERSION_1, answer, contents, version, write_version_1

from chatbot.answer import Answer, JudgedSentence, Ruling, Status
from chatbot.errors import (
    NoSuchConversation,
    UserDataBusy,
    UserDataDamaged,
    UserDataError,
    UserDataNewer,
    UserDataUnwritable,
)
from chatbot.user_data import UserData
from chatbot.user_data.inspection import look_at
from chatbot.user_data.records import Feedback, answer_from_json
from chatbot.user_data.schema import VERSION

posix = pytest.mark.skipif(os.name != "posix", reason="needs permissions")


@pytest.fixture
def kept(tmp_path: Path) -> UserData:
    return UserData(tmp_path / "home", busy_seconds=0.05)


def titles(kept: UserData, words: str = "") -> list[str]:
    return [conversation.title for conversation in kept.conversations(words)]


def test_nothing_is_written_before_something_is_kept(kept: UserData) -> None:
    assert kept.conversations() == ()
    assert kept.newest("default") is None
    kept.check()
    with pytest.raises(NoSuchConversation):
        kept.turns(1)
    assert not kept.path.parent.exists()


def test_a_turn_is_kept_whole(kept: UserData) -> None:
    begun = kept.start("law", answer("What is S3?"))
    carried_on = kept.append(begun, answer("And Glacier?"))
    assert (carried_on.notebook, carried_on.title, carried_on.turns) == ("law", "What is S3?", 2)
    first, second = kept.turns(begun.id)
    assert (first.ordinal, second.ordinal, second.question) == (1, 2, "And Glacier?")
    assert json.loads(first.stored) == answer("What is S3?").to_json()
    assert first.answer == answer("What is S3?")


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_is_kept(kept: UserData, question: str, text: str) -> None:
    begun = kept.start("default", answer(question, text))
    [turn] = kept.turns(begun.id)
    storable = text.encode("utf-8", "replace").decode()
    assert turn.answer.text == storable
    assert turn.question == question.encode("utf-8", "replace").decode()
    kept.conversations(question)


def test_an_answer_comes_back_from_its_contract() -> None:
    declined = Answer("Why?", Status.NOT_IN_NOTES, "", (), (), answer().timings, 0.25)
    for one in (answer(), declined):
        assert answer_from_json({**one.to_json(), "a later field": 1}) == one
    for spoilt in ({}, [], None, {**answer().to_json(), "citations": [{}]}):
        with pytest.raises(ValueError, match="not an answer"):
            answer_from_json(spoilt)


def test_an_answer_of_a_model_comes_back_with_what_became_of_each_sentence() -> None:
    sentences = (
        JudgedSentence("S3 stores objects.", Ruling.VERIFIED, "S3 stores objects.", (1,), "- "),
        JudgedSentence("S3 is free.", Ruling.UNSUPPORTED, "", (), problem="not in [1]"),
    )
    cited = replace(answer().citations[0], section="s", note="f00")
    one = replace(
        answer(), citations=(cited,), model="gemma3:4b", sentences=sentences, notice="One is out."
    )
    assert answer_from_json(json.loads(json.dumps(one.to_json()))) == one
    for spoilt in ({"ruling": "perhaps"}, {"said": 1, "ruling": "verified"}, 7):
        with pytest.raises(ValueError, match=r"not an? "):
            answer_from_json({**one.to_json(), "sentences": [spoilt]})


def test_an_answer_of_an_older_version_comes_back() -> None:
    kept = answer().to_json()
    for later in ("model", "sentences", "notice"):
        del kept[later]
    for later in ("section", "note"):
        del kept["citations"][0][later]
    assert answer_from_json(kept) == answer()


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2024, 5, 3, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_the_newest_comes_first_though_the_clock_jumps_back(tmp_path: Path) -> None:
    clock = Clock()
    kept = UserData(tmp_path, now=clock)
    first = kept.start("default", answer("one"))
    clock.now -= timedelta(days=400)
    kept.start("law", answer("two"))
    assert titles(kept) == ["two", "one"]
    clock.now -= timedelta(days=400)
    kept.append(first, answer("more"))
    assert titles(kept) == ["one", "two"]
    newest = kept.newest("default")
    assert newest is not None
    assert (newest.title, newest.updated) == ("one", clock.now)
    assert kept.newest("physics") is None


def test_a_title_is_one_line_without_what_steers_a_terminal(kept: UserData) -> None:
    begun = kept.start("default", answer("What\x1b[2J is\n" + "very " * 40 + "long?"))
    assert begun.title.startswith("What␛[2J is very very")
    assert len(begun.title) <= 80
    assert kept.start("default", answer("\u200b")).title == "…"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["Cafés", "Glacier?", "What is S3?"]),
        ("s3", ["What is S3?"]),
        ("CAFE", ["Cafés"]),
        ("archive", ["Glacier?"]),
        ("glac arch", ["Glacier?"]),
        ("glac cafes", []),
        ("text", []),  # a name in the JSON, no word of an answer
        ('"s3" AND NOT *', []),
        ("' OR 1=1 --", []),
        ("?!", []),
        ("words:s3", []),
        ("NEAR(s3)", []),
        ("%", []),
    ],
)
def test_words_find_conversations_and_are_no_query_language(
    kept: UserData, words: str, found: list[str]
) -> None:
    kept.start("default", answer("What is S3?", "Objects."))
    kept.start("default", answer("Glacier?", "It keeps archives."))
    kept.start("default", answer("Cafés", "They store recipes."))
    assert titles(kept, words) == found


def test_what_was_renamed_is_found_by_its_new_title_alone(kept: UserData) -> None:
    begun = kept.start("default", answer("What is S3?"))
    assert kept.rename(begun.id, "Exam\nweek").title == "Exam week"
    assert titles(kept, "exam") == ["Exam week"]
    kept.rename(begun.id, "Holidays")
    assert titles(kept, "exam") == []
    assert titles(kept, "s3") == ["Holidays"]  # its turns are what they were
    with pytest.raises(NoSuchConversation, match="no conversation 9"):
        kept.rename(9, "x")


def test_deleted_conversations_come_back_the_last_one_first(kept: UserData) -> None:
    numbers = [kept.start("default", answer(name)).id for name in ("one", "two", "three")]
    for number in (numbers[1], numbers[0]):
        kept.delete(number)
    assert titles(kept) == ["three"]
    assert titles(kept, "one") == []
    for read in (kept.get, kept.turns, kept.delete):
        with pytest.raises(NoSuchConversation):
            read(numbers[0])
    assert kept.undo_delete().title == "one"
    assert kept.undo_delete().title == "two"
    assert titles(kept) == ["three", "two", "one"]
    with pytest.raises(NoSuchConversation, match="No deleted"):
        kept.undo_delete()


def test_what_was_deleted_long_ago_is_gone_from_the_file(tmp_path: Path) -> None:
    clock = Clock()
    kept = UserData(tmp_path, now=clock)
    secret = kept.start("default", answer("xylophonist?", "xylophonist " * 2000))
    kept.rate(secret.id, 1, Feedback(1))
    kept.delete(secret.id)
    clock.now += timedelta(days=29)
    kept.start("default", answer("two"))
    assert b"xylophonist" in kept.path.read_bytes()
    clock.now += timedelta(days=2)
    kept.start("default", answer("three"))
    assert b"xylophonist" not in kept.path.read_bytes()
    with pytest.raises(NoSuchConversation):
        kept.undo_delete()
    with closing(sqlite3.connect(kept.path)) as connection:
        for table, rows in (("turns", 2), ("feedback", 0), ("search", 4)):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (rows,)
    assert kept.start("default", answer("four")).id == secret.id + 3  # no number is used again


def test_a_turn_is_never_added_to_another_conversation_of_that_number(tmp_path: Path) -> None:
    here, other = UserData(tmp_path / "a"), UserData(tmp_path / "b")
    mine = here.start("default", answer("mine"))
    other.start("default", answer("somebody else's"))
    other.path.replace(here.path)  # as a restore does
    with pytest.raises(NoSuchConversation):
        here.append(mine, answer("more"))
    assert [turn.question for turn in here.turns(mine.id)] == ["somebody else's"]


def test_feedback_is_kept_with_the_turn_and_can_be_taken_back(kept: UserData) -> None:
    begun = kept.start("default", answer())
    kept.rate(begun.id, 1, Feedback(-1, "too long"))
    kept.rate(begun.id, 1, Feedback(1, "right"))
    [turn] = kept.turns(begun.id)
    assert turn.feedback == Feedback(1, "right")
    assert turn.to_json()["feedback"] == {"thumb": 1, "comment": "right"}
    kept.rate(begun.id, 1, None)
    assert kept.turns(begun.id)[0].feedback is None
    with pytest.raises(NoSuchConversation, match="no turn 2"):
        kept.rate(begun.id, 2, Feedback(1))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_file_is_its_users_alone(kept: UserData) -> None:
    kept.start("default", answer())
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert list(kept.path.parent.iterdir()) == [kept.path]


# Versions


def test_a_file_of_version_1_is_brought_up_to_date(kept: UserData) -> None:
    write_version_1(kept.path)
    before = contents(kept.path)
    assert titles(kept) == ["Title 2", "Title 1"]
    assert version(kept.path) == VERSION
    assert contents(kept.path) == before
    assert titles(kept, "glacier1") == ["Title 1"]
    assert titles(kept, "title") == ["Title 2", "Title 1"]
    old = kept.path.with_name("user.sqlite.v1")
    assert version(old) == 1
    assert contents(old) == before
    if os.name == "posix":
        assert stat.S_IMODE(old.stat().st_mode) == 0o600
    assert not list(kept.path.parent.glob("*.part"))


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        return sorted((name, " ".join(sql.split())) for name, sql in rows)


def test_an_old_file_becomes_what_a_new_one_is(tmp_path: Path) -> None:
    old, new = UserData(tmp_path / "old"), UserData(tmp_path / "new")
    write_version_1(old.path)
    old.conversations()
    new.start("default", answer())
    assert schema(old.path) == schema(new.path)


def test_a_turn_that_cannot_be_read_does_not_keep_a_file_at_its_old_version(
    kept: UserData,
) -> None:
    write_version_1(kept.path)
    with closing(sqlite3.connect(kept.path)) as connection, connection:
        connection.execute("UPDATE turns SET answer = '{' WHERE id = 1")
    assert len(kept.conversations()) == 2
    assert titles(kept, "question") == ["Title 2", "Title 1"]


# What cannot be used is refused in one line, and left as it is


@pytest.fixture
def spoilt(kept: UserData) -> Iterator[UserData]:
    kept.start("default", answer())
    yield kept
    assert kept.path.exists()


def refused(kept: UserData, error: type[UserDataError]) -> str:
    before = kept.path.read_bytes()
    for attempt in (kept.check, kept.conversations, lambda: kept.start("default", answer())):
        with pytest.raises(error) as refusal:
            attempt()
    assert kept.path.read_bytes() == before
    assert "\n" not in str(refusal.value)
    assert str(kept.path) in str(refusal.value)
    return str(refusal.value)


def test_a_file_of_a_newer_footnote_is_refused(spoilt: UserData) -> None:
    with closing(sqlite3.connect(spoilt.path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert "version 99" in refused(spoilt, UserDataNewer)


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "zeros", "somebody else's", "header"])
def test_a_damaged_file_is_refused_and_left_as_it_is(spoilt: UserData, damage: str) -> None:
    whole = spoilt.path.read_bytes()
    if damage == "somebody else's":
        spoilt.path.unlink()
        with closing(sqlite3.connect(spoilt.path)) as connection:
            connection.execute("CREATE TABLE theirs (x)")
    else:
        spoilt.path.write_bytes(
            {
                "empty": b"",
                "text": b"these are no tables" * 500,
                "cut": whole[: len(whole) // 2],
                "zeros": whole[:4096] + bytes(len(whole) - 4096),
                "header": b"\xff" * 64 + whole[64:],
            }[damage]
        )
    assert "footnote restore" in refused(spoilt, UserDataDamaged)


def test_the_newest_backup_is_named_where_there_is_one(spoilt: UserData) -> None:
    spoilt.path.write_bytes(b"")
    home = spoilt.path.parent
    (home / "backups").mkdir()
    old, new = home / "backups" / "before-restore-2.zip", home.parent / "footnote-backup-1.zip"
    for age, path in enumerate((new, old)):
        path.write_bytes(b"")
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    assert refused(spoilt, UserDataDamaged).endswith(f"footnote restore {new}")


def test_a_write_that_never_ends_is_waited_for_and_named(spoilt: UserData) -> None:
    with closing(sqlite3.connect(spoilt.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert titles(spoilt) == ["What is S3?"]  # reading goes on
        with pytest.raises(UserDataBusy, match="another process") as refusal:
            spoilt.start("default", answer())
        assert "\n" not in str(refusal.value)
    spoilt.start("default", answer("two"))
    assert titles(spoilt) == ["two", "What is S3?"]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    kept = UserData(tmp_path / "file" / "home")
    with pytest.raises(UserDataUnwritable, match="could not be") as refusal:
        kept.start("default", answer())
    assert "\n" not in str(refusal.value)


@pytest.fixture
def nobody() -> Iterator[None]:
    """Someone to whom something may be forbidden."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield
    if is_root:
        os.seteuid(0)


@posix
def test_a_folder_that_may_not_be_written_can_be_read(tmp_path: Path, nobody: None) -> None:
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:  # nobody's own
        kept = UserData(Path(folder) / "home")
        kept.start("default", answer())
        kept.path.chmod(0o400)
        kept.path.parent.chmod(0o500)
        try:
            assert titles(kept) == ["What is S3?"]
            with pytest.raises(UserDataUnwritable):
                kept.start("default", answer())
        finally:
            kept.path.parent.chmod(0o700)


@posix
def test_a_folder_that_nobody_may_enter_is_one_line(nobody: None) -> None:
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0)
        kept = UserData(home)
        for ask in (
            kept.conversations,
            kept.check,
            lambda: kept.get(1),
            lambda: kept.turns(1),
            lambda: kept.start("default", answer()),
            lambda: look_at(home),
        ):
            with pytest.raises(UserDataUnwritable, match="Permission denied"):
                ask()
        home.chmod(0o700)


NEVER_WRITTEN = {
    "no time": "UPDATE conversations SET created = 'x'",
    "a time of another kind": "UPDATE turns SET asked = 7",
    "bytes that are no text": "UPDATE conversations SET title = CAST(x'ff00fe' AS TEXT)",
    "a number without an end": "UPDATE turns SET answer ="
    " json_replace(answer, '$.citations[0].number', 1e999)",
    "no JSON": "UPDATE turns SET answer = '{'",
    "JSON without a bottom": f"UPDATE turns SET answer = '{'[' * 40_000}'",
    "no answer": "UPDATE turns SET answer = '[]'",
    "nothing": "UPDATE turns SET answer = x''",
}


@pytest.mark.parametrize("kind", NEVER_WRITTEN)
def test_what_no_program_of_ours_wrote_is_damage_told_in_one_line(
    spoilt: UserData, kind: str
) -> None:
    with closing(sqlite3.connect(spoilt.path)) as connection:
        connection.execute(NEVER_WRITTEN[kind])
        connection.commit()
    with pytest.raises(UserDataDamaged) as told:
        _ = [turn.answer for one in spoilt.conversations() for turn in spoilt.turns(one.id)]
    assert "\n" not in str(told.value)
    with pytest.raises(UserDataDamaged):  # and the doctor sees it
        look_at(spoilt.path.parent)


@pytest.mark.slow
def test_whatever_byte_is_flipped_only_errors_of_ours_come(spoilt: UserData) -> None:
    whole = spoilt.path.read_bytes()
    chance = random.Random(7)
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.choice([1, 4])):
            content[chance.randrange(100, len(content))] ^= 1 << chance.randrange(8)
        spoilt.path.write_bytes(content)
        with suppress(UserDataError, NoSuchConversation):
            _ = [turn.answer for one in spoilt.conversations() for turn in spoilt.turns(one.id)]
        with suppress(UserDataError, NoSuchConversation):
            spoilt.conversations("S3")


def test_the_file_gone_while_it_is_used_is_made_again(kept: UserData) -> None:
    begun = kept.start("default", answer("one"))
    kept.path.unlink()
    with pytest.raises(NoSuchConversation):
        kept.append(begun, answer("two"))
    kept.start("default", answer("two"))
    assert titles(kept) == ["two"]


def test_version_1_is_what_it_was() -> None:
    from chatbot.user_data.schema import APPLICATION_ID, MIGRATIONS

    assert f"application_id = {APPLICATION_ID};" in VERSION_1
    for statement in MIGRATIONS[0]:
        assert " ".join(statement.split()) in " ".join(VERSION_1.split())
