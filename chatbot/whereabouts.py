"""What became of the place that an earlier answer cited: the notes go on being written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from chatbot.answer import Citation
from ingest.readers.line_table import LineTable

if TYPE_CHECKING:
    from ingest.index import NotesIndex


class Since(StrEnum):
    """What became of a cited passage."""

    UNCHANGED = "unchanged"  # it stands where it stood
    MOVED = "moved"  # the same words stand elsewhere: another note, heading or line
    CHANGED = "changed"  # its section is there, and no longer says it in these words
    GONE = "gone"  # its section is no longer in the notes


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A citation, and what became of it. `now` says where it stands, in whichever words."""

    number: int
    since: Since
    now: Citation | None = None

    def to_json(self) -> dict[str, Any]:
        """What `conversations --show N --json` says of it."""
        now = self.now.to_json() if self.now is not None else None
        return {"number": self.number, "since": str(self.since), "now": now}


def whereabouts(index: NotesIndex, citation: Citation) -> Whereabouts:
    """Look for a cited passage in the notes as they are now.

    Its section is known by its identity, so it is found under another name, too.
    """
    try:
        section = index.section_identified(citation.section)
    except KeyError:
        return Whereabouts(citation.number, Since.GONE)
    text = index.source_text(section.source)
    now = replace(
        citation,
        source=section.source,
        heading=section.heading,
        anchor=section.anchor,
        lines=section.lines,
        start=section.start,
        end=section.end,
        quote=text[section.start : section.end],
    )
    start = _nearest(text, citation, section.start, section.end)
    if start is None:
        return Whereabouts(citation.number, Since.CHANGED, now)
    end = start + len(citation.quote)
    lines = LineTable(text).numbers(start, end)
    now = replace(now, lines=lines, start=start, end=end, quote=citation.quote)
    return Whereabouts(citation.number, Since.UNCHANGED if now == citation else Since.MOVED, now)


def _nearest(text: str, citation: Citation, start: int, end: int) -> int | None:
    """Where the cited words stand in the section: of several places the one nearest to the old."""
    places = []
    found = text.find(citation.quote, start, end)
    while found >= 0 and citation.quote:
        places.append(found)
        found = text.find(citation.quote, found + 1, end)
    return min(places, key=lambda place: abs(place - citation.start), default=None)
