"""Writes `notes.sqlite`: the notes, their sections, blocks, chunks, vectors and words."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ingest.block_words import block_words, heading_line
from ingest.durable import sync_file
from ingest.embedding import Vectors
from ingest.mojibake import repair
from ingest.notes import Block, BlockKind, Chunk, Section, SourceDocument
from ingest.schema import SCHEMA

MOST_REPAIRED = 4  # times shorter: mis-decoded characters are at most three for one


@dataclass(frozen=True, slots=True)
class IndexedNotes:
    """Notes and what was made of them: sources by name, sections and chunks in note order.

    `identities` has that of each source, by name.
    """

    sources: tuple[SourceDocument, ...]
    sections: tuple[Section, ...]
    chunks: tuple[Chunk, ...]
    identities: Mapping[str, str] = field(default_factory=dict)


def write_catalog(path: Path, notes: IndexedNotes, vectors: Mapping[str, Vectors]) -> None:
    """Write the notes and the vector of each chunk digest into a new file, and sync it.

    Raises:
        sqlite3.Error, OSError: the file cannot be written; what is there is of no use.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # A crash discards the whole file, so there is no journal to roll back with.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        _write_sources(connection, notes)
        _write_sections(connection, notes.sections)
        _write_chunks(connection, notes)
        _write_vectors(connection, vectors)
        for table in ("chunk_search", "block_search", "block_words"):
            connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
        connection.execute("COMMIT")
    sync_file(path)


def update_catalog(
    path: Path, gone: IndexedNotes, new: IndexedNotes, vectors: Mapping[str, Vectors]
) -> None:
    """Take the notes in `gone` out of a file and put those in `new` in, and sync it.

    `gone` is what the file holds of them, to the letter: its search tables forget a text only
    when they are told it. `vectors` has that of each new chunk's digest. The file is then
    what `write_catalog` would make of its notes, but for the keys and the order of its pages.

    Raises:
        sqlite3.Error, OSError: the file cannot be written; what is there is of no use.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        _remove(connection, gone)
        _write_sources(connection, new)
        _write_sections(connection, new.sections)
        _write_chunks(connection, new)
        _write_vectors(connection, vectors)
        connection.executemany(
            "DELETE FROM vectors WHERE digest = ?1"
            " AND NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.digest = ?1)",
            {(chunk.digest,) for chunk in gone.chunks},
        )
        connection.execute("COMMIT")
    sync_file(path)


def searchable_text(block: Block) -> str:
    """Return the words that a search finds the block by, mis-decoded characters repaired.

    A row has its cells' words only: its columns' names are its header's.
    """
    if block.cells:
        return repair(" ".join(cell.text for cell in block.cells))
    return block_words(block) if block.kind is BlockKind.FIGURE else repair(block.text)


def searchable_heading(section: Section) -> str:
    """Return the heading path on one line, mis-decoded characters repaired."""
    return repair(heading_line(section))


def _remove(connection: sqlite3.Connection, notes: IndexedNotes) -> None:
    sections = {section.id: section for section in notes.sections}
    for chunk in notes.chunks:
        section = sections[chunk.section_id]
        (rowid,) = connection.execute(
            "SELECT rowid FROM chunks WHERE id = ?", (chunk.id,)
        ).fetchone()
        if not section.navigation:
            words = (rowid, searchable_heading(section), _chunk_words(chunk, section))
            _forget(connection, "chunk_search", words)
        connection.execute("DELETE FROM chunks WHERE rowid = ?", (rowid,))
    for section in notes.sections:
        (key,) = connection.execute(
            "SELECT key FROM sections WHERE id = ?", (section.id,)
        ).fetchone()
        heading = searchable_heading(section)
        rowids = connection.execute(
            "SELECT rowid FROM blocks WHERE section = ? ORDER BY ordinal", (key,)
        ).fetchall()
        for (rowid,), block in zip(rowids, section.blocks, strict=True):
            if not section.navigation:
                words = (rowid, heading, searchable_text(block))
                _forget(connection, "block_search", words)
                _forget(connection, "block_words", words)
        connection.execute("DELETE FROM blocks WHERE section = ?", (key,))
        connection.execute("DELETE FROM sections WHERE key = ?", (key,))
    for source in notes.sources:
        connection.execute("DELETE FROM sources WHERE name = ?", (source.name,))


def _forget(connection: sqlite3.Connection, table: str, words: tuple[int, str, str]) -> None:
    connection.execute(
        f"INSERT INTO {table} ({table}, rowid, heading, body) VALUES ('delete', ?, ?, ?)", words
    )


def _write_sources(connection: sqlite3.Connection, notes: IndexedNotes) -> None:
    connection.executemany(
        "INSERT INTO sources VALUES (?, ?, ?, ?, ?)",
        (
            (
                source.name,
                source.encoding,
                source.digest,
                source.text,
                notes.identities[source.name],
            )
            for source in notes.sources
        ),
    )


def _write_sections(connection: sqlite3.Connection, sections: Iterable[Section]) -> None:
    positions: Counter[str] = Counter()
    for section in sections:
        key = connection.execute(
            "INSERT INTO sections VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                positions[section.source],
                section.id,
                section.source,
                json.dumps(section.heading, ensure_ascii=False),
                section.anchor,
                section.level,
                section.start,
                section.end,
                *section.lines,
                section.navigation,
                section.identity,
            ),
        ).lastrowid
        positions[section.source] += 1
        assert key is not None  # an insertion has one
        _write_blocks(connection, key, section)


def _write_blocks(connection: sqlite3.Connection, key: int, section: Section) -> None:
    heading = searchable_heading(section)
    for block in section.blocks:
        cells = [[cell.text, cell.start, cell.end] for cell in block.cells]
        rowid = connection.execute(
            "INSERT INTO blocks VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                block.ordinal,
                block.kind.value,
                block.text,
                block.start,
                block.end,
                *block.lines,
                block.group,
                block.item,
                block.depth,
                block.lead,
                json.dumps(cells, ensure_ascii=False),
                block.address,
            ),
        ).lastrowid
        if section.navigation:
            continue
        words = (rowid, heading, searchable_text(block))
        connection.execute(
            "INSERT INTO block_search (rowid, heading, body) VALUES (?, ?, ?)", words
        )
        connection.execute("INSERT INTO block_words (rowid, heading, body) VALUES (?, ?, ?)", words)


def _write_chunks(connection: sqlite3.Connection, notes: IndexedNotes) -> None:
    sections = {section.id: section for section in notes.sections}
    keys = {
        section.id: connection.execute(
            "SELECT key FROM sections WHERE id = ?", (section.id,)
        ).fetchone()[0]
        for section in notes.sections
    }
    for chunk in notes.chunks:
        section = sections[chunk.section_id]
        rowid = connection.execute(
            "INSERT INTO chunks VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                chunk.id,
                keys[chunk.section_id],
                chunk.ordinal,
                chunk.text,
                chunk.first_block,
                chunk.last_block,
                chunk.start,
                chunk.end,
                *chunk.lines,
                chunk.digest,
            ),
        ).lastrowid
        if not section.navigation:
            connection.execute(
                "INSERT INTO chunk_search (rowid, heading, body) VALUES (?, ?, ?)",
                (rowid, searchable_heading(section), _chunk_words(chunk, section)),
            )


def _chunk_words(chunk: Chunk, section: Section) -> str:
    blocks = section.blocks[chunk.first_block : chunk.last_block + 1]
    if len(blocks) == 1 and len(blocks[0].text) > MOST_REPAIRED * len(chunk.text):
        return chunk.text  # as below, without repairing all of the block for each of its chunks
    words = "\n".join(searchable_text(block) for block in blocks)
    # A block too long for the window is spread over chunks that all cover it: each is found
    # by its own part alone.
    return chunk.text if len(blocks) == 1 and len(words) > len(chunk.text) else words


def _write_vectors(connection: sqlite3.Connection, vectors: Mapping[str, Vectors]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO vectors VALUES (?, ?)",
        (
            (digest, np.asarray(vectors[digest], dtype="<f4").tobytes())
            for digest in sorted(vectors)
        ),
    )
