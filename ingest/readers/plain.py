"""Reading plain text: paragraphs split on blank lines, one section for the whole file.

Headings are not guessed. A line in capitals may be a warning, a name or an acronym; a wrong
heading would stand in front of every citation under it.
"""

from __future__ import annotations

from ingest.notes import BlockKind, Section, SourceDocument
from ingest.readers.drafts import Draft
from ingest.readers.line_table import LineTable
from ingest.readers.outline import Outline
from ingest.readers.prose import Prose


def read_plain(source: SourceDocument) -> tuple[Section, ...]:
    """The note as one section under its file's name; no section when it has no words."""
    table = LineTable(source.text)
    drafts: list[Draft] = []
    prose, group = Prose(), 0
    for index, start in enumerate(table.starts):
        line = table.line(index)
        if line.strip():
            prose.words(line, start)
            prose.gap(table.ends[index], table.ends[index])
        elif prose.length:
            drafts.extend(_drafts(prose, group))
            prose, group = Prose(), group + 1
    drafts.extend(_drafts(prose, group))
    return Outline(source, table).sections(drafts)


def _drafts(prose: Prose, group: int) -> list[Draft]:
    return [
        Draft(BlockKind.SENTENCE, sentence.text, sentence.start, sentence.end, group)
        for sentence in prose.sentences()
    ]
