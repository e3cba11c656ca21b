"""Writes a vector store: whole, into an empty place, or the changes, into a copy of a directory."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.block_words import heading_line
from ingest.chroma.place import COLLECTION, Directory, Place, as_damage
from ingest.embedding import Vectors
from ingest.notes import Chunk, Section

if TYPE_CHECKING:
    from chromadb.api.client import Client

BATCH = 250  # 50 to 250 records an addition are fastest

# Chroma's graph finds all true neighbours, whatever the question, only when a search may
# visit every chunk: 3 ms among 3,000, 11 ms among 10,000. Up to here it may, and the results
# are those of an exact scan. In a larger store it is quicker and now and then misses one.
WIDEST_SEARCH = 50_000
MOST_GROWTH = 1.25  # of a store by updates; beyond it is written anew


def write_store(
    place: Place,
    chunks: Sequence[Chunk],
    sections: Mapping[str, Section],
    vectors: Mapping[str, Vectors],
) -> None:
    """Store the chunks with their ready vectors (by chunk digest) in an empty place.

    Raises:
        IndexDamaged: Chroma could not store them.
    """
    if isinstance(place, Directory):
        place.path.mkdir(parents=True, exist_ok=True)
    with place.open() as client:
        _add(client, place, chunks, sections, vectors, _configuration(len(chunks)))


def copy_store(source: Path, target: Path) -> None:
    """Copy a store's directory, which others may have open, to a new one.

    Chroma writes to its database even when it is only opened, so that is copied by SQLite
    itself: as it stands between two transactions. The vector files never change.

    Raises:
        OSError, sqlite3.Error: it cannot be read, or written.
    """
    database = "chroma.sqlite3"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(f"{database}*"))
    with (
        closing(sqlite3.connect(source / database)) as live,
        closing(sqlite3.connect(target / database)) as copy,
    ):
        live.backup(copy)


def update_store(
    place: Directory,
    gone: Sequence[str],
    chunks: Sequence[Chunk],
    sections: Mapping[str, Section],
    vectors: Mapping[str, Vectors],
) -> None:
    """Take the chunks with the ids in `gone` out of a copy of a store, and add `chunks`.

    The copy must be nobody's yet: a process that is killed here leaves it unusable.

    Raises:
        IndexDamaged: Chroma could not store them.
    """
    with place.open() as client, as_damage(place):
        collection = client.get_collection(COLLECTION, embedding_function=None)
        for first in range(0, len(gone), BATCH):
            collection.delete(ids=list(gone[first : first + BATCH]))
        if chunks:
            _add(client, place, chunks, sections, vectors, None)


def _add(
    client: Client,
    place: Place,
    chunks: Sequence[Chunk],
    sections: Mapping[str, Section],
    vectors: Mapping[str, Vectors],
    configuration: Any,
) -> None:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

    class ReadyVectors(Embeddings):
        """Hands Chroma the vectors that were computed before: nothing is embedded twice."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [by_text[text].tolist() for text in texts]

        def embed_query(self, text: str) -> list[float]:
            raise NotImplementedError("the store is only written through this")

    by_text = {chunk.text: vectors[chunk.digest] for chunk in chunks}
    store = Chroma(
        collection_name=place.collection,
        client=client,
        embedding_function=ReadyVectors(),
        collection_configuration=configuration,
    )
    for first in range(0, len(chunks), BATCH):
        some = chunks[first : first + BATCH]
        store.add_texts(
            texts=[chunk.text for chunk in some],
            metadatas=[_metadata(chunk, sections[chunk.section_id]) for chunk in some],
            ids=[chunk.id for chunk in some],
        )


def _configuration(count: int) -> Any:
    # With room for the chunks that updates may add before the store is written anew.
    visited = max(100, min(round(MOST_GROWTH * count) + 100, WIDEST_SEARCH))
    return {"hnsw": {"space": "cosine", "ef_search": visited}}


def _metadata(chunk: Chunk, section: Section) -> dict[str, Any]:
    return {
        "source": section.source,
        "section_id": section.id,
        "anchor": section.anchor,
        "heading": heading_line(section),
        "start": chunk.start,
        "end": chunk.end,
    }
