import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from time import sleep

import pytest
from conftest import NOTES, Ingest, ToyEmbedder, write_notes

from ingest.embedding import Preparing, Progress, Vectors
from ingest.errors import IndexMismatch, IngestError, NoReadableNotes, WriterBusy
from ingest.generations import Generations
from ingest.index import NotesIndex
from ingest.pipeline import INTERRUPTED, ingest_notes
from ingest.steps import OWN_STEPS, Clock, Step
from ingest.writer_lock import writer_lock

TESTS = Path(__file__).parent


def generations(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "generations").iterdir())


def chunk_sources(directory: Path) -> set[str]:
    with NotesIndex.open(directory, store="exact") as index:
        return {section.source for section in index.sections()}


def test_the_first_ingest_embeds_every_chunk(ingest: Ingest, tmp_path: Path) -> None:
    report = ingest()
    assert (report.sources, report.embedded, report.reused, report.removed) == (
        3,
        report.chunks,
        0,
        0,
    )
    assert not report.unchanged
    assert set(report.seconds) == set(OWN_STEPS)
    with NotesIndex.open(tmp_path / "index") as index:
        assert index.generation == report.generation
        assert index.damage() == ()


def test_an_ingest_of_unchanged_notes_builds_nothing(
    ingest: Ingest, toy_embedder: ToyEmbedder, tmp_path: Path
) -> None:
    first = ingest()
    toy_embedder.embedded.clear()
    second = ingest()
    assert second.unchanged
    assert second.generation == first.generation
    assert (second.embedded, second.reused) == (0, first.chunks)
    assert toy_embedder.embedded == []
    assert generations(tmp_path / "index") == [first.generation]


def test_an_edited_note_has_only_its_new_chunks_embedded(
    ingest: Ingest, notes_folder: Path, toy_embedder: ToyEmbedder, tmp_path: Path
) -> None:
    first = ingest()
    toy_embedder.embedded.clear()
    note = notes_folder / "compute" / "servers.md"
    note.write_text(note.read_text(encoding="utf-8").replace("15 minutes", "20 minutes"))
    second = ingest()
    assert len(toy_embedder.embedded) == second.embedded == 1
    assert "20 minutes" in toy_embedder.embedded[0]
    assert (second.reused, second.removed) == (first.chunks - 1, 1)
    with NotesIndex.open(tmp_path / "index") as index:
        assert index.damage() == ()
        assert not index.matching_blocks(["15"], 9)


def test_a_deleted_note_takes_its_chunks_along(
    ingest: Ingest, notes_folder: Path, toy_embedder: ToyEmbedder, tmp_path: Path
) -> None:
    ingest()
    toy_embedder.embedded.clear()
    (notes_folder / "queues.md").unlink()
    report = ingest()
    assert report.removed >= 1
    assert toy_embedder.embedded == []
    assert chunk_sources(tmp_path / "index") == {"storage.md", "compute/servers.md"}


def test_a_renamed_note_keeps_its_vectors(
    ingest: Ingest, notes_folder: Path, toy_embedder: ToyEmbedder, tmp_path: Path
) -> None:
    ingest()
    toy_embedder.embedded.clear()
    (notes_folder / "queues.md").rename(notes_folder / 'a\'b "c"; DROP.md')
    report = ingest()
    assert not report.unchanged
    assert toy_embedder.embedded == []
    assert 'a\'b "c"; DROP.md' in chunk_sources(tmp_path / "index")


def test_reports_each_step_in_order(ingest: Ingest) -> None:
    steps: list[Step] = []
    report = ingest(on_step=steps.append)
    assert list(dict.fromkeys(step.name for step in steps)) == list(OWN_STEPS)
    assert Step("embed", report.chunks, report.chunks) in steps
    assert all(0 <= step.done <= step.total for step in steps)


class PreparedEmbedder(ToyEmbedder):
    """Prepares itself as one with real weights does."""

    def __init__(self) -> None:
        super().__init__()
        self.preparing: Preparing = nullcontext

    def embed_notes(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        with self.preparing("load"):
            sleep(0.02)
        assert on_progress is not None
        on_progress(0, len(texts))
        rows = super().embed_notes(texts, on_progress)
        with self.preparing("export"):
            return rows


def test_what_an_embedder_does_before_and_after_is_a_step_of_its_own() -> None:
    steps: list[Step] = []
    embedder = PreparedEmbedder()
    clock = Clock(steps.append)
    embedder.preparing = clock.preparation
    with clock.step("embed"):
        embedder.embed_notes(["a", "b"], clock.report)
    names = list(dict.fromkeys(step.name for step in steps))
    assert names == ["load", "embed", "export"]
    assert steps[:2] == [Step("load", 0, 0), Step("embed", 0, 2)]
    assert set(clock.seconds) == set(names)
    assert clock.seconds["load"] >= 0.02  # and that is not the embedding's


def test_the_report_is_json(ingest: Ingest, notes_folder: Path) -> None:
    (notes_folder / "scan.pdf").write_bytes(b"%PDF-1.7")
    values = json.loads(ingest().to_json())
    assert values["skipped"][0]["name"] == "scan.pdf"
    assert values["seconds"]["embed"] >= 0


def test_refuses_another_embedder_and_names_the_command_that_rebuilds(
    ingest: Ingest, notes_folder: Path, tmp_path: Path
) -> None:
    ingest()
    other = ToyEmbedder(name="other")
    directory = tmp_path / "index"
    with pytest.raises(IndexMismatch) as refused:
        ingest_notes([notes_folder], directory, embedder=other)
    message = str(refused.value)
    assert "built with 'toy' but 'other' is configured" in message
    assert f"footnote ingest {notes_folder} --rebuild --index {directory}" in message
    assert "\n" not in message
    report = ingest_notes([notes_folder], directory, embedder=other, rebuild=True)
    assert report.embedded == report.chunks == len(other.embedded)


@pytest.mark.parametrize(
    ("other", "values"),
    [
        (ToyEmbedder(dimension=32), ("dimension '64'", "dimension '32'")),
        (ToyEmbedder(window=32), ("64 tokens", "32 tokens")),
    ],
)
def test_refuses_other_settings_and_names_both_values(
    ingest: Ingest, notes_folder: Path, tmp_path: Path, other: ToyEmbedder, values: tuple[str, ...]
) -> None:
    ingest()
    with pytest.raises(IndexMismatch) as refused:
        ingest_notes([notes_folder], tmp_path / "index", embedder=other)
    assert all(value in str(refused.value) for value in values)


def test_another_folder_takes_the_place_of_the_one_before(
    ingest: Ingest, toy_embedder: ToyEmbedder, tmp_path: Path
) -> None:
    first = ingest()
    toy_embedder.embedded.clear()
    queues = NOTES["queues.md"]
    other = write_notes(tmp_path / "other", {"x.md": "# X\n\nOther notes.\n", "q.md": queues})
    directory = tmp_path / "index"
    report = ingest_notes([other], directory, embedder=toy_embedder)
    assert chunk_sources(directory) == {"x.md", "q.md"}
    assert (report.sources, report.embedded, report.reused) == (2, 1, 1)
    assert report.removed == first.chunks - 1
    assert ["Other notes." in text for text in toy_embedder.embedded] == [True]
    with NotesIndex.open(directory) as index:
        assert index.settings.roots == (str(other.resolve()),)
        assert index.damage() == ()
    assert ingest_notes([other], directory, embedder=toy_embedder).unchanged
    assert not ingest().unchanged
    assert chunk_sources(directory) == set(NOTES)


def test_a_folder_that_moved_is_served_from_where_it_is_now(
    ingest: Ingest, notes_folder: Path, toy_embedder: ToyEmbedder, tmp_path: Path
) -> None:
    first = ingest()
    moved = notes_folder.rename(tmp_path / "moved")
    with NotesIndex.open(tmp_path / "index") as index:  # reading never asks where they lie
        assert index.generation == first.generation
    report = ingest_notes([moved], tmp_path / "index", embedder=toy_embedder)
    assert (report.embedded, report.reused, report.removed) == (0, first.chunks, 0)


def test_newer_chunking_rebuilds_and_keeps_equal_vectors(
    ingest: Ingest, toy_embedder: ToyEmbedder, tmp_path: Path
) -> None:
    first = ingest()
    path = Generations(tmp_path / "index").current().manifest  # type: ignore[union-attr]
    path.write_text(path.read_text().replace('"chunking_version": 1', '"chunking_version": 0'))
    with pytest.raises(IndexMismatch, match="chunking version 0"):
        NotesIndex.open(tmp_path / "index")
    toy_embedder.embedded.clear()
    second = ingest()
    assert not second.unchanged
    assert second.reused == first.chunks
    assert toy_embedder.embedded == []


def test_rebuild_embeds_everything_again(ingest: Ingest, tmp_path: Path) -> None:
    first = ingest()
    second = ingest(rebuild=True)
    assert (second.embedded, second.removed) == (first.chunks, 0)
    assert second.generation != first.generation
    assert generations(tmp_path / "index") == [second.generation]


def test_a_second_writer_is_told_who_the_first_is(ingest: Ingest, tmp_path: Path) -> None:
    with (
        writer_lock(tmp_path / "index"),
        pytest.raises(WriterBusy, match=rf"process {os.getpid()} on .* since \d\d:\d\d:\d\d"),
    ):
        ingest()


@pytest.mark.parametrize("is_first", [True, False])
def test_an_older_reading_of_the_notes_never_overwrites_a_newer(
    ingest: Ingest, notes_folder: Path, tmp_path: Path, is_first: bool
) -> None:
    """The faster of two writers begins after the slower has read, and ends before it writes."""
    if not is_first:
        ingest()
    waiting = [True]

    def overtake(step: Step) -> None:
        if step.name == "read" and waiting:
            waiting.clear()
            (notes_folder / "queues.md").write_text("# Queues\n\nAltered.\n")
            ingest()

    assert ingest(on_step=overtake).unchanged
    with NotesIndex.open(tmp_path / "index", store="exact") as index:
        assert index.matching_blocks(["altered"], 9)


def test_notes_that_vanish_leave_the_index_as_it_was(
    ingest: Ingest, notes_folder: Path, tmp_path: Path
) -> None:
    first = ingest()
    for note in notes_folder.rglob("*.md"):
        note.unlink()
    with pytest.raises(NoReadableNotes):
        ingest()
    assert generations(tmp_path / "index") == [first.generation]


class Stop(Exception):
    """Raised in the middle of an ingest."""


@pytest.mark.parametrize("step", [name for name in OWN_STEPS if name not in ("read", "flip")])
def test_a_failure_at_any_step_leaves_the_old_generation(
    ingest: Ingest, notes_folder: Path, tmp_path: Path, step: str
) -> None:
    first = ingest()
    (notes_folder / "queues.md").write_text("# Queues\n\nAltered.\n")

    def fail(at: Step) -> None:
        if at.name == step and at.done == at.total:
            raise Stop

    with pytest.raises(Stop):
        ingest(on_step=fail)
    assert generations(tmp_path / "index") == [first.generation]
    with NotesIndex.open(tmp_path / "index") as index:
        assert index.generation == first.generation
        assert index.damage() == ()
    assert not ingest().unchanged


def test_a_full_disk_is_one_line_and_leaves_the_old_generation(
    ingest: Ingest, notes_folder: Path, tmp_path: Path
) -> None:
    first = ingest()
    (notes_folder / "queues.md").write_text("# Queues\n\nAltered.\n")

    def fill(at: Step) -> None:
        if at.name == "store":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(IngestError, match=r"could not be written .*No space left"):
        ingest(on_step=fill)
    assert generations(tmp_path / "index") == [first.generation]


@pytest.mark.parametrize(
    "harm",
    [
        *("notes.sqlite", "manifest.json", "CURRENT"),
        pytest.param("chroma", marks=pytest.mark.directory),
    ],
)
def test_an_ingest_repairs_a_damaged_index(ingest: Ingest, tmp_path: Path, harm: str) -> None:
    first = ingest()
    directory = tmp_path / "index"
    generation = directory / "generations" / first.generation
    if harm == "CURRENT":
        (directory / "CURRENT").write_text("nonsense")
    elif harm == "chroma":
        (generation / "chroma" / "chroma.sqlite3").unlink()
    else:
        data = bytearray((generation / harm).read_bytes())
        data[len(data) // 2] ^= 0xFF
        (generation / harm).write_bytes(data)
    second = ingest()
    assert not second.unchanged
    assert second.embedded == (0 if harm == "chroma" else first.chunks)
    (said,) = second.repaired
    assert said.startswith("The index was damaged (")
    assert "\n" not in said
    assert ingest().repaired == ()
    with NotesIndex.open(directory) as index:
        assert index.damage() == ()


CHILD = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from conftest import ToyEmbedder
from ingest.pipeline import ingest_notes

def die(step):
    if step.name == sys.argv[3] and step.done == step.total:
        os.kill(os.getpid(), signal.SIGKILL)

ingest_notes([Path(sys.argv[1])], Path(sys.argv[2]), embedder=ToyEmbedder(), on_step=die)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("step", ["embed", "store", "verify"])
def test_a_killed_ingest_leaves_the_old_index_and_is_cleaned_up(
    ingest: Ingest, notes_folder: Path, tmp_path: Path, step: str
) -> None:
    first = ingest()
    directory = tmp_path / "index"
    (notes_folder / "queues.md").write_text("# Queues\n\nAltered by the next ingest.\n")
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(notes_folder), str(directory), step, str(TESTS)],
        cwd=TESTS.parent,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    with NotesIndex.open(directory) as index:
        assert index.generation == first.generation
        assert index.damage() == ()
        assert index.matching_blocks(["14"], 9)
    second = ingest()
    left = step != "embed"  # which writes nothing yet
    assert second.repaired == ((INTERRUPTED,) if left else ())  # and it says so, once
    assert ingest().repaired == ()
    assert generations(directory) == [second.generation]
    with NotesIndex.open(directory) as index:
        assert index.damage() == ()
        assert index.matching_blocks(["altered"], 9)


REAL = """
import json, sys
from pathlib import Path
from time import perf_counter
from ingest.pipeline import ingest_notes
start = perf_counter()
report = ingest_notes([Path(sys.argv[1])], Path(sys.argv[2]))
print(json.dumps({
    "seconds": perf_counter() - start,
    "unchanged": report.unchanged,
    "embedded": report.embedded,
    "heavy": sorted({"torch", "chromadb", "transformers"} & set(sys.modules)),
}))
"""


@pytest.mark.slow
def test_a_second_ingest_is_fifty_times_faster_and_imports_no_torch(
    notes_folder: Path, tmp_path: Path
) -> None:
    def run() -> dict[str, object]:
        arguments = [sys.executable, "-c", REAL, str(notes_folder), str(tmp_path / "index")]
        child = subprocess.run(
            arguments, cwd=TESTS.parent, check=False, capture_output=True, text=True
        )
        assert child.returncode == 0, child.stderr
        return json.loads(child.stdout)  # type: ignore[no-any-return]

    first, second = run(), run()
    assert first["embedded"]
    assert second["unchanged"]
    assert second["heavy"] == []
    assert float(str(second["seconds"])) * 50 < float(str(first["seconds"]))
