"""Following the notes: every change arrives in the index, and no error ends it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from conftest import NOTES, ToyEmbedder, write_notes

from ingest.build import IngestReport
from ingest.errors import IngestError, NoReadableNotes, NotesNotFound, WriterBusy
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes
from ingest.watch import follow, may_matter
from ingest.writer_lock import writer_lock

LIMIT = 30  # seconds until a test gives up; nothing waits for it otherwise


class Following:
    """A folder that is followed by a thread of its own; what it yields is awaited one by one."""

    def __init__(self, folder: Path, index: Path) -> None:
        self.folder = folder
        self.index = index
        self._stop = threading.Event()
        self._came = threading.Condition()
        self._reports: list[IngestReport | IngestError] = []
        ingest = partial(ingest_notes, [folder], index, embedder=ToyEmbedder())
        self._thread = threading.Thread(target=self._follow, args=(ingest,))
        self._thread.start()

    def _follow(self, ingest: partial[IngestReport]) -> None:
        for report in follow([self.folder], ingest, self._stop):
            with self._came:
                self._reports.append(report)
                self._came.notify_all()

    def next(self) -> IngestReport | IngestError:
        with self._came:
            assert self._came.wait_for(lambda: bool(self._reports), LIMIT), "nothing came"
            return self._reports.pop(0)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()

    def sources(self) -> list[str]:
        with NotesIndex.open(self.index, store="exact") as index:
            return list(index.sources())


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Following]:
    folder = write_notes(tmp_path / "notes", NOTES)
    opened = Following(folder, tmp_path / "index")
    first = opened.next()
    assert isinstance(first, IngestReport)
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.slow
def test_what_is_added_edited_renamed_and_removed_arrives(following: Following) -> None:
    note = following.folder / "new.md"
    note.write_text("# New\n\nA comet has a tail.\n")
    report = following.next()
    assert isinstance(report, IngestReport)
    assert report.changes.added == ("new.md",)

    note.write_text("# New\n\nA comet has two tails.\n")
    report = following.next()
    assert isinstance(report, IngestReport)
    assert report.changes.edited == ("new.md",)

    (following.folder / "deep").mkdir()
    note.rename(following.folder / "deep" / "comets.md")
    report = following.next()
    assert isinstance(report, IngestReport)
    assert report.changes.renamed == (("new.md", "deep/comets.md"),)
    assert report.embedded == 0

    shutil.rmtree(following.folder / "deep")
    report = following.next()
    assert isinstance(report, IngestReport)
    assert report.changes.removed == ("deep/comets.md",)
    assert following.sources() == sorted(NOTES)


@pytest.mark.slow
def test_a_folder_that_is_emptied_is_an_error_once_and_mends_itself(following: Following) -> None:
    away = following.folder.with_name("away")
    away.mkdir()
    for path in sorted(following.folder.iterdir()):
        path.rename(away / path.name)
    assert isinstance(following.next(), NoReadableNotes)
    assert following.sources() == sorted(NOTES)  # the index is as it was
    (following.folder / "one.md").write_text("# One\n\nA single note.\n")
    report = following.next()
    assert isinstance(report, IngestReport)
    assert following.sources() == ["one.md"]


@pytest.mark.slow
def test_another_writer_is_waited_for(following: Following) -> None:
    with writer_lock(following.index):
        (following.folder / "late.md").write_text("# Late\n\nWritten meanwhile.\n")
        threading.Event().wait(1.0)
    report = following.next()
    assert isinstance(report, IngestReport)
    assert report.changes.added == ("late.md",)


@pytest.mark.slow
def test_rules_that_keep_notes_out_are_followed_at_once(following: Following) -> None:
    first = sorted(NOTES)[0]
    (following.folder / ".footnoteignore").write_text(f"{first}\n")
    report = following.next()
    assert isinstance(report, IngestReport)
    assert report.changes.removed == (first,)


@pytest.mark.slow
def test_what_changed_while_the_first_look_was_told_is_not_missed(tmp_path: Path) -> None:
    folder = write_notes(tmp_path / "notes", NOTES)
    ingest = partial(ingest_notes, [folder], tmp_path / "index", embedder=ToyEmbedder())
    stop = threading.Event()
    reports = follow([folder], ingest, stop)
    next(reports)
    (folder / "between.md").write_text("# Between\n\nBefore the events began.\n")
    report = next(reports)
    assert isinstance(report, IngestReport)
    assert report.changes.added == ("between.md",)
    reports.close()  # type: ignore[attr-defined]


def test_where_there_is_nothing_to_follow_the_first_look_says_so(tmp_path: Path) -> None:
    ingest = partial(ingest_notes, [tmp_path / "no"], tmp_path / "index", embedder=ToyEmbedder())
    with pytest.raises(NotesNotFound):
        next(follow([tmp_path / "no"], ingest, threading.Event()))


def test_a_busy_index_at_the_first_look_is_an_error(tmp_path: Path) -> None:
    folder = write_notes(tmp_path / "notes", NOTES)
    ingest = partial(ingest_notes, [folder], tmp_path / "index", embedder=ToyEmbedder())
    with writer_lock(tmp_path / "index"), pytest.raises(WriterBusy):
        next(follow([folder], ingest, threading.Event()))


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("/n/a.md", True),
        ("/n/A.MD", True),
        ("/n/a.markdown", True),
        ("/n/deep", True),
        ("/n/.footnoteignore", True),
        ("/n/.a.md.swp", False),
        ("/n/.git", False),
        ("/n/photo.png", False),
        ("/n/notes.sqlite", False),
    ],
)
def test_only_what_may_be_a_note_is_looked_at(path: str, matters: bool) -> None:
    assert may_matter(path) is matters
