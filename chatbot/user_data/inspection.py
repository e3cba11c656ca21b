"""Whether a database that comes from elsewhere is what this program would have written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from chatbot.errors import UserDataError, UserDataNewer
from chatbot.user_data.database import FILE, connect, opened, require_ours
from chatbot.user_data.failures import damaged, is_there
from chatbot.user_data.rows import LISTED, conversation_of, turn_of
from chatbot.user_data.schema import MIGRATIONS, SHADOW_TABLES


def inspect(path: Path) -> tuple[int, int]:
    """Read all of a database and bring it up to date; return its conversations and turns.

    Raises:
        ValueError: it is damaged, newer, or holds what this program did not make.
    """
    try:
        with closing(connect(path)) as connection:
            version = require_ours(connection, path)
            if _schema(connection) != _expected(version):
                raise ValueError(f"its {FILE} holds tables or triggers that Footnote did not make")
            connection.execute("PRAGMA journal_mode = DELETE")
            if damage := first_damage(connection):
                raise ValueError(f"its {FILE} is damaged ({damage})")
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise ValueError(f"its {FILE} is damaged (a turn without its conversation)")
        with opened(path) as connection:
            return read_all(connection)
    except UserDataNewer as error:
        raise ValueError(f"a newer Footnote made its {FILE}") from error
    except UserDataError as error:
        raise ValueError(f"its {FILE} is damaged, or no user data of Footnote") from error
    except sqlite3.Error as error:
        raise ValueError(f"its {FILE} is damaged ({error})") from error


def first_damage(connection: sqlite3.Connection) -> str:
    """Read all of a database; what is wrong with it first, on one line, or nothing."""
    found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return "" if found == "ok" else " ".join(found.split())


def look_at(home: Path) -> tuple[int, int] | None:
    """Read all of the user's own data; its conversations and turns, None where nothing is kept.

    Raises:
        UserDataError: it is damaged, or cannot be used.
    """
    path = home / FILE
    if not is_there(path):
        return None
    with opened(path) as connection:
        if damage := first_damage(connection):
            raise damaged(path, damage)
        return read_all(connection)


def read_all(connection: sqlite3.Connection) -> tuple[int, int]:
    """Read every conversation and answer; how many conversations have how many turns.

    Raises:
        sqlite3.DataError, UserDataDamaged: one cannot be read.
    """
    for row in connection.execute(LISTED):
        conversation_of(row)
    for ordinal, question, stored, asked in connection.execute(
        "SELECT ordinal, question, answer, asked FROM turns"
    ):
        _ = turn_of(ordinal, question, stored, asked, None, None).answer
    row = connection.execute(
        "SELECT count(DISTINCT conversation), count(*) FROM turns WHERE conversation IN"
        " (SELECT id FROM conversations WHERE deletion = 0)"
    ).fetchone()
    return int(row[0]), int(row[1])


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    ).fetchall()
    # The tables behind a search table are worded by SQLite, each version in its way.
    return {
        (kind, name, " ".join(sql.split()))
        for kind, name, sql in rows
        if (kind, name) not in _WORDED_BY_SQLITE
    }


_WORDED_BY_SQLITE = {("table", name) for name in {*SHADOW_TABLES, "sqlite_sequence"}}


def _expected(version: int) -> set[tuple[str, str, str]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                connection.execute(statement)
        return _schema(connection)
