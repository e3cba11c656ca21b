"""What is said, under an answer of before, about the places that it cites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chatbot.plain_text import neutral, one_line, place

if TYPE_CHECKING:
    from chatbot.whereabouts import Whereabouts

MOVED = "Since then [{number}] has moved: {place}"
CHANGED = "Since then [{number}] was edited, or written in other words: {place}"
GONE = "Since then what [{number}] cites has gone from the notes."
EDITED = "Since then {source} was edited; what {numbers} still stands there."

_LOUD = {"moved": MOVED, "changed": CHANGED, "gone": GONE}


def changes_told(found: Sequence[Whereabouts]) -> Iterator[str]:
    """A line for each place that is not what it was, or not where it was."""
    for one in found:
        if one.since in _LOUD:
            where = place(one.now) if one.now is not None else ""
            yield neutral(_LOUD[one.since].format(number=one.number, place=where))


def edits_told(found: Sequence[Whereabouts]) -> Iterator[str]:
    """A line for each note that was edited around places that stand as they stood."""
    unharmed: dict[str, list[int]] = {}
    for one in found:
        if one.since == "unchanged" and one.note_changed and one.now is not None:
            unharmed.setdefault(one.now.source, []).append(one.number)
    for source, numbers in unharmed.items():
        name = one_line(neutral(source))
        yield EDITED.format(source=name, numbers=_counted_up(numbers))


def _counted_up(numbers: Sequence[int]) -> str:
    *first, last = (f"[{number}]" for number in numbers)
    return f"{', '.join(first)} and {last} cite" if first else f"{last} cites"
