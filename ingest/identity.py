"""Which note and which section is which, from one state of the notes to the next.

A section's id is its address: note, heading, and a number where headings repeat. It changes when
the note is renamed, or when a heading of the same name is written above. Its identity stays, so
that what was cited yesterday is found today. Nothing in the notes holds it: it is carried over
by what a note and a section have in common with those of before.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from typing import TypeVar

from ingest.catalog_build import IndexedNotes
from ingest.notes import Section

_LENGTH = 12  # hexadecimal digits
_COMMON = 20  # notes with the same section, a footer say: it tells none of them apart
_ALIKE = 0.5  # of the sections of the smaller note, for one that was renamed and edited at once

_Place = TypeVar("_Place", int, tuple[int, int])
_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class TracedSection:
    """What a section is known by. `identity` is empty while it has none."""

    id: str
    heading: tuple[str, ...]
    body: str  # a digest of its words; empty where nothing stands under the heading
    identity: str = ""


@dataclass(frozen=True, slots=True)
class TracedNote:
    """What a note is known by, and its sections in order."""

    name: str
    digest: str
    sections: tuple[TracedSection, ...]
    identity: str = ""


def traced_notes(
    sources: Iterable[tuple[str, str, str]], sections: Iterable[Section]
) -> list[TracedNote]:
    """Return what the notes of these sections are known by, and the sections.

    `sources` are the name, digest and identity of notes; those without a section are left out.
    """
    of_note: dict[str, list[TracedSection]] = {}
    for section in sections:
        of_note.setdefault(section.source, []).append(_traced(section))
    return [
        TracedNote(name, digest, tuple(of_note[name]), identity)
        for name, digest, identity in sources
        if name in of_note
    ]


def _traced(section: Section) -> TracedSection:
    words = "\n".join(block.text for block in section.blocks)
    body = hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else ""
    return TracedSection(section.id, section.heading, body, section.identity)


def with_identities(
    notes: IndexedNotes, before: Sequence[TracedNote] = (), taken: Set[str] = frozenset()
) -> IndexedNotes:
    """Return the same notes with the identities that they and their sections have: `identified`."""
    sources = [(source.name, source.digest, "") for source in notes.sources]
    now = {note.name: note for note in traced_notes(sources, notes.sections)}
    empty = [TracedNote(name, digest, ()) for name, digest, _ in sources if name not in now]
    known = identified(before, [*now.values(), *empty], taken)
    identities = {section.id: section.identity for note in known for section in note.sections}
    return replace(
        notes,
        sections=tuple(replace(s, identity=identities[s.id]) for s in notes.sections),
        identities={note.name: note.identity for note in known},
    )


def identified(
    before: Sequence[TracedNote], now: Sequence[TracedNote], taken: Set[str] = frozenset()
) -> tuple[TracedNote, ...]:
    """Return the notes of now with their identities and those of their sections.

    They have those of what they were before; what is new gets one that is not among the `taken`
    ones, nor among those of before. It follows from the name alone, so that an index that is
    made anew gives most of them again.
    """
    notes = _paired_notes(before, now)
    sections = _paired_sections(before, now, notes)
    known = {note.identity for note in before}
    known |= {section.identity for note in before for section in note.sections}
    births = _Births(known | taken)
    return tuple(
        replace(
            note,
            identity=before[notes[i]].identity if i in notes else births.of("note", note.name),
            sections=tuple(
                replace(section, identity=sections.get((i, j)) or births.of("section", section.id))
                for j, section in enumerate(note.sections)
            ),
        )
        for i, note in enumerate(now)
    )


class _Births:
    """Identities of what was not there before."""

    def __init__(self, taken: Set[str]) -> None:
        self._taken = set(taken)

    def of(self, kind: str, name: str) -> str:
        """Return one for what is born under that name, and take it."""
        number = 0
        while True:
            seed = f"{kind}\0{name}\0{number}".encode("utf-8", "replace")
            identity = hashlib.sha256(seed).hexdigest()[:_LENGTH]
            if identity not in self._taken:
                self._taken.add(identity)
                return identity
            number += 1


def _paired_notes(before: Sequence[TracedNote], now: Sequence[TracedNote]) -> dict[int, int]:
    """By the place of each note of now, the place of what it was before."""
    old, new = dict(enumerate(before)), dict(enumerate(now))
    pairs: dict[int, int] = {}
    for key in (
        lambda note: (note.name, note.digest),  # untouched
        lambda note: note.digest,  # renamed
        lambda note: note.name,  # edited
    ):
        pairs.update(_take_pairs(old, new, key))
    pairs.update(_take_alike(old, new))
    return pairs


def _take_alike(old: dict[int, TracedNote], new: dict[int, TracedNote]) -> dict[int, int]:
    """Pair the notes that were renamed and edited at once: most sections are the same."""
    where: dict[str, set[int]] = defaultdict(set)
    for at, note in old.items():
        for body in _bodies(note):
            where[body].add(at)
    pairs: dict[int, int] = {}
    for at, note in list(new.items()):
        told = [body for body in _bodies(note) if len(where[body]) <= _COMMON]
        shared = Counter(was for body in told for was in where[body] if was in old)
        for was, count in shared.most_common(1):
            if count > _ALIKE * min(len(_bodies(note)), len(_bodies(old[was]))):
                pairs[at] = was
                del old[was], new[at]
    return pairs


def _bodies(note: TracedNote) -> set[str]:
    return {section.body for section in note.sections if section.body}


@dataclass(frozen=True, slots=True)
class _Placed:
    """A section, and the note of now that it is in (of before: that its note has become)."""

    note: int | None
    section: TracedSection


def _paired_sections(
    before: Sequence[TracedNote], now: Sequence[TracedNote], notes: dict[int, int]
) -> dict[tuple[int, int], str]:
    """By the place of each section of now, the identity that it had before."""
    became = {was: at for at, was in notes.items()}
    old = {
        (i, j): _Placed(became.get(i), section)
        for i, note in enumerate(before)
        for j, section in enumerate(note.sections)
    }
    new = {
        (i, j): _Placed(i, section)
        for i, note in enumerate(now)
        for j, section in enumerate(note.sections)
    }
    found: dict[tuple[int, int], str] = {}
    for key in (
        lambda p: (p.note, p.section.heading, p.section.body),  # untouched
        lambda p: (p.note, p.section.body) if p.section.body else None,  # another heading
        lambda p: (p.note, p.section.heading),  # edited
        lambda p: (p.section.heading[-1], p.section.body) if p.section.body else None,  # moved
    ):
        for at, was in _take_pairs(old, new, key).items():
            found[at] = before[was[0]].sections[was[1]].identity
    return found


def _take_pairs(
    old: dict[_Place, _Thing], new: dict[_Place, _Thing], key: Callable[[_Thing], Hashable]
) -> dict[_Place, _Place]:
    """Take out of both those with an equal key, first with first, and return new by old."""
    waiting: dict[Hashable, deque[_Place]] = defaultdict(deque)
    for was, thing in old.items():
        waiting[key(thing)].append(was)
    waiting.pop(None, None)
    pairs: dict[_Place, _Place] = {}
    for at, thing in list(new.items()):
        same = waiting.get(key(thing))
        if same:
            pairs[at] = was = same.popleft()
            del old[was], new[at]
    return pairs
