"""From a folder of notes to a new current generation of the index.

read → split → chunk → embed → store → verify → flip. Until the flip nothing that a reader
sees has changed, so a crash or a full disk at any step leaves the old generation current.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ingest.build import Build, IngestReport, Previous, named_digests, open_previous
from ingest.changes import Changes, changes_between
from ingest.chroma.place import clear
from ingest.corpus import Corpus, read_corpus
from ingest.embedders import open_embedder
from ingest.embedding import DEFAULT_EMBEDDER, Embedder
from ingest.errors import IndexDamaged, IngestError
from ingest.generations import Generations
from ingest.manifest import IndexSettings, Manifest, require_same, with_versions_of
from ingest.notes import SkippedFile
from ingest.steps import Clock, OnStep
from ingest.update import Update
from ingest.writer_lock import writer_lock

INTERRUPTED = "An ingest was interrupted before it was done: what it left was cleared away."
REPAIRED = "The index was damaged ({}): it was made anew from the notes."


def ingest_notes(
    paths: Sequence[Path],
    index: Path,
    embedder_name: str = DEFAULT_EMBEDDER,
    *,
    rebuild: bool = False,
    renew: bool = False,
    chroma_url: str = "",
    embedder: Embedder | None = None,
    on_step: OnStep | None = None,
) -> IngestReport:
    """Bring the index up to date with the notes, and return what was done.

    Only chunks whose text is new are embedded; where no note changed nothing is done at
    all. Other notes than those of the index take their place. `rebuild` starts afresh: with
    the configured settings, and every chunk embedded. `renew` writes all files anew even where
    no note changed. `chroma_url` names a `chroma run` server that keeps the vectors; without
    one they are in the index's own directory. `embedder` is used instead of the one called
    `embedder_name`.

    Raises:
        NotesNotFound, NoReadableNotes: there is nothing to ingest.
        IndexMismatch: the index was built with other settings, and `rebuild` is not set.
        WriterBusy: another process is ingesting into this index.
        WeightsUnavailable: the embedder's files are missing or altered.
        IngestError: the index could not be written; the old one is as it was.
    """
    clock = Clock(on_step)
    generations = Generations(index, clear)
    before = _name_of_current(generations)
    corpus = _read(paths, clock)
    roots = tuple(str(path.resolve()) for path in paths)
    with _as_ingest_error(index), writer_lock(index):
        if _name_of_current(generations) != before:
            # Another writer was faster, and may have read newer notes than these.
            corpus = _read(paths, clock)
        current, is_whole, repaired = _look_at_current(generations, chroma_url)
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
            if not renew and is_whole and previous.holds(corpus, settings):
                return replace(_unchanged_report(previous, corpus, clock), repaired=repaired)
        small = not renew and is_whole and Update.is_worth_it(previous, settings, corpus)
        build = Update if small else Build
        made = build(generations, chroma_url, corpus, settings, embedder, previous, current, clock)
        return replace(made.run(), repaired=repaired)


def _look_at_current(
    generations: Generations, server: str
) -> tuple[Previous | None, bool, tuple[str, ...]]:
    """The generation to build on; whether all of it is where it should be; what to say of it.

    What a killed ingest left, and what nobody reads any more, is removed. Only the writer may.
    """
    unfinished = generations.unfinished()
    left = set(unfinished) & set(generations.remove_unread())
    current, damage = open_previous(generations)
    stays = current is not None and current.is_on(server)
    if current is not None and stays:
        damage = current.damage() or ""
    repaired = ((INTERRUPTED,) if left else ()) + ((REPAIRED.format(damage),) if damage else ())
    return current, stays and not damage, repaired


def _read(paths: Sequence[Path], clock: Clock) -> Corpus:
    with clock.step("read"):
        corpus = read_corpus(paths)
        clock.report(len(corpus.sources), len(corpus.sources))
    return corpus


def _name_of_current(generations: Generations) -> str:
    try:
        current = generations.current()
    except (IndexDamaged, OSError):
        return ""
    return current.name if current else ""


def pending_changes(paths: Sequence[Path], index: Path) -> tuple[Changes, tuple[SkippedFile, ...]]:
    """What an ingest of these notes would find changed, and the files that it would skip.

    Nothing is written, and a writer at work is not waited for.

    Raises:
        NotesNotFound, NoReadableNotes: there is nothing to ingest.
    """
    corpus = read_corpus(paths)
    current, _ = open_previous(Generations(index))
    named = current.manifest.sources if current else ()
    return changes_between(named, named_digests(corpus)), corpus.skipped


def current_manifest(index: Path) -> Manifest:
    """What an index says about itself: how it was made, from which notes.

    Raises:
        IndexNotFound, IndexDamaged, IndexMismatch: there is no index that says so.
    """
    lease = Generations(index).lease()
    try:
        return Manifest.read(lease.generation.manifest)
    finally:
        lease.release()


def ingested_settings(index: Path) -> IndexSettings:
    """How an index was made, and where the notes lie that were last ingested.

    Raises:
        IndexNotFound, IndexDamaged, IndexMismatch: there is no index that says so.
    """
    return current_manifest(index).settings


def _unchanged_report(previous: Previous, corpus: Corpus, clock: Clock) -> IngestReport:
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
