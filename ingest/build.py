"""A new generation of an index, written whole: every note divided, every file anew."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from ingest.catalog import Catalog
from ingest.catalog_build import IndexedNotes, write_catalog
from ingest.changes import Changes, changes_between
from ingest.chroma.check import check_place, find_damage_of_own, segment_digests
from ingest.chroma.place import Place, Server, new_place, place_of
from ingest.chroma.write import write_store
from ingest.chunks import chunk_section
from ingest.corpus import Corpus
from ingest.embedding import Embedder, Vectors
from ingest.errors import IndexDamaged, IndexMismatch, IngestError
from ingest.generations import Generation, Generations
from ingest.identity import TracedNote, traced_notes, with_identities
from ingest.manifest import IndexSettings, Manifest
from ingest.notes import Chunk, Section, SkippedFile, SourceDocument
from ingest.readers import split_sections
from ingest.steps import Clock
from ingest.weights import file_digest


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
    repaired: tuple[str, ...] = ()  # what was found wrong with the index, and is right now
    changes: Changes = field(default_factory=Changes)  # of the notes, against the generation before

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Previous:
    """The current generation, when it is intact enough to carry something over."""

    generation: Generation
    manifest: Manifest

    def holds(self, corpus: Corpus, settings: IndexSettings) -> bool:
        """Whether the generation is what an ingest of this corpus would make."""
        return self.manifest.settings == settings and self.manifest.sources == named_digests(corpus)

    def is_on(self, server: str) -> bool:
        """Whether its vectors are kept where they should be now: beside it, or on this server."""
        try:
            place = place_of(self.generation)
        except IndexDamaged:
            return False
        return server == (place.url if isinstance(place, Server) else "")

    def damage(self) -> str | None:
        """Return what is wrong with its vectors at first sight, or None."""
        place = place_of(self.generation)
        return check_place(place, self.manifest.segments, self.manifest.chunks)

    def vectors(self) -> dict[str, Vectors]:
        """Return the vector of each chunk digest."""
        with contextlib.closing(Catalog(self.generation.catalog)) as catalog:
            return catalog.vectors_by_digest()

    def digests(self) -> tuple[str, ...]:
        """Return each chunk's digest, in no order."""
        with contextlib.closing(Catalog(self.generation.catalog)) as catalog:
            return catalog.digests()


def open_previous(generations: Generations) -> tuple[Previous | None, str]:
    """Return the current generation, and what is wrong with it.

    There is none where a new one must not build on it: a damaged one is replaced, that is what
    an ingest is for.
    """
    try:
        generation = generations.current()
        if generation is None:
            return None, ""
        manifest = Manifest.read(generation.manifest)
        if file_digest(generation.catalog) != manifest.catalog_digest:
            return None, f"{generation.catalog} was not the file that was written"
    except (IndexDamaged, OSError) as error:
        return None, str(error).split(" Ingest the notes again")[0].rstrip(".")
    except IndexMismatch:  # another schema: nothing in it can be carried over
        return None, ""
    return Previous(generation, manifest), ""


def named_digests(corpus: Corpus) -> tuple[tuple[str, str], ...]:
    """Return the name and the SHA-256 of each note, in order."""
    return tuple((source.name, source.digest) for source in corpus.sources)


class Build:
    """One new generation, from the corpus to the flip.

    `server` is the URL of the Chroma server that gets the vectors; none where they stay here.
    """

    def __init__(
        self,
        generations: Generations,
        server: str,
        corpus: Corpus,
        settings: IndexSettings,
        embedder: Embedder,
        previous: Previous | None,
        replaced: Previous | None,
        clock: Clock,
    ) -> None:
        self._generations = generations
        self._server = server
        self._corpus = corpus
        self._settings = settings
        self._embedder = embedder
        self._previous = previous  # to carry vectors over from
        self._replaced = replaced
        # What the new generation takes the place of, even where nothing of it is carried over.
        self._before = replaced.digests() if replaced else ()
        named = replaced.manifest.sources if replaced else ()
        self._changes = changes_between(named, named_digests(corpus))
        self._clock = clock

    def run(self) -> IngestReport:
        """Build, verify and flip; remove what was built if any of it fails."""
        notes = self._divide(self._sources())
        vectors, embedded = self._embed(notes)
        generation = self._generations.create()
        try:
            place = new_place(generation, self._server)
            self._store(generation, place, notes, vectors)
            self._verify(generation, place, notes, vectors)
            with self._clock.step("flip"):
                self._clock.report(0, 1)
                self._generations.make_current(generation)
                self._clock.report(1, 1)
        except BaseException:
            if self._generations.current() != generation:
                self._generations.remove(generation)
            raise
        manifest = Manifest.read(generation.manifest)
        self._generations.remove_unread()
        return IngestReport(
            generation=generation.name,
            sources=len(manifest.sources),
            sections=manifest.sections,
            chunks=manifest.chunks,
            embedded=embedded,
            reused=manifest.chunks - embedded,
            removed=self._removed(generation),
            skipped=self._corpus.skipped,
            unchanged=False,
            changes=self._changes,
            seconds=self._clock.seconds,
        )

    def _sources(self) -> Sequence[SourceDocument]:
        """The notes that are divided: all of them."""
        return self._corpus.sources

    def _known(self, digests: Iterable[str]) -> dict[str, Vectors]:
        """The vectors that need not be computed; of other chunks, too, maybe."""
        return self._previous.vectors() if self._previous else {}

    def _removed(self, generation: Generation) -> int:
        with contextlib.closing(Catalog(generation.catalog)) as catalog:
            after = set(catalog.digests())
        return sum(digest not in after for digest in self._before)

    def _divide(self, sources: Sequence[SourceDocument]) -> IndexedNotes:
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
        notes = IndexedNotes(tuple(sources), tuple(sections), tuple(chunks))
        return with_identities(notes, *self._traced_before())

    def _traced_before(self) -> tuple[list[TracedNote], frozenset[str]]:
        """What the divided notes may have been before, and the identities of all others."""
        if self._replaced is None:
            return [], frozenset()
        with contextlib.closing(Catalog(self._replaced.generation.catalog)) as catalog:
            return traced_notes(catalog.source_identities(), catalog.sections()), frozenset()

    def _embed(self, notes: IndexedNotes) -> tuple[dict[str, Vectors], int]:
        """Return the vector of each chunk digest, and how many chunks had to be embedded."""
        texts = {chunk.digest: chunk.text for chunk in notes.chunks}
        with self._clock.step("embed"):
            known = self._known(texts)
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
        self,
        generation: Generation,
        place: Place,
        notes: IndexedNotes,
        vectors: Mapping[str, Vectors],
    ) -> None:
        sections = {section.id: section for section in notes.sections}
        with self._clock.step("store"):
            self._clock.report(0, len(notes.chunks))
            write_catalog(generation.catalog, notes, vectors)
            with cannot_be_written(place):
                write_store(place, notes.chunks, sections, vectors)
            manifest = Manifest(
                settings=self._settings,
                sources=named_digests(self._corpus),
                sections=len(notes.sections),
                chunks=len(notes.chunks),
                catalog_digest=file_digest(generation.catalog),
                segments=segment_digests(place),
                written=len(notes.chunks),
            )
            manifest.write(generation.manifest)
            self._clock.report(len(notes.chunks), len(notes.chunks))

    def _verify(
        self,
        generation: Generation,
        place: Place,
        notes: IndexedNotes,
        vectors: Mapping[str, Vectors],
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
            wrong = find_damage_of_own(place, segments, ids, notes.chunks, matrix)
            if not same:
                wrong = (f"{generation.catalog} does not hold what was written", *wrong)
            require_whole(wrong)
            self._clock.report(len(notes.chunks), len(notes.chunks))


@contextlib.contextmanager
def cannot_be_written(place: Place) -> Iterator[None]:
    """Say of damage to what is only being written that it could not be."""
    do = (
        "Start the server, or unset FOOTNOTE_CHROMA_URL"
        if isinstance(place, Server)
        else "Make room or give another --index"
    )
    try:
        yield
    except IndexDamaged as error:
        raise IngestError(
            f"The index could not be written: {error}. The old one is as it was."
            f" {do}, then try again"
        ) from error


def require_whole(wrong: Sequence[str]) -> None:
    """Refuse a new index in which something is wrong.

    Raises:
        IndexDamaged: naming the first difference.
    """
    if wrong:
        raise IndexDamaged(
            f"The new index failed its check: {wrong[0]} ({len(wrong)} differences)."
            " The old one is as it was. Try again"
        )
