"""What became of the notes since an index was made, told by the hashes of their content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of notes, in order.

    A note whose whole content stands under another name is `renamed`: (before, now). One that
    was edited as well as renamed is one removed and one added.
    """

    added: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.edited or self.renamed or self.removed)

    def __str__(self) -> str:
        """How many notes changed in which way; empty where none did."""
        kinds = (
            ("added", self.added),
            ("edited", self.edited),
            ("renamed", self.renamed),
            ("removed", self.removed),
        )
        return ", ".join(f"{len(names)} {kind}" for kind, names in kinds if names)


def changes_between(before: Iterable[tuple[str, str]], now: Iterable[tuple[str, str]]) -> Changes:
    """Compare two states of the notes: (name, SHA-256 of the content) of each, in any order."""
    old, new = dict(before), dict(now)
    gone: dict[str, list[str]] = {}
    for name in sorted(old.keys() - new.keys()):
        gone.setdefault(old[name], []).append(name)
    added, renamed = [], []
    for name in sorted(new.keys() - old.keys()):
        same = gone.get(new[name])
        if same:  # copies of one content are taken in the order of their names
            renamed.append((same.pop(0), name))
        else:
            added.append(name)
    moved = {name for name, _ in renamed}
    both = old.keys() & new.keys()
    return Changes(
        added=tuple(added),
        edited=tuple(sorted(name for name in both if old[name] != new[name])),
        renamed=tuple(renamed),
        removed=tuple(sorted(old.keys() - new.keys() - moved)),
        unchanged=sum(old[name] == new[name] for name in both),
    )
