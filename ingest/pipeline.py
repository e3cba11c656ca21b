"""From a folder of notes to a new current generation of the index.

read → split → chunk → embed → store → verify → flip. Until the flip nothing that a reader
sees has changed, so a crash or a full disk at any step leaves the old generation current.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from ingest import vector_store
from ingest.catalog import Catalog
from ingest.catalog_build import IndexedNotes, write_catalog
from ingest.changes import Changes, changes_between
from ingest.chunks import chunk_section
from ingest.corpus import Corpus, read_corpus
from ingest.embedding import DEFAULT_EMBEDDER, Embedder, Vectors, open_embedder
from ingest.errors import IndexDamaged, IndexMismatch, IngestError
from ingest.generations import Generation, Generations
from ingest.manifest import IndexSettings, Manifest, require_same, with_versions_of
from ingest.notes import Chunk, Section, SkippedFile
from ingest.readers import split_sections
from ingest.steps import Clock, OnStep
from ingest.weights import file_digest
from ingest.writer_lock import writer_lock


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did. `seconds` are wall-clock, by step."""

    generation: str
    sources: int
    sections: int
    chunks: int
    embedded: int  # chunks whose vector was computed
    reused: int  # chunks whose vector was carried over
    removed: int  # chunks of the generation before that are gone
    skipped: tuple[SkippedFile, ...]
    unchanged: bool  # nothing was to be done: the generation is the one before
    seconds: Mapping[str, float] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)  # of the notes, against the generation before

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)


def ingest_notes(
    paths: Sequence[Path],
    index: Path,
    embedder_name: str = DEFAULT_EMBEDDER,
    *,
    rebuild: bool = False,
    renew: bool = False,
    embedder: Embedder | None = None,
    on_step: OnStep | None = None,
) -> IngestReport:
    """Bring the index up to date with the notes, and return what was done.

    Only chunks whose text is new are embedded; where no note changed nothing is done at
    all. Other notes than those of the index take their place. `rebuild` starts afresh: with
    the configured settings, and every chunk embedded. `renew` writes all files anew even where
    no note changed. `embedder` is used instead of the one
    called `embedder_name`.

    Raises:
        NotesNotFound, NoReadableNotes: there is nothing to ingest.
        IndexMismatch: the index was built with other settings, and `rebuild` is not set.
        WriterBusy: another process is ingesting into this index.
        WeightsUnavailable: the embedder's files are missing or altered.
        IngestError: the index could not be written; the old one is as it was.
    """
    clock = Clock(on_step)
    with clock.step("read"):
        corpus = read_corpus(paths)
        clock.report(len(corpus.sources), len(corpus.sources))
    roots = tuple(str(path.resolve()) for path in paths)
    with _as_ingest_error(index), writer_lock(index):
        generations = Generations(index)
        generations.remove_unread()
        current = _open_previous(generations)
        previous = None if rebuild else current
        if embedder is None:
            # 'auto' means the precision the index has, and is measured only for a new one.
            known = previous.manifest.settings.embedder.precision if previous else "auto"
            embedder = open_embedder(
                embedder_name, generations.models, precision=known, preparing=clock.preparation
            )
        with clock.step("embed"):  # the first look at an embedder may measure its precision
            identity = embedder.identity
        settings = IndexSettings(embedder=identity, window=embedder.window, roots=roots)
        if previous is not None:
            built = previous.manifest.settings
            # A newer version of the program may change how notes are divided: no reason to refuse.
            require_same(with_versions_of(built, settings), settings, index, roots)
            if not renew and previous.holds(corpus, settings):
                return _unchanged_report(previous, corpus, clock)
        return _Build(generations, corpus, settings, embedder, previous, current, clock).run()


def pending_changes(paths: Sequence[Path], index: Path) -> tuple[Changes, tuple[SkippedFile, ...]]:
    """What an ingest of these notes would find changed, and the files that it would skip.

    Nothing is written, and a writer at work is not waited for.

    Raises:
        NotesNotFound, NoReadableNotes: there is nothing to ingest.
    """
    corpus = read_corpus(paths)
    current = _open_previous(Generations(index))
    named = current.manifest.sources if current else ()
    return changes_between(named, _named_digests(corpus)), corpus.skipped


def ingested_settings(index: Path) -> IndexSettings:
    """How an index was made, and where the notes lie that were last ingested.

    Raises:
        IndexNotFound, IndexDamaged, IndexMismatch: there is no index that says so.
    """
    lease = Generations(index).lease()
    try:
        return Manifest.read(lease.generation.manifest).settings
    finally:
        lease.release()


@dataclass(frozen=True, slots=True)
class _Previous:
    """The current generation, when it is intact enough to carry something over."""

    generation: Generation
    manifest: Manifest

    def holds(self, corpus: Corpus, settings: IndexSettings) -> bool:
        """Whether the generation is what an ingest of this corpus would make."""
        wrong = vector_store.check_files(self.generation.chroma, self.manifest.segments)
        return (
            self.manifest.settings == settings
            and self.manifest.sources == _named_digests(corpus)
            and wrong is None
        )

    def vectors(self) -> dict[str, Vectors]:
        """Return the vector of each chunk digest."""
        with contextlib.closing(Catalog(self.generation.catalog)) as catalog:
            return catalog.vectors_by_digest()

    def digests(self) -> tuple[str, ...]:
        """Return each chunk's digest."""
        with contextlib.closing(Catalog(self.generation.catalog)) as catalog:
            return catalog.digests()


def _open_previous(generations: Generations) -> _Previous | None:
    """Return the current generation, or None where a new one must not build on it.

    A damaged one is replaced, not complained about: that is what an ingest is for.
    """
    try:
        generation = generations.current()
        if generation is None:
            return None
        manifest = Manifest.read(generation.manifest)
        if file_digest(generation.catalog) != manifest.catalog_digest:
            return None
    except (IndexDamaged, OSError):
        return None
    except IndexMismatch:  # another schema: nothing in it can be carried over
        return None
    return _Previous(generation, manifest)


def _unchanged_report(previous: _Previous, corpus: Corpus, clock: Clock) -> IngestReport:
    manifest = previous.manifest
    return IngestReport(
        generation=previous.generation.name,
        sources=len(manifest.sources),
        sections=manifest.sections,
        chunks=manifest.chunks,
        embedded=0,
        reused=manifest.chunks,
        removed=0,
        skipped=corpus.skipped,
        unchanged=True,
        changes=Changes(unchanged=len(manifest.sources)),
        seconds=clock.seconds,
    )


def _named_digests(corpus: Corpus) -> tuple[tuple[str, str], ...]:
    return tuple((source.name, source.digest) for source in corpus.sources)


class _Build:
    """One new generation, from the corpus to the flip."""

    def __init__(
        self,
        generations: Generations,
        corpus: Corpus,
        settings: IndexSettings,
        embedder: Embedder,
        previous: _Previous | None,
        replaced: _Previous | None,
        clock: Clock,
    ) -> None:
        self._generations = generations
        self._corpus = corpus
        self._settings = settings
        self._embedder = embedder
        self._previous = previous  # to carry vectors over from
        # What the new generation takes the place of, even where nothing of it is carried over.
        self._before = replaced.digests() if replaced else ()
        named = replaced.manifest.sources if replaced else ()
        self._changes = changes_between(named, _named_digests(corpus))
        self._clock = clock

    def run(self) -> IngestReport:
        """Build, verify and flip; remove what was built if any of it fails."""
        notes = self._divide()
        vectors, embedded = self._embed(notes)
        generation = self._generations.create()
        try:
            self._store(generation, notes, vectors)
            self._verify(generation, notes, vectors)
            with self._clock.step("flip"):
                self._generations.make_current(generation)
        except BaseException:
            if self._generations.current() != generation:
                shutil.rmtree(generation.path, ignore_errors=True)
            raise
        after = {chunk.digest for chunk in notes.chunks}
        self._generations.remove_unread()
        return IngestReport(
            generation=generation.name,
            sources=len(notes.sources),
            sections=len(notes.sections),
            chunks=len(notes.chunks),
            embedded=embedded,
            reused=len(notes.chunks) - embedded,
            removed=sum(digest not in after for digest in self._before),
            skipped=self._corpus.skipped,
            unchanged=False,
            changes=self._changes,
            seconds=self._clock.seconds,
        )

    def _divide(self) -> IndexedNotes:
        sources = self._corpus.sources
        sections: list[Section] = []
        with self._clock.step("split"):
            for done, source in enumerate(sources, start=1):
                sections.extend(split_sections(source))
                self._clock.report(done, len(sources))
        texts = {source.name: source.text for source in sources}
        chunks: list[Chunk] = []
        with self._clock.step("chunk"):
            for done, section in enumerate(sections, start=1):
                if not section.navigation:
                    chunks += chunk_section(
                        section,
                        texts[section.source],
                        self._embedder.count_tokens,
                        self._embedder.window,
                    )
                self._clock.report(done, len(sections))
        return IndexedNotes(tuple(sources), tuple(sections), tuple(chunks))

    def _embed(self, notes: IndexedNotes) -> tuple[dict[str, Vectors], int]:
        """Return the vector of each chunk digest, and how many chunks had to be embedded."""
        texts = {chunk.digest: chunk.text for chunk in notes.chunks}
        with self._clock.step("embed"):
            known = self._previous.vectors() if self._previous else {}
            vectors = {digest: known[digest] for digest in texts if digest in known}
            missing = [digest for digest in texts if digest not in known]
            if not missing:
                self._clock.report(0, 0)
            else:  # the embedder reports, once it is ready to begin
                rows = self._embedder.embed_notes(
                    [texts[digest] for digest in missing], self._clock.report
                )
                self._check_rows(rows, len(missing))
                vectors.update(zip(missing, rows, strict=True))
        return vectors, sum(chunk.digest not in known for chunk in notes.chunks)

    def _check_rows(self, rows: Vectors, count: int) -> None:
        expected = (count, self._settings.embedder.dimension)
        if rows.shape != expected or not np.isfinite(rows).all():
            raise IngestError(
                f"The embedder '{self._settings.embedder.name}' returned vectors of shape"
                f" {rows.shape}, or not finite, for {expected}. Use another embedder"
            )

    def _store(
        self, generation: Generation, notes: IndexedNotes, vectors: Mapping[str, Vectors]
    ) -> None:
        sections = {section.id: section for section in notes.sections}
        with self._clock.step("store"):
            self._clock.report(0, len(notes.chunks))
            write_catalog(generation.catalog, notes, vectors)
            try:
                vector_store.write_store(generation.chroma, notes.chunks, sections, vectors)
            except IndexDamaged as error:  # nothing was there to be damaged: it cannot write
                raise IngestError(
                    f"The index could not be written: {error}. The old one is as it was."
                    " Make room or give another --index, then try again"
                ) from error
            manifest = Manifest(
                settings=self._settings,
                sources=_named_digests(self._corpus),
                sections=len(notes.sections),
                chunks=len(notes.chunks),
                catalog_digest=file_digest(generation.catalog),
                segments=vector_store.segment_digests(generation.chroma),
            )
            manifest.write(generation.manifest)
            self._clock.report(len(notes.chunks), len(notes.chunks))

    def _verify(
        self, generation: Generation, notes: IndexedNotes, vectors: Mapping[str, Vectors]
    ) -> None:
        """Read everything back, from both stores, and compare it with what was to be stored."""
        with self._clock.step("verify"):
            self._clock.report(0, len(notes.chunks))
            with contextlib.closing(Catalog(generation.catalog)) as catalog:
                ids, _, matrix = catalog.vectors()
                texts = {name: text for name, _, _, text in catalog.source_records()}
                same = (
                    catalog.sections() == notes.sections
                    and catalog.chunks() == notes.chunks
                    and texts == {source.name: source.text for source in notes.sources}
                    and ids == tuple(chunk.id for chunk in notes.chunks)
                    and all(
                        np.array_equal(row, vectors[chunk.digest])
                        for row, chunk in zip(matrix, notes.chunks, strict=True)
                    )
                )
            segments = Manifest.read(generation.manifest).segments
            wrong = vector_store.find_damage(generation.chroma, segments, notes.chunks, matrix)
            if not same:
                wrong = (f"{generation.catalog} does not hold what was written", *wrong)
            if wrong:
                raise IndexDamaged(
                    f"The new index failed its check: {wrong[0]} ({len(wrong)} differences)."
                    " The old one is as it was. Try again"
                )
            self._clock.report(len(notes.chunks), len(notes.chunks))


@contextlib.contextmanager
def _as_ingest_error(index: Path) -> Iterator[None]:
    """Say in one line that the disk is full, or whatever else kept the index from disk."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise IngestError(
            f"The index at {index} could not be written ({error})."
            " The notes in it are as they were before. Make room or give another --index,"
            " then try again"
        ) from error


def rebuild_chroma(generation: Generation) -> dict[str, str]:
    """Write a generation's Chroma directory anew from its SQLite file, embedding nothing.

    Only where no reader has it open. Returns the digests of its vector files, and puts them
    into the manifest.

    Raises:
        IndexDamaged: the SQLite file, or the manifest, is damaged as well.
    """
    manifest = Manifest.read(generation.manifest)
    with contextlib.closing(Catalog(generation.catalog)) as catalog:
        sections = {section.id: section for section in catalog.outline()}
        chunks, vectors = catalog.chunks(), catalog.vectors_by_digest()
    shutil.rmtree(generation.chroma, ignore_errors=True)
    vector_store.write_store(generation.chroma, chunks, sections, vectors)
    segments = vector_store.segment_digests(generation.chroma)
    manifest.with_segments(segments).write(generation.manifest)
    return segments
