"""Notes read as Markdown, for the tests of the reader."""

from __future__ import annotations

from pathlib import Path

from ingest.notes import Block, Section, SourceDocument
from ingest.readers import split_sections


def read(text: str, name: str = "note.md") -> tuple[Section, ...]:
    return split_sections(SourceDocument(name, Path(name), text, "utf-8", "0" * 64))


def blocks(text: str) -> list[Block]:
    return [block for section in read(text) for block in section.blocks]


def texts(text: str) -> list[str]:
    return [block.text for block in blocks(text)]


def quotes(text: str) -> list[str]:
    return [text[block.start : block.end] for block in blocks(text)]


def only(text: str) -> Block:
    (block,) = blocks(text)
    return block


def headings(text: str) -> list[tuple[str, ...]]:
    return [section.heading for section in read(text)]
