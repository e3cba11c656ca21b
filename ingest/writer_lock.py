"""One writer to an index at a time; a second is told who the first one is."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import WriterBusy


@contextlib.contextmanager
def writer_lock(directory: Path) -> Iterator[None]:
    """Hold the index directory's writer lock; make the directory where it is missing.

    The operating system gives the lock up when its process ends, however it ends.

    Raises:
        WriterBusy: another process, or another thread, holds it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / "writer.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise WriterBusy(
            f"The index at {directory} is being updated by {_holder(directory)}."
            " Wait for it to finish, or stop it, then try again"
        ) from None
    note = directory / "writer.json"
    try:
        _write_note(note)
        yield
    finally:
        with contextlib.suppress(OSError):
            note.unlink()
        lock.release()


def _write_note(note: Path) -> None:
    values = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    partial = note.with_name("writer.json.part")
    partial.write_text(json.dumps(values), encoding="utf-8")
    partial.replace(note)


def _holder(directory: Path) -> str:
    try:
        values = json.loads((directory / "writer.json").read_text(encoding="utf-8"))
        since = datetime.fromisoformat(values["since"]).strftime("%H:%M:%S")
        return f"process {int(values['pid'])} on {values['host']} since {since}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # it has the lock, and has not said who it is yet
