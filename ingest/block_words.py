"""A block's words as they are embedded: repaired, and saying what they belong to."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from ingest.mojibake import repair
from ingest.notes import Block, BlockKind, Section

HEADING_SEPARATOR = " › "
LONGEST_HEADING = 500  # characters that are searched, and stored beside every chunk

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_IDENTIFIER = re.compile(r"[0-9a-fA-F]{8,}")  # a hash says nothing
_LONGEST_NAME = 200


def block_words(block: Block, header: Block | None = None) -> str:
    """The words of `block` on one line (code: on its own lines); `header` names a row's cells."""
    if block.kind is BlockKind.FIGURE:
        return _figure_words(block)
    if block.kind is BlockKind.ROW:
        return repair(_row_words(block, header))
    if block.kind is BlockKind.HEADER:
        return repair("; ".join(cell.text for cell in block.cells if cell.text))
    if block.kind is BlockKind.ITEM:
        return f"- {repair(block.text)}"
    return repair(block.text)


def heading_line(section: Section) -> str:
    """The heading path on one line; of a heading longer than any, its beginning."""
    return HEADING_SEPARATOR.join(title[:LONGEST_HEADING] for title in section.heading)


def _row_words(row: Block, header: Block | None) -> str:
    """'column: value; column: value', empty cells left out."""
    columns = [cell.text[:_LONGEST_NAME] for cell in header.cells] if header else []
    columns += [""] * (len(row.cells) - len(columns))
    pairs = (
        f"{column}: {cell.text}" if column else cell.text
        for column, cell in zip(columns, row.cells, strict=False)
        if cell.text
    )
    return "; ".join(pairs)


def _figure_words(figure: Block) -> str:
    parts = [repair(figure.text)] if figure.text else []
    if name := _file_name_words(figure.address):
        parts.append(f"({name})")
    return "Figure: " + " ".join(parts) if parts else "Figure"


def _file_name_words(address: str) -> str:
    """What an image's file name says: 'fh-flow-s3.png' gives 'fh flow s3'."""
    if address[:5].lower() == "data:":
        return ""
    try:
        path = unquote(urlsplit(address[: 10 * _LONGEST_NAME]).path)
    except ValueError:
        return ""
    stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0][-_LONGEST_NAME:]
    words = re.split(r"[\W_]+", _CAMEL.sub(" ", _IDENTIFIER.sub(" ", stem)))
    return " ".join(word for word in words if word)
