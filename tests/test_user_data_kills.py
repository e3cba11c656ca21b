"""Killed while it keeps, killed while it migrates, several at once: what was said to be kept is."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from pathlib import Path
from time import sleep

import pytest
from conftest import NOTES, ToyEmbedder, write_notes
from kept import ROOT, answer, child, contents, version, write_version_1

from chatbot.user_data import UserData
from chatbot.user_data.backup import back_up
from chatbot.user_data.restore import restore
from chatbot.user_data.schema import VERSION
from ingest.pipeline import ingest_notes

KILLS = 20
SLOW_KILLS = 10  # of what takes a while to begin

needs_sigkill = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL") or os.name == "nt", reason="needs SIGKILL"
)
pytestmark = pytest.mark.slow

APPENDING = """
import sys, time
from pathlib import Path
from kept import answer
from chatbot.user_data import UserData
kept, name, turns = UserData(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
pause = float(sys.argv[4]) if sys.argv[4:] else 0
conversation = kept.newest("default") or kept.start("default", answer(name + " 1"))
print("kept", conversation.turns)
for ordinal in range(2, turns + 1):
    time.sleep(pause)
    conversation = kept.append(conversation, answer(f"{name} {ordinal}", "word " * 3000))
    print("kept", conversation.turns)
"""


@needs_sigkill
def test_a_turn_that_was_said_to_be_kept_survives_sigkill(tmp_path: Path) -> None:
    chance = random.Random(7)
    kept, acknowledged = UserData(tmp_path), 0
    for _ in range(KILLS):
        appending = child(APPENDING, tmp_path, "turn", 100_000)
        assert appending.stdout is not None
        for _ in range(chance.randint(1, 4)):
            acknowledged = int(appending.stdout.readline().split()[1])
        sleep(chance.random() * 0.02)
        appending.kill()
        said, _ = appending.communicate()
        whole = [line for line in said.splitlines(keepends=True) if line.endswith("\n")]
        if whole:
            acknowledged = int(whole[-1].split()[1])
        [conversation] = kept.conversations()
        turns = kept.turns(conversation.id)
        assert [turn.ordinal for turn in turns] == list(range(1, len(turns) + 1))
        assert len(turns) - acknowledged in (0, 1)  # one more may be kept, and not yet said so
        assert all(turn.answer.citations for turn in turns)
        contents(kept.path)
    assert acknowledged > KILLS


def test_two_processes_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    UserData(tmp_path).start("default", answer("begun 1"))
    both = [child(APPENDING, tmp_path, name, 26) for name in ("one", "two")]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    [conversation] = UserData(tmp_path).conversations()
    turns = UserData(tmp_path).turns(conversation.id)
    assert [turn.ordinal for turn in turns] == list(range(1, 52))
    for name in ("one", "two"):
        asked = [turn.question for turn in turns if turn.question.startswith(name)]
        assert asked == [f"{name} {ordinal}" for ordinal in range(2, 27)]


BEGINNING = """
import sys
from pathlib import Path
from kept import answer
from chatbot.user_data import UserData
UserData(Path(sys.argv[1])).start("default", answer(sys.argv[2]))
"""


def test_processes_that_begin_the_file_at_once_share_one(tmp_path: Path) -> None:
    together = [child(BEGINNING, tmp_path / "home", number) for number in range(6)]
    for process in together:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    found = {conversation.title for conversation in UserData(tmp_path / "home").conversations()}
    assert found == {"0", "1", "2", "3", "4", "5"}
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["user.sqlite"]


MIGRATING = """
import os, signal, sys
from pathlib import Path
from chatbot.user_data.database import opened
def on_step(step):
    print(step)
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
with opened(Path(sys.argv[1]), on_step=on_step):
    pass
"""


def migrate(path: Path, die_at: str = "") -> tuple[list[str], int]:
    process = child(MIGRATING, path, die_at)
    steps, _ = process.communicate(timeout=60)
    return steps.split(), process.returncode


@needs_sigkill
def test_killed_at_any_step_of_a_migration_the_old_version_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "user.sqlite"
    write_version_1(path, conversations=30, turns=10, words=2_000)
    before = contents(path)
    untouched = shutil.copy(path, tmp_path / "another")
    steps, code = migrate(untouched)
    assert (code, steps[0], steps[-1]) == (0, "copy", f"{VERSION}.commit")
    hot = 0
    for step in steps:
        seen, code = migrate(path, step)
        assert (seen[-1], code) == (step, -signal.SIGKILL)
        # Pages that did not fit in memory are in the file already: the journal takes them out.
        journal = path.with_name("user.sqlite-journal")
        hot += journal.exists() and journal.stat().st_size > 0
        assert version(path) == 1
        assert contents(path) == before
    assert hot
    assert migrate(path)[1] == 0
    assert version(path) == VERSION
    assert contents(path) == before
    assert contents(path.with_name("user.sqlite.v1")) == before
    assert not path.with_name("user.sqlite.v1.part").exists()


def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    path = tmp_path / "user.sqlite"
    write_version_1(path, conversations=20, turns=10, words=500)
    before = contents(path)
    together = [child(MIGRATING, path, "") for _ in range(4)]
    finished = [process.communicate(timeout=60) for process in together]
    assert [process.returncode for process in together] == [0] * 4, finished
    assert sorted(len(steps.split()) > 0 for steps, _ in finished) == [False, False, False, True]
    assert version(path) == VERSION
    assert version(path.with_name("user.sqlite.v1")) == 1
    assert contents(path) == contents(path.with_name("user.sqlite.v1")) == before


def test_a_rebuild_leaves_the_users_own_data_bit_for_bit_alone(tmp_path: Path) -> None:
    folder = write_notes(tmp_path / "notes", NOTES)
    kept = UserData(tmp_path / "home")
    kept.start("default", answer())
    before = kept.path.read_bytes(), kept.path.stat()
    for rebuild in (False, True):
        ingest_notes([folder], tmp_path / "home" / "index", embedder=ToyEmbedder(), rebuild=rebuild)
    assert (kept.path.read_bytes(), kept.path.stat()) == before


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_clean_takes_the_index_and_not_the_users_own_data(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    kept = UserData(tmp_path / ".footnote")
    kept.start("default", answer())
    (tmp_path / ".footnote" / "index").mkdir()
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert not (tmp_path / ".footnote" / "index").exists()
    assert kept.newest("default") is not None


RESTORING = """
import os, signal, sys
from pathlib import Path
from chatbot.user_data.restore import restore
def on_step(step):
    print(step, flush=True)
    if step == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
restore(Path(sys.argv[1]), Path(sys.argv[2]), [], confirm=lambda _: True, on_step=on_step)
"""


def state(home: Path) -> tuple[object, bytes]:
    """What a home holds: its conversations, whole, and its settings."""
    return contents(home / "user.sqlite"), (home / "settings.toml").read_bytes()


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A home as it is, one as a backup of it once was, and that backup."""
    now, then, file = tmp_path / "now", tmp_path / "then", tmp_path / "backup.zip"
    for home, name in ((then, "then"), (now, "now")):
        kept = UserData(home)
        for number in range(3):
            begun = kept.start("default", answer(f"{name} {number}", "word " * 100_000))
            kept.append(begun, answer("And?", name * 100_000))
        (home / "settings.toml").write_text(f"# {name}\n")
    back_up(then, file, [])
    return now, then, file


def restoring(file: Path, home: Path, die_at: str = "") -> subprocess.Popen[str]:
    return child(RESTORING, file, home, die_at)


def steps_of(process: subprocess.Popen[str]) -> list[str]:
    said, _ = process.communicate(timeout=60)
    return said.splitlines()


@needs_sigkill
def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new(
    homes: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    now, then, file = homes
    untouched = tmp_path / "untouched"
    shutil.copytree(now, untouched)
    steps = steps_of(restoring(file, untouched))
    assert steps == [
        *("unpack", "put aside", "replace the data", "replace settings.toml", "tidy up"),
    ]
    assert state(untouched) == state(then)
    replaced = []
    for step in steps:
        home = tmp_path / step
        shutil.copytree(now, home)
        process = restoring(file, home, step)
        assert steps_of(process)[-1] == step
        assert process.returncode == -signal.SIGKILL
        data, own_settings = state(home)
        replaced.append((data == state(then)[0], own_settings == state(then)[1]))
        assert data in (state(now)[0], state(then)[0])
        assert own_settings in (state(now)[1], state(then)[1])
        assert steps_of(restoring(file, home)) == steps  # what was left is in nobody's way
        assert state(home) == state(then)
        assert not (home / "restoring").exists()
    assert replaced == [(False, False)] * 3 + [(True, False), (True, True)]


@needs_sigkill
def test_a_restore_killed_while_it_replaces_the_data_leaves_the_old_or_the_new(
    homes: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    now, then, file = homes
    chance, old, new = random.Random(11), state(now)[0], state(then)[0]
    hot = 0
    for kill in range(SLOW_KILLS):
        home = tmp_path / f"home {kill}"
        shutil.copytree(now, home)
        process = restoring(file, home)
        assert process.stdout is not None
        while process.stdout.readline() != "replace the data\n":
            pass
        sleep(chance.random() * 0.02)
        process.kill()
        process.communicate()
        journal = home / "user.sqlite-journal"
        hot += journal.exists() and journal.stat().st_size > 0
        assert contents(home / "user.sqlite") in (old, new)
        shutil.rmtree(home)
    assert hot


def test_a_backup_made_while_another_process_appends_holds_a_whole_moment(tmp_path: Path) -> None:
    kept = UserData(tmp_path / "home")
    kept.start("default", answer("begun 1"))
    appending = child(APPENDING, tmp_path / "home", "turn", 100_000, 0.01)
    try:
        assert appending.stdout is not None
        for number in range(6):
            said = int(appending.stdout.readline().split()[1])
            made = back_up(tmp_path / "home", tmp_path / f"{number}.zip", [])
            assert made.turns >= said
            restored = restore(
                made.file, tmp_path / f"there {number}", [], confirm=lambda _: True
            ).contents
            assert restored.turns == made.turns
            turns = UserData(tmp_path / f"there {number}").turns(1)
            assert [turn.ordinal for turn in turns] == list(range(1, made.turns + 1))
    finally:
        appending.kill()
        appending.communicate()


@needs_sigkill
def test_a_backup_that_is_killed_has_no_name(tmp_path: Path) -> None:
    kept = UserData(tmp_path / "home")
    for number in range(3):
        kept.start("default", answer(f"{number}", "".join(map(str, range(300_000)))))
    chance, finished = random.Random(5), 0
    for number in range(SLOW_KILLS):
        file = tmp_path / f"{number}.zip"
        process = child(BACKING_UP, tmp_path / "home", file)
        assert process.stdout is not None
        process.stdout.readline()
        sleep(chance.random() * 0.3)
        process.kill()
        process.communicate()
        if file.exists():
            finished += 1
            restore(file, tmp_path / f"there {number}", [], confirm=lambda _: True)
    assert finished < SLOW_KILLS


BACKING_UP = """
import sys
from pathlib import Path
from chatbot.user_data.backup import back_up
print("ready")
back_up(Path(sys.argv[1]), Path(sys.argv[2]), [])
"""
