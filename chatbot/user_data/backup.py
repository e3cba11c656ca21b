"""`footnote backup`: the user's own data in one file, to be kept elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from chatbot.errors import BadBackup, NotDone
from chatbot.notebooks import DEFAULT_NOTEBOOK, is_named_notebook, notebook_folder
from chatbot.user_data.archive import MOST_SETTINGS, unpack, write_archive
from chatbot.user_data.database import BUSY_SECONDS, FILE, connect, opened, snapshot
from chatbot.user_data.failures import damaged, translated, unwritable
from chatbot.user_data.files import put_in_place
from chatbot.user_data.inspection import first_damage, read_all
from chatbot.user_data.manifest import SETTINGS, NotebookNotes, settings_member

DISTRIBUTION = "footnote-study"


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made, and what it holds."""

    file: Path
    conversations: int
    turns: int
    notebooks: tuple[NotebookNotes, ...]


def back_up(
    home: Path,
    file: Path,
    notebooks: Sequence[NotebookNotes],
    *,
    busy_seconds: float = BUSY_SECONDS,
) -> Backup:
    """Put the user's own data into a new file, and read it back before it gets its name.

    Others may go on writing: what is kept is the state of one moment. Neither the notes nor
    the indexes are in it; `notebooks` says of which notes they were made.

    Raises:
        UserDataError: the data cannot be read, or the file not written.
        NotDone: a file of that name is there, there is nothing to back up, or what was written
            does not read back.
    """
    if file.exists() or file.is_symlink():
        raise _in_the_way(file)
    source = home / FILE
    try:
        settings = own_settings(home)
        if not (source.exists() or settings or notebooks):
            raise NotDone(f"There is nothing to back up in {home}. Begin with: footnote chat")
        with tempfile.TemporaryDirectory(".part", f"{file.name}.", file.parent) as name:
            folder = Path(name)
            database: Path | None = None
            if source.exists():
                database = _snapshot(source, folder, busy_seconds)
            packed = folder / "backup.zip"
            write_archive(
                packed,
                database,
                settings,
                program=_program(),
                created=datetime.now(UTC),
                notebooks=notebooks,
            )
            (folder / "read back").mkdir()
            try:
                contents = unpack(packed, folder / "read back")
            except BadBackup as error:
                raise NotDone(
                    f"{file} was not made: it did not read back ({error.__cause__ or error})."
                    " Nothing was changed. Look what is wrong: footnote doctor"
                ) from error
            put_in_place(packed, file)
    except FileExistsError:
        raise _in_the_way(file) from None
    except OSError as error:
        raise unwritable(file, error.strerror or str(error)) from error
    return Backup(file, contents.conversations, contents.turns, tuple(notebooks))


def _snapshot(source: Path, folder: Path, busy_seconds: float) -> Path:
    """A copy of the data as it is now, up to date and whole.

    Raises:
        UserDataDamaged: something in it cannot be read.
    """
    with opened(source, busy_seconds=busy_seconds):
        pass
    copy = folder / FILE
    with translated(source):
        snapshot(source, copy, busy_seconds)
        with closing(connect(copy)) as connection:
            found = first_damage(connection)
            if not found:
                read_all(connection)
    if found:
        raise damaged(source, found)
    return copy


def own_settings(home: Path) -> dict[str, bytes]:
    """The settings of each notebook that has any, by the name below the home folder.

    Raises:
        NotDone: one is too large to be settings.
        OSError: one cannot be read.
    """
    folders = sorted(path.parent.name for path in home.glob(f"notebooks/*/{SETTINGS}"))
    found: dict[str, bytes] = {}
    for name in (DEFAULT_NOTEBOOK, *(name for name in folders if is_named_notebook(name))):
        path = notebook_folder(home, name) / SETTINGS
        if path.is_file():
            if path.stat().st_size > MOST_SETTINGS:
                raise NotDone(f"{path} is too large for settings. Correct it, or move it away")
            found[settings_member(name)] = path.read_bytes()
    return found


def _program() -> str:
    try:
        return f"{DISTRIBUTION} {version(DISTRIBUTION)}"
    except PackageNotFoundError:
        return f"{DISTRIBUTION} (not installed)"


def _in_the_way(file: Path) -> NotDone:
    return NotDone(f"{file} is there already and is not overwritten. Name another file")
