"""An answer in the making: lines of the notes' own words, and where each stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot.answer import Citation
from ingest.notes import Block, Section

# A note's own "[2]" would read as one of our markers, and could forge a citation.
# One that touches a word is left: it may be code, as in "items[0]".
_FOREIGN_MARKER = re.compile(r"(?:(?<!\s)\s+|(?<=[.,;:!?])|^)(?:\[\d+\])+(?!\()")


@dataclass(frozen=True, slots=True)
class Span:
    """One contiguous stretch of a section's source, to be quoted."""

    section: Section
    start: int
    end: int
    lines: tuple[int, int]
    blocks: tuple[Block, ...] = ()  # in note order; what the stretch was made from

    @property
    def key(self) -> tuple[str, int, int]:
        """Where the stretch stands: source, first and last offset."""
        return (self.section.source, self.start, self.end)

    @classmethod
    def over(cls, section: Section, blocks: Sequence[Block]) -> Span:
        """The stretch from the first to the last of `blocks` (one or more)."""
        return cls(
            section=section,
            start=min(block.start for block in blocks),
            end=max(block.end for block in blocks),
            lines=(min(block.lines[0] for block in blocks), max(b.lines[1] for b in blocks)),
            blocks=tuple(sorted(blocks, key=lambda block: block.start)),
        )

    def without_comments(self, text: str) -> tuple[Span, ...]:
        """The same stretch in as few pieces as leave out the HTML comments between its blocks.

        `text` is the whole source. What a comment says is never shown, and so never quoted.
        """
        pieces: list[list[Block]] = []
        for block in self.blocks:
            if pieces and "<!--" not in text[pieces[-1][-1].end : block.start]:
                pieces[-1].append(block)
            else:
                pieces.append([block])
        if len(pieces) < 2:
            return (self,)
        return tuple(Span.over(self.section, piece) for piece in pieces)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer and the stretches its words come from.

    `bullet` is "" for a sentence, "- " for a list item.
    """

    text: str
    spans: tuple[Span, ...]
    bullet: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Lines in reading order; none when nothing was found."""

    lines: tuple[Line, ...] = ()

    @property
    def words(self) -> int:
        """How many words a reader is given."""
        return sum(len(line.text.split()) for line in self.lines)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The distinct stretches in order of first use."""
        return tuple({span.key: span for line in self.lines for span in line.spans}.values())


def no_digest(source: str) -> str:
    """The digest of a source where nobody knows it."""
    return ""


def without_foreign_markers(text: str) -> str:
    """The text without what would read as one of our markers and is none."""
    return _FOREIGN_MARKER.sub(_gap_left, text)


def _gap_left(marker: re.Match[str]) -> str:
    """What keeps the brackets around a marker apart: of "[1 [2]]" no "[1]" must be left."""
    following = marker.string[marker.end() : marker.end() + 1]
    return " " if following.isdecimal() or following == "]" else ""


def cite(
    lines: Sequence[Line],
    source_text: Callable[[str], str],
    source_digest: Callable[[str], str] = no_digest,
) -> tuple[str, tuple[Citation, ...]]:
    """Write the lines with markers `[n]`, numbered from 1 in order of use, and their citations.

    Each citation's quote is cut from the source itself, so it is exact by construction; which
    state of the source that was, its digest tells.
    """
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    written = []
    for line in lines:
        markers = []
        pieces = [
            piece
            for span in line.spans
            for piece in span.without_comments(source_text(span.section.source))
        ]
        for span in pieces:
            if span.key not in numbers:
                numbers[span.key] = len(numbers) + 1
                cited = span_citation(numbers[span.key], span, source_text, source_digest)
                citations.append(cited)
            marker = f"[{numbers[span.key]}]"
            if marker not in markers:
                markers.append(marker)
        words = without_foreign_markers(line.text)
        written.append(" ".join([f"{line.bullet}{words}", *markers]))
    return "\n".join(written), tuple(citations)


def span_citation(
    number: int,
    span: Span,
    source_text: Callable[[str], str],
    source_digest: Callable[[str], str] = no_digest,
) -> Citation:
    """The citation of one stretch, quoted to the letter."""
    source = span.section.source
    return Citation(
        number=number,
        source=source,
        heading=span.section.heading,
        anchor=span.section.anchor,
        lines=span.lines,
        quote=source_text(source)[span.start : span.end],
        start=span.start,
        end=span.end,
        section=span.section.identity,
        note=source_digest(source),
    )
