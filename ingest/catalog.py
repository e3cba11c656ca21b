"""Reads `notes.sqlite`: sections, blocks, chunks, vectors, and the words of both.

The file never changes once it is current, so it is opened as immutable: no locks, no
sidecar files, and a read-only folder will do.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ingest.embedding import Vectors
from ingest.errors import IndexDamaged
from ingest.notes import Block, BlockKind, Cell, Chunk, Section

SCORE_DECIMALS = 9  # bm25 of a word that is in most blocks is about 1e-6
HEADING_WEIGHT = 2.0
BODY_WEIGHT = 1.0
MAX_TERMS = 256  # of one search; the rest are ignored
_BATCH = 500

_SECTION = (
    'key, id, source, heading, anchor, level, start, "end", first_line, last_line, navigation,'
    " identity"
)
_BLOCK = (
    'kind, ordinal, text, start, "end", first_line, last_line, "group", item, depth, lead,'
    " cells, address"
)
_CHUNK = (
    "chunks.id, sections.id, chunks.ordinal, chunks.text, chunks.first_block,"
    ' chunks.last_block, chunks.start, chunks."end", chunks.first_line, chunks.last_line,'
    " chunks.digest"
)


_CHUNK_ORDER = "ORDER BY sections.source, sections.position, chunks.ordinal"


class Catalog:
    """One immutable `notes.sqlite`. Safe to share between threads: one query at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            IndexDamaged: it is missing, or not a database.
        """
        self.path = path
        self._lock = threading.RLock()
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        try:
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._damaged(error) from error
        try:
            self._rows("SELECT count(*) FROM sources")
        except IndexDamaged:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; later calls raise `IndexDamaged`."""
        with self._lock:
            self._connection.close()

    def sources(self) -> tuple[str, ...]:
        """Return the sources' names, in the order they were read."""
        return tuple(name for (name,) in self._rows("SELECT name FROM sources ORDER BY name"))

    def source_records(self) -> tuple[tuple[str, str, str, str], ...]:
        """Return each source's name, encoding, digest and text."""
        rows = self._rows("SELECT name, encoding, digest, text FROM sources ORDER BY name")
        return tuple((name, encoding, digest, text) for name, encoding, digest, text in rows)

    def sources_with(self, part: str) -> tuple[str, ...]:
        """Return the names of the sources whose text holds `part`, in order."""
        rows = self._rows("SELECT name FROM sources WHERE instr(text, ?) ORDER BY name", (part,))
        return tuple(name for (name,) in rows)

    def source_identities(self) -> tuple[tuple[str, str, str], ...]:
        """Return each source's name, digest and identity, in order."""
        rows = self._rows("SELECT name, digest, identity FROM sources ORDER BY name")
        return tuple((name, digest, identity) for name, digest, identity in rows)

    def identities(self) -> frozenset[str]:
        """Return the identities of all sources and sections."""
        rows = self._rows("SELECT identity FROM sources UNION SELECT identity FROM sections")
        return frozenset(identity for (identity,) in rows)

    def section_id_of(self, identity: str) -> str:
        """Return the id that a section has now.

        Raises:
            KeyError: there is no such section.
        """
        rows = self._rows("SELECT id FROM sections WHERE identity = ?", (identity,))
        return str(_only(rows, identity)[0])

    def source_text(self, name: str) -> str:
        """Return a source's whole text, as in its file.

        Raises:
            KeyError: there is no such source.
        """
        rows = self._rows("SELECT text FROM sources WHERE name = ?", (name,))
        return str(_only(rows, name)[0])

    def outline(self) -> tuple[Section, ...]:
        """Return all sections in note order, without their blocks."""
        rows = self._rows(f"SELECT {_SECTION} FROM sections ORDER BY source, position")
        return tuple(_section(row, ()) for row in rows)

    def sections(self) -> tuple[Section, ...]:
        """Return all sections in note order, with their blocks."""
        rows = self._rows(f"SELECT {_SECTION} FROM sections ORDER BY source, position")
        blocks: dict[int, list[Block]] = {}
        for row in self._rows(f"SELECT section, {_BLOCK} FROM blocks ORDER BY section, ordinal"):
            blocks.setdefault(row[0], []).append(_block(row[1:]))
        return tuple(_section(row, tuple(blocks.get(row[0], ()))) for row in rows)

    def sections_of(self, source: str) -> tuple[Section, ...]:
        """Return the sections of one note in order, with their blocks."""
        ids = self._rows("SELECT id FROM sections WHERE source = ? ORDER BY position", (source,))
        return tuple(self.section(section_id) for (section_id,) in ids)

    def section(self, section_id: str) -> Section:
        """Return one section with its blocks.

        Raises:
            KeyError: there is no such section.
        """
        rows = self._rows(f"SELECT {_SECTION} FROM sections WHERE id = ?", (section_id,))
        row = _only(rows, section_id)
        blocks = self._rows(
            f"SELECT {_BLOCK} FROM blocks WHERE section = ? ORDER BY ordinal", (row[0],)
        )
        return _section(row, tuple(_block(block) for block in blocks))

    def chunk(self, chunk_id: str) -> Chunk:
        """Return one chunk.

        Raises:
            KeyError: there is no such chunk.
        """
        rows = self._rows(
            f"SELECT {_CHUNK} FROM chunks JOIN sections ON sections.key = chunks.section"
            " WHERE chunks.id = ?",
            (chunk_id,),
        )
        return _chunk(_only(rows, chunk_id))

    def chunks(self) -> tuple[Chunk, ...]:
        """Return all chunks in note order."""
        rows = self._rows(
            f"SELECT {_CHUNK} FROM chunks JOIN sections ON sections.key = chunks.section"
            f" {_CHUNK_ORDER}"
        )
        return tuple(_chunk(row) for row in rows)

    def chunks_of(self, source: str) -> tuple[Chunk, ...]:
        """Return the chunks of one note in order."""
        rows = self._rows(
            f"SELECT {_CHUNK} FROM chunks JOIN sections ON sections.key = chunks.section"
            f" WHERE sections.source = ? {_CHUNK_ORDER}",
            (source,),
        )
        return tuple(_chunk(row) for row in rows)

    def counts(self) -> tuple[int, int]:
        """Return how many sections and chunks there are."""
        ((sections, chunks),) = self._rows(
            "SELECT (SELECT count(*) FROM sections), (SELECT count(*) FROM chunks)"
        )
        return sections, chunks

    def chunk_ids(self) -> tuple[str, ...]:
        """Return each chunk's id, in no order."""
        return tuple(row[0] for row in self._rows("SELECT id FROM chunks"))

    def digests(self) -> tuple[str, ...]:
        """Return each chunk's digest, in no order."""
        return tuple(row[0] for row in self._rows("SELECT digest FROM chunks"))

    def vectors(self) -> tuple[tuple[str, ...], tuple[str, ...], Vectors]:
        """Return chunk ids, their sources, and their vectors as rows, in note order."""
        rows = self._rows(
            "SELECT chunks.id, sections.source, vectors.vector FROM chunks"
            " JOIN sections ON sections.key = chunks.section"
            f" JOIN vectors ON vectors.digest = chunks.digest {_CHUNK_ORDER}"
        )
        matrix = self._matrix([row[2] for row in rows])
        return tuple(row[0] for row in rows), tuple(row[1] for row in rows), matrix

    def vectors_of(self, chunk_ids: Sequence[str]) -> Vectors:
        """Return the vectors of these chunks as rows, in the given order.

        Raises:
            KeyError: there is no such chunk.
        """
        found: dict[str, bytes] = {}
        for first in range(0, len(chunk_ids), _BATCH):
            some = json.dumps(list(chunk_ids[first : first + _BATCH]))
            found.update(
                self._rows(
                    "SELECT chunks.id, vectors.vector FROM chunks"
                    " JOIN vectors ON vectors.digest = chunks.digest"
                    " WHERE chunks.id IN (SELECT value FROM json_each(?))",
                    (some,),
                )
            )
        return self._matrix([found[chunk_id] for chunk_id in chunk_ids])

    def vectors_of_digests(self, digests: Iterable[str]) -> dict[str, Vectors]:
        """Return the vector of each of these chunk digests that has one."""
        rows = self._rows(
            "SELECT digest, vector FROM vectors WHERE digest IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(set(digests))),),
        )
        matrix = self._matrix([row[1] for row in rows])
        return {row[0]: matrix[i] for i, row in enumerate(rows)}

    def vectors_by_digest(self) -> dict[str, Vectors]:
        """Return the vector of each chunk digest."""
        rows = self._rows("SELECT digest, vector FROM vectors ORDER BY digest")
        matrix = self._matrix([row[1] for row in rows])
        return {row[0]: matrix[i] for i, row in enumerate(rows)}

    def matching_chunks(
        self, terms: Iterable[str], limit: int, sources: Iterable[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return (chunk id, bm25) of chunks that hold any of the terms, best first."""
        rows = self._search(
            "SELECT chunks.id, round(-bm25(chunk_search, ?, ?), ?) AS score FROM chunk_search"
            " JOIN chunks ON chunks.rowid = chunk_search.rowid"
            " JOIN sections ON sections.key = chunks.section"
            " WHERE chunk_search MATCH ? {scope} ORDER BY score DESC, chunks.id LIMIT ?",
            terms,
            limit,
            sources,
        )
        return [(chunk_id, score) for chunk_id, score in rows]

    def matching_blocks(
        self, terms: Iterable[str], limit: int, sources: Iterable[str] | None = None
    ) -> list[tuple[str, int, float]]:
        """Return (section id, block ordinal, bm25) of blocks that hold any term, best first."""
        rows = self._search(
            "SELECT sections.id, blocks.ordinal, round(-bm25(block_search, ?, ?), ?) AS score"
            " FROM block_search JOIN blocks ON blocks.rowid = block_search.rowid"
            " JOIN sections ON sections.key = blocks.section"
            " WHERE block_search MATCH ? {scope}"
            " ORDER BY score DESC, sections.id, blocks.ordinal LIMIT ?",
            terms,
            limit,
            sources,
        )
        return [(section_id, ordinal, score) for section_id, ordinal, score in rows]

    def texts_with(self, part: str) -> tuple[str, ...]:
        """Return the plain texts of the blocks that hold `part`, in note order."""
        rows = self._rows(
            "SELECT blocks.text FROM blocks JOIN sections ON sections.key = blocks.section"
            " WHERE instr(blocks.text, ?)"
            " ORDER BY sections.source, sections.position, blocks.ordinal",
            (part,),
        )
        return tuple(text for (text,) in rows)

    def vocabulary(self) -> dict[str, int]:
        """Return each folded word of the notes and how many blocks hold it."""
        return dict(self._rows("SELECT term, doc FROM vocabulary ORDER BY term"))

    def integrity(self) -> tuple[str, ...]:
        """Return what SQLite itself finds wrong with the file."""
        found = tuple(str(row[0]) for row in self._rows("PRAGMA integrity_check"))
        return () if found == ("ok",) else found

    def _search(
        self, sql: str, terms: Iterable[str], limit: int, sources: Iterable[str] | None
    ) -> list[Any]:
        query = match_any(terms)
        if not query or limit <= 0:
            return []
        values: list[object] = [HEADING_WEIGHT, BODY_WEIGHT, SCORE_DECIMALS, query]
        scope = ""
        if sources is not None:
            scope = "AND sections.source IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(sorted(sources)))
        return self._rows(sql.format(scope=scope), (*values, limit))

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        with self._reading():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise self._damaged(error) from error

    def _matrix(self, blobs: Sequence[bytes]) -> Vectors:
        if not blobs:
            return np.zeros((0, 0), dtype=np.float32)
        if any(len(blob) != len(blobs[0]) or len(blob) % 4 for blob in blobs):
            raise self._damaged("its vectors differ in length")
        flat = np.frombuffer(b"".join(blobs), dtype="<f4").astype(np.float32, copy=False)
        return flat.reshape(len(blobs), -1)

    def _damaged(self, reason: object) -> IndexDamaged:
        return IndexDamaged(
            f"The index file {self.path} cannot be read ({reason})."
            " Ingest the notes again: footnote ingest <notes> --rebuild"
        )


def match_any(terms: Iterable[str]) -> str:
    """Return the FTS5 query that matches any of the terms, each taken literally.

    A term of several words matches them in a row. Nothing in a term has a meaning to FTS5:
    quotes are doubled, NUL and lone surrogates dropped.
    """
    clean = (_literal(term) for term in terms)
    kept = list(dict.fromkeys(term for term in clean if any(c.isalnum() for c in term)))
    return " OR ".join(f'"{term}"' for term in kept[:MAX_TERMS])


def _literal(term: str) -> str:
    text = term.replace("\0", " ").encode("utf-8", "ignore").decode("utf-8")
    return text.replace('"', '""').strip()


def _only(rows: list[Any], key: str) -> Any:
    if not rows:
        raise KeyError(key)
    return rows[0]


def _section(row: Sequence[Any], blocks: tuple[Block, ...]) -> Section:
    _, id_, source, heading, anchor, level, start, end, first, last, navigation, identity = row
    return Section(
        id=id_,
        source=source,
        heading=tuple(json.loads(heading)),
        anchor=anchor,
        level=level,
        start=start,
        end=end,
        lines=(first, last),
        blocks=blocks,
        navigation=bool(navigation),
        identity=identity,
    )


def _block(row: Sequence[Any]) -> Block:
    kind, ordinal, text, start, end, first, last, group, item, depth, lead, cells, address = row
    return Block(
        kind=BlockKind(kind),
        ordinal=ordinal,
        text=text,
        start=start,
        end=end,
        lines=(first, last),
        group=group,
        item=item,
        depth=depth,
        lead=lead,
        cells=tuple(Cell(*cell) for cell in json.loads(cells)),
        address=address,
    )


def _chunk(row: Sequence[Any]) -> Chunk:
    id_, section_id, ordinal, text, first_block, last_block, start, end, first, last, digest = row
    return Chunk(
        id=id_,
        section_id=section_id,
        ordinal=ordinal,
        text=text,
        first_block=first_block,
        last_block=last_block,
        start=start,
        end=end,
        lines=(first, last),
        digest=digest,
    )
