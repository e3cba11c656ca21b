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
from chatbot.user_data.schema import VERSION
from ingest.pipeline import ingest_notes

KILLS = 20

needs_sigkill = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL") or os.name == "nt", reason="needs SIGKILL"
)
pytestmark = pytest.mark.slow

APPENDING = """
import sys
from pathlib import Path
from kept import answer
from chatbot.user_data import UserData
kept, name, turns = UserData(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
conversation = kept.newest("default") or kept.start("default", answer(name + " 1"))
print("kept", conversation.turns)
for ordinal in range(2, turns + 1):
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
