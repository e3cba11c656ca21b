"""Which files under a given path may be notes.

Walks without recursion and never follows a link out of the folder. Hidden files and folders
(`.git`, `.obsidian`, our own `.footnote`) are left out without a word, and so is what a
`.footnoteignore` keeps out.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ingest.ignore import FILE, IgnoreRules, RulesUnreadable
from ingest.notes import SkippedFile

SUFFIXES = (".md", ".markdown", ".txt")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Documents that people expect to be read: they are reported, other files are not mentioned.
_EXPECTED_SUFFIXES = _words(
    ".pdf .doc .docx .odt .rtf .epub .ppt .pptx .html .htm .rst .org .tex .ipynb .mdx"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file with a note's suffix. `real` is the file itself, wherever links lead."""

    name: str
    real: Path
    folder: str  # the name of the folder that was given, or that holds the given file
    is_link: bool


def find_candidates(path: Path) -> tuple[list[Candidate] | None, list[SkippedFile]]:
    """The candidates at `path`, by name, and what was passed over; None if nothing is there."""
    try:
        # Whoever names a link means what it leads to; links met on the way are another matter.
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except (OSError, RuntimeError, ValueError):
        return None, []
    walk = _Walk(real)
    if stat.S_ISDIR(mode):
        walk.folders()
    else:
        walk.file(path.name or real.name, real, mode, real.parent.name)
    return sorted(walk.found, key=lambda file: file.name), walk.skipped


class _Walk:
    def __init__(self, root: Path) -> None:
        self.found: list[Candidate] = []
        self.skipped: list[SkippedFile] = []
        self._root = root

    def folders(self) -> None:
        """Look through the root and every folder below it."""
        waiting = [(self._root, "", IgnoreRules())]
        while waiting:
            folder, prefix, above = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    listing = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self._skip(prefix.rstrip("/") or folder.name, _cannot("list", error))
                continue
            rules = self._rules(folder, prefix, above)
            for entry in listing:
                name = f"{prefix}{entry.name}"
                is_folder = entry.is_dir(follow_symlinks=False)
                if entry.name.startswith(".") or rules.keep_out(f"{name}/" if is_folder else name):
                    continue
                if entry.is_symlink():
                    self._link(name, Path(entry.path))
                elif is_folder:
                    waiting.append((Path(entry.path), f"{name}/", rules))
                else:
                    self._entry(name, entry)

    def _rules(self, folder: Path, prefix: str, above: IgnoreRules) -> IgnoreRules:
        try:
            return above.below(prefix, folder)
        except RulesUnreadable as error:
            self._skip(f"{prefix}{FILE}", str(error))
            return above

    def file(self, name: str, real: Path, mode: int, folder: str, is_link: bool = False) -> None:
        """Take one file, if it is a regular one with a note's suffix."""
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            if suffix in _EXPECTED_SUFFIXES or folder != self._root.name:
                self._skip(name, f"not a format that is read ({', '.join(SUFFIXES)})")
        elif not stat.S_ISREG(mode):
            self._skip(name, "not a regular file")
        else:
            self.found.append(Candidate(printable(name), real, printable(folder), is_link))

    def _entry(self, name: str, entry: os.DirEntry[str]) -> None:
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
        except OSError as error:
            self._skip(name, _cannot("read", error))
            return
        self.file(name, Path(entry.path), mode, self._root.name)

    def _link(self, name: str, path: Path) -> None:
        try:
            real = path.resolve(strict=True)
            mode = real.stat().st_mode
        except (OSError, RuntimeError) as error:
            if Path(name).suffix.lower() in SUFFIXES:
                self._skip(name, f"a link that leads nowhere ({type(error).__name__})")
            return
        if not real.is_relative_to(self._root):
            self._skip(name, "a link that leads out of the folder")
        elif stat.S_ISDIR(mode):
            # What is in there is read under its own name, and a loop would never end.
            self._skip(name, "a link to a folder of these notes")
        else:
            self.file(name, real, mode, self._root.name, is_link=True)

    def _skip(self, name: str, reason: str) -> None:
        self.skipped.append(SkippedFile(printable(name), reason))


def printable(name: str) -> str:
    """A file name as text that every store can hold: bytes that are no UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _cannot(verb: str, error: OSError) -> str:
    return f"cannot {verb} it: {error.strerror or type(error).__name__}"
