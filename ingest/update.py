"""A new generation of an index made from a copy of the one before: only what changed is done.

What a small edit costs is then a copy of the files and the notes that changed. Every so often,
when much has been replaced, all is written anew: the files keep no more than a little of what
is gone.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ingest.build import Build, Previous, cannot_be_written, named_digests, require_whole
from ingest.catalog import Catalog
from ingest.catalog_build import IndexedNotes, update_catalog
from ingest.changes import Changes, changes_between
from ingest.chroma.check import find_damage_of_own, segment_digests
from ingest.chroma.place import Directory, Place
from ingest.chroma.write import MOST_GROWTH, copy_store, update_store, write_store
from ingest.corpus import Corpus
from ingest.embedding import Vectors
from ingest.generations import Generation
from ingest.identity import TracedNote, traced_notes
from ingest.manifest import IndexSettings, Manifest
from ingest.notes import Section, SourceDocument
from ingest.weights import file_digest

SMALLEST = 100  # chunks; a smaller index is written anew as quickly
MOST_REPLACED = 0.1  # of the chunks, since all was last written anew


class Update(Build):
    """One new generation, from the generation before and the notes that changed."""

    @staticmethod
    def is_worth_it(previous: Previous | None, settings: IndexSettings, corpus: Corpus) -> bool:
        """Whether little enough has changed, in an index that was made the same way."""
        if previous is None or previous.manifest.written < SMALLEST:
            return False
        manifest = previous.manifest
        if replace(manifest.settings, roots=settings.roots) != settings:
            return False
        changes = changes_between(manifest.sources, named_digests(corpus))
        with contextlib.closing(Catalog(previous.generation.catalog)) as catalog:
            gone = sum(len(catalog.chunks_of(name)) for name in _gone(changes))
        replaced = manifest.replaced + gone
        names = set(_came(changes))
        came = sum(len(source.text) for source in corpus.sources if source.name in names)
        whole = sum(len(source.text) for source in corpus.sources)
        return (
            replaced <= MOST_REPLACED * manifest.written
            and came <= MOST_REPLACED * whole
            and manifest.chunks <= MOST_GROWTH * manifest.written
        )

    def _sources(self) -> Sequence[SourceDocument]:
        came = set(_came(self._changes))
        return [source for source in self._corpus.sources if source.name in came]

    def _traced_before(self) -> tuple[list[TracedNote], frozenset[str]]:
        with contextlib.closing(Catalog(self._before_this.generation.catalog)) as catalog:
            gone = [s for name in _gone(self._changes) for s in catalog.sections_of(name)]
            return traced_notes(catalog.source_identities(), gone), catalog.identities()

    def _known(self, digests: Iterable[str]) -> dict[str, Vectors]:
        with contextlib.closing(Catalog(self._before_this.generation.catalog)) as catalog:
            return catalog.vectors_of_digests(digests)

    @property
    def _before_this(self) -> Previous:
        assert self._previous is not None  # `is_worth_it` says so
        return self._previous

    def _store(
        self,
        generation: Generation,
        place: Place,
        notes: IndexedNotes,
        vectors: Mapping[str, Vectors],
    ) -> None:
        before = self._before_this
        with self._clock.step("store"):
            self._clock.report(0, len(notes.chunks))
            gone = self._taken_out()
            shutil.copyfile(before.generation.catalog, generation.catalog)
            update_catalog(generation.catalog, gone, notes, vectors)
            with contextlib.closing(Catalog(generation.catalog)) as catalog:
                sections, chunks = catalog.counts()
                with cannot_be_written(place):
                    if isinstance(place, Directory):
                        copy_store(before.generation.chroma, place.path)
                        ids = [chunk.id for chunk in gone.chunks]
                        update_store(place, ids, notes.chunks, _by_id(notes.sections), vectors)
                    else:  # a server copies nothing: it gets all of it again
                        whole = _by_id(catalog.outline())
                        write_store(place, catalog.chunks(), whole, catalog.vectors_by_digest())
            manifest = Manifest(
                settings=self._settings,
                sources=named_digests(self._corpus),
                sections=sections,
                chunks=chunks,
                catalog_digest=file_digest(generation.catalog),
                segments=segment_digests(place),
                written=before.manifest.written,
                replaced=before.manifest.replaced + len(gone.chunks),
            )
            manifest.write(generation.manifest)
            self._clock.report(len(notes.chunks), len(notes.chunks))

    def _taken_out(self) -> IndexedNotes:
        """What the generation before holds of the notes that changed."""
        names = _gone(self._changes)
        with contextlib.closing(Catalog(self._before_this.generation.catalog)) as catalog:
            return IndexedNotes(
                tuple(SourceDocument(name, Path(name), "", "", "") for name in names),
                tuple(section for name in names for section in catalog.sections_of(name)),
                tuple(chunk for name in names for chunk in catalog.chunks_of(name)),
            )

    def _verify(
        self,
        generation: Generation,
        place: Place,
        notes: IndexedNotes,
        vectors: Mapping[str, Vectors],
    ) -> None:
        """Read back what changed, and compare the ids and the notes of all.

        What did not change is a copy of files whose hashes were those of their manifest; what
        a server was sent is read back whole.
        """
        wrong: list[str] = []
        with self._clock.step("verify"):
            self._clock.report(0, len(notes.chunks))
            with contextlib.closing(Catalog(generation.catalog)) as catalog:
                named = tuple((name, digest) for name, digest, _ in catalog.source_identities())
                same = named == named_digests(self._corpus)
                for source in notes.sources:
                    own = [s for s in notes.sections if s.source == source.name]
                    ids = {section.id for section in own}
                    chunks = tuple(c for c in notes.chunks if c.section_id in ids)
                    same = (
                        same
                        and catalog.source_text(source.name) == source.text
                        and catalog.sections_of(source.name) == tuple(own)
                        and catalog.chunks_of(source.name) == chunks
                    )
                matrix = catalog.vectors_of([chunk.id for chunk in notes.chunks])
                same = same and all(
                    np.array_equal(row, vectors[chunk.digest])
                    for row, chunk in zip(matrix, notes.chunks, strict=True)
                )
                if not same:
                    wrong.append(f"{generation.catalog} does not hold what was written")
                segments = Manifest.read(generation.manifest).segments
                sent = notes.chunks
                if not isinstance(place, Directory):
                    sent, matrix = catalog.chunks(), catalog.vectors()[2]
                wrong += find_damage_of_own(place, segments, catalog.chunk_ids(), sent, matrix)
            require_whole(wrong)
            self._clock.report(len(notes.chunks), len(notes.chunks))


def _by_id(sections: Iterable[Section]) -> dict[str, Section]:
    return {section.id: section for section in sections}


def _gone(changes: Changes) -> tuple[str, ...]:
    """The names whose old content goes: a renamed note goes and comes."""
    return (*changes.removed, *changes.edited, *(before for before, _ in changes.renamed))


def _came(changes: Changes) -> tuple[str, ...]:
    return (*changes.added, *changes.edited, *(now for _, now in changes.renamed))
