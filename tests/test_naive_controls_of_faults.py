"""Each fault, against ours and against what a hurried programmer would have written.

Both are put through the same, and the same is asked of both. Of the naive way the harm must be
true, so that we hear of it when a library mends it; of ours it must not.

Where else our side is tested, and more closely: `test_crash.py` (kills at every step, with plain
Chroma for a control), `test_sync_machine.py` (any order of changes and faults), `test_repair.py`
(every kind of damage), `test_update.py`, `test_small_disk.py` (with its own control),
`test_index.py` and `test_pipeline.py` (refusals, readers, writers).

What does no harm to the naive way either, so that there is no control for it:

* An embedder of another dimension: Chroma refuses it.
* Two processes that only add: Chroma takes in what both say.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import chromadb.errors
import pytest
from conftest import NOTES, ToyEmbedder, write_notes
from limited_child import Ended, Limits, in_child
from naive_index import Kept, NaiveIndex, OurIndex

from evals.naive_chain import pieces_of, split
from ingest.embedding import EmbedderIdentity, Vectors
from ingest.errors import IndexMismatch, IngestError, WriterBusy
from ingest.generations import Generations
from ingest.index import NotesIndex

posix = pytest.mark.skipif(os.name != "posix", reason="needs another user, or limits of processes")
slow = pytest.mark.slow

QUESTION = "How long does a queue keep a message?"
RIGHT = "A queue keeps a message for up to 14 days."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_notes(tmp_path / "notes", NOTES)


Opening = Callable[[Path, Path], Kept]
BOTH = pytest.mark.parametrize(("opened", "harmed"), [(NaiveIndex, True), (OurIndex, False)])


# Notes that come and go.


def write_shorter(folder: Path) -> None:
    (folder / "long.md").write_text("# Long\n\nOf trees.\n", encoding="utf-8")


CHANGES: dict[str, Callable[[Path], object]] = {
    "edited": write_shorter,
    "deleted": lambda folder: (folder / "long.md").unlink(),
    "renamed": lambda folder: (folder / "long.md").rename(folder / "trees.md"),
    "moved": lambda folder: (folder / "long.md").rename(folder / "compute" / "long.md"),
}


def serves_what_is_gone(index: Kept, folder: Path) -> bool:
    """Whether a piece is said to be from a note that is not there, or that says something else."""
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.md")}
    return any(
        piece.source not in there
        or ("apple" in piece.text and "apple" not in there[piece.source].read_text("utf-8"))
        for piece in index.pieces()
    )


@BOTH
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_gone_is_served_on_by_the_naive_way(
    opened: Opening, harmed: bool, change: str, folder: Path, tmp_path: Path
) -> None:
    apples = "\n\n".join(f"The apple tree number {n} bears red apples. " * 10 for n in range(6))
    write_notes(folder, {"long.md": f"# Long\n\n{apples}\n"})
    with closing(opened(folder, tmp_path / "index")) as index:
        index.sync()
        assert not serves_what_is_gone(index, folder)
        CHANGES[change](folder)
        index.sync()
        assert serves_what_is_gone(index, folder) == harmed


class Interrupting(ToyEmbedder):
    """Does something to the notes when it is first asked to embed."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act: Callable[[], object] | None = act

    def embed_notes(self, texts: Any, on_progress: Any = None) -> Vectors:
        act, self._act = self._act, None
        if act:
            act()
        return super().embed_notes(texts, on_progress)


class OneByOne(NaiveIndex):
    """Reads each note when its turn comes, as a loop over files does."""

    def sync(self) -> None:
        """Add note after note."""
        for path in sorted(self._folder.rglob("*.md")):
            texts = split(path.read_text("utf-8", "replace"))
            name = path.relative_to(self._folder).as_posix()
            ids = [f"{name}/{number}" for number in range(len(texts))]
            self.database.add_texts(texts, [{"source": name} for _ in texts], ids)


@pytest.mark.parametrize(("opened", "harmed"), [(OneByOne, True), (OurIndex, False)])
def test_a_note_that_is_renamed_meanwhile_stops_the_naive_way_halfway(
    opened: Callable[..., Kept], harmed: bool, folder: Path, tmp_path: Path
) -> None:
    embedder = Interrupting(lambda: (folder / "storage.md").rename(folder / "a.md"))
    with closing(opened(folder, tmp_path / "index", embedder)) as index:
        with suppress(FileNotFoundError):
            index.sync()
        # Under one name or the other: every note is there.
        said = " ".join(piece.text for piece in index.pieces())
        assert ("16000 IOPS" not in said) == harmed
        assert "15 minutes" in said


# Clocks.


class ByTime(NaiveIndex):
    """Reads only what is newer than the last sync, as the clock says."""

    last = 0.0

    def sync(self) -> None:
        """Add the notes whose time is later than that of the last sync's end."""
        for path in sorted(self._folder.rglob("*.md")):
            if path.stat().st_mtime > self.last:
                for number, piece in enumerate(pieces_of(path)):
                    name = path.relative_to(self._folder).as_posix()
                    self.database.add_texts([piece.text], [{"source": name}], [f"{name}/{number}"])
        self.last = time.time()


def edit(folder: Path) -> None:
    (folder / "queues.md").write_text("# Queues\n\nA queue keeps it for 99 days.\n", "utf-8")


def edit_while_the_clock_is_back(folder: Path) -> None:
    edit(folder)
    yesterday = time.time() - 86_400
    os.utime(folder / "queues.md", (yesterday, yesterday))


@pytest.mark.parametrize(("opened", "harmed"), [(ByTime, True), (OurIndex, False)])
def test_an_edit_while_the_clock_is_back_is_missed_by_the_naive_way(
    opened: Opening, harmed: bool, folder: Path, tmp_path: Path
) -> None:
    with closing(opened(folder, tmp_path / "index")) as index:
        index.sync()
        edit_while_the_clock_is_back(folder)
        index.sync()
        assert all("99 days" not in piece.text for piece in index.pieces()) == harmed


@pytest.mark.parametrize(("opened", "harmed"), [(ByTime, True), (OurIndex, False)])
def test_an_edit_during_a_sync_is_never_seen_by_the_naive_way(
    opened: Callable[..., Kept], harmed: bool, folder: Path, tmp_path: Path
) -> None:
    # The last note is embedded when an earlier one, already read, is edited.
    write_notes(folder, {"a.md": "# A\n\nFirst.\n"})
    late = "# A\n\nFirst, and 99 days.\n"

    class EditsTheFirst(ToyEmbedder):
        def embed_notes(self, texts: Any, on_progress: Any = None) -> Vectors:
            if any("IOPS" in text for text in texts):
                (folder / "a.md").write_text(late, "utf-8")
            return super().embed_notes(texts, on_progress)

    with closing(opened(folder, tmp_path / "index", EditsTheFirst())) as index:
        index.sync()
        index.sync()
        assert all("99 days" not in piece.text for piece in index.pieces()) == harmed


# Settings that change.


class Other(ToyEmbedder):
    """Another model of the same dimension."""

    def __init__(self) -> None:
        super().__init__(name="other")

    def _embed(self, text: str) -> Vectors:
        return super()._embed(text[::-1])


class Revised(Other):
    """Other weights under the same name."""

    def __init__(self) -> None:
        super().__init__()
        self.identity = EmbedderIdentity("toy", "2", 64, "float32")


@pytest.mark.parametrize("other", [Other, Revised])
def test_another_model_of_the_same_dimension_is_taken_without_a_word_by_the_naive_way(
    other: Callable[[], ToyEmbedder], folder: Path, tmp_path: Path
) -> None:
    with closing(NaiveIndex(folder, tmp_path / "naive")) as index:
        index.sync()
    with closing(NaiveIndex(folder, tmp_path / "naive", other())) as index:
        # Nobody says a word, and a note's own words find another note first.
        assert index.nearest(RIGHT)[0].source != "queues.md"
    ours = OurIndex(folder, tmp_path / "ours")
    ours.sync()
    with pytest.raises(IndexMismatch, match="was built with"):
        OurIndex(folder, tmp_path / "ours", other()).sync()
    assert ours.nearest(RIGHT)[0].source == "queues.md"


def test_another_dimension_is_refused_by_both(folder: Path, tmp_path: Path) -> None:
    with closing(NaiveIndex(folder, tmp_path / "naive")) as index:
        index.sync()
    with (
        closing(NaiveIndex(folder, tmp_path / "naive", ToyEmbedder(32))) as index,
        pytest.raises(Exception, match="dimension of 64, got 32"),
    ):
        index.sync()
    OurIndex(folder, tmp_path / "ours").sync()
    with pytest.raises(IndexMismatch, match="dimension '32'"):
        OurIndex(folder, tmp_path / "ours", ToyEmbedder(32)).sync()


@pytest.mark.directory
def test_another_metric_is_asked_for_and_silently_not_given_by_the_naive_way(
    folder: Path, tmp_path: Path
) -> None:
    with closing(NaiveIndex(folder, tmp_path / "naive")) as index:
        index.sync()
    cosine = {"hnsw": {"space": "cosine"}}
    with closing(NaiveIndex(folder, tmp_path / "naive", collection_configuration=cosine)) as index:
        assert index.database._collection.configuration_json["hnsw"]["space"] == "l2"
    ours = OurIndex(folder, tmp_path / "ours", store="chroma")
    ours.sync()
    generation = current(ours)
    spoil_metric(generation.chroma)
    with NotesIndex.open(ours.store) as opened:
        assert any("measures 'l2'" in line for line in opened.damage())


def current(ours: OurIndex) -> Any:
    found = Generations(ours.store).current()
    assert found is not None
    return found


def spoil_metric(chroma: Path) -> None:
    """What a store would be that was made with Chroma's default metric."""
    with closing(sqlite3.connect(chroma / "chroma.sqlite3")) as database:
        database.execute(
            "UPDATE collections SET"
            " config_json_str = replace(config_json_str, 'cosine', 'l2'),"
            " schema_str = replace(schema_str, 'cosine', 'l2')"
        )
        database.commit()


class InWholeNotes(NaiveIndex):
    """The next version of the naive way: its pieces are longer."""

    def sync(self) -> None:
        """Add each note as one piece."""
        for path in sorted(self._folder.rglob("*.md")):
            name = path.relative_to(self._folder).as_posix()
            text = path.read_text(encoding="utf-8")
            self.database.add_texts([text], [{"source": name}], [f"{name}/1"])


def test_another_way_of_cutting_is_mixed_with_the_one_before_by_the_naive_way(
    folder: Path, tmp_path: Path
) -> None:
    apples = "\n\n".join(f"Apple tree {n} bears {n} apples. " * 20 for n in range(4))
    write_notes(folder, {"apples.md": f"# Apples\n\n{apples}\n"})
    with closing(NaiveIndex(folder, tmp_path / "naive")) as index:
        index.sync()
        assert "tree 3" not in index.pieces()[0].text
    with closing(InWholeNotes(folder, tmp_path / "naive")) as index:
        index.sync()
        twice = [piece for piece in index.pieces() if "tree 3" in piece.text]
        assert len({len(piece.text) for piece in twice}) > 1
    ours = OurIndex(folder, tmp_path / "ours")
    ours.sync()
    manifest = current(ours).manifest
    text = manifest.read_text(encoding="utf-8")
    version = '"chunking_version": '
    manifest.write_text(text.replace(f"{version}1", f"{version}0"), encoding="utf-8")
    with pytest.raises(IndexMismatch, match="chunking version 0"):
        ours.pieces()
    ours.sync()
    anew = OurIndex(folder, tmp_path / "anew")
    anew.sync()
    assert ours.pieces() == anew.pieces()


# Files that are damaged.


def answers_rightly(index: Kept) -> bool:
    """Whether the note's own words find it, as it was written."""
    return RIGHT in index.nearest(RIGHT)[0].text


def chroma_of(store: Path) -> Path:
    """The Chroma directory of either kind of index."""
    generation = Generations(store).current() if (store / "CURRENT").exists() else None
    return generation.chroma if generation else store


def alter_a_digit(path: Path) -> None:
    content = path.read_bytes()
    assert content.count(b"14 days")
    path.write_bytes(content.replace(b"14 days", b"44 days"))


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def invert(path: Path) -> None:
    path.write_bytes(bytes(byte ^ 0x5A for byte in path.read_bytes()))


def asked_anew(opened: Callable[..., Kept], folder: Path, store: Path) -> bool:
    """Open what is there, in a process that damage may end, and ask."""
    kind = {"store": "chroma"} if opened is OurIndex else {}
    with closing(opened(folder, store, **kind)) as index:
        return answers_rightly(index)


@pytest.mark.directory
@slow
@BOTH
@pytest.mark.parametrize("damage", [alter_a_digit, halve])
def test_damage_in_chromas_database_is_served_or_ends_the_naive_way(
    opened: Callable[..., Kept],
    harmed: bool,
    damage: Callable[[Path], None],
    folder: Path,
    tmp_path: Path,
) -> None:
    store = tmp_path / "index"
    with closing(opened(folder, store)) as index:
        index.sync()
    assert in_child(Limits(), asked_anew, opened, folder, store) == Ended(True)
    damage(chroma_of(store) / "chroma.sqlite3")
    ended = in_child(Limits(), asked_anew, opened, folder, store)
    assert (ended != Ended(True)) == harmed


@pytest.mark.directory
@slow
@BOTH
def test_damage_in_chromas_vectors_ends_the_process_of_the_naive_way(
    opened: Callable[..., Kept], harmed: bool, tmp_path: Path
) -> None:
    # Enough for Chroma to write its vectors to files of their own.
    parts = "".join(f"## Part {n}\n\n{'Fact' * 60} {n}.\n\n" for n in range(1_100))
    folder = write_notes(tmp_path / "notes", {**NOTES, "parts.md": f"# Parts\n\n{parts}"})
    store = tmp_path / "index"
    made = OneByOneLine if opened is NaiveIndex else opened
    with closing(made(folder, store)) as index:
        index.sync()
    (vectors,) = chroma_of(store).glob("*/data_level0.bin")
    invert(vectors)
    ended = in_child(Limits(), asked_anew, opened, folder, store)
    assert (ended != Ended(True)) == harmed


class OneByOneLine(NaiveIndex):
    """A piece for each line: many of them, added at once."""

    def sync(self) -> None:
        """Add all lines."""
        lines = [
            (path.name, line)
            for path in sorted(self._folder.rglob("*.md"))
            for line in path.read_text(encoding="utf-8").splitlines()
            if line
        ]
        self.database.add_texts(
            [line for _, line in lines], [{"source": name} for name, _ in lines]
        )


def test_a_digit_that_is_altered_in_our_own_database_is_not_served(
    folder: Path, tmp_path: Path
) -> None:
    ours = OurIndex(folder, tmp_path / "index")
    ours.sync()
    alter_a_digit(current(ours).catalog)
    with suppress(IngestError):
        assert answers_rightly(ours)


def test_a_digit_that_is_altered_in_our_own_database_is_mended_by_the_next_sync(
    folder: Path, tmp_path: Path
) -> None:
    ours = OurIndex(folder, tmp_path / "index")
    ours.sync()
    alter_a_digit(current(ours).catalog)
    ours.sync()
    assert answers_rightly(ours)


def test_a_byte_of_the_log_takes_committed_notes_from_a_naive_database(
    folder: Path, tmp_path: Path
) -> None:
    database, copy = tmp_path / "naive.sqlite", tmp_path / "copy.sqlite"
    log = Path(f"{copy}-wal")
    with closing(sqlite3.connect(database)) as notes:
        notes.execute("PRAGMA journal_mode = WAL")
        notes.execute("CREATE TABLE notes (name, text)")
        notes.commit()
        notes.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for name, text in NOTES.items():
            notes.execute("INSERT INTO notes VALUES (?, ?)", (name, text))
            notes.commit()
        shutil.copy(database, copy)  # what is left where the process is killed here
        shutil.copy(f"{database}-wal", log)
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)
    with closing(sqlite3.connect(copy)) as notes:
        (held,) = notes.execute("SELECT count(*) FROM notes").fetchone()
        assert notes.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert held < len(NOTES)  # and nobody was told

    ours = OurIndex(folder, tmp_path / "index")
    ours.sync()
    catalog = current(ours).catalog
    beside = [catalog.with_name(f"{catalog.name}{end}") for end in ("-wal", "-journal", "-shm")]
    assert not any(path.exists() for path in beside)  # there is no log to be damaged
    for path in beside:
        path.write_bytes(content)  # nor is one taken that somebody puts there
    with NotesIndex.open(ours.store) as index:
        assert index.sources() == tuple(sorted(NOTES))
        assert index.damage() == ()


# Disks, folders and handles that give no more.


def sync_within(opened: Opening, folder: Path, store: Path, limit: str, most: int) -> None:
    """Sync where a resource of the process ends: the size of a file, or the handles."""
    import resource

    with closing(opened(folder, store)) as index:
        if limit == "RLIMIT_NOFILE":
            most += max(int(path.name) for path in Path("/proc/self/fd").iterdir())
        resource.setrlimit(getattr(resource, limit), (most, most))
        index.sync()


def held_by(opened: Opening, folder: Path, store: Path) -> set[str]:
    """What an index says, read by a process without limits; closed by its end."""
    return {piece.text for piece in opened(folder, store).pieces()}


@slow
@posix
@BOTH
def test_a_file_that_may_not_grow_takes_all_notes_from_the_naive_way(
    opened: Opening, harmed: bool, folder: Path, tmp_path: Path
) -> None:
    store = tmp_path / "index"
    with closing(opened(folder, store)) as index:
        index.sync()
    before = in_child(Limits(), held_by, opened, folder, store).value
    assert any(RIGHT in text for text in before)
    more = "\n\n".join(f"Paragraph {n} of apples and pears." * 9 for n in range(600))
    write_notes(folder, {"large.md": f"# Large\n\n{more}\n"})
    ended = in_child(Limits(), sync_within, opened, folder, store, "RLIMIT_FSIZE", 600_000)
    assert ended.raised == ("InternalError" if harmed else "IngestError")
    after = in_child(Limits(), held_by, opened, folder, store).value
    assert (after != before) == harmed


@slow
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs a list of open handles")
@pytest.mark.parametrize(("opened", "harmed"), [(OneByOne, True), (OurIndex, False)])
def test_without_handles_the_naive_way_keeps_half_of_a_sync(
    opened: Opening, harmed: bool, folder: Path, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    with closing(opened(folder, first)) as index:
        index.sync()
    before = in_child(Limits(), held_by, opened, folder, first).value
    write_notes(folder, {name: text.replace("\n\n", "\n\nNow ") for name, text in NOTES.items()})
    found = []
    for spare in (2, 4, 6, 40):
        store = Path(shutil.copytree(first, tmp_path / f"spare-{spare}"))
        in_child(Limits(), sync_within, opened, folder, store, "RLIMIT_NOFILE", spare)
        after = in_child(Limits(), held_by, opened, folder, store).value
        found.append("old" if after == before else whole_or_not(after))
    assert found[-1] == "new"  # there were enough
    assert ("neither" in found) == harmed


def whole_or_not(held: set[str] | None) -> str:
    """Whether all that is held is of the edited notes."""
    return "new" if held and all("Now" in text for text in held) else "neither"


@contextmanager
def closed_to_writing(root: Path) -> Iterator[None]:
    for path in [root, *root.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        for path in [root, *root.rglob("*")]:
            path.chmod(0o755)


def asked_as_nobody(opened: Callable[..., Kept], folder: Path, store: Path, copy: Path) -> bool:
    """As `asked_anew`, by a user who may not write: root may, whatever the modes say."""
    # The interpreter may lie where only root can read: import everything first.
    assert asked_anew(opened, folder, copy)
    if os.getuid() == 0:
        os.setuid(65534)
    return asked_anew(opened, folder, store)


@slow
@posix
@BOTH
def test_a_folder_that_cannot_be_written_is_not_read_by_the_naive_way(
    opened: Callable[..., Kept], harmed: bool, tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory() as given:  # pytest's own are closed to other users
        root = Path(given)
        folder, store = write_notes(root / "notes", NOTES), root / "index"
        with closing(opened(folder, store)) as index:
            index.sync()
        copy = Path(shutil.copytree(store, tmp_path / "copy"))
        with closed_to_writing(root):
            ended = in_child(Limits(), asked_as_nobody, opened, folder, store, copy)
        assert ended == (Ended(raised="InternalError") if harmed else Ended(True))


@BOTH
def test_an_index_that_is_deleted_while_open_stays_broken_for_the_naive_way(
    opened: Opening, harmed: bool, folder: Path, tmp_path: Path
) -> None:
    store = tmp_path / "index"
    with closing(opened(folder, store)) as index:
        index.sync()
        assert index.passages(RIGHT)
        shutil.rmtree(store)
        try:
            index.sync()
            mended = answers_rightly(index)
        except chromadb.errors.ChromaError:
            mended = False
        assert mended != harmed


def test_a_reader_of_ours_answers_on_from_an_index_that_was_deleted(
    folder: Path, tmp_path: Path
) -> None:
    ours = OurIndex(folder, tmp_path / "index", store="chroma")
    ours.sync()
    with NotesIndex.open(ours.store) as reader:
        question = ToyEmbedder().embed_question(RIGHT)
        before = reader.nearest(question, 3)
        shutil.rmtree(ours.store)
        assert reader.nearest(question, 3) == before
        assert reader.source_text("queues.md") == NOTES["queues.md"]


# Two processes.


def sync_anew(opened: Opening, folder: Path, store: Path) -> None:
    with closing(opened(folder, store)) as index:
        index.sync()


@slow
@BOTH
def test_what_another_process_wrote_is_never_seen_by_the_naive_way(
    opened: Callable[..., Kept], harmed: bool, folder: Path, tmp_path: Path
) -> None:
    store = tmp_path / "index"
    with closing(opened(folder, store)) as index:
        index.sync()
        assert index.passages(RIGHT)
        write_notes(folder, {"planets.md": "# Planets\n\nMercury has no moons.\n"})
        assert in_child(Limits(), sync_anew, opened, folder, store) == Ended()
        for _ in range(3):
            found = index.passages("Mercury has no moons planets")
        assert all("Mercury" not in piece.text for piece in found) == harmed


def test_two_syncs_at_once_leave_the_older_notes_of_the_naive_way(
    folder: Path, tmp_path: Path
) -> None:
    store = tmp_path / "naive"

    def be_faster() -> None:
        edit(folder)
        sync_anew(NaiveIndex, folder, store)

    with closing(NaiveIndex(folder, store, Interrupting(be_faster))) as slower:
        slower.sync()
        assert all("99 days" not in piece.text for piece in slower.pieces())


def test_two_syncs_at_once_are_one_after_the_other_of_ours(folder: Path, tmp_path: Path) -> None:
    # One that has not got as far is overtaken: `test_pipeline.py` has what happens then.
    second = OurIndex(folder, tmp_path / "ours")

    def be_faster() -> None:
        edit(folder)
        second.sync()

    with pytest.raises(WriterBusy):
        OurIndex(folder, tmp_path / "ours", Interrupting(be_faster)).sync()
    second.sync()
    assert any("99 days" in piece.text for piece in second.pieces())
