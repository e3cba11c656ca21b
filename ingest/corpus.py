"""From files and folders to source documents.

Reads only; follows nothing out of the folder that was given; never fails for one bad file:
what cannot be read is reported with a reason, and every other note is served.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import NoReadableNotes, NotesNotFound
from ingest.folder import SUFFIXES, Candidate, find_candidates
from ingest.note_file import FileSkipped, read_note
from ingest.notes import SkippedFile, SourceDocument

MAX_BYTES = 20_000_000  # a larger text file is an export or a log, not a note


@dataclass(frozen=True, slots=True)
class Corpus:
    """The notes that were read, by name, and the files that were not."""

    sources: tuple[SourceDocument, ...]
    skipped: tuple[SkippedFile, ...]


def read_corpus(paths: Sequence[Path], *, max_bytes: int = MAX_BYTES) -> Corpus:
    """Read every note among `paths`, files or folders, sorted by name.

    Names are POSIX paths relative to the folder that was given (a given file: its name). When
    two given paths hold the same name, the later one's goes behind its folder's name. A file
    reached twice is read once. Hidden files and folders are left out.

    Raises:
        NotesNotFound: one of the paths does not exist.
        NoReadableNotes: a given folder holds no note that can be read, or nothing does.
    """
    reading = _Reading(max_bytes)
    for path in paths:
        reading.take(path)
    if not reading.sources:
        named = ", ".join(f"'{path}'" for path in paths) or "the empty list of paths"
        raise NoReadableNotes(reading.nothing_readable(named))
    return Corpus(
        tuple(sorted(reading.sources, key=lambda source: source.name)),
        tuple(sorted(reading.skipped, key=lambda file: (file.name, file.reason))),
    )


class _Reading:
    """What was read so far, and under which names."""

    def __init__(self, max_bytes: int) -> None:
        self.sources: list[SourceDocument] = []
        self.skipped: list[SkippedFile] = []
        self._max_bytes = max_bytes
        self._names: set[str] = set()
        self._read: dict[Path, str] = {}

    def take(self, path: Path) -> None:
        """Read the note, or every note of the folder, at `path`."""
        candidates, skipped = find_candidates(path)
        if candidates is None:
            raise NotesNotFound(
                f"There is no file or folder '{_one_line(path)}'. "
                "Name a folder of notes that exists."
            )
        self.skipped.extend(skipped)
        # Real files first: a link to one of them is then the one that is left out.
        readable = [self._take_file(file) for file in sorted(candidates, key=_links_last)]
        if path.is_dir() and not any(readable):
            raise NoReadableNotes(self.nothing_readable(f"the folder '{path}'"))

    def _take_file(self, file: Candidate) -> bool:
        name = self._distinct_name(file)
        if file.real in self._read:
            if file.is_link:
                reason = f"a link to '{self._read[file.real]}', which is read under that name"
                self.skipped.append(SkippedFile(name, reason))
            return True
        try:
            source = read_note(file.real, name, self._max_bytes)
        except FileSkipped as skip:
            self.skipped.append(SkippedFile(name, str(skip)))
            return False
        self.sources.append(source)
        self._names.add(name)
        self._read[file.real] = name
        return True

    def _distinct_name(self, file: Candidate) -> str:
        name, number = file.name, 1
        while name in self._names:
            suffix = f"-{number}" if number > 1 else ""
            name = f"{file.folder}{suffix}/{file.name}"
            number += 1
        return name

    def nothing_readable(self, where: str) -> str:
        """The message for a place without notes, with the first reason if there is one."""
        message = f"Nothing readable in {where}: notes end in {', '.join(SUFFIXES)}"
        if self.skipped:
            first = self.skipped[-1]
            others = f" and {len(self.skipped) - 1} more" if len(self.skipped) > 1 else ""
            message += f"; skipped '{first.name}' ({first.reason}){others}"
        return _one_line(f"{message}. Add a note there, or name another folder.")


def _links_last(file: Candidate) -> tuple[bool, str]:
    return file.is_link, file.name


def _one_line(text: object) -> str:
    return " ".join(str(text).encode("utf-8", "replace").decode("utf-8").split())
