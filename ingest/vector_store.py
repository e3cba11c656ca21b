"""The one home of Chroma: builds, checks and searches a generation's vector store.

Written once into an empty directory, through LangChain's `Chroma`, or updated in a copy that
nobody has open yet; never changed once it is current.
A LangChain program opens it as `Chroma(persist_directory=…, collection_name=COLLECTION,
embedding_function=NoteEmbeddings(embedder))`, while nothing else has it open.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.block_words import heading_line
from ingest.catalog import Catalog
from ingest.embedding import Vectors
from ingest.errors import IndexDamaged
from ingest.notes import Chunk, Section
from ingest.ranking import ExactScan, rank
from ingest.weights import file_digest

if TYPE_CHECKING:
    from chromadb.api.client import Client

COLLECTION = "notes"
BATCH = 250  # 50 to 250 records an addition are fastest
VECTOR_TOLERANCE = 1e-6  # Chroma scales to length 1 again: the last bits may change

# Chroma's graph finds all true neighbours, whatever the question, only when a search may
# visit every chunk: 3 ms among 3,000, 11 ms among 10,000. Up to here it may, and the results
# are those of an exact scan. In a larger store it is quicker and now and then misses one.
WIDEST_SEARCH = 50_000
MOST_GROWTH = 1.25  # of a store by updates; beyond it is written anew
_MARGIN = 32  # candidates beyond the limit, to be ranked exactly

_clients_lock = threading.Lock()


def write_store(
    directory: Path,
    chunks: Sequence[Chunk],
    sections: Mapping[str, Section],
    vectors: Mapping[str, Vectors],
) -> None:
    """Store the chunks with their ready vectors (by chunk digest) in an empty directory.

    Raises:
        IndexDamaged: Chroma could not store them.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _client(directory) as client:
        _add(client, chunks, sections, vectors, _configuration(len(chunks)))


def copy_store(source: Path, target: Path) -> None:
    """Copy a store that others may have open to a new directory.

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
    directory: Path,
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
    with _client(directory) as client, _as_damage(directory):
        collection = client.get_collection(COLLECTION, embedding_function=None)
        for first in range(0, len(gone), BATCH):
            collection.delete(ids=list(gone[first : first + BATCH]))
        if chunks:
            _add(client, chunks, sections, vectors, None)


def _add(
    client: Client,
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
        collection_name=COLLECTION,
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


def segment_digests(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that Chroma maps into memory, by POSIX path.

    Chroma does not check them, and damage there ends the process. They do not change after
    the store was written; `chroma.sqlite3` does, on every opening, so it is not among them.
    A segment without metadata is not mapped either: Chroma builds it anew from its log.
    """
    mapped = (path.parent for path in directory.glob("*/index_metadata.pickle"))
    files = (file for folder in mapped for file in folder.iterdir() if file.is_file())
    return {file.relative_to(directory).as_posix(): file_digest(file) for file in sorted(files)}


def check_files(directory: Path, segments: Mapping[str, str]) -> str | None:
    """Return what is wrong with a store's files before Chroma opens them, or None."""
    try:
        with (directory / "chroma.sqlite3").open("rb") as stream:
            if stream.read(15) != b"SQLite format 3":
                return f"{directory / 'chroma.sqlite3'} is not a database"
        if segment_digests(directory) != dict(segments):
            return f"the vector files in {directory} are not those that were written"
    except OSError as error:
        return f"{error.filename or directory} cannot be read ({error.strerror or error})"
    return None


def find_damage(
    directory: Path, segments: Mapping[str, str], chunks: Sequence[Chunk], matrix: Vectors
) -> tuple[str, ...]:
    """Return every difference between the store and these chunks and vectors.

    Reads back all ids, texts and vectors, from a copy: the store may be in use.
    """
    wrong = check_files(directory, segments)
    if wrong is not None:
        return (wrong,)
    with tempfile.TemporaryDirectory(prefix="notes-check-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "chroma"
        try:
            copy_store(directory, copy)
            with _client(copy) as client:
                ids = {chunk.id for chunk in chunks}
                return tuple(_differences(client, ids, chunks, matrix))
        except sqlite3.Error as error:
            return (f"{directory / 'chroma.sqlite3'} cannot be read ({error})",)
        except IndexDamaged as error:
            return (str(error).replace(str(copy), str(directory)),)


def find_damage_of_own(
    directory: Path,
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
        with _client(directory) as client:
            wrong = tuple(_differences(client, set(ids), chunks, matrix))
    except IndexDamaged as error:
        return (str(error),)
    changed = check_files(directory, segments)  # opening it must not have altered them
    return wrong if changed is None else (*wrong, changed)


def _differences(
    client: Client, ids: set[str], chunks: Sequence[Chunk], matrix: Vectors
) -> Iterator[str]:
    collection = client.get_collection(COLLECTION, embedding_function=None)
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


class VectorStore:
    """A written store, searched. Safe to share between threads.

    Only one process may have the directory open at a time: its opener sees to that.
    """

    def __init__(self, directory: Path, catalog: Catalog) -> None:
        """Open the store.

        Raises:
            IndexDamaged: Chroma cannot open it.
        """
        self._catalog = catalog
        self._exact = ExactScan(catalog)
        self._holder = _client(directory)
        self._client = self._holder.__enter__()
        try:
            with _as_damage(directory):
                self._collection = self._client.get_collection(COLLECTION, embedding_function=None)
                self._count = self._collection.count()
        except IndexDamaged:
            self.close()
            raise
        self._directory = directory

    def close(self) -> None:
        """Give the directory back."""
        self._holder.__exit__(None, None, None)

    def nearest(
        self, question: Vectors, limit: int, sources: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return (chunk id, cosine) of the closest chunks, best first.

        Chroma finds the candidates; the catalog's own vectors rank them. `question` is a
        unit vector.

        Raises:
            IndexDamaged: Chroma fails, or returns a chunk that the catalog does not hold.
        """
        if limit <= 0 or self._count == 0 or sources == frozenset():
            return []
        wanted = min(self._count, limit * 2 + _MARGIN)
        while True:
            ids = self._candidates(question, wanted, sources)
            if len(ids) < wanted:
                # The scope holds no more, or (among many equal vectors) the graph has parts that
                # no search reaches: either way an exact look gives what is there.
                return self._exact.nearest(question, limit, sources)
            try:
                ranked = rank(ids, self._catalog.vectors_of(ids), question, len(ids))
            except KeyError as error:
                raise IndexDamaged(
                    f"The vector store in {self._directory} holds the chunk {error}, which the"
                    " index does not"
                ) from error
            # Equal scores across the cut: more of them may be waiting outside.
            undecided = limit < len(ranked) and ranked[limit - 1][1] == ranked[-1][1]
            if not undecided or wanted == self._count:
                return ranked[:limit]
            wanted = min(self._count, wanted * 4)

    def _candidates(
        self, question: Vectors, wanted: int, sources: frozenset[str] | None
    ) -> list[str]:
        scope: Any = None if sources is None else {"source": {"$in": sorted(sources)}}
        with _as_damage(self._directory):
            found = self._collection.query(
                query_embeddings=question[np.newaxis], n_results=wanted, where=scope, include=[]
            )
        return list(found["ids"][0])


@contextmanager
def _client(directory: Path) -> Iterator[Client]:
    """Open a Chroma directory, and close it on leaving. One is created at a time.

    Raises:
        IndexDamaged: Chroma cannot open or use it.
    """
    import chromadb
    from chromadb.config import Settings

    with _as_damage(directory):
        with _clients_lock:
            client: Any = chromadb.PersistentClient(
                path=str(directory), settings=Settings(anonymized_telemetry=False)
            )
        try:
            yield client
        finally:
            with _clients_lock:
                client.close()


@contextmanager
def _as_damage(directory: Path) -> Iterator[None]:
    """Turn whatever Chroma raises into `IndexDamaged`."""
    import chromadb.errors

    try:
        yield
    except (chromadb.errors.ChromaError, ValueError, RuntimeError, OSError) as error:
        raise IndexDamaged(f"Chroma cannot use {directory} ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
