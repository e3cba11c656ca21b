"""A backup holds what is the user's own, and nothing of it is restored before all is checked."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import sqlite3
import stat
import zipfile
from collections.abc import Iterator
from contextlib import chdir, closing
from pathlib import Path
from typing import Any

import pytest
from conftest import NOTES, ToyEmbedder, write_notes
from kept import answer, contents, version, write_version_1
from test_cli import Run, run

from chatbot.cli import main
from chatbot.errors import (
    BadBackup,
    NotDone,
    UserDataBusy,
    UserDataDamaged,
    UserDataNewer,
    UserDataUnwritable,
)
from chatbot.notebooks import list_notebooks
from chatbot.terminal import Terminal
from chatbot.user_data import UserData
from chatbot.user_data.archive import Contents
from chatbot.user_data.backup import Backup, back_up
from chatbot.user_data.files import put_in_place
from chatbot.user_data.manifest import NotebookNotes
from chatbot.user_data.restore import Restored, restore
from chatbot.user_data.schema import VERSION
from ingest.pipeline import ingest_notes

LAW = NotebookNotes("law", ("/notes/law books",))
OWN_SETTINGS = b"rerank = false\n"


def fill(home: Path, *questions: str) -> UserData:
    kept = UserData(home, busy_seconds=0.05)
    for question in questions:
        kept.append(kept.start("default", answer(question)), answer("And?"))
    return kept


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two conversations, and settings of two notebooks."""
    home = tmp_path / "home"
    fill(home, "one", "two")
    (home / "notebooks" / "law").mkdir(parents=True)
    (home / "notebooks" / "law" / "settings.toml").write_bytes(OWN_SETTINGS)
    (home / "settings.toml").write_bytes(b"# none\n")
    return home


@pytest.fixture
def made(home: Path, tmp_path: Path) -> Backup:
    return back_up(home, tmp_path / "backup.zip", [LAW])


def yes(_: Contents) -> bool:
    return True


def put_back(file: Path, home: Path) -> Restored:
    return restore(file, home, [], confirm=yes)


def titles(home: Path) -> list[str]:
    return [conversation.title for conversation in UserData(home).conversations()]


def everything(folder: Path) -> dict[str, bytes]:
    """Every file of a home but the lock's."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "restore.lock"
    }


# Made


def test_a_backup_holds_what_is_the_users_own_and_says_what_that_is(made: Backup) -> None:
    assert (made.conversations, made.turns, made.notebooks) == (2, 4, (LAW,))
    with zipfile.ZipFile(made.file) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    assert set(members) == {"user.sqlite", "settings.toml", "notebooks/law/settings.toml"}
    assert (manifest["format"], manifest["schema"]) == (1, VERSION)
    assert manifest["program"].startswith("footnote-study")
    assert manifest["notebooks"] == [{"name": "law", "notes": ["/notes/law books"]}]
    for member in manifest["members"]:
        data = members.pop(member["name"])
        assert member["size"] == len(data)
        assert member["sha256"] == hashlib.sha256(data).hexdigest()
    assert not members
    if os.name == "posix":
        assert stat.S_IMODE(made.file.stat().st_mode) == 0o600


def test_a_backup_leaves_nothing_beside_it(made: Backup, home: Path) -> None:
    assert sorted(path.name for path in made.file.parent.iterdir()) == ["backup.zip", "home"]
    assert "user.sqlite" in everything(home)


@pytest.mark.parametrize("link", [False, True])
def test_a_backup_overwrites_nothing(home: Path, tmp_path: Path, link: bool) -> None:
    file = tmp_path / "thesis.zip"
    if link:
        file.symlink_to(tmp_path / "nowhere")
    else:
        file.write_bytes(b"mine")
    with pytest.raises(NotDone, match="not overwritten"):
        back_up(home, file, [])
    assert file.is_symlink() if link else file.read_bytes() == b"mine"


def test_a_file_that_appears_meanwhile_is_not_overwritten_either(tmp_path: Path) -> None:
    new, mine = tmp_path / "new", tmp_path / "mine"
    new.write_bytes(b"new")
    mine.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        put_in_place(new, mine)
    assert (new.read_bytes(), mine.read_bytes()) == (b"new", b"mine")
    put_in_place(new, tmp_path / "other")
    assert not new.exists()


def test_nothing_makes_no_backup(tmp_path: Path) -> None:
    with pytest.raises(NotDone, match="nothing to back up"):
        back_up(tmp_path / "home", tmp_path / "backup.zip", [])
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_a_damaged_file_is_refused(home: Path, tmp_path: Path) -> None:
    path = home / "user.sqlite"
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(8192) + whole[middle + 8192 :])
    with pytest.raises(UserDataDamaged, match="left as it is"):
        back_up(home, tmp_path / "backup.zip", [])
    assert not (tmp_path / "backup.zip").exists()


def test_a_folder_that_is_not_there_is_one_line(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserDataUnwritable) as refusal:
        back_up(home, tmp_path / "none" / "backup.zip", [])
    assert "\n" not in str(refusal.value)


# Restored


def test_a_backup_comes_back_on_another_machine(made: Backup, tmp_path: Path) -> None:
    there = tmp_path / "another machine" / "home"
    restored = put_back(made.file, there)
    assert (restored.contents.conversations, restored.contents.turns) == (2, 4)
    assert restored.before is None
    assert titles(there) == ["two", "one"]
    assert (there / "notebooks" / "law" / "settings.toml").read_bytes() == OWN_SETTINGS
    assert everything(there).keys() == {
        *("user.sqlite", "settings.toml", "notebooks/law/settings.toml"),
    }
    if os.name == "posix":
        assert stat.S_IMODE((there / "user.sqlite").stat().st_mode) == 0o600
    fill(there, "three")
    assert titles(there) == ["three", "two", "one"]


def test_what_was_there_before_is_put_aside_and_can_come_back(made: Backup, home: Path) -> None:
    fill(home, "since then")
    (home / "settings.toml").write_bytes(b"# changed\n")
    first = put_back(made.file, home)
    assert titles(home) == ["two", "one"]
    assert (home / "settings.toml").read_bytes() == b"# none\n"
    assert first.before is not None
    assert first.before.parent == home / "backups"
    second = put_back(first.before, home)
    assert titles(home) == ["since then", "two", "one"]
    assert (home / "settings.toml").read_bytes() == b"# changed\n"
    assert second.before not in (None, first.before)


def test_what_killed_restores_left_is_gone_after_the_next(made: Backup, home: Path) -> None:
    for left in ("restoring", "backups/before-restore-1.zip.x.part"):
        (home / left).mkdir(parents=True)
        (home / left / "user.sqlite").write_bytes(b"private")
    put_back(made.file, home)
    assert b"private" not in everything(home).values()


def test_a_file_that_is_not_there_makes_no_home(tmp_path: Path) -> None:
    with pytest.raises(BadBackup, match="cannot be read"):
        put_back(tmp_path / "nothing.zip", tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_has_the_data_open_goes_on_with_what_was_restored(
    made: Backup, home: Path
) -> None:
    fill(home, "since then")
    with closing(sqlite3.connect(home / "user.sqlite")) as other:
        assert other.execute("SELECT count(*) FROM conversations").fetchone() == (3,)
        put_back(made.file, home)
        assert other.execute("SELECT count(*) FROM conversations").fetchone() == (2,)


def test_a_restore_waits_for_no_writer_that_never_ends(made: Backup, home: Path) -> None:
    fill(home, "since then")
    (home / "settings.toml").write_bytes(b"# changed\n")
    with closing(sqlite3.connect(home / "user.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UserDataBusy, match="another process"):
            put_back(made.file, home)
    assert titles(home) == ["since then", "two", "one"]
    assert (home / "settings.toml").read_bytes() == b"# changed\n"
    assert not (home / "restoring").exists()


def test_a_damaged_file_is_put_aside_as_it_is(made: Backup, home: Path) -> None:
    (home / "user.sqlite").write_bytes(b"spoilt" * 1000)
    (home / "settings.toml").write_bytes(b"# mine\n")
    restored = put_back(made.file, home)
    assert titles(home) == ["two", "one"]
    assert restored.before is not None
    assert everything(restored.before) == {
        "user.sqlite": b"spoilt" * 1000,
        "settings.toml": b"# mine\n",
        "notebooks/law/settings.toml": OWN_SETTINGS,
    }
    assert (home / "settings.toml").read_bytes() == b"# none\n"
    if os.name == "posix":
        assert stat.S_IMODE(restored.before.stat().st_mode) == 0o700


def test_a_value_that_cannot_be_read_keeps_nobody_from_restoring(
    made: Backup, home: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(home / "user.sqlite")) as connection:
        connection.execute("UPDATE turns SET answer = '{'")
        connection.commit()
    with pytest.raises(UserDataDamaged):
        back_up(home, tmp_path / "another.zip", [LAW])
    restored = put_back(made.file, home)
    assert titles(home) == ["two", "one"]
    assert restored.before is not None
    assert "damaged" in restored.before.name


def test_what_cannot_be_put_aside_is_not_restored_over(made: Backup, home: Path) -> None:
    for number in range(1_001):  # more than a backup holds; the data itself is whole
        folder = home / "notebooks" / f"n{number}"
        folder.mkdir()
        (folder / "settings.toml").write_bytes(b"")
    fill(home, "since then")
    before = everything(home)
    with pytest.raises(NotDone, match="Nothing was changed") as refusal:
        put_back(made.file, home)
    assert "\n" not in str(refusal.value)
    assert everything(home) == before


def test_what_is_said_between_two_steps_is_put_aside_too(made: Backup, home: Path) -> None:
    said: list[str] = []

    def on_step(step: str) -> None:
        if step == "replace the data" and not said:
            said.append(fill(home, "meanwhile").conversations()[0].title)

    restored = restore(made.file, home, [], confirm=yes, on_step=on_step)
    assert titles(home) == ["two", "one"]
    assert restored.before is not None
    assert [path.name for path in (home / "backups").iterdir()] == [restored.before.name]
    put_back(restored.before, home)
    assert titles(home) == ["meanwhile", "two", "one"]


def test_what_is_begun_between_two_steps_is_put_aside_too(made: Backup, tmp_path: Path) -> None:
    said: list[str] = []
    there = tmp_path / "there"

    def on_step(step: str) -> None:
        if step == "replace the data" and not said:
            said.append(fill(there, "meanwhile").conversations()[0].title)

    restored = restore(made.file, there, [], confirm=yes, on_step=on_step)
    assert titles(there) == ["two", "one"]
    assert restored.before is not None
    put_back(restored.before, there)
    assert titles(there) == ["meanwhile"]


def test_data_that_others_write_all_the_time_is_not_restored_over(made: Backup, home: Path) -> None:
    (home / "settings.toml").write_bytes(b"# changed\n")

    def on_step(step: str) -> None:
        if step == "replace the data":
            fill(home, "meanwhile")

    with pytest.raises(UserDataBusy, match="in use") as refusal:
        restore(made.file, home, [], confirm=yes, on_step=on_step)
    assert "\n" not in str(refusal.value)
    assert titles(home)[-3:] == ["meanwhile", "two", "one"]
    assert (home / "settings.toml").read_bytes() == b"# changed\n"
    fill(home, "later")


@pytest.mark.parametrize("present", ["damaged", "moved away"])
def test_an_old_journal_is_not_applied_to_what_is_restored(
    made: Backup, home: Path, present: str
) -> None:
    path = home / "user.sqlite"
    journal = path.with_name("user.sqlite-journal")
    good = contents(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")  # so that pages, and the journal, are written
        writer.execute("BEGIN")
        writer.execute("UPDATE conversations SET title = title || ?", ("x" * 100_000,))
        writer.execute("UPDATE turns SET question = question || ?", ("x" * 100_000,))
        old = journal.read_bytes()
        writer.execute("ROLLBACK")
    assert old[:4] == b"\xd9\xd5\x05\xf9"
    if present == "damaged":
        path.write_bytes(b"spoilt" * 1000)
    else:
        path.unlink()

    def on_step(step: str) -> None:
        if step == "replace the data":
            journal.write_bytes(old)

    restore(made.file, home, [], confirm=yes, on_step=on_step)
    assert not journal.exists()
    assert contents(path) == good
    assert old in everything(home / "backups").values()


def test_a_folder_that_is_no_notebook_is_left_out(home: Path, tmp_path: Path) -> None:
    (home / "notebooks" / "law (copy)").mkdir()
    (home / "notebooks" / "law (copy)" / "settings.toml").write_bytes(b"rerank = true\n")
    found = [NotebookNotes(notebook.name, notebook.notes) for notebook in list_notebooks(home)]
    made = back_up(home, tmp_path / "b.zip", found)
    assert [notebook.name for notebook in made.notebooks] == ["law"]
    assert set(put_back(made.file, tmp_path / "there").contents.settings) == {
        *("settings.toml", "notebooks/law/settings.toml"),
    }


def twins(home: Path, tmp_path: Path) -> Path:
    names = {f"notebooks/{name}/settings.toml": name.encode() for name in ("Law", "law")}
    return packed(tmp_path, {"user.sqlite": (home / "user.sqlite").read_bytes(), **names})


def test_names_that_differ_by_case_alone_are_two_notebooks(home: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "PROBE").touch()
    if (there / "probe").exists():
        pytest.skip("this file system folds case")
    put_back(twins(home, tmp_path), there)
    for name in ("Law", "law"):
        assert (there / "notebooks" / name / "settings.toml").read_bytes() == name.encode()
    made = back_up(there, tmp_path / "b.zip", [NotebookNotes(name, ()) for name in ("Law", "law")])
    assert put_back(made.file, there).before is not None


@pytest.mark.parametrize("both", [True, False])
def test_a_file_system_that_folds_case_takes_no_twins(
    home: Path, tmp_path: Path, both: bool
) -> None:
    # As such a file system would have it: the other spelling is the same folder.
    if not (home / "RESTORING").exists():
        (home / "RESTORING").symlink_to("restoring")
    file = twins(home, tmp_path) if both else packed(tmp_path, {"notebooks/LAW/settings.toml": b""})
    assert "differ by case" in refused(file, home)


def test_what_a_newer_footnote_wrote_is_not_restored_over(made: Backup, home: Path) -> None:
    with closing(sqlite3.connect(home / "user.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = everything(home)
    with pytest.raises(UserDataNewer):
        put_back(made.file, home)
    after = everything(home)
    assert after == before


def test_a_backup_of_an_older_footnote_is_brought_up_to_date(home: Path, tmp_path: Path) -> None:
    old = tmp_path / "user.sqlite"
    write_version_1(old)
    restored = put_back(packed(tmp_path, {"user.sqlite": old.read_bytes()}), home)
    assert (restored.contents.conversations, restored.contents.turns) == (2, 6)
    assert version(home / "user.sqlite") == VERSION
    assert contents(home / "user.sqlite") == contents(old)
    assert [found.title for found in UserData(home).conversations("glacier1")] == ["Title 1"]


def test_without_a_yes_nothing_changes(made: Backup, home: Path) -> None:
    fill(home, "since then")
    before = everything(home)
    seen: list[int] = []

    def no(found: Contents) -> bool:
        seen.append(found.conversations)
        return False

    with pytest.raises(NotDone, match="nothing was changed"):
        restore(made.file, home, [], confirm=no)
    assert seen == [2]
    assert everything(home) == before


# Refused


def packed(folder: Path, members: dict[str, bytes], /, **changes: object) -> Path:
    """A backup as anyone could make one; `changes` replace what its manifest says."""
    manifest = {
        "format": 1,
        "program": "footnote-study 0.1.0",
        "schema": VERSION,
        "created": "2024-05-03T10:00:00+00:00",
        "notebooks": [],
        "members": [
            {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in members.items()
        ],
        **changes,
    }
    file = folder / "made up.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, data in members.items():
            archive.writestr(name, data)
    return file


def refused(file: Path, home: Path) -> str:
    before, around = everything(home), sorted(home.parent.iterdir())
    with pytest.raises(BadBackup) as refusal:
        put_back(file, home)
    assert everything(home) == before
    assert sorted(home.parent.iterdir()) == around
    assert "\n" not in str(refusal.value)
    assert str(file) in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(
    "name",
    [
        *("../evil", "../../user.sqlite", "/etc/passwd", "C:\\evil", "..\\settings.toml"),
        *("notebooks/../settings.toml", "notebooks/law/../../settings.toml", "./settings.toml"),
        *("notebooks/nul/settings.toml", "notebooks/x/y/settings.toml", "notebooks//settings.toml"),
        *("notebooks/default/settings.toml", "SETTINGS.TOML", "index/notes.sqlite", "user.sqlite/"),
        *("settings.toml\0.exe", "notebooks/e\u0301/settings.toml", "\x1b[2Jx"),
    ],
)
def test_a_name_that_no_backup_holds_is_refused(home: Path, tmp_path: Path, name: str) -> None:
    assert "no part of a backup" in refused(packed(tmp_path, {name: b"x"}), home)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("other", ["settings.toml", "notebooks/a/settings.toml"])
def test_a_file_that_is_there_twice_is_refused(home: Path, tmp_path: Path, other: str) -> None:
    names = {"settings.toml": b"x", "notebooks/a/settings.toml": b"x"}
    file = packed(tmp_path, names)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(other, b"y")
    assert "twice" in refused(file, home)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": 2}, "a newer Footnote made it, in format 2"),
        ({"format": "x"}, "manifest cannot be read"),
        ({"created": "yesterday"}, "manifest cannot be read"),
        ({"notebooks": [{"name": "../x", "notes": []}]}, "manifest cannot be read"),
        ({"notebooks": [{"name": "x", "notes": "/"}]}, "manifest cannot be read"),
        ({"members": []}, "names other files"),
        ({"members": [{"name": "settings.toml", "size": 1, "sha256": "x"}]}, "cannot be read"),
        (
            {"members": [{"name": "settings.toml", "size": 2, "sha256": "0" * 64}]},
            "another size",
        ),
        (
            {"members": [{"name": "settings.toml", "size": 1, "sha256": "0" * 64}]},
            "not what was backed up",
        ),
        ({"members": [{"name": "../x", "size": 1, "sha256": "0" * 64}]}, "no part of a backup"),
    ],
)
def test_a_manifest_that_does_not_hold_is_refused(
    home: Path, tmp_path: Path, changes: dict[str, object], why: str
) -> None:
    assert why in refused(packed(tmp_path, {"settings.toml": b"x"}, **changes), home)


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"format":1}']
)
def test_what_is_no_manifest_is_refused(home: Path, tmp_path: Path, manifest: bytes) -> None:
    file = tmp_path / "made up.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", manifest)
    assert "manifest cannot be read" in refused(file, home)


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all" * 100])
def test_what_is_no_zip_is_refused(home: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "made up.zip").write_bytes(data)
    refused(tmp_path / "made up.zip", home)
    assert "cannot be read" in refused(tmp_path / "nothing.zip", home)
    assert "cannot be read" in refused(tmp_path, home)


def test_a_zip_without_a_manifest_is_refused(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "made up.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("settings.toml", b"")
    assert "no manifest" in refused(file, home)


def test_what_would_unpack_to_very_much_is_refused_before_it_does(
    home: Path, tmp_path: Path
) -> None:
    zeros = packed(tmp_path, {"user.sqlite": bytes(64 * 2**20)})
    assert zeros.stat().st_size < 100_000
    assert "would unpack to 67,108,864 bytes" in refused(zeros, home)
    assert "65,536 is the most" in refused(packed(tmp_path, {"settings.toml": bytes(70_000)}), home)
    many = {f"notebooks/n{number}/settings.toml": b"" for number in range(1_001)}
    assert "1,002 files" in refused(packed(tmp_path, many), home)


def test_a_size_that_lies_is_refused(home: Path, tmp_path: Path) -> None:
    data = bytes(100_000)
    file = packed(tmp_path, {"user.sqlite": data})
    lying = file.read_bytes().replace((100_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lying != file.read_bytes()
    file.write_bytes(lying)
    refused(file, home)


def changed(home: Path, statement: str) -> bytes:
    """The home's database after a change by a stranger."""
    with closing(sqlite3.connect(":memory:")) as copy:
        with closing(sqlite3.connect(home / "user.sqlite")) as source:
            source.backup(copy)
        copy.executescript(statement)
        return copy.serialize()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON turns BEGIN DELETE FROM turns; END", "did not make"),
        ("CREATE TRIGGER search_data2 AFTER INSERT ON turns BEGIN SELECT 1; END", "did not make"),
        ("CREATE TABLE more (x)", "did not make"),
        ("CREATE VIEW v AS SELECT * FROM turns", "did not make"),
        ("DROP TRIGGER turn_gone", "did not make"),
        ("PRAGMA user_version = 99", "a newer Footnote made"),
        ("PRAGMA user_version = 0", "is damaged"),
        ("PRAGMA application_id = 1", "no user data of Footnote"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM conversations", "without its conversation"),
    ],
)
def test_a_database_that_footnote_did_not_write_is_refused(
    home: Path, tmp_path: Path, statement: str, why: str
) -> None:
    file = packed(tmp_path, {"user.sqlite": changed(home, statement)})
    assert why in refused(file, home)


def test_a_damaged_database_is_refused_though_its_hash_is_right(home: Path, tmp_path: Path) -> None:
    whole = (home / "user.sqlite").read_bytes()
    for data in (b"", b"no table", whole[:8192], whole[:20_000] + bytes(len(whole) - 20_000)):
        assert "user.sqlite" in refused(packed(tmp_path, {"user.sqlite": data}), home)


def test_no_bit_that_flips_in_a_backup_goes_unnoticed(made: Backup, tmp_path: Path) -> None:
    whole = made.file.read_bytes()
    good, chance = everything_of(made.file), random.Random(3)
    noticed = 0
    for number in range(150):
        position = chance.randrange(len(whole))
        spoilt = bytearray(whole)
        spoilt[position] ^= 1 << chance.randrange(8)
        file, there = tmp_path / "spoilt.zip", tmp_path / f"there {number}"
        file.write_bytes(spoilt)
        try:
            put_back(file, there)
        except BadBackup:
            noticed += 1
            assert everything(there) == {}
        else:  # a date or a permission: nothing of what is restored
            assert everything_of(file) == good
    assert noticed > 120


def test_a_zip_that_points_before_its_start_is_refused(
    made: Backup, home: Path, tmp_path: Path
) -> None:
    whole = made.file.read_bytes()
    end = whole.rindex(b"PK\x05\x06")
    for position in range(end + 12, end + 20):  # the size and the place of the list of files
        for bit in range(8):
            spoilt = bytearray(whole)
            spoilt[position] ^= 1 << bit
            (tmp_path / "spoilt.zip").write_bytes(spoilt)
            refused(tmp_path / "spoilt.zip", home)


def everything_of(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# The commands


class Typing(io.StringIO):
    """A person at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        del os.environ[name]
    folder = tmp_path / "here"
    folder.mkdir()
    with chdir(folder):
        yield folder
    os.environ.clear()
    os.environ.update(before)


def at_terminal(typed: str, *argv: str) -> Run:
    screen = Terminal(Typing(typed), io.StringIO(), io.StringIO())
    code = main(list(argv), terminal=screen)
    values: list[Any] = [screen.stdout, screen.stderr]
    return Run(code, values[0].getvalue(), values[1].getvalue(), None)  # type: ignore[arg-type]


def test_backup_and_restore_bring_a_new_machine_to_where_the_old_one_was(
    here: Path, tmp_path: Path
) -> None:
    notes = write_notes(tmp_path / "my law notes", NOTES)
    index = here / ".footnote" / "notebooks" / "law" / "index"
    ingest_notes([notes], index, embedder=ToyEmbedder())
    fill(here / ".footnote", "one", "two")
    done = run("backup")
    assert done.code == 0, done.err
    [file] = here.glob("footnote-backup-*.zip")
    assert done.out == (
        f"{file.name} holds 2 conversations (4 turns) and 1 notebook, and was read back.\n"
    )
    assert "notes are not in it" in done.err
    new = tmp_path / "new machine"
    new.mkdir()
    with chdir(new):
        restored = run("restore", "--yes", str(file))
        assert restored.code == 0, restored.err
        assert restored.out.splitlines() == [
            f"Restored 2 conversations (4 turns) and 1 notebook from {file}.",
            f"footnote ingest '{notes}' --notebook law",
        ]
        assert len(run("conversations").out.splitlines()) == 2
    again = run("restore", "--yes", str(file))
    assert "footnote ingest" not in again.out  # the index is here
    assert "What was there before is in .footnote" in again.err


def test_nobody_at_the_terminal_is_no_yes(here: Path) -> None:
    fill(here / ".footnote", "one")
    assert run("backup", "a backup.zip").code == 0
    fill(here / ".footnote", "two")
    refusal = run("restore", "a backup.zip", stdin="y\n")
    assert (refusal.code, refusal.out, refusal.err.count("\n")) == (2, "", 1)
    assert "footnote restore --yes 'a backup.zip'" in refusal.err
    assert titles(here / ".footnote") == ["two", "one"]


@pytest.mark.parametrize("typed", ["", "\n", "n\n", "yesterday\n"])
def test_a_person_who_does_not_say_yes_keeps_what_is_there(here: Path, typed: str) -> None:
    fill(here / ".footnote", "one")
    run("backup", "b.zip")
    fill(here / ".footnote", "two")
    refusal = at_terminal(typed, "restore", "b.zip")
    assert refusal.code == 2
    assert "Put 1 conversation (2 turns) and 0 notebooks of b.zip, made " in refusal.err
    assert titles(here / ".footnote") == ["two", "one"]
    assert at_terminal("Y\n", "restore", "b.zip").code == 0
    assert titles(here / ".footnote") == ["one"]


def test_what_a_backup_says_steers_no_terminal(here: Path, tmp_path: Path) -> None:
    hostile = "/n\x1b[2J\u202e\n'$(touch x)'"
    notebooks = [{"name": "x", "notes": [hostile]}]
    file = packed(tmp_path, {"settings.toml": b""}, notebooks=notebooks)
    done = run("restore", "--yes", str(file))
    assert done.code == 0, done.err
    assert not set(done.out + done.err) & {"\x1b", "\u202e"}
    assert len(done.out.splitlines()) == 2


@pytest.mark.parametrize("argv", [["backup", "x.zip"], ["conversations", "--undo"]])
def test_with_nothing_kept_there_is_one_line(here: Path, argv: list[str]) -> None:
    done = run(*argv)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
