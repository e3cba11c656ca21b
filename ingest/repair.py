"""Finds what is wrong with an index, and makes it whole again from the notes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from ingest.build import IngestReport
from ingest.embedding import Embedder
from ingest.errors import IndexDamaged, IndexMismatch
from ingest.generations import Generations
from ingest.index import NotesIndex
from ingest.manifest import Manifest
from ingest.pipeline import ingest_notes, ingested_settings
from ingest.steps import OnStep


@dataclass(frozen=True, slots=True)
class Repair:
    """What was found, and what was done about it: nothing where nothing was found."""

    found: tuple[str, ...]
    report: IngestReport | None = None


def find_damage(index: Path) -> tuple[str, ...]:
    """Return everything that is wrong with the index, by reading all of it.

    Raises:
        IndexNotFound: there is none.
        IndexMismatch: it was made by another version.
    """
    try:
        with NotesIndex.open(index, store="exact") as opened:
            return opened.damage()
    except IndexDamaged as error:
        return (str(error),)


def repair(
    index: Path,
    embedder_name: str,
    *,
    chroma_url: str = "",
    embedder: Embedder | None = None,
    on_step: OnStep | None = None,
) -> Repair:
    """Make a damaged index whole, as the notes are now. A whole one is left alone.

    What is intact is carried over: where only Chroma's files are damaged, nothing is embedded.

    Raises:
        IndexNotFound: there is nothing to repair.
        IndexDamaged: it no longer says where its notes lie; or the repaired one is damaged, too.
        IngestError: as `ingest_notes`; the index is as it was.
    """
    found = find_damage(index)
    if not found:
        return Repair(())
    roots = _roots(index)
    report = ingest_notes(
        roots,
        index,
        embedder_name,
        renew=True,
        chroma_url=chroma_url,
        embedder=embedder,
        on_step=on_step,
    )
    if left := find_damage(index):
        raise IndexDamaged(
            f"The index at {index} was made anew and is damaged again: {left[0]}. The disk may be"
            " failing: give another --index, on another disk"
        )
    return Repair(found, report)


def _roots(index: Path) -> tuple[Path, ...]:
    """Where the notes lie: told by the current generation, or the newest that tells it.

    Raises:
        IndexDamaged: none does.
    """
    try:
        return tuple(Path(root) for root in ingested_settings(index).roots)
    except IndexDamaged:
        for generation in reversed(Generations(index).all()):
            with contextlib.suppress(IndexDamaged, IndexMismatch):
                return tuple(Path(r) for r in Manifest.read(generation.manifest).settings.roots)
        raise
