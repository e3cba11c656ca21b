"""A small edit: done in a copy of the index, and the same to whoever asks as all done anew."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ToyEmbedder, write_notes

from ingest.build import IngestReport
from ingest.errors import IngestError
from ingest.generations import Generations
from ingest.index import NotesIndex
from ingest.manifest import Manifest
from ingest.pipeline import ingest_notes
from ingest.steps import Step
from ingest.update import MOST_REPLACED, SMALLEST

QUESTIONS = ["what keeps part 3", "red apples of note 7", "nothing of the kind", "part"]
COLOURS = ("red", "green", "blue", "black")


def note(number: int, version: int = 0) -> str:
    parts = "".join(
        f"## Part {part}\n\nNote {number} keeps {COLOURS[(number + part) % 4]} apples in part"
        f" {part}, version {version if part == 2 else 0}.\n\n- one {number}\n- two {part}\n\n"
        for part in range(5)
    )
    return f"# Note {number}\n\nAll about {number}.\n\n{parts}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Notes of more chunks than are written anew for any change."""
    return write_notes(tmp_path / "notes", {f"{n:02}.md": note(n) for n in range(40)})


@pytest.fixture
def sync(folder: Path, tmp_path: Path) -> Callable[[], IngestReport]:
    embedder = ToyEmbedder()
    return lambda: ingest_notes([folder], tmp_path / "index", embedder=embedder)


def manifest(index: Path) -> Manifest:
    generation = Generations(index).current()
    assert generation is not None
    return Manifest.read(generation.manifest)


def told(index: Path) -> list[object]:
    """What an index answers, scores included, and all that it holds."""
    embedder = ToyEmbedder()
    found: list[object] = []
    for store in ("chroma", "exact"):
        with NotesIndex.open(index, store=store) as opened:  # type: ignore[arg-type]
            assert opened.damage() == ()
            assert opened.notices == ()
            # An identity tells what a section was before, which a new index cannot know.
            sections = [replace(section, identity="") for section in opened.sections()]
            found += [sections, opened.sources(), dict(opened.vocabulary())]
            for question in QUESTIONS:
                vector = embedder.embed_question(question)
                found += [
                    opened.nearest(vector, 7),
                    opened.nearest(vector, 7, frozenset(["07.md", "new.md"])),
                    opened.matching_chunks(question.split(), 9),
                    opened.matching_blocks(question.split(), 9),
                ]
    return found


def anew(folder: Path, index: Path) -> list[object]:
    shutil.rmtree(index, ignore_errors=True)
    ingest_notes([folder], index, embedder=ToyEmbedder())
    return told(index)


@pytest.mark.usefixtures("each_place")
def test_an_edit_gives_what_all_done_anew_gives(
    sync: Callable[[], IngestReport], folder: Path, tmp_path: Path
) -> None:
    first = sync()
    assert first.chunks > SMALLEST
    (folder / "07.md").write_text(note(7, version=1))
    report = sync()
    assert manifest(tmp_path / "index").replaced > 0  # it was an update
    assert report.changes.edited == ("07.md",)
    assert (report.embedded, report.removed) == (1, 1)
    assert report.reused == first.chunks - 1
    assert told(tmp_path / "index") == anew(folder, tmp_path / "fresh")


@pytest.mark.usefixtures("each_place")
def test_added_renamed_and_removed_notes_too(
    sync: Callable[[], IngestReport], folder: Path, tmp_path: Path
) -> None:
    sync()
    (folder / "new.md").write_text("# New\n\nA pear is no apple.\n")
    (folder / "03.md").rename(folder / "moved.md")
    (folder / "04.md").unlink()
    report = sync()
    assert manifest(tmp_path / "index").replaced > 0
    assert report.changes.renamed == (("03.md", "moved.md"),)
    # The new note's chunk is the only one with new words: the moved ones have their vectors.
    assert report.embedded == 1
    assert told(tmp_path / "index") == anew(folder, tmp_path / "fresh")


@pytest.mark.usefixtures("each_place")
def test_a_great_change_is_written_anew(
    sync: Callable[[], IngestReport], folder: Path, tmp_path: Path
) -> None:
    sync()
    for number in range(20):
        (folder / f"{number:02}.md").write_text(note(number, version=1))
    sync()
    assert manifest(tmp_path / "index").replaced == 0
    assert told(tmp_path / "index") == anew(folder, tmp_path / "fresh")


@pytest.mark.usefixtures("each_place")
@pytest.mark.parametrize("step", ["embed", "store", "verify"])
def test_an_update_that_fails_leaves_the_old_generation(
    sync: Callable[[], IngestReport], folder: Path, tmp_path: Path, step: str
) -> None:
    first = sync()
    before = told(tmp_path / "index")
    (folder / "07.md").write_text(note(7, version=1))

    def fail(at: Step) -> None:
        if at.name == step and at.done == at.total:
            raise IngestError("stopped")

    with pytest.raises(IngestError, match="stopped"):
        ingest_notes([folder], tmp_path / "index", embedder=ToyEmbedder(), on_step=fail)
    assert [path.name for path in (tmp_path / "index" / "generations").iterdir()] == [
        first.generation
    ]
    assert told(tmp_path / "index") == before
    assert sync().changes.edited == ("07.md",)


def test_an_open_reader_keeps_what_it_opened(
    sync: Callable[[], IngestReport], folder: Path, tmp_path: Path
) -> None:
    sync()
    question = ToyEmbedder().embed_question("red apples of note 7")
    with NotesIndex.open(tmp_path / "index") as reader:
        before = reader.nearest(question, 5)
        (folder / "07.md").unlink()
        sync()
        assert reader.nearest(question, 5) == before
        with reader.refreshed() as newer:
            assert "07.md" not in newer.sources()
            assert not any(i.startswith("07.md") for i, _ in newer.nearest(question, 200))


@pytest.mark.directory
def test_damage_is_never_built_upon(
    sync: Callable[[], IngestReport], folder: Path, tmp_path: Path
) -> None:
    sync()
    generation = Generations(tmp_path / "index").current()
    assert generation is not None
    (generation.chroma / "chroma.sqlite3").write_bytes(b"garbage")
    (folder / "07.md").write_text(note(7, version=1))
    sync()
    assert manifest(tmp_path / "index").replaced == 0
    assert told(tmp_path / "index") == anew(folder, tmp_path / "fresh")


def size(index: Path) -> int:
    return sum(path.stat().st_size for path in index.rglob("*") if path.is_file())


@pytest.mark.slow
def test_a_hundred_edits_keep_the_index_small_and_right(
    sync: Callable[[], IngestReport], folder: Path, tmp_path: Path
) -> None:
    drawn = random.Random(0)
    sync()
    updates = 0
    for edit in range(100):
        name = folder / f"{drawn.randrange(45):02}.md"
        if name.exists() and drawn.random() < 0.2:
            name.unlink()
        else:
            name.write_text(note(int(name.stem), version=edit + 1))
        sync()
        updates += manifest(tmp_path / "index").replaced > 0
    assert updates > 50
    assert told(tmp_path / "index") == anew(folder, tmp_path / "fresh")
    assert size(tmp_path / "index") <= 1.1 * size(tmp_path / "fresh")


def test_what_was_replaced_is_bounded(
    sync: Callable[[], IngestReport], folder: Path, tmp_path: Path
) -> None:
    sync()
    for version in range(1, 12):
        (folder / "07.md").write_text(note(7, version=version))
        sync()
        state = manifest(tmp_path / "index")
        assert state.replaced <= MOST_REPLACED * state.written
