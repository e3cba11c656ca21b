"""`footnote restore`: a backup in the place of what is there, which is put aside first."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from chatbot.errors import BadBackup, NotDone, UserDataBusy, UserDataDamaged
from chatbot.user_data.archive import Contents, open_packed, unpack
from chatbot.user_data.backup import back_up, own_settings
from chatbot.user_data.database import FILE, OnStep, connect, copy_all, opened, pragma
from chatbot.user_data.failures import unwritable
from chatbot.user_data.files import BACKUPS, put_in_place, write_synced
from chatbot.user_data.manifest import NotebookNotes, notebook_of_member
from ingest.durable import sync_directory, sync_file

WAIT_SECONDS = 1.0  # for a process that is writing
TRIES = 5  # to put aside what is there, where others go on writing


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where what was there before is now, if there was anything."""

    contents: Contents
    before: Path | None


def _unwatched(_: str) -> None:
    """Where nobody follows the steps."""


def restore(
    file: Path,
    home: Path,
    notebooks: Sequence[NotebookNotes],
    *,
    confirm: Callable[[Contents], bool],
    on_step: OnStep = _unwatched,
) -> Restored:
    """Check a whole backup, put aside what is there, and put the backup in its place.

    `notebooks` are those of now. Each file is replaced in one step: killed at any time, this
    leaves the old one or the new one. Processes that have the data open go on with the new.
    What the backup does not hold is left as it is. `on_step` hears of each step before it is
    taken.

    Raises:
        BadBackup: the file cannot be restored; nothing was changed.
        NotDone: it was not confirmed, or what is there cannot be put aside; nothing was changed.
        UserDataBusy: another process did not stop writing; nothing was changed.
        UserDataError: what is there is a newer Footnote's, or cannot be read or written.
    """
    open_packed(file).close()  # before a home is made for it
    try:
        with _alone(home) as staging:
            on_step("unpack")
            contents = unpack(file, staging)
            if not confirm(contents):
                raise NotDone("Nothing was restored, and nothing was changed")
            _require_no_twins(file, home, contents)
            staged_settings = _staged(contents.settings, staging)
            before = _exchange(home, notebooks, contents.database, on_step)
            for name, staged in staged_settings.items():
                on_step(f"replace {name}")
                (home / name).parent.mkdir(parents=True, exist_ok=True)
                staged.replace(home / name)
                sync_directory((home / name).parent)
            on_step("tidy up")
    except OSError as error:
        raise unwritable(home, error.strerror or str(error)) from error
    return Restored(contents, before)


@contextmanager
def _alone(home: Path) -> Iterator[Path]:
    """A new folder to unpack into, for one restore at a time; what a killed one left is gone."""
    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / "restore.lock")
    try:
        lock.acquire(timeout=WAIT_SECONDS)
    except Timeout:
        raise UserDataBusy(
            f"Another process is restoring into {home}. Wait for it to finish, then try again"
        ) from None
    staging = home / "restoring"
    try:
        if staging.exists():
            shutil.rmtree(staging)
        staging.mkdir(mode=0o700)
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        lock.release()


def _require_no_twins(file: Path, home: Path, contents: Contents) -> None:
    """See that no two notebooks would share a folder.

    Raises:
        BadBackup: two would: the file system takes names that differ by case for one.
    """
    spelled_otherwise = home / "RESTORING"  # the folder that was just unpacked into
    if not spelled_otherwise.exists():
        return
    present = [path.name for path in home.glob("notebooks/*")]
    names: dict[str, str] = {}
    for name in (*present, *map(notebook_of_member, contents.settings)):
        other = names.setdefault(name.casefold(), name)
        if other != name:
            raise BadBackup(
                f"{file} cannot be restored: the notebooks {other!r} and {name!r} differ by case"
                f" alone, and {home} is where that is one folder. Nothing was changed. Rename"
                " yours, or name another home: FOOTNOTE_HOME"
            )


def _exchange(
    home: Path, notebooks: Sequence[NotebookNotes], new: Path | None, on_step: OnStep
) -> Path | None:
    """Put aside what is there, then the new data in its place; where what was there is now.

    What another process writes meanwhile is put aside too.

    Raises:
        UserDataBusy: another process wrote all the time; nothing was changed.
    """
    path = home / FILE
    for _ in range(TRIES):
        on_step("put aside")
        try:
            if not path.exists():
                before = _back_up_aside(home, notebooks)
                if new is not None:
                    on_step("replace the data")
                    _take_journal(path, home / BACKUPS)
                    with suppress(FileExistsError):  # begun meanwhile: that is put aside first
                        put_in_place(new, path)
                        return before
                    continue
                return before
            with opened(path, busy_seconds=WAIT_SECONDS) as live:
                seen = pragma(live, "data_version")
                before = _back_up_aside(home, notebooks)
                if new is None:
                    return before
                on_step("replace the data")
                if _locked(live, seen):
                    with closing(connect(new)) as source:
                        copy_all(source, live, path, WAIT_SECONDS)
                    return before
                if before is not None:
                    before.unlink()  # the next one holds more
        except UserDataDamaged:
            before = _copy_aside(home)
            if new is not None:
                on_step("replace the data")
                _take_journal(path, before)
                new.replace(path)
                sync_directory(home)
            return before
    raise UserDataBusy(
        f"{path} is in use: other processes wrote to it all the time. Nothing was changed. Stop"
        " them, then try again"
    )


def _locked(live: sqlite3.Connection, seen: int) -> bool:
    """Keep others from writing, unless they have since the file was at version `seen`.

    SQLite copies into no file that is in a transaction, so the lock outlives the transaction:
    until the copy is made, or the connection closed. Until then others cannot read either.
    """
    live.execute("PRAGMA locking_mode = EXCLUSIVE")
    live.execute("BEGIN IMMEDIATE")
    unchanged = pragma(live, "data_version") == seen
    if not unchanged:
        live.execute("PRAGMA locking_mode = NORMAL")
    live.execute("COMMIT")
    live.execute("PRAGMA locking_mode = NORMAL")  # lets go when the file is used next
    return unchanged


def _back_up_aside(home: Path, notebooks: Sequence[NotebookNotes]) -> Path | None:
    """A backup of what is there, if there is anything."""
    if not ((home / FILE).exists() or own_settings(home)):
        return None
    aside = _unused(_backups(home), "before-restore", ".zip")
    return back_up(home, aside, notebooks, busy_seconds=WAIT_SECONDS).file


def _copy_aside(home: Path) -> Path:
    """A folder with the damaged data as it is, and each notebook's settings."""
    aside = _unused(_backups(home), "damaged", "")
    part = aside.with_name(f"{aside.name}.part")
    part.mkdir(mode=0o700)
    shutil.copy(home / FILE, part / FILE)
    sync_file(part / FILE)
    for name, data in own_settings(home).items():
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        write_synced(part / name, data)
        sync_directory((part / name).parent)
    sync_directory(part)
    part.replace(aside)
    sync_directory(aside.parent)
    return aside


def _take_journal(path: Path, folder: Path) -> None:
    """Put an old journal of the file into the folder: SQLite would apply it to the new file."""
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists():
        folder.mkdir(exist_ok=True)
        journal.replace(folder / journal.name)
        sync_directory(path.parent)


def _backups(home: Path) -> Path:
    """The folder for what is put aside, without what a killed restore left unfinished in it."""
    folder = home / BACKUPS
    folder.mkdir(exist_ok=True)
    for unfinished in folder.glob("*.part"):  # there is one restore at a time
        shutil.rmtree(unfinished)
    return folder


def _unused(folder: Path, kind: str, suffix: str) -> Path:
    """A name with the time in it that no file in the folder has."""
    stem = f"{kind}-{datetime.now():%Y-%m-%d-%H%M%S}"
    names = (f"{stem}{more}{suffix}" for more in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(folder / name for name in names if not (folder / name).exists())


def _staged(settings: Mapping[str, bytes], staging: Path) -> dict[str, Path]:
    """Each notebook's settings as a file that only has to be moved, by its name."""
    staged: dict[str, Path] = {}
    for number, (name, data) in enumerate(settings.items()):
        staged[name] = staging / f"settings-{number}.toml"
        write_synced(staged[name], data)
    return staged
