"""What SQLite and the system say of `user.sqlite`, as one line that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.errors import UserDataBusy, UserDataDamaged, UserDataUnwritable
from chatbot.user_data.files import newest_backup

_REFUSED = (
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR),
    *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH),
)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say about the file into one line of ours."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise busy(path) from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise damaged(path, str(error)) from error
        if code in _REFUSED:
            raise unwritable(path, str(error)) from error
        raise damaged(path, str(error)) from error  # a value that no program of ours wrote
    except UnicodeDecodeError as error:  # what SQLite would have said is no text either
        raise damaged(path, "it holds what is no text") from error
    except OSError as error:
        raise unwritable(path, error.strerror or str(error)) from error


def is_there(path: Path) -> bool:
    """Whether there is such a file.

    Raises:
        UserDataUnwritable: nobody may look.
    """
    with translated(path):
        return path.exists()


def damaged(path: Path, why: str) -> UserDataDamaged:
    """The error for a file that is not what it should be, with what there is to restore."""
    backup = newest_backup(path.parent)
    restore = (
        f"Put the newest backup in its place: footnote restore {backup}"
        if backup
        else "No backup was found beside it. Restore one: footnote restore <file>; or move it away"
    )
    return UserDataDamaged(f"{path} is damaged ({why}). It is left as it is. {restore}")


def unwritable(path: Path, why: str) -> UserDataUnwritable:
    """The error for a file that the system refuses."""
    return UserDataUnwritable(
        f"{path} could not be read or written ({why}). Make room or permit it, then try again"
    )


def busy(path: Path) -> UserDataBusy:
    """The error for a file that others do not let go of."""
    return UserDataBusy(
        f"{path} is being written by another process. Wait for it to finish, then try again"
    )
