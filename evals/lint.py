"""Whether the golden set still fits the notes: what is stale, doubled, missing or given away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from evals.golden_set import GoldenItem, GoldenSet
from evals.metrics.key_facts import holds, normalised
from ingest.index import NotesIndex
from ingest.notes import Section

ITEMS_PER_SECTION = 2
SAME_QUESTION = 97.0  # of 100: how alike two questions are that count as one


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many items have their evidence in a section."""

    source: str
    heading: tuple[str, ...]
    items: int

    @property
    def is_covered(self) -> bool:
        """Whether that is enough."""
        return self.items >= ITEMS_PER_SECTION

    def __str__(self) -> str:
        return f"{self.source} › {' › '.join(self.heading)}: {self.items}"


@dataclass(frozen=True, slots=True)
class LintReport:
    """What is wrong, a line each; and the coverage of every section that says something."""

    problems: tuple[str, ...]
    coverage: tuple[Coverage, ...]


def lint(golden: GoldenSet, index: NotesIndex) -> LintReport:
    """Hold the golden set against the notes.

    Notes that come with the golden set are an aid of its own, and need no coverage.
    """
    sections = [s for s in index.sections() if not s.navigation]
    own = {path.name for path in golden.notes.iterdir()} if golden.notes else set()
    evidence = _EvidenceFinder(sections, index)
    coverage = tuple(_coverage(golden.items, [s for s in sections if s.source not in own]))
    problems = [
        *_stale(golden.items, evidence),
        *_doubled(golden.items),
        *_given_away(golden.items),
        *(
            f"uncovered section: {row}, wanted {ITEMS_PER_SECTION}"
            for row in coverage
            if not row.is_covered
        ),
    ]
    return LintReport(tuple(problems), coverage)


def stale_evidence(golden: GoldenSet, index: NotesIndex) -> tuple[str, ...]:
    """The places of evidence that the notes no longer have, a line each."""
    sections = [s for s in index.sections() if not s.navigation]
    return tuple(_stale(golden.items, _EvidenceFinder(sections, index)))


class _EvidenceFinder:
    """Finds a quote in the lines under a heading of a file."""

    def __init__(self, sections: Sequence[Section], index: NotesIndex) -> None:
        self._sections: dict[tuple[str, str], list[Section]] = {}
        for section in sections:
            key = (section.source, normalised(section.title))
            self._sections.setdefault(key, []).append(section)
        self._text = index.source_text

    def problem(self, file: str, heading: str, quote: str) -> str | None:
        """What is wrong with the place; None when the quote stands there."""
        found = self._sections.get((file, normalised(heading)), [])
        if not found:
            return f"no heading {heading!r} in {file!r}"
        for section in found:
            if quote in self._text(section.source)[section.start : section.end]:
                return None
        return f"{quote[:60]!r} does not stand under {heading!r} in {file}"


def _stale(items: Sequence[GoldenItem], evidence: _EvidenceFinder) -> Iterator[str]:
    for item in items:
        for place in item.evidence:
            problem = evidence.problem(place.file, place.heading, place.quote)
            if problem:
                yield f"stale evidence: {item.id}: {problem}"


def _doubled(items: Sequence[GoldenItem]) -> Iterator[str]:
    """Two items that ask the same in the same words, after the same turns."""
    asked: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    for item in items:
        ids, texts = asked.setdefault(item.turns, ([], []))
        for text in (item.question, *item.paraphrases):
            plain = normalised(text).rstrip("?!. ")
            best = process.extractOne(plain, texts, scorer=fuzz.ratio, score_cutoff=SAME_QUESTION)
            if best is not None:
                yield f"duplicate question: {item.id}: {text!r} is asked by {ids[best[2]]}"
            ids.append(item.id)
            texts.append(plain)


def _given_away(items: Sequence[GoldenItem]) -> Iterator[str]:
    """An item whose question holds every vital fact asks for nothing: the notes are not needed."""
    for item in items:
        vital = [fact for fact in item.facts if fact.importance == "vital"]
        asked = " ".join((*item.turns, item.question))
        given = [any(holds(asked, wording) for wording in fact.any_of) for fact in vital]
        if vital and all(given):
            yield f"answerable without the notes: {item.id}: the question holds every vital fact"


def _coverage(items: Sequence[GoldenItem], sections: Sequence[Section]) -> Iterator[Coverage]:
    """Each section with text of its own, and how many items have evidence under its heading."""
    counts = Counter(
        place
        for item in items
        for place in {(e.file, normalised(e.heading)) for e in item.evidence}
    )
    for section in sections:
        if not section.is_stub and section.blocks:
            key = (section.source, normalised(section.title))
            yield Coverage(section.source, section.heading, counts[key])
