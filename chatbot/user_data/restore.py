"""`footnote restore`: a backup in the place of what is there, which is put aside first."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from chatbot.errors import BadBackup, NotDone, UserDataBusy, UserDataDamaged
from chatbot.user_data.archive import Contents, open_packed, unpack
from chatbot.user_data.backup import back_up, own_settings
from chatbot.user_data.database import FILE, OnStep, connect, copy_all
from chatbot.user_data.failures import translated, unwritable
from chatbot.user_data.files import BACKUPS, put_in_place, write_synced
from chatbot.user_data.manifest import NotebookNotes
from ingest.durable import sync_directory, sync_file

WAIT_SECONDS = 1.0  # for a process that is writing


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
        NotDone: it was not confirmed; nothing was changed.
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
            on_step("put aside")
            before, whole = _put_aside(home, notebooks)
            new = _staged(contents.settings, staging)
            if contents.database is not None:
                on_step("replace the data")
                _replace_database(contents.database, home / FILE, whole)
            for name, staged in new.items():
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


def _put_aside(home: Path, notebooks: Sequence[NotebookNotes]) -> tuple[Path | None, bool]:
    """Keep what is there: where it is now, and whether the data was whole."""
    source = home / FILE
    if not (source.exists() or own_settings(home)):
        return None, True
    folder = home / BACKUPS
    folder.mkdir(exist_ok=True)
    for unfinished in folder.glob("*.part"):  # a killed restore's, for there is one at a time
        shutil.rmtree(unfinished)
    stamp = f"{datetime.now():%Y-%m-%d-%H%M%S}"
    try:
        aside = _unused(folder, f"before-restore-{stamp}", ".zip")
        return back_up(home, aside, notebooks, busy_seconds=WAIT_SECONDS).file, True
    except (UserDataDamaged, BadBackup):  # as it is
        aside = _unused(folder, f"damaged-{stamp}", ".sqlite")
        shutil.copy(source, aside)
        sync_file(aside)
        with suppress(FileNotFoundError):  # SQLite would apply it to the new file
            _journal(source).replace(_journal(aside))
        sync_directory(folder)
        return aside, False


def _unused(folder: Path, stem: str, suffix: str) -> Path:
    """A name that no file in the folder has."""
    names = (f"{stem}{more}{suffix}" for more in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(folder / name for name in names if not (folder / name).exists())


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


def _staged(settings: Mapping[str, bytes], staging: Path) -> dict[str, Path]:
    """Each notebook's settings as a file that only has to be moved, by its name."""
    staged: dict[str, Path] = {}
    for number, (name, data) in enumerate(settings.items()):
        staged[name] = staging / f"settings-{number}.toml"
        write_synced(staged[name], data)
    return staged


def _replace_database(new: Path, path: Path, whole: bool) -> None:
    if not path.exists():
        put_in_place(new, path)
    elif whole:
        # Page by page within one transaction, so that others may have the file open: each
        # sees the old data or the new, and a journal undoes what a kill leaves half done.
        with (
            translated(path),
            closing(connect(new)) as source,
            closing(connect(path, busy_seconds=WAIT_SECONDS)) as target,
        ):
            copy_all(source, target, path, WAIT_SECONDS)
    else:
        new.replace(path)
        sync_directory(path.parent)
