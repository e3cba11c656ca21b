"""An answer in the making: lines of the notes' own words, and where each stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot.answer import Citation
from ingest.notes import Block, Section


@dataclass(frozen=True, slots=True)
class Span:
    """One contiguous stretch of a section's source, to be quoted."""

    section: Section
    start: int
    end: int
    lines: tuple[int, int]

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
        )


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


def cite(
    lines: Sequence[Line], source_text: Callable[[str], str]
) -> tuple[str, tuple[Citation, ...]]:
    """Write the lines with markers `[n]`, numbered from 1 in order of use, and their citations.

    Each citation's quote is cut from the source itself, so it is exact by construction.
    """
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    written = []
    for line in lines:
        markers = []
        for span in line.spans:
            if span.key not in numbers:
                numbers[span.key] = len(numbers) + 1
                citations.append(_citation(numbers[span.key], span, source_text))
            marker = f"[{numbers[span.key]}]"
            if marker not in markers:
                markers.append(marker)
        written.append(" ".join([f"{line.bullet}{line.text}", *markers]))
    return "\n".join(written), tuple(citations)


def _citation(number: int, span: Span, source_text: Callable[[str], str]) -> Citation:
    return Citation(
        number=number,
        source=span.section.source,
        heading=span.section.heading,
        anchor=span.section.anchor,
        lines=span.lines,
        quote=source_text(span.section.source)[span.start : span.end],
        start=span.start,
        end=span.end,
    )
