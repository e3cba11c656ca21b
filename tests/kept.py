"""What the tests of the user's own data share: answers, a file of version 1, and children."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from chatbot.answer import Answer, Citation, Status, Timings

ROOT = Path(__file__).resolve().parent.parent

# As the first version made it. Never edited: such files are on people's disks.
VERSION_1 = """
PRAGMA application_id = 1181708148;
PRAGMA user_version = 1;
CREATE TABLE conversations (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    notebook TEXT NOT NULL,
    title    TEXT NOT NULL,
    created  TEXT NOT NULL,
    updated  TEXT NOT NULL,
    touched  INTEGER NOT NULL
);
CREATE TABLE turns (
    id           INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    ordinal      INTEGER NOT NULL,
    question     TEXT NOT NULL,
    answer       TEXT NOT NULL,
    asked        TEXT NOT NULL,
    UNIQUE (conversation, ordinal)
);
"""


def answer(question: str = "What is S3?", text: str = "Amazon S3 stores objects. [1]") -> Answer:
    quote = "Amazon S3 stores objects."
    cited = Citation(1, "storage.md", ("Storage", "Amazon S3"), "s3", (3, 4), quote, 0, len(quote))
    return Answer(question, Status.ANSWERED, text, (cited,), (), Timings())


def write_version_1(path: Path, conversations: int = 2, turns: int = 3, words: int = 4) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time = "2024-05-03T10:00:00.000000+00:00"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(VERSION_1)
        for number in range(1, conversations + 1):
            connection.execute(
                "INSERT INTO conversations VALUES (?, 'default', ?, ?, ?, ?)",
                (number, f"Title {number}", time, time, number),
            )
            for ordinal in range(1, turns + 1):
                text = f"Glacier{number} keeps " + "archives " * (words - 2)
                kept = answer(f"Question {ordinal}?", text)
                connection.execute(
                    "INSERT INTO turns (conversation, ordinal, question, answer, asked)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (number, ordinal, kept.question, json.dumps(kept.to_json()), time),
                )


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables that both versions have; the file must be whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return {
            "conversations": connection.execute(
                "SELECT id, notebook, title, created, updated, touched FROM conversations"
                " ORDER BY id"
            ).fetchall(),
            "turns": connection.execute(
                "SELECT conversation, ordinal, question, answer, asked FROM turns"
                " ORDER BY conversation, ordinal"
            ).fetchall(),
        }


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def child(program: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of its own that runs the program, its output line by line."""
    folders = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": folders, "PYTHONUNBUFFERED": "1"},
    )
