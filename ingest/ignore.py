"""Which notes their owner keeps out: `.footnoteignore`, written as a `.gitignore` is.

A folder's file counts for that folder and all below it; a deeper file has the last word, and
nothing below a folder that is kept out can be let in again.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

FILE = ".footnoteignore"
MAX_BYTES = 100_000
LONGEST_LINE = 1_000
MOST_STARS = 3  # of one name in a rule: each multiplies the ways in which it may match


class RulesUnreadable(Exception):
    """Why a file of rules is not followed, in words for its owner."""


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules that count in one folder: its own file's and those of the folders above."""

    levels: tuple[tuple[str, GitIgnoreSpec], ...] = ()  # prefix of the folder, its rules

    def below(self, prefix: str, folder: Path) -> IgnoreRules:
        """The rules in `folder`, whose path from the root is `prefix` ("" or "a/b/").

        Raises:
            RulesUnreadable: it has a file of rules that cannot be followed.
        """
        spec = _read(folder / FILE)
        return self if spec is None else IgnoreRules((*self.levels, (prefix, spec)))

    def keep_out(self, name: str) -> bool:
        """Whether `name`, a path from the root, is kept out; that of a folder ends in "/"."""
        for prefix, spec in reversed(self.levels):
            include = spec.check_file(name.removeprefix(prefix)).include
            if include is not None:
                return include
        return False


def _read(path: Path) -> GitIgnoreSpec | None:
    """The rules in a file, or None where there is none."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise RulesUnreadable(f"cannot read it: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise RulesUnreadable(f"more than the {MAX_BYTES:,} bytes of a list of rules")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise RulesUnreadable(f"not UTF-8 (byte {error.start}); save it as UTF-8") from error
    for number, line in enumerate(lines, start=1):
        too_many = line.count("**") > MOST_STARS or any(
            part.count("*") > MOST_STARS for part in line.split("/")
        )
        if len(line) > LONGEST_LINE or too_many:
            raise RulesUnreadable(f"line {number} is too long, or has too many '*'")
    try:
        with warnings.catch_warnings():  # of "[[]", which it reads as git does
            warnings.simplefilter("ignore", FutureWarning)
            return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise RulesUnreadable(f"a rule cannot be read ({error})") from error
