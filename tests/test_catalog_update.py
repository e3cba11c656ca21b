"""An updated file is what a fresh one of the same notes would be, to whoever asks it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ToyEmbedder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.catalog import Catalog
from ingest.catalog_build import IndexedNotes, update_catalog, write_catalog
from ingest.chunks import chunk_section
from ingest.embedding import Vectors
from ingest.identity import with_identities
from ingest.notes import SourceDocument
from ingest.readers import split_sections

EMBEDDER = ToyEmbedder()


def indexed(notes: Mapping[str, str]) -> IndexedNotes:
    sources = tuple(
        SourceDocument(name, Path(name), text, "utf-8", str(hash(text)))
        for name, text in sorted(notes.items())
    )
    sections = tuple(section for source in sources for section in split_sections(source))
    chunks = tuple(
        chunk
        for section in sections
        for chunk in chunk_section(section, notes[section.source], EMBEDDER.count_tokens, 24)
    )
    return with_identities(IndexedNotes(sources, sections, chunks))


def vectors_of(notes: IndexedNotes) -> dict[str, Vectors]:
    return {
        chunk.digest: row
        for chunk, row in zip(
            notes.chunks, EMBEDDER.embed_notes([c.text for c in notes.chunks]), strict=True
        )
    }


def updated(before: Mapping[str, str], after: Mapping[str, str], folder: Path) -> dict[str, Any]:
    path = folder / "updated.sqlite"
    old = indexed(before)
    write_catalog(path, old, vectors_of(old))
    gone = {name: text for name, text in before.items() if after.get(name) != text}
    came = {name: text for name, text in after.items() if before.get(name) != text}
    new = indexed(came)
    update_catalog(path, indexed(gone), new, vectors_of(new))
    return everything(path)


def fresh(notes: Mapping[str, str], folder: Path) -> dict[str, Any]:
    path = folder / "fresh.sqlite"
    built = indexed(notes)
    write_catalog(path, built, vectors_of(built))
    return everything(path)


def everything(path: Path) -> dict[str, Any]:
    """All that a catalog can be asked, scores included."""
    with closing(Catalog(path)) as catalog:
        vocabulary = catalog.vocabulary()
        ids, sources, matrix = catalog.vectors()
        return {
            "sources": catalog.source_records(),
            "sections": catalog.sections(),
            "chunks": catalog.chunks(),
            "ids": (ids, sources),
            "matrix": matrix.tolist(),
            "vectors": sorted(catalog.vectors_by_digest()),
            "vocabulary": vocabulary,
            "blocks found": {w: catalog.matching_blocks([w], 99) for w in vocabulary},
            "chunks found": {w: catalog.matching_chunks([w], 99) for w in vocabulary},
            "counts": catalog.counts(),
            "integrity": catalog.integrity(),
            "in brackets": catalog.texts_with("("),
        }


WORDS = st.sampled_from("queue bucket message café ﬁle (QE) 14 days the The mÃ¼nchen".split())
SENTENCE = st.lists(WORDS, min_size=1, max_size=6).map(lambda w: " ".join(w).capitalize() + ".")
BLOCK = st.one_of(
    SENTENCE,
    SENTENCE.map(lambda s: f"- {s}\n- {s}"),
    SENTENCE.map(lambda s: f"| a | b |\n|---|---|\n| {s} | {s} |"),
    SENTENCE.map(lambda s: f"![{s}](x.png)"),
    WORDS.map(lambda w: f"## {w}"),
    WORDS.map(lambda w: f"- [{w}](#{w})"),
)
NOTE = st.lists(BLOCK, min_size=1, max_size=6).map(lambda blocks: "\n\n".join(blocks) + "\n")
NOTES = st.dictionaries(st.sampled_from(["a.md", "b.md", "c/d.md", "é.md"]), NOTE, max_size=4)


@settings(max_examples=60, deadline=None)
@given(NOTES, NOTES)
@example({}, {"a.md": "# A\n\nOne.\n"})
@example({"a.md": "# A\n\nOne.\n"}, {})
@example({"b.md": "# Same\n\nOne.\n"}, {"a.md": "# Same\n\nOne.\n"})
def test_an_update_gives_what_a_fresh_build_gives(
    before: dict[str, str], after: dict[str, str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert updated(before, after, Path(folder)) == fresh(after, Path(folder))


def test_a_hundred_updates_leave_what_one_build_gives(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    path = tmp_path / "notes.sqlite"
    notes = {f"{n}.md": f"# Note {n}\n\nThe first text of {n}.\n" for n in range(20)}
    built = indexed(notes)
    write_catalog(path, built, vectors_of(built))
    for edit in range(100):
        name = f"{random.integers(25)}.md"
        gone = indexed({name: notes[name]}) if name in notes else indexed({})
        notes = {k: v for k, v in notes.items() if k != name}
        came: dict[str, str] = {}
        if random.random() < 0.8:
            came = {name: f"# Note {name}\n\nEdit {edit} of it.\n\n- item {edit % 7}\n"}
        new = indexed(came)
        update_catalog(path, gone, new, vectors_of(new))
        notes |= came
    shutil.copy(path, tmp_path / "kept.sqlite")
    assert everything(tmp_path / "kept.sqlite") == fresh(notes, tmp_path)


def test_a_text_that_is_not_the_stored_one_is_not_forgotten_silently(tmp_path: Path) -> None:
    """What `gone` must be: the search tables take a wrong text's word for it."""
    path = tmp_path / "notes.sqlite"
    old = indexed({"a.md": "# A\n\nOne.\n"})
    write_catalog(path, old, vectors_of(old))
    with pytest.raises((TypeError, ValueError)):
        update_catalog(path, indexed({"b.md": "# B\n\nTwo.\n"}), indexed({}), {})
