"""Opening `user.sqlite`: made whole or not at all, brought up to date, refused when it is not ours.

A rollback journal and no write-ahead log: the data is one file, also while it is used, and can
be read in a folder that cannot be written. Every opening is short, so that a process that
restores a backup, and every thread of a page, sees the same file.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic

from chatbot.errors import UserDataNewer
from chatbot.user_data.failures import busy, damaged, translated
from chatbot.user_data.files import put_in_place
from chatbot.user_data.schema import APPLICATION_ID, MIGRATIONS, VERSION
from ingest.durable import sync_directory

FILE = "user.sqlite"
BUSY_SECONDS = 5.0  # how long a short transaction waits for another one

OnStep = Callable[[str], None]


def _unwatched(_: str) -> None:
    """Where nobody follows the steps."""


@contextmanager
def opened(
    path: Path, *, busy_seconds: float = BUSY_SECONDS, on_step: OnStep = _unwatched
) -> Iterator[sqlite3.Connection]:
    """An up-to-date connection to the file at `path`, which is there; closed at the end.

    `on_step` hears of each step of a migration before it is taken.

    Raises:
        UserDataError: it cannot be read or written, or is not this program's.
    """
    with translated(path), closing(connect(path, busy_seconds=busy_seconds)) as connection:
        version = require_ours(connection, path)
        if version < VERSION:
            _bring_up_to_date(connection, path, on_step)
        yield connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction, the only one that writes: all of it is on the disk afterwards, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has rolled back already; then there is nothing to roll back.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def connect(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open a file that is there; nothing is asked of it yet."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=busy_seconds, isolation_level=None
    )
    # EXTRA also syncs the folder when a journal goes: what was committed stays committed.
    try:
        for setting in ("synchronous=EXTRA", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def require_ours(connection: sqlite3.Connection, path: Path) -> int:
    """Return the file's schema version: this program's, or an older one.

    Raises:
        UserDataDamaged: the file is another program's, or empty.
        UserDataNewer: it was written by a newer Footnote.
    """
    if pragma(connection, "application_id") != APPLICATION_ID:
        raise damaged(path, "it does not begin as Footnote's user data")
    version = pragma(connection, "user_version")
    if version > VERSION:
        raise UserDataNewer(
            f"{path} was written by a newer Footnote (version {version} of the user data; this"
            f" one knows {VERSION}). It is left as it is. Update Footnote, or move the file away"
        )
    if version < 1:
        raise damaged(path, f"its version is {version}")
    return version


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """Return the value of a pragma that is a number."""
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def create(path: Path, *, versions: int = VERSION) -> None:
    """Make the file with empty tables, unless it is there; private to its user.

    It is made aside and linked into place, so it is never there without its tables.

    Raises:
        UserDataUnwritable: it cannot be made.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(".part", f"{path.name}.", path.parent)  # mode 0o600
        os.close(descriptor)
        new = Path(name)
        try:
            with closing(connect(new)) as connection, writing(connection):
                for number in range(1, versions + 1):
                    _migrate(connection, number, _unwatched)
            put_in_place(new, path)
        except FileExistsError:
            return  # another process was first
        finally:
            new.unlink(missing_ok=True)


def _bring_up_to_date(connection: sqlite3.Connection, path: Path, on_step: OnStep) -> None:
    """Run the missing migrations, each in a transaction with its number.

    Before the first, a copy of the file as it was is put beside it.
    """
    copied = False
    while True:
        with writing(connection):  # which is the lock: two that start at once migrate once
            version = require_ours(connection, path)
            if version == VERSION:
                return
            if not copied:
                on_step("copy")
                _copy(path, path.with_name(f"{path.name}.v{version}"))
                copied = True
            _migrate(connection, version + 1, on_step)


def _migrate(connection: sqlite3.Connection, number: int, on_step: OnStep) -> None:
    for position, statement in enumerate(MIGRATIONS[number - 1], start=1):
        on_step(f"{number}.{position}")
        connection.execute(statement)
    on_step(f"{number}.version")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {number}")
    on_step(f"{number}.commit")


def _copy(path: Path, copy: Path) -> None:
    """Put a copy of the file at `copy`, whole, in place of an older one of that name.

    The caller holds the write lock: nobody else makes this copy at this time.
    """
    part = copy.with_name(f"{copy.name}.part")
    snapshot(path, part)
    part.replace(copy)
    sync_directory(copy.parent)


def snapshot(path: Path, target: Path, busy_seconds: float = BUSY_SECONDS) -> None:
    """Write a consistent copy of the file to `target`, synced, private to its user.

    Others may write meanwhile.

    Raises:
        UserDataBusy: others wrote all the time.
        sqlite3.Error: the file cannot be read, or the copy not written.
    """
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with (
        closing(connect(path, busy_seconds=busy_seconds)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        copy.execute("PRAGMA synchronous=FULL")
        copy_all(source, copy, path, busy_seconds)


def copy_all(
    source: sqlite3.Connection, target: sqlite3.Connection, file: Path, seconds: float
) -> None:
    """Make the target's database the source's, in one transaction.

    Raises:
        UserDataBusy: one of them, `file`, stayed locked for so many seconds.
    """
    deadline = monotonic() + seconds
    for connection in (source, target):  # the deadline alone says how long it takes
        connection.execute("PRAGMA busy_timeout = 0")

    def give_up(status: int, remaining: int, total: int) -> None:
        # Python tries a locked file again for ever; only this ends it.
        if status != sqlite3.SQLITE_DONE and monotonic() > deadline:
            raise busy(file)

    source.backup(target, pages=-1, progress=give_up, sleep=0.002)
