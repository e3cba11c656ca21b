"""A damaged index is found to be so, whatever was damaged, and made whole from the notes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ToyEmbedder

from ingest.errors import IndexDamaged, IndexNotFound
from ingest.generations import Generation, Generations
from ingest.index import NotesIndex
from ingest.repair import Repair, find_damage, repair


def generation(index: Path) -> Generation:
    found = Generations(index).current()
    assert found is not None
    return found


def chroma_file(index: Path) -> Path:
    return generation(index).chroma / "chroma.sqlite3"


def flip(path: Path, at: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 0xFF
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def lose_a_vector(index: Path) -> None:
    """What a store that was killed at work may be: one record less, and the count unread."""
    with closing(sqlite3.connect(chroma_file(index))) as chroma:
        chroma.execute("DELETE FROM embeddings WHERE id = (SELECT min(id) FROM embeddings)")
        chroma.commit()


DAMAGE: dict[str, Callable[[Path], None]] = {
    "a byte of notes.sqlite": lambda index: flip(generation(index).catalog),
    "half of notes.sqlite": lambda index: cut(generation(index).catalog),
    "no notes.sqlite": lambda index: generation(index).catalog.unlink(),
    "half of chroma.sqlite3": lambda index: cut(generation(index).chroma / "chroma.sqlite3"),
    "the head of chroma.sqlite3": lambda index: flip(
        generation(index).chroma / "chroma.sqlite3", 0
    ),
    "no Chroma": lambda index: shutil.rmtree(generation(index).chroma),
    "a record that Chroma lost": lose_a_vector,
}


HERE = pytest.mark.directory
KINDS = [pytest.param(kind, marks=HERE if "hroma" in kind else ()) for kind in DAMAGE]


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_found_and_mended(
    index_directory: Path, toy_embedder: ToyEmbedder, kind: str
) -> None:
    assert find_damage(index_directory) == ()
    DAMAGE[kind](index_directory)
    assert find_damage(index_directory)
    mended = repair(index_directory, "toy", embedder=toy_embedder)
    assert mended.found
    assert mended.report is not None
    assert find_damage(index_directory) == ()
    with NotesIndex.open(index_directory) as index:
        question = toy_embedder.embed_question("message")
        assert len(index.nearest(question, 3)) == 3
        assert index.notices == ()


@pytest.mark.directory
@pytest.mark.parametrize("kind", ["half of chroma.sqlite3", "no Chroma"])
def test_where_the_notes_are_intact_nothing_is_embedded_again(
    index_directory: Path, toy_embedder: ToyEmbedder, kind: str
) -> None:
    DAMAGE[kind](index_directory)
    toy_embedder.embedded.clear()
    mended = repair(index_directory, "toy", embedder=toy_embedder)
    assert mended.report is not None
    assert (mended.report.embedded, toy_embedder.embedded) == (0, [])


def test_a_whole_index_is_left_alone(index_directory: Path, toy_embedder: ToyEmbedder) -> None:
    before = generation(index_directory)
    assert repair(index_directory, "toy", embedder=toy_embedder) == Repair(())
    assert generation(index_directory) == before


def test_there_must_be_an_index(tmp_path: Path, toy_embedder: ToyEmbedder) -> None:
    with pytest.raises(IndexNotFound):
        repair(tmp_path, "toy", embedder=toy_embedder)


def test_a_pointer_that_names_nothing_is_mended(
    index_directory: Path, toy_embedder: ToyEmbedder
) -> None:
    (index_directory / "CURRENT").write_bytes(b"\0garbage")
    mended = repair(index_directory, "toy", embedder=toy_embedder)
    assert "CURRENT names no generation" in mended.found[0]
    assert find_damage(index_directory) == ()


def test_an_index_that_cannot_say_where_its_notes_lie_asks_for_them(
    index_directory: Path, toy_embedder: ToyEmbedder
) -> None:
    generation(index_directory).manifest.write_bytes(b"\0garbage")
    with pytest.raises(IndexDamaged, match="footnote ingest <notes> --rebuild"):
        repair(index_directory, "toy", embedder=toy_embedder)
