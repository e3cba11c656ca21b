"""What became of the place that an earlier answer cited: the notes go on being written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from chatbot.answer import Citation
from ingest.readers.line_table import LineTable

if TYPE_CHECKING:
    from ingest.index import NotesIndex
    from ingest.notes import Section


TELLING_WORDS = 5  # from here on a quote in another section is taken for the same passage


class Since(StrEnum):
    """What became of a cited passage."""

    UNCHANGED = "unchanged"  # it stands where it stood
    MOVED = "moved"  # the same words stand elsewhere: another note, heading or line
    CHANGED = "changed"  # its section is there, and no longer says it in these words
    GONE = "gone"  # its section is no longer in the notes


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A citation, and what became of it. `now` says where it stands, in whichever words.

    `note_changed` says that the note that it stands in now is not as it was when it was cited; a
    new name is no change. False also where it is not known how the note was.
    """

    number: int
    since: Since
    now: Citation | None = None
    note_changed: bool = False

    def to_json(self) -> dict[str, Any]:
        """What `conversations --show N --json` says of it."""
        now = self.now.to_json() if self.now is not None else None
        return {
            "number": self.number,
            "since": str(self.since),
            "now": now,
            "note_changed": self.note_changed,
        }


def whereabouts(index: NotesIndex, citation: Citation) -> Whereabouts:
    """Look for a cited passage in the notes as they are now.

    Its section is known by its identity, so it is found under another name, too. Where that does
    not hold the words, they may stand in another section: the identity was another's in an
    index that was made anew, or they were moved to where something else is written as well.
    """
    section = _section(index, citation.section)
    found = None if section is None else _place_in(index, section, citation)
    if found is None:
        found = _elsewhere(index, citation)
    if found is not None:
        stands = replace(found, note=citation.note) == citation
        since = Since.UNCHANGED if stands else Since.MOVED
        return Whereabouts(citation.number, since, found, _is_edited(citation, found))
    if section is None:
        return Whereabouts(citation.number, Since.GONE)
    text = index.source_text(section.source)[section.start : section.end]
    now = _cited(index, citation, section, section.lines, section.start, text)
    return Whereabouts(citation.number, Since.CHANGED, now, _is_edited(citation, now))


def _is_edited(citation: Citation, now: Citation) -> bool:
    return bool(citation.note) and citation.note != now.note


def _section(index: NotesIndex, identity: str) -> Section | None:
    try:
        return index.section_identified(identity)
    except KeyError:
        return None


def _place_in(index: NotesIndex, section: Section, citation: Citation) -> Citation | None:
    """The citation where the section holds its words now."""
    text = index.source_text(section.source)
    start = _nearest(text, citation, section.start, section.end)
    if start is None:
        return None
    lines = LineTable(text).numbers(start, start + len(citation.quote))
    return _cited(index, citation, section, lines, start, citation.quote)


def _elsewhere(index: NotesIndex, citation: Citation) -> Citation | None:
    """The citation in the first section, in note order, that holds its words.

    A few words ("90 days") may stand anywhere and say something else: they are not looked for.
    """
    if len(citation.quote.split()) < TELLING_WORDS:
        return None
    for source in index.sources_with(citation.quote):
        for section in index.outline():
            if section.source == source and not section.navigation:
                found = _place_in(index, section, citation)
                if found is not None:
                    return replace(found, section=section.identity)
    return None


def _cited(
    index: NotesIndex,
    citation: Citation,
    section: Section,
    lines: tuple[int, int],
    start: int,
    quote: str,
) -> Citation:
    return replace(
        citation,
        source=section.source,
        heading=section.heading,
        anchor=section.anchor,
        lines=lines,
        start=start,
        end=start + len(quote),
        quote=quote,
        note=index.source_digest(section.source),
    )


def _nearest(text: str, citation: Citation, start: int, end: int) -> int | None:
    """Where the cited words stand in the section: of several places the one nearest to the old."""
    places = []
    found = text.find(citation.quote, start, end)
    while found >= 0 and citation.quote:
        places.append(found)
        found = text.find(citation.quote, found + 1, end)
    return min(places, key=lambda place: abs(place - citation.start), default=None)
