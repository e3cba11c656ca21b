"""Whatever happens to the notes, and wherever an ingest dies, the index is one whole state."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from conftest import ToyEmbedder, words, write_notes
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ingest.build import IngestReport
from ingest.catalog import Catalog
from ingest.changes import Changes
from ingest.errors import IndexNotFound, IngestError, NoReadableNotes
from ingest.generations import Generations
from ingest.index import NotesIndex, Store
from ingest.pipeline import ingest_notes
from ingest.steps import OWN_STEPS, OnStep, Step, StepName

Notes = dict[str, str]
STORES: tuple[Store, ...] = get_args(Store)


class Crash(Exception):
    """Raised in the middle of an ingest."""


FAULTS: dict[str, Callable[[], BaseException]] = {
    "crash": Crash,
    "interrupted": KeyboardInterrupt,
    "disk full": lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
}


@dataclass(eq=False, slots=True)
class Reader:
    """A reader, and what the index held when it was opened."""

    index: NotesIndex
    notes: Notes


class Desk:
    """A folder of notes and its index, beside dicts that say what each should hold."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "notes"
        self.directory = root / "index"
        self.folder.mkdir()
        self.embedder = ToyEmbedder(dimension=32, window=24)
        self.notes: Notes = {}  # in the folder
        self.indexed: Notes | None = None  # at the last ingest that came to its end
        self.readers: list[Reader] = []

    def close(self) -> None:
        for reader in self.readers:
            reader.index.close()
        self.readers.clear()

    def write(self, name: str, text: str) -> None:
        write_notes(self.folder, {name: text})
        self.notes[name] = text

    def delete(self, name: str) -> None:
        (self.folder / name).unlink()
        del self.notes[name]

    def rename(self, before: str, now: str) -> None:
        (self.folder / now).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / before).replace(self.folder / now)  # `now` is lost, if it was there
        self.notes[now] = self.notes.pop(before)

    def ingest(self, *, rebuild: bool = False, on_step: OnStep | None = None) -> IngestReport:
        """Ingest, and check the report and the index against the notes.

        Raises:
            NoReadableNotes: there were none, and the index is as it was.
        """
        readable = self.readable()
        before = self.indexed or {}
        try:
            report = ingest_notes(
                [self.folder],
                self.directory,
                embedder=self.embedder,
                rebuild=rebuild,
                on_step=on_step,
            )
        except NoReadableNotes:
            assert not readable
            self.check()
            raise
        self.indexed = readable
        assert report.sources == len(readable)
        assert report.embedded + report.reused == report.chunks
        assert {file.name for file in report.skipped} == self.notes.keys() - readable.keys()
        assert report.changes == expected_changes(before, readable)
        if report.unchanged:
            assert before == readable
            assert not rebuild
        self.check()
        return report

    def readable(self) -> Notes:
        return {name: text for name, text in self.notes.items() if text.strip()}

    def check(self) -> None:
        """The index holds the last finished ingest, whole, and nothing else is kept."""
        if self.indexed is None:
            with pytest.raises(IndexNotFound):
                NotesIndex.open(self.directory)
            return
        with NotesIndex.open(self.directory) as index:
            check_holds(index, self.indexed, self.embedder)
            assert index.damage() == ()
            check_vectors(self.directory, index, self.embedder)
        for reader in self.readers:
            check_holds(reader.index, reader.notes, self.embedder)

    def kept_generations(self) -> set[str]:
        return {path.name for path in (self.directory / "generations").iterdir()}


def expected_changes(before: Notes, now: Notes) -> Changes:
    """The same question as `changes_between`'s, answered from the texts, one by one."""
    gone = sorted(before.keys() - now.keys())
    added: list[str] = []
    renamed: list[tuple[str, str]] = []
    for name in sorted(now.keys() - before.keys()):
        twin = next((old for old in gone if before[old] == now[name]), None)
        if twin is None:
            added.append(name)
        else:
            gone.remove(twin)
            renamed.append((twin, name))
    same = [name for name in before.keys() & now.keys() if before[name] == now[name]]
    edited = sorted((before.keys() & now.keys()) - set(same))
    return Changes(tuple(added), tuple(edited), tuple(renamed), tuple(gone), len(same))


def check_holds(index: NotesIndex, notes: Notes, embedder: ToyEmbedder) -> None:
    """The index holds exactly these notes, and each is found by its own words."""
    assert index.sources() == tuple(sorted(notes))
    assert {name: index.source_text(name) for name in notes} == notes
    assert {section.source for section in index.sections()} <= notes.keys()
    for name in notes:
        check_found(index, name, notes, embedder)


def check_found(index: NotesIndex, name: str, notes: Notes, embedder: ToyEmbedder) -> None:
    """A note's own words find it, and whatever else they find is in one of the notes."""
    section = next(section for section in index.sections() if section.source == name)
    chunk = index.chunk(f"{section.id}/0")
    found = dict(index.nearest(embedder.embed_question(chunk.text), 400))
    assert found[chunk.id] == max(found.values())
    assert found[chunk.id] == pytest.approx(1, abs=2e-6)
    for chunk_id in found:
        hit = index.chunk(chunk_id)
        source = index.section(hit.section_id).source
        # What stands before a note's first heading has its file name for one. A heading too long
        # for the window is cut, within a word if need be.
        said = f"{source} {notes[source]}".casefold()
        assert all(word in said for word in words(hit.text)), chunk_id


def check_vectors(directory: Path, index: NotesIndex, embedder: ToyEmbedder) -> None:
    """Each chunk has the vector of its own text, also where that was carried over."""
    generation = Generations(directory).current()
    assert generation is not None
    with contextlib.closing(Catalog(generation.catalog)) as catalog:
        ids, _, matrix = catalog.vectors()
    assert len(ids) == len(set(ids)) == len(matrix)
    for chunk_id, row in zip(ids, matrix, strict=True):
        text = index.chunk(chunk_id).text
        assert np.allclose(row, embedder.embed_question(text), rtol=0, atol=1e-6), chunk_id


class FaultAt:
    """Fails at the `count`th time that the ingest says how far it has come in a step."""

    def __init__(self, step: StepName, count: int, fault: str) -> None:
        self.flipped = False  # the new state was current already
        self._step, self._left, self._fault = step, count, fault

    def __call__(self, step: Step) -> None:
        self._left -= step.name == self._step
        if self._left <= 0:
            self.flipped = step == Step("flip", 1, 1)
            raise FAULTS[self._fault]()


NAMES = st.sampled_from(
    ["a.md", "b.md", "c.txt", "deep/a.md", "deep/er/d.markdown", "née [1].md", "a'b\"; DROP.md"]
)
WORDS = st.lists(
    st.sampled_from("oak elm ash bucket queue server café 日本 volume 5 TB".split()), max_size=30
).map(" ".join)
TEXTS = st.one_of(
    st.builds("# {}\n\n{}.\n\n## More\n\n- {}\n".format, WORDS, WORDS, WORDS),
    st.builds("\ufeff{}\r\n\r\n{}\r\n".format, WORDS, WORDS).map(lambda text: f"{text}end\r\n"),
    st.builds("{} | {}\n---|---\nx | {}\n".format, WORDS, WORDS, WORDS),
    st.just(" \n"),  # no words: skipped, and said to be
)

# Some 150 chunks and as many pages' worth of text: what is edited beside it is little.
SHELF = "".join(f"## Book {n}\n\nThis is the {n}th book on the shelf.\n\n" for n in range(150))


class SyncMachine(RuleBasedStateMachine):
    """Any order of edits, ingests, faults and questions."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="sync-machine-"))
        self.desk = Desk(self.root)

    def teardown(self) -> None:
        self.desk.close()
        shutil.rmtree(self.root)

    @initialize(large=st.booleans())
    def begin(self, large: bool) -> None:
        # It is never taken away. A small edit beside a large one is made in a copy of the index.
        self.desk.write("shelf.md", SHELF if large else "# Shelf\n\nA short shelf.\n")

    @rule(name=NAMES, text=TEXTS)
    def add_or_overwrite(self, name: str, text: str) -> None:
        self.desk.write(name, text)

    @precondition(lambda self: bool(self.desk.notes.keys() - {"shelf.md"}))
    @rule(data=st.data(), added=WORDS)
    def edit(self, data: st.DataObject, added: str) -> None:
        name = self.some_note(data)
        self.desk.write(name, f"{self.desk.notes[name]}\n{added} added.\n")

    @precondition(lambda self: bool(self.desk.notes.keys() - {"shelf.md"}))
    @rule(data=st.data(), now=NAMES)
    def rename(self, data: st.DataObject, now: str) -> None:
        self.desk.rename(self.some_note(data), now)

    @precondition(lambda self: bool(self.desk.notes.keys() - {"shelf.md"}))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.desk.delete(self.some_note(data))

    def some_note(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.desk.notes.keys() - {"shelf.md"})))

    @rule(rebuild=st.sampled_from([False, False, False, True]))
    def ingest(self, rebuild: bool) -> None:
        with contextlib.suppress(NoReadableNotes):
            report = self.desk.ingest(rebuild=rebuild)
            # Nothing else is kept than what is read: not what a crash left, either.
            held = {reader.index.generation for reader in self.desk.readers}
            assert self.desk.kept_generations() == held | {report.generation}

    @rule(
        step=st.sampled_from(OWN_STEPS),
        count=st.integers(1, 2),
        fault=st.sampled_from(sorted(FAULTS)),
        name=NAMES,
        text=TEXTS,
    )
    def ingest_that_fails(
        self, step: StepName, count: int, fault: str, name: str, text: str
    ) -> None:
        self.desk.write(name, text)  # so that there is something to do
        fails = FaultAt(step, count, fault)
        try:
            self.desk.ingest(on_step=fails)
        except NoReadableNotes:
            pass
        except (Crash, KeyboardInterrupt, OSError, IngestError):
            if fails.flipped:
                self.desk.indexed = self.desk.readable()
            self.desk.check()

    @precondition(lambda self: self.desk.indexed is not None and len(self.desk.readers) < 3)
    @rule(store=st.sampled_from(STORES))
    def open_a_reader(self, store: Store) -> None:
        index = NotesIndex.open(self.desk.directory, store=store)
        self.desk.readers.append(Reader(index, dict(self.desk.indexed or {})))

    @precondition(lambda self: bool(self.desk.readers))
    @rule()
    def close_the_oldest_reader(self) -> None:
        self.desk.readers.pop(0).index.close()

    @precondition(lambda self: bool(self.desk.readers))
    @rule()
    def ask_the_readers(self) -> None:
        for reader in self.desk.readers:
            check_holds(reader.index, reader.notes, self.desk.embedder)


@pytest.mark.slow
def test_the_index_is_the_notes_of_the_last_ingest_whatever_happened(each_place: str) -> None:
    run_state_machine_as_test(
        SyncMachine,
        settings=settings(
            max_examples=12 if each_place == "directory" else 4,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


@pytest.fixture
def desk(tmp_path: Path):  # type: ignore[no-untyped-def]
    """An empty folder of notes."""
    opened = Desk(tmp_path)
    yield opened
    opened.close()


def test_a_reader_answers_from_what_it_opened_while_notes_come_and_go(desk: Desk) -> None:
    desk.write("oak.md", "# Oak\n\nAn oak keeps its leaves.\n")
    desk.write("elm.md", "# Elm\n\nAn elm loses them.\n")
    desk.ingest()
    before = Reader(NotesIndex.open(desk.directory), dict(desk.notes))
    desk.readers.append(before)
    desk.rename("oak.md", "trees/oak.md")
    desk.delete("elm.md")
    assert desk.ingest().changes.renamed == (("oak.md", "trees/oak.md"),)
    assert before.index.source_text("elm.md")
    desk.close()
    desk.ingest(rebuild=True)
    assert len(desk.kept_generations()) == 1


def test_a_crash_between_a_rename_and_an_edit_mixes_nothing(desk: Desk) -> None:
    desk.write("a.md", "# A\n\nThe first words.\n")
    desk.write("b.md", "# B\n\nThe second words.\n")
    desk.ingest()
    desk.rename("a.md", "c.md")  # and then each has the other's text
    desk.rename("b.md", "a.md")
    desk.rename("c.md", "b.md")
    with pytest.raises(Crash):
        desk.ingest(on_step=FaultAt("store", 2, "crash"))
    desk.check()
    assert desk.ingest().changes.edited == ("a.md", "b.md")


def test_the_check_notices_a_note_that_was_deleted_and_is_still_served(desk: Desk) -> None:
    desk.write("a.md", "# A\n\nThe first words.\n")
    desk.write("b.md", "# B\n\nThe second words.\n")
    desk.ingest()
    assert desk.indexed is not None
    del desk.indexed["b.md"]  # as if an index had only ever been added to
    with pytest.raises(AssertionError):
        desk.check()
