"""Figures: whether there is one, and where it is said to be. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatbot.candidates import Candidate, lead_of
from chatbot.draft import Line, Span
from chatbot.extractive.desk import Desk, block_line
from chatbot.words import content_words
from ingest.notes import Block, BlockKind, Section

# A fixed phrase of an answer; the address that follows stands in the note.
THERE_IS_A_FIGURE = "Yes, there is a figure:"
FIGURE = "Figure:"
MOST_FIGURES = 3
LOGITS_BEHIND = 2.0
CAPTION_WORDS = 5


def compose(desk: Desk) -> tuple[Line, ...]:
    """The figures that fit the question, best first; none when none fits."""
    figures = [c for c in desk.candidates if c.block.kind is BlockKind.FIGURE]
    if not figures:
        return ()
    best = figures[0]
    same = [
        c
        for c in figures
        if c.section.id == best.section.id and c.logit >= best.logit - LOGITS_BEHIND
    ]
    lines: list[Line] = []
    for c in same[:MOST_FIGURES]:
        phrase = THERE_IS_A_FIGURE if c is best else FIGURE
        lines.append(figure_line(desk.source_text, c.section, c.block, phrase))
        lead = lead_of(c.section, c.block)
        if lead is not None and not c.block.text:  # no caption but what it hangs from
            lines.append(block_line(c.section, lead))
    return tuple(lines)


def hanging_figures(
    source_text: Callable[[str], str], best: Candidate, blocks: Sequence[Block]
) -> tuple[Line, ...]:
    """The figures that hang from `best` when it is no more than their caption; else none."""
    figures = [block for block in blocks if block.kind is BlockKind.FIGURE]
    if not figures or _says_something(best.block):
        return ()
    caption = Line(best.block.text, (Span.over(best.section, (best.block,)),))
    return (
        caption,
        *(figure_line(source_text, best.section, figure, FIGURE) for figure in figures),
    )


def _says_something(block: Block) -> bool:
    return len(content_words(block.text)) > CAPTION_WORDS or block.text.endswith(".")


def figure_line(
    source_text: Callable[[str], str], section: Section, figure: Block, phrase: str
) -> Line:
    """A figure as its caption and its address, the latter only where the quote holds it."""
    quote = source_text(section.source)[figure.start : figure.end]
    address = figure.address if figure.address in quote else ""
    told = " ".join(part for part in (phrase, figure.text, address) if part)
    return Line(told, (Span.over(section, (figure,)),))
