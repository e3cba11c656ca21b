import shutil
import sqlite3
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import NOTES
from test_catalog import divide

from ingest.catalog import Catalog
from ingest.catalog_build import IndexedNotes, write_catalog
from ingest.chroma.check import check_place, find_damage, segment_digests
from ingest.chroma.place import COLLECTION, Directory, Place, Server
from ingest.chroma.search import VectorStore
from ingest.chroma.write import write_store
from ingest.embedding import Vectors, unit_rows
from ingest.errors import IndexDamaged
from ingest.ranking import ExactScan, rank, unit_question

DIMENSION = 24


def random_vectors(count: int, seed: int = 7) -> Vectors:
    return unit_rows(np.random.default_rng(seed).normal(size=(count, DIMENSION)))


class Built:
    """A catalog and a store of the same chunks."""

    def __init__(self, folder: Path, notes: IndexedNotes, server: str = "") -> None:
        digests = list(dict.fromkeys(chunk.digest for chunk in notes.chunks))
        vectors = dict(zip(digests, random_vectors(len(digests)), strict=True))
        write_catalog(folder / "notes.sqlite", notes, vectors)
        self.chunks = notes.chunks
        self.catalog = Catalog(folder / "notes.sqlite")
        self.directory = folder / "chroma"
        self.place: Place = Directory(self.directory)
        if server:
            self.place = Server(server, f"test-{uuid.uuid4().hex}")
        sections = {section.id: section for section in notes.sections}
        write_store(self.place, notes.chunks, sections, vectors)
        self.segments = segment_digests(self.place)
        self.matrix = self.catalog.vectors()[2]

    def damage(self) -> tuple[str, ...]:
        return find_damage(self.place, self.segments, self.chunks, self.matrix)


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Built]:
    store = Built(tmp_path, divide(NOTES))
    yield store
    store.catalog.close()


@pytest.fixture(params=["directory", pytest.param("server", marks=pytest.mark.slow)])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Built]:
    """The same in a directory and on a server."""
    on_server = request.param == "server"
    url = request.getfixturevalue("chroma_server") if on_server else ""
    store = Built(tmp_path, divide(NOTES), url)
    yield store
    store.catalog.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """More chunks than Chroma keeps in its log: its vector files are written."""
    notes = divide({f"{i:02}.md": long_note(i) for i in range(40)})
    store = Built(tmp_path_factory.mktemp("many"), notes)
    assert len(store.chunks) > 1200
    assert store.segments
    yield store
    store.catalog.close()


def long_note(number: int) -> str:
    return f"# Note {number}\n\n" + "".join(f"## Part {i}\n\nFact {i}.\n\n" for i in range(32))


def test_finds_what_the_exact_scan_finds(anywhere: Built) -> None:
    store = VectorStore(anywhere.place, anywhere.catalog)
    exact = ExactScan(anywhere.catalog)
    for question in random_vectors(20, seed=1):
        assert store.nearest(question, 3) == exact.nearest(question, 3)
    store.close()


@pytest.mark.slow
def test_finds_what_the_exact_scan_finds_among_many(many: Built) -> None:
    store = VectorStore(many.place, many.catalog)
    exact = ExactScan(many.catalog)
    scope = frozenset({"03.md", "11.md"})
    for question in random_vectors(60, seed=1):
        for sources in (None, scope):
            assert store.nearest(question, 8, sources) == exact.nearest(question, 8, sources)
    store.close()


def test_the_best_is_the_vector_itself_at_cosine_one(anywhere: Built) -> None:
    store = VectorStore(anywhere.place, anywhere.catalog)
    for chunk, row in zip(anywhere.chunks, anywhere.matrix, strict=True):
        assert store.nearest(row, 1) == [(chunk.id, 1.0)]
    store.close()


def test_keeps_to_the_sources_that_are_asked_for(anywhere: Built) -> None:
    store = VectorStore(anywhere.place, anywhere.catalog)
    exact = ExactScan(anywhere.catalog)
    question = random_vectors(1, seed=3)[0]
    for scope in ({"queues.md"}, {"queues.md", "storage.md"}, {"nothing.md"}, set()):
        found = store.nearest(question, 99, frozenset(scope))
        assert found == exact.nearest(question, 99, frozenset(scope))
        assert {chunk_id.partition("#")[0] for chunk_id, _ in found} <= scope
    store.close()


def test_a_scope_of_very_many_notes_is_no_damage(anywhere: Built) -> None:
    scope = frozenset({"queues.md", *(f"{n}.md" for n in range(40_000))})
    store = VectorStore(anywhere.place, anywhere.catalog)
    question = random_vectors(1, seed=3)[0]
    exact = ExactScan(anywhere.catalog).nearest(question, 99, frozenset({"queues.md"}))
    assert store.nearest(question, 99, scope) == exact
    store.close()


def test_a_limit_of_none_finds_none_and_a_large_one_all(anywhere: Built) -> None:
    store = VectorStore(anywhere.place, anywhere.catalog)
    question = random_vectors(1)[0]
    assert store.nearest(question, 0) == []
    assert len(store.nearest(question, 9999)) == len(anywhere.chunks)
    store.close()


def test_many_equal_chunks_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    same = {f"{i:03}.md": "# Same\n\nThe very same words.\n" for i in range(150)}
    built = Built(tmp_path, divide(same))
    store = VectorStore(built.place, built.catalog)
    found = store.nearest(built.matrix[0], 5)
    store.close()
    built.catalog.close()
    assert [chunk_id for chunk_id, _ in found] == sorted(chunk.id for chunk in built.chunks)[:5]


def test_an_undamaged_store_is_found_whole(anywhere: Built) -> None:
    assert anywhere.damage() == ()
    assert check_place(anywhere.place, anywhere.segments, len(anywhere.chunks)) is None


@pytest.mark.slow
def test_searching_does_not_change_the_vector_files(many: Built) -> None:
    store = VectorStore(many.place, many.catalog)
    store.nearest(many.matrix[0], 5)
    store.close()
    assert segment_digests(many.place) == many.segments
    assert many.damage() == ()


def test_reports_a_vector_that_differs(anywhere: Built) -> None:
    anywhere.matrix = anywhere.matrix.copy()
    anywhere.matrix[2, 5] += 1e-3
    (found,) = anywhere.damage()
    assert "another vector" in found
    assert anywhere.chunks[2].id in found


def test_reports_chunks_that_are_missing_altered_or_extra(built: Built) -> None:
    with sqlite3.connect(built.directory / "chroma.sqlite3") as connection:
        connection.execute(
            "UPDATE embedding_metadata SET string_value = 'x' WHERE key = 'chroma:document'"
            " AND id = 1"
        )
    connection.close()
    kept = built.chunks
    built.chunks, built.matrix = kept[:-1], built.matrix[:-1]
    found = built.damage()
    assert any("another text" in line and kept[0].id in line for line in found)
    assert any("the catalog does not" in line and kept[-1].id in line for line in found)


@pytest.mark.parametrize("harm", ["delete", "garble", "empty"])
def test_reports_a_damaged_directory(built: Built, harm: str) -> None:
    file = built.directory / "chroma.sqlite3"
    if harm == "delete":
        shutil.rmtree(built.directory)
    else:
        file.write_bytes(b"" if harm == "empty" else b"SQLite format 3\0" + b"\xff" * 4096)
    assert built.damage()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data_level0.bin", "link_lists.bin", "header.bin"])
def test_does_not_hand_damaged_vector_files_to_chroma(
    many: Built, tmp_path: Path, name: str
) -> None:
    # Chroma would map them into memory unchecked, and the process would end with them.
    copy = tmp_path / "chroma"
    shutil.copytree(many.directory, copy)
    (file,) = copy.glob(f"*/{name}")
    file.write_bytes(bytes(byte ^ 0x5A for byte in file.read_bytes()))
    assert "not those that were written" in str(
        check_place(Directory(copy), many.segments, len(many.chunks))
    )
    assert find_damage(Directory(copy), many.segments, many.chunks, many.matrix)


def test_refuses_to_open_what_is_no_store(built: Built, tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match="Chroma cannot use"):
        VectorStore(Directory(tmp_path / "empty"), built.catalog)


def test_measures_cosine_and_is_silent_about_it(built: Built) -> None:
    import chromadb
    from chromadb.config import Settings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = chromadb.PersistentClient(
            str(built.directory), Settings(anonymized_telemetry=False)
        )
        configuration = client.get_collection(
            COLLECTION, embedding_function=None
        ).configuration_json
        client.close()
    assert configuration["hnsw"]["space"] == "cosine"


def test_a_langchain_program_finds_the_same(built: Built) -> None:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import FakeEmbeddings

    store = Chroma(
        collection_name=COLLECTION,
        persist_directory=str(built.directory),
        embedding_function=FakeEmbeddings(size=DIMENSION),
    )
    (document, distance), *_ = store.similarity_search_by_vector_with_relevance_scores(
        built.matrix[1].tolist(), k=1
    )
    store._client.close()
    assert document.id == built.chunks[1].id
    assert document.page_content == built.chunks[1].text
    assert document.metadata["section_id"] == built.chunks[1].section_id
    assert distance == pytest.approx(0, abs=1e-5)


def test_ranks_equal_cosines_by_id() -> None:
    matrix = unit_rows(np.array([[1, 0], [0, 1], [1, 1e-9], [-1, 0]]))
    ranked = rank(["c", "b", "a", "d"], matrix, np.array([1, 0], dtype=np.float32), 4)
    assert ranked == [("a", 1.0), ("c", 1.0), ("b", 0.0), ("d", -1.0)]


@pytest.mark.parametrize("vector", [[1.0, 2.0], [0.0] * 3, [np.nan, 1, 1], [[1.0, 1, 1]]])
def test_refuses_a_vector_that_points_nowhere(vector: list[float]) -> None:
    with pytest.raises(ValueError, match="3 finite numbers"):
        unit_question(np.array(vector, dtype=np.float32), 3)
