"""Files that appear whole or not at all, and where backups are."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ingest.durable import sync_directory

BACKUPS = "backups"  # the folder of those that are made without being asked for
PREFIX = "footnote-backup-"


def put_in_place(new: Path, path: Path) -> None:
    """Give a finished file its name, which no file has; the folder is synced.

    Raises:
        FileExistsError: a file has that name. It is left as it is.
    """
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(17, "File exists", str(path)) from None
        new.rename(path)
    else:
        new.unlink()
    sync_directory(path.parent)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file, private to its user, and sync it; one that is there is written over."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def newest_backup(home: Path) -> str:
    """The newest backup made here, as a shell takes it; empty where there is none.

    Looked for where `footnote backup` puts one in the usual set-up, and where `restore` does.
    """
    found = [*home.glob(f"{BACKUPS}/*.zip"), *home.parent.glob(f"{PREFIX}*.zip")]
    try:
        newest = max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
    except OSError:
        return ""
    return "" if newest is None else shlex.quote(str(newest))
