"""Generations of an index: built aside, made current at once, removed when unread.

    <index>/CURRENT                   the name of the current generation
            generations/<name>/       notes.sqlite, chroma/, manifest.json, readers/
            models/                   what is derived from an embedder's weights
            writer.lock, writer.json  who is ingesting

A reader holds the lock of its own file under `readers/` for as long as it reads. It reads
CURRENT again after taking it: a writer that flipped in between may not have seen the lock.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.durable import sync_directory, sync_tree
from ingest.errors import IndexDamaged, IndexNotFound

_NAME = re.compile(r"\d{6,}-[0-9a-f]{8}")
_TRIES = 50  # flips that a reader may meet in a row while it opens


@dataclass(frozen=True, slots=True)
class Generation:
    """The directory of one generation."""

    name: str
    path: Path

    @property
    def catalog(self) -> Path:
        """The SQLite file."""
        return self.path / "notes.sqlite"

    @property
    def chroma(self) -> Path:
        """Chroma's directory."""
        return self.path / "chroma"

    @property
    def manifest(self) -> Path:
        """What the generation says about itself."""
        return self.path / "manifest.json"

    @property
    def readers(self) -> Path:
        """One lock file per open reader."""
        return self.path / "readers"


class Lease:
    """A reader's hold on a generation: no writer removes it before `release`."""

    def __init__(self, generation: Generation, lock: FileLock | None) -> None:
        self.generation = generation
        self._lock = lock

    @property
    def held(self) -> bool:
        """False where the index directory cannot be written: nothing removes it either."""
        return self._lock is not None

    def release(self) -> None:
        """Give the generation up. More than once does no harm."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()
            with contextlib.suppress(OSError):  # removed with its generation already
                Path(lock.lock_file).unlink()


class Generations:
    """The generations of one index directory.

    `clear` removes what a generation has elsewhere, before it is removed here; while it says
    that it could not, the generation stays.
    """

    def __init__(
        self, directory: Path, clear: Callable[[Generation], bool] = lambda _: True
    ) -> None:
        self.directory = directory
        self._clear = clear
        self.models = directory / "models"
        self._pointer = directory / "CURRENT"
        self._folder = directory / "generations"

    def current(self) -> Generation | None:
        """Return the current generation, or None before the first ingest.

        Raises:
            IndexDamaged: the pointer is unreadable, or names no generation.
        """
        try:
            name = self._pointer.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise self._damaged(f"{self._pointer} cannot be read ({error})") from error
        if not _NAME.fullmatch(name):
            raise self._damaged(f"{self._pointer} names no generation")
        return self._generation(name)

    def create(self) -> Generation:
        """Make the directory of a new generation. Only the writer may."""
        self._folder.mkdir(parents=True, exist_ok=True)
        numbers = [_number(path.name) for path in self._all()]
        name = f"{max(numbers, default=0) + 1:06d}-{uuid.uuid4().hex[:8]}"
        generation = self._generation(name)
        generation.readers.mkdir(parents=True)
        return generation

    def make_current(self, generation: Generation) -> None:
        """Sync the generation to disk, then point to it in one step."""
        sync_tree(generation.path)
        sync_directory(self._folder)
        partial = self._pointer.with_name("CURRENT.part")
        with partial.open("w", encoding="ascii") as stream:
            stream.write(f"{generation.name}\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(self._pointer)
        sync_directory(self.directory)

    def lease(self) -> Lease:
        """Take a hold on the current generation.

        Raises:
            IndexNotFound: nothing was ingested yet.
            IndexDamaged: the pointer names a generation that is not there.
        """
        for _ in range(_TRIES):
            generation = self.current()
            if generation is None:
                raise IndexNotFound(
                    f"There is no index at {self.directory}."
                    " Make one: footnote ingest <folder of notes>"
                )
            lease = _take(generation)
            try:
                current = self.current()
            except IndexDamaged:
                lease.release()
                raise
            if current == generation and generation.manifest.is_file():
                return lease
            lease.release()
            if current == generation:
                raise self._damaged(f"its generation {generation.name} is not there")
        raise self._damaged("it changed again and again while it was opened")

    def all(self) -> tuple[Generation, ...]:
        """Return every generation that is there, whole or not, the oldest first."""
        paths = sorted(self._all(), key=lambda path: _number(path.name))
        return tuple(self._generation(path.name) for path in paths)

    def unfinished(self) -> tuple[str, ...]:
        """Return the names of those that a killed ingest left: newer than the current one.

        To the writer only: to others the one that is being built is among them.
        """
        try:
            current = self.current()
        except IndexDamaged:
            return ()
        last = _number(current.name) if current is not None else 0
        return tuple(path.name for path in self._all() if _number(path.name) > last)

    def remove(self, generation: Generation) -> bool:
        """Remove a generation, unless a reader holds it. Only the writer may."""
        if any(_is_held(lock) for lock in generation.readers.glob("*.lock")):
            return False
        if not self._clear(generation):
            return False
        shutil.rmtree(generation.path, ignore_errors=True)
        return not generation.path.exists()

    def remove_unread(self) -> tuple[str, ...]:
        """Remove every generation but the current one that no reader holds.

        Half-built ones of a killed ingest are among them. Only the writer may. Returns the
        names of those that are gone.
        """
        with contextlib.suppress(IndexDamaged):
            current = self.current()
            kept = current.name if current is not None else ""
            unread = (self._generation(path.name) for path in self._all() if path.name != kept)
            return tuple(generation.name for generation in unread if self.remove(generation))
        return ()

    def _generation(self, name: str) -> Generation:
        return Generation(name=name, path=self._folder / name)

    def _all(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))

    def _damaged(self, reason: str) -> IndexDamaged:
        return IndexDamaged(
            f"The index at {self.directory} is damaged: {reason}."
            " Ingest the notes again: footnote ingest <notes> --rebuild"
        )


def _number(name: str) -> int:
    return int(name.partition("-")[0])


def _take(generation: Generation) -> Lease:
    lock = FileLock(generation.readers / f"{uuid.uuid4().hex}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except OSError:  # a read-only folder, or a generation that was just removed
        return Lease(generation, None)
    return Lease(generation, lock)


def _is_held(path: Path) -> bool:
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # its reader just removed it
        return False
    lock.release()
    return False
