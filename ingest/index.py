"""The read side of an index: what the notes say, found by meaning or by words.

Opening is cheap, and imports neither Chroma nor torch; Chroma is opened by the first
`nearest`. Everything comes in an order that depends on the index alone.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

from ingest.catalog import Catalog
from ingest.dense_search import DenseSearch
from ingest.embedding import EmbedderIdentity, Vectors, plain_name
from ingest.errors import IndexDamaged, IndexMismatch, IngestError
from ingest.generations import Generations, Lease
from ingest.manifest import (
    CHUNKING_VERSION,
    IndexSettings,
    Manifest,
    rebuild_command,
    require_same,
)
from ingest.notes import Chunk, Section
from ingest.ranking import unit_question
from ingest.weights import file_digest

Store: TypeAlias = Literal["chroma", "exact"]

MEND = "The notes are not harmed. Make the index whole again: footnote doctor --repair"
SECTIONS_KEPT = 512  # with their blocks, in memory


class NotesIndex:
    """One generation of an index, open for reading. Safe to share between threads.

    It stays readable until it is closed, whatever is ingested meanwhile; `refreshed` moves
    on to what is current.
    """

    def __init__(
        self,
        directory: Path,
        lease: Lease,
        manifest: Manifest,
        catalog: Catalog,
        store: Store,
    ) -> None:
        """Use `open`."""
        self.settings: IndexSettings = manifest.settings
        self.generation: str = lease.generation.name
        self.directory = directory
        self._lease = lease
        self._manifest = manifest
        self._catalog = catalog
        self._store: Store = store
        self._dense = DenseSearch(lease.generation, manifest, catalog, use_chroma=store == "chroma")
        self._read_section = lru_cache(maxsize=SECTIONS_KEPT)(catalog.section)

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        embedder_name: str | None = None,
        store: Store = "chroma",
    ) -> NotesIndex:
        """Open the current generation.

        `embedder_name` is the configured embedder, to be the one that built the index.
        `store` 'exact' searches the vectors without Chroma: the same results, without the
        second or two that importing Chroma takes, so the better choice for one question.

        Raises:
            IndexNotFound: nothing was ingested into the directory yet.
            IndexDamaged: files are missing or unreadable.
            IndexMismatch: it was built with another embedder, or by another version.
        """
        lease = Generations(directory).lease()
        try:
            manifest = Manifest.read(lease.generation.manifest)
            _require_readable(manifest.settings, directory, embedder_name)
            _require_written(lease.generation.catalog, manifest)
            catalog = Catalog(lease.generation.catalog)
        except BaseException:
            lease.release()
            raise
        return cls(directory, lease, manifest, catalog, store)

    def close(self) -> None:
        """Give the generation up. More than once does no harm."""
        self._dense.close()
        self._catalog.close()
        self._lease.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def notices(self) -> tuple[str, ...]:
        """What is not as it should be, though everything is still answered."""
        return self._dense.notices

    @property
    def server(self) -> str:
        """The URL of the Chroma server that has the vectors; empty where they are here."""
        from ingest.chroma.place import Server, place_of

        place = place_of(self._lease.generation)
        return place.url if isinstance(place, Server) else ""

    def require_embedder(self, identity: EmbedderIdentity) -> None:
        """Check that questions may be embedded by this embedder.

        Raises:
            IndexMismatch: the index was built by another one.
        """
        built = self.settings
        configured = IndexSettings(identity, built.window, built.roots)
        require_same(built, configured, self.directory, built.roots)

    def sources(self) -> tuple[str, ...]:
        """Return the names of the notes, in order."""
        return tuple(name for name, _ in self._manifest.sources)

    def source_text(self, name: str) -> str:
        """Return a note's whole text, as in its file.

        Raises:
            KeyError: there is no such note.
        """
        return self._catalog.source_text(name)

    def source_digest(self, name: str) -> str:
        """Return the SHA-256 of a note's file, hexadecimal.

        Raises:
            KeyError: there is no such note.
        """
        return self._digests[name]

    def outline(self) -> tuple[Section, ...]:
        """Return all sections in note order, without their blocks (all seem to be stubs)."""
        return self._outline

    def sections(self) -> tuple[Section, ...]:
        """Return all sections in note order, with their blocks."""
        return self._sections

    def section(self, section_id: str) -> Section:
        """Return a section with its blocks.

        Raises:
            KeyError: there is no such section.
        """
        return self._read_section(section_id)

    def section_identified(self, identity: str) -> Section:
        """Return the section with this identity, wherever it stands now, with its blocks.

        Raises:
            KeyError: it is no longer in the notes.
        """
        return self._read_section(self._catalog.section_id_of(identity))

    def chunk(self, chunk_id: str) -> Chunk:
        """Return a chunk.

        Raises:
            KeyError: there is no such chunk.
        """
        return self._catalog.chunk(chunk_id)

    def nearest(
        self, vector: Vectors, limit: int, sources: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return (chunk id, cosine) of the chunks closest to a question's vector, best first.

        Cosines are in [-1, 1], to six decimals; equal ones are ordered by id. `sources`
        keeps to those notes.

        Raises:
            ValueError: the vector has another dimension, or is not finite, or is all 0.
        """
        question = unit_question(vector, self.settings.embedder.dimension)
        return self._dense.nearest(question, limit, sources)

    def matching_chunks(
        self, terms: Sequence[str], limit: int, sources: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return (chunk id, score) of the chunks that hold any of the terms, best first.

        The score is bm25, greater than 0, without an upper bound; words under a heading of
        that name count double. Terms are stemmed, and taken literally.
        """
        return self._catalog.matching_chunks(terms, limit, sources)

    def matching_blocks(
        self, terms: Sequence[str], limit: int, sources: frozenset[str] | None = None
    ) -> list[tuple[str, int, float]]:
        """Return (section id, block ordinal, score) of the blocks that hold any term.

        Best first; scores as in `matching_chunks`, over blocks.
        """
        return self._catalog.matching_blocks(terms, limit, sources)

    def sources_with(self, part: str) -> tuple[str, ...]:
        """Return the names of the notes whose text holds `part`, to the letter, in order."""
        return self._catalog.sources_with(part)

    def texts_with(self, part: str) -> tuple[str, ...]:
        """Return the plain texts of the blocks that hold `part`, in note order."""
        return self._catalog.texts_with(part)

    def vocabulary(self) -> Mapping[str, int]:
        """Return each word of the notes and the number of blocks that hold it.

        Words are in lower case, unstemmed, without accents. A block holds its heading's too.
        """
        return self._vocabulary

    def refreshed(self) -> NotesIndex:
        """Return this index while it is current, or else the current one, newly opened.

        This one stays open: whoever still reads it closes it.

        Raises:
            IndexNotFound, IndexDamaged, IndexMismatch: as `open`.
        """
        current = Generations(self.directory).current()
        if current is not None and current.name == self.generation:
            return self
        name = self.settings.embedder.name
        return NotesIndex.open(self.directory, embedder_name=name, store=self._store)

    def damage(self) -> tuple[str, ...]:
        """Check everything, and return what is wrong; nothing when the index is whole.

        Compares the SQLite file with its hash, the chunk texts with theirs, and all ids,
        texts and vectors in Chroma with those in SQLite.
        """
        from ingest.chroma.check import find_damage
        from ingest.chroma.place import place_of

        generation = self._lease.generation
        found: list[str] = []
        with contextlib.suppress(OSError):
            if file_digest(generation.catalog) != self._manifest.catalog_digest:
                found.append(f"{generation.catalog} is not the file that was written")
        if not generation.catalog.is_file():
            found.append(f"{generation.catalog} is missing")
        try:
            found += _catalog_damage(self._catalog)
            chunks = self._catalog.chunks()
            matrix = self._catalog.vectors()[2]
            if len(matrix) != len(chunks):
                found.append(f"{len(chunks) - len(matrix)} chunks have no vector")
            else:
                segments = self._manifest.segments
                found += find_damage(place_of(generation), segments, chunks, matrix)
        except IngestError as error:
            found.append(str(error))
        return tuple(found)

    @cached_property
    def _digests(self) -> dict[str, str]:
        return dict(self._manifest.sources)

    @cached_property
    def _outline(self) -> tuple[Section, ...]:
        return self._catalog.outline()

    @cached_property
    def _sections(self) -> tuple[Section, ...]:
        return self._catalog.sections()

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        return self._catalog.vocabulary()


def _require_readable(settings: IndexSettings, directory: Path, embedder_name: str | None) -> None:
    repair = f"Rebuild it: {rebuild_command(settings.roots, directory)}"
    built = settings.embedder.name
    if embedder_name is not None and plain_name(embedder_name) != built:
        raise IndexMismatch(
            f"The index at {directory} was built with '{built}' but '{embedder_name}' is"
            f" configured. {repair}"
        )
    if settings.chunking_version != CHUNKING_VERSION:
        raise IndexMismatch(
            f"The index at {directory} was built with chunking version"
            f" {settings.chunking_version} but this version of the program has"
            f" {CHUNKING_VERSION}. {repair}"
        )


def _require_written(catalog: Path, manifest: Manifest) -> None:
    """Hold the file that every answer is read from against its hash: SQLite has none."""
    try:
        same = file_digest(catalog) == manifest.catalog_digest
    except OSError as error:
        reason = error.strerror or error
        raise IndexDamaged(f"{catalog} cannot be read ({reason}). {MEND}") from error
    if not same:
        raise IndexDamaged(f"{catalog} is not the file that was written. {MEND}")


def _catalog_damage(catalog: Catalog) -> list[str]:
    found = [f"SQLite: {problem}" for problem in catalog.integrity()]
    found += [
        f"the text of the chunk {chunk.id} is not the one that was written"
        for chunk in catalog.chunks()
        if hashlib.sha256(chunk.text.encode("utf-8", "replace")).hexdigest() != chunk.digest
    ]
    return found
