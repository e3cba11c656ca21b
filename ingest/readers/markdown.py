"""Reading Markdown notes."""

from __future__ import annotations

from typing import Any

from ingest.notes import Section, SourceDocument
from ingest.readers.line_table import LineTable
from ingest.readers.markdown_blocks import BlockReader
from ingest.readers.markdown_parser import MarkdownTooCostly, block_tokens, markdown_parser
from ingest.readers.outline import Outline
from ingest.readers.plain import read_plain

MOST_SECTIONS = 20_000  # of a note: each is embedded, with what it stands under


def read_markdown(source: SourceDocument) -> tuple[Section, ...]:
    """The sections of a Markdown note, in order, every offset counted in `source.text`.

    A text that the parser could not take in bounded time or memory, or without dropping words
    (lists or quotes nested a hundred deep), is read as plain text instead; so is one of more
    than `MOST_SECTIONS` headings.
    """
    table = LineTable(source.text)
    parser = markdown_parser()
    env: dict[str, Any] = {}
    try:
        tokens = block_tokens(parser, table.normalised, env)
    except MarkdownTooCostly:
        return read_plain(source)
    events = BlockReader(parser, table, env).read(tokens)
    sections = Outline(source, table).sections(events)
    return sections if len(sections) <= MOST_SECTIONS else read_plain(source)
