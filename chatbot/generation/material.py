"""What a model is handed to answer from, and what of it may be quoted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.answer import Passage
from chatbot.draft import Line
from chatbot.extractive.desk import block_line
from chatbot.extractive.tables import row_line
from chatbot.grounding.quotables import Quotable
from chatbot.words import content_stems
from ingest.block_words import block_words, heading_line
from ingest.index import NotesIndex
from ingest.notes import Block, BlockKind, Section


@dataclass(frozen=True, slots=True)
class Material:
    """The passages, numbered from 1 in order, and their blocks.

    `lines[n]` says `quotables[n]` in the notes' own words, and where they stand: one stretch, or
    two for a table's row, which says little without its header.
    """

    passages: tuple[Passage, ...]
    quotables: tuple[Quotable, ...]
    lines: tuple[Line, ...]

    def first(self, count: int) -> Material:
        """The same of the first passages alone: those that a model was really handed."""
        kept = sum(quotable.passage <= count for quotable in self.quotables)
        return Material(self.passages[:count], self.quotables[:kept], self.lines[:kept])

    def is_about(self, at: int, sentence: str) -> bool:
        """Whether a block may take a sentence's place: a row only where the sentence names it."""
        block = self.lines[at].spans[0].blocks[0]
        if block.kind is not BlockKind.ROW or not block.cells:
            return True
        return set(content_stems(sentence)).issuperset(content_stems(block.cells[0].text))

    def own_words(self, at: int, sentence: str) -> Line:
        """The block in the notes' own words; of a row only the cells that a sentence is about."""
        line = self.lines[at]
        section, block = line.spans[0].section, line.spans[0].blocks[0]
        if block.kind is not BlockKind.ROW:
            return line
        names = [cell.text for cell in line.spans[-1].blocks[0].cells]
        asked = set(content_stems(sentence))
        columns = [
            column
            for column, cell in enumerate(block.cells)
            if column
            and asked.intersection(
                content_stems(" ".join([*names[column : column + 1], cell.text]))
            )
        ]
        return row_line(section, block, columns)


def material_of(passages: Sequence[Passage], index: NotesIndex) -> Material:
    """Read the blocks of the passages."""
    read = [
        found
        for number, passage in enumerate(passages, start=1)
        for found in _quotables(number, passage, index)
    ]
    return Material(
        tuple(passages), tuple(quotable for quotable, _ in read), tuple(line for _, line in read)
    )


def _quotables(number: int, passage: Passage, index: NotesIndex) -> Iterator[tuple[Quotable, Line]]:
    chunk, section = index.chunk(passage.chunk_id), index.section(passage.section_id)
    heading = heading_line(section)
    for block in section.blocks[chunk.first_block : chunk.last_block + 1]:
        if block.kind is BlockKind.HEADER:
            continue
        leads = list(_leads(section, block))
        header = next((lead for lead in leads if lead.kind is BlockKind.HEADER), None)
        said = [lead.text for lead in leads if lead is not header]
        quotable = Quotable(
            passage=number,
            text=block_words(block, header).removeprefix("- "),
            context=". ".join([heading, *reversed(said)]),
            thought=(section.id, block.group, block.item),
        )
        is_row = block.kind is BlockKind.ROW
        yield quotable, row_line(section, block, ()) if is_row else block_line(section, block)


def _leads(section: Section, block: Block) -> Iterator[Block]:
    """What the block hangs from, the nearest first."""
    seen = {block.ordinal}
    while block.lead is not None and block.lead not in seen:
        block = section.blocks[block.lead]
        seen.add(block.ordinal)
        yield block
