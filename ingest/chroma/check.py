"""Holds a vector store against what was written: its files, its ids, its texts, its vectors."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.chroma.place import Directory, Place, as_damage
from ingest.chroma.write import BATCH, copy_store
from ingest.embedding import Vectors
from ingest.errors import IndexDamaged
from ingest.notes import Chunk
from ingest.weights import file_digest

if TYPE_CHECKING:
    from chromadb.api.client import Client

VECTOR_TOLERANCE = 1e-6  # Chroma scales to length 1 again: the last bits may change


def segment_digests(place: Place) -> dict[str, str]:
    """Return the SHA-256 of each file that Chroma maps into memory, by POSIX path.

    Chroma does not check them, and damage there ends the process. They do not change after
    the store was written; `chroma.sqlite3` does, on every opening, so it is not among them.
    A segment without metadata is not mapped either: Chroma builds it anew from its log. A
    server keeps its files to itself: none.
    """
    if not isinstance(place, Directory):
        return {}
    directory = place.path
    mapped = (path.parent for path in directory.glob("*/index_metadata.pickle"))
    files = (file for folder in mapped for file in folder.iterdir() if file.is_file())
    return {file.relative_to(directory).as_posix(): file_digest(file) for file in sorted(files)}


def check_place(place: Place, segments: Mapping[str, str], count: int) -> str | None:
    """Return what is wrong with a store at first sight, or None.

    Of a directory, its files, before Chroma opens them; of a server, whether it has the
    collection, with so many chunks.
    """
    if isinstance(place, Directory):
        return _check_files(place, segments)
    try:
        with place.open() as client, as_damage(place):
            stored = client.get_collection(place.collection, embedding_function=None).count()
    except IndexDamaged as error:
        return str(error)
    return None if stored == count else f"{place} has {stored} of {count} chunks"


def _check_files(place: Directory, segments: Mapping[str, str]) -> str | None:
    directory = place.path
    try:
        with (directory / "chroma.sqlite3").open("rb") as stream:
            if stream.read(15) != b"SQLite format 3":
                return f"{directory / 'chroma.sqlite3'} is not a database"
        if segment_digests(place) != dict(segments):
            return f"the vector files in {directory} are not those that were written"
    except OSError as error:
        return f"{error.filename or directory} cannot be read ({error.strerror or error})"
    return None


def find_damage(
    place: Place, segments: Mapping[str, str], chunks: Sequence[Chunk], matrix: Vectors
) -> tuple[str, ...]:
    """Return every difference between the store and these chunks and vectors.

    Reads back all ids, texts and vectors; a directory's from a copy: it may be in use.
    """
    ids = [chunk.id for chunk in chunks]
    if not isinstance(place, Directory):
        return find_damage_of_own(place, segments, ids, chunks, matrix)
    wrong = _check_files(place, segments)
    if wrong is not None:
        return (wrong,)
    directory = place.path
    with tempfile.TemporaryDirectory(prefix="notes-check-", ignore_cleanup_errors=True) as folder:
        copy = Directory(Path(folder) / "chroma")
        try:
            copy_store(directory, copy.path)
            with copy.open() as client:
                return tuple(_differences(client, copy, set(ids), chunks, matrix))
        except sqlite3.Error as error:
            return (f"{directory / 'chroma.sqlite3'} cannot be read ({error})",)
        except IndexDamaged as error:
            return (str(error).replace(str(copy), str(place)),)


def find_damage_of_own(
    place: Place,
    segments: Mapping[str, str],
    ids: Iterable[str],
    chunks: Sequence[Chunk],
    matrix: Vectors,
) -> tuple[str, ...]:
    """Return what is wrong with a store that was just written, and that nobody else has open.

    Compares all ids, and the texts and vectors of `chunks`, in place: no copy could be left
    behind by a process that is killed.
    """
    try:
        with place.open() as client:
            wrong = tuple(_differences(client, place, set(ids), chunks, matrix))
    except IndexDamaged as error:
        return (str(error),)
    if not isinstance(place, Directory):
        return wrong
    changed = _check_files(place, segments)  # opening it must not have altered them
    return wrong if changed is None else (*wrong, changed)


def _differences(
    client: Client, place: Place, ids: set[str], chunks: Sequence[Chunk], matrix: Vectors
) -> Iterator[str]:
    collection = client.get_collection(place.collection, embedding_function=None)
    space = (collection.configuration_json.get("hnsw") or {}).get("space")
    if space != "cosine":
        yield f"the vector store measures '{space}', not cosine"
    stored = set(collection.get(include=[])["ids"])
    yield from _id_differences(stored, ids)
    yield from _record_differences(collection, stored, chunks, matrix)


def _id_differences(stored: set[str], expected: set[str]) -> Iterator[str]:
    for missing in sorted(expected - stored):
        yield f"the vector store lacks the chunk {missing}"
    for extra in sorted(stored - expected):
        yield f"the vector store holds the chunk {extra}, which the catalog does not"


def _record_differences(
    collection: Any, stored: set[str], chunks: Sequence[Chunk], matrix: Vectors
) -> Iterator[str]:
    for first in range(0, len(chunks), BATCH):
        some = [
            (chunk, row)
            for chunk, row in zip(
                chunks[first : first + BATCH], matrix[first : first + BATCH], strict=True
            )
            if chunk.id in stored
        ]
        ids = [chunk.id for chunk, _ in some]
        if not ids:
            continue
        found: Any = collection.get(ids=ids, include=["documents", "embeddings"])
        texts = dict(zip(found["ids"], found["documents"], strict=True))
        rows = dict(zip(found["ids"], found["embeddings"], strict=True))
        for chunk, row in some:
            if texts.get(chunk.id) != chunk.text:
                yield f"the vector store has another text for the chunk {chunk.id}"
            if not np.allclose(rows[chunk.id], row, rtol=0, atol=VECTOR_TOLERANCE):
                yield f"the vector store has another vector for the chunk {chunk.id}"
