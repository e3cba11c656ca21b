import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from conftest import NOTES, Ingest, ToyEmbedder, write_notes

from ingest.embedding import EmbedderIdentity
from ingest.errors import IndexDamaged, IndexMismatch, IndexNotFound
from ingest.generations import Generations
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

TESTS = Path(__file__).parent

pytestmark = pytest.mark.usefixtures("each_place")
QUESTION = "how large is the largest object in a bucket"


def generation_path(directory: Path) -> Path:
    generation = Generations(directory).current()
    assert generation is not None
    return generation.path


def test_reads_back_the_notes(index: NotesIndex) -> None:
    assert index.sources() == tuple(sorted(NOTES))
    for name, text in NOTES.items():
        assert index.source_text(name) == text
    for section in index.sections():
        assert index.section(section.id) == section
        assert index.section(section.id) is index.section(section.id)
        source = index.source_text(section.source)
        assert source[section.start : section.end]
    assert [section.id for section in index.outline()] == [s.id for s in index.sections()]


def test_finds_by_meaning(index: NotesIndex, toy_embedder: ToyEmbedder) -> None:
    (chunk_id, cosine), *_ = index.nearest(toy_embedder.embed_question(QUESTION), 3)
    assert index.chunk(chunk_id).section_id == "storage.md#buckets"
    assert 0 < cosine <= 1


def test_chroma_and_the_exact_scan_agree(
    index: NotesIndex, index_directory: Path, toy_embedder: ToyEmbedder
) -> None:
    question = toy_embedder.embed_question(QUESTION)
    with NotesIndex.open(index_directory) as through_chroma:
        for scope in (None, frozenset({"storage.md"})):
            found = through_chroma.nearest(question, 5, scope)
            assert found == index.nearest(question, 5, scope)
        assert through_chroma.notices == ()


def test_two_indexes_of_one_process_share_chroma(
    index_directory: Path, toy_embedder: ToyEmbedder
) -> None:
    question = toy_embedder.embed_question(QUESTION)
    first, second = NotesIndex.open(index_directory), NotesIndex.open(index_directory)
    expected = first.nearest(question, 5)
    assert second.nearest(question, 5) == expected
    first.close()
    first.close()
    assert second.nearest(question, 5) == expected
    second.close()


def test_a_question_of_another_dimension_is_refused(index: NotesIndex) -> None:
    with pytest.raises(ValueError, match="64 finite numbers"):
        index.nearest(np.ones(3, dtype=np.float32), 3)


def test_says_where_there_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match=str(tmp_path)):
        NotesIndex.open(tmp_path)
    with pytest.raises(IndexNotFound):
        NotesIndex.open(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


def test_refuses_another_embedder_and_names_the_command(
    index_directory: Path, notes_folder: Path
) -> None:
    with pytest.raises(IndexMismatch) as refused:
        NotesIndex.open(index_directory, embedder_name="bge-small-en-v1.5")
    assert "built with 'toy' but 'bge-small-en-v1.5' is configured" in str(refused.value)
    command = f"footnote ingest {notes_folder} --rebuild --index {index_directory}"
    assert command in str(refused.value)
    assert list((generation_path(index_directory) / "readers").iterdir()) == []


def test_refuses_other_weights_of_the_same_name(
    index: NotesIndex, toy_embedder: ToyEmbedder
) -> None:
    index.require_embedder(toy_embedder.identity)
    with pytest.raises(IndexMismatch, match="revision '1' but revision '2'"):
        index.require_embedder(EmbedderIdentity("toy", "2", 64, "float32"))


def test_an_open_reader_outlives_a_flip(
    ingest: Ingest, index_directory: Path, notes_folder: Path, toy_embedder: ToyEmbedder
) -> None:
    reader = NotesIndex.open(index_directory)
    old = generation_path(index_directory)
    question = toy_embedder.embed_question(QUESTION)
    before = reader.nearest(question, 5)
    (notes_folder / "storage.md").unlink()
    ingest()
    assert old.is_dir()
    assert reader.nearest(question, 5) == before
    assert reader.source_text("storage.md") == NOTES["storage.md"]

    newer = reader.refreshed()
    assert newer is not reader
    assert newer.refreshed() is newer
    assert "storage.md" not in newer.sources()
    newer.close()

    reader.close()
    (notes_folder / "queues.md").unlink()
    ingest()
    assert not old.exists()


@pytest.mark.directory
@pytest.mark.parametrize("harm", ["delete", "garble", "alter"])
def test_answers_without_chroma_and_says_so(
    index: NotesIndex, index_directory: Path, toy_embedder: ToyEmbedder, harm: str
) -> None:
    chroma = generation_path(index_directory) / "chroma"
    if harm == "delete":
        shutil.rmtree(chroma)
    elif harm == "garble":
        (chroma / "chroma.sqlite3").write_bytes(b"garbage")
    else:
        (chroma / "chroma.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(4096))
    question = toy_embedder.embed_question(QUESTION)
    with NotesIndex.open(index_directory) as damaged:
        assert damaged.nearest(question, 5) == index.nearest(question, 5)
        assert len(damaged.notices) == 1
        assert "same results" in damaged.notices[0]
        assert damaged.damage()


@pytest.mark.parametrize("harm", ["missing", "empty", "half"])
def test_a_damaged_catalog_is_reported_not_served(index_directory: Path, harm: str) -> None:
    path = generation_path(index_directory) / "notes.sqlite"
    data = path.read_bytes()
    path.unlink()
    if harm != "missing":
        path.write_bytes(b"" if harm == "empty" else data[:5000])
    with (
        pytest.raises(IndexDamaged, match="doctor --repair"),
        NotesIndex.open(index_directory) as index,
    ):
        index.sections()


def test_damage_finds_a_single_flipped_bit(index: NotesIndex, index_directory: Path) -> None:
    assert index.damage() == ()
    path = generation_path(index_directory) / "notes.sqlite"
    data = bytearray(path.read_bytes())
    at = data.index(b"5 TB")
    data[at] ^= 1
    path.write_bytes(data)
    assert any("not the file that was written" in line for line in index.damage())


def test_many_threads_may_search_at_once(index_directory: Path, toy_embedder: ToyEmbedder) -> None:
    question = toy_embedder.embed_question(QUESTION)
    found: list[object] = []
    with NotesIndex.open(index_directory) as index:

        def search() -> None:
            found.append((index.nearest(question, 5), index.matching_blocks(["bucket"], 5)))

        threads = [threading.Thread(target=search) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 8
    assert all(result == found[0] for result in found)


def run_child(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    preamble = f"import sys; sys.path[:0] = [{str(TESTS)!r}, {str(TESTS.parent)!r}]\n"
    child = subprocess.run(
        [sys.executable, "-c", preamble + code, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr
    return child


READ = """
from pathlib import Path
from conftest import ToyEmbedder
from ingest.index import NotesIndex
import json
with NotesIndex.open(Path(sys.argv[1])) as index:
    found = index.nearest(ToyEmbedder().embed_question(sys.argv[2]), 5)
    print(json.dumps([found, index.notices]))
"""


@pytest.mark.slow
def test_a_second_process_gets_identical_results(
    index_directory: Path, toy_embedder: ToyEmbedder
) -> None:
    question = toy_embedder.embed_question(QUESTION)
    with NotesIndex.open(index_directory) as index:
        here = index.nearest(question, 5)  # this process has Chroma now
        there, notices = json.loads(run_child(READ, str(index_directory), QUESTION).stdout)
    assert [tuple(pair) for pair in there] == here
    assert notices == []


@pytest.mark.slow
def test_opening_is_cheap_and_imports_nothing_heavy(index_directory: Path) -> None:
    code = """
from time import perf_counter
from pathlib import Path
from ingest.index import NotesIndex
NotesIndex.open(Path(sys.argv[1])).close()
start = perf_counter()
index = NotesIndex.open(Path(sys.argv[1]), store="exact")
seconds = perf_counter() - start
index.matching_blocks(["bucket"], 5), index.vocabulary()
index.close()
heavy = {"torch", "chromadb", "sentence_transformers", "transformers", "langchain_core"}
print(seconds < 0.05, sorted(heavy & set(sys.modules)))
"""
    assert run_child(code, str(index_directory)).stdout.split("\n")[0] == "True []"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs another user")
def test_a_folder_that_cannot_be_written_is_read_without_a_lease(index_directory: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        notes = write_notes(root / "notes", NOTES)
        ingest_notes([notes], root / "index", embedder=ToyEmbedder())
        for path in [root, *root.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        # The interpreter may lie where only root can read: import everything first.
        warm_up = READ.replace("sys.argv[1]", "sys.argv[3]").replace("print(", "str(")
        code = f"{warm_up}\nimport os\nif os.getuid() == 0: os.setuid(65534)\n{READ}"
        arguments = (str(root / "index"), QUESTION, str(index_directory))
        try:
            found, notices = json.loads(run_child(code, *arguments).stdout)
        finally:
            for path in [root, *root.rglob("*")]:
                path.chmod(0o755)
        assert list((generation_path(root / "index") / "readers").iterdir()) == []
    assert found
    assert notices == []
