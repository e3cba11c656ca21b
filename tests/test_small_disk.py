"""A disk that fills up, or may not be written: a real one, small, and really full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import chromadb.errors
import pytest
from conftest import NOTES, ToyEmbedder, write_notes
from kept import answer, contents
from limited_child import Limits, in_child
from naive_index import NaiveIndex, Piece

from chatbot.errors import UserDataUnwritable
from chatbot.user_data import UserData
from chatbot.user_data.backup import back_up
from chatbot.user_data.restore import restore
from ingest.errors import IngestError
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

MEGABYTES = 4

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs"]
    try:
        mounted = subprocess.run(["mount", *options, str(disk)], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def large_note(words: int) -> str:
    paragraphs = (f"Paragraph {n} of apples and pears number {n * 7}." for n in range(words // 9))
    return "# Large\n\n" + "\n\n".join(paragraphs) + "\n"


@pytest.mark.directory
def test_a_full_disk_leaves_the_old_index_whole(small_disk: Path, tmp_path: Path) -> None:
    folder = write_notes(tmp_path / "notes", NOTES)
    index, embedder = small_disk / "index", ToyEmbedder()
    first = ingest_notes([folder], index, embedder=embedder)
    large = folder / "large.md"
    large.write_text(large_note(60_000))
    for _ in range(3):  # again and again: what failed must not pile up
        with pytest.raises(IngestError, match="could not be written") as failed:
            ingest_notes([folder], index, embedder=embedder)
        assert "\n" not in str(failed.value)
        with NotesIndex.open(index) as opened:
            assert opened.generation == first.generation
            assert opened.damage() == ()
            assert opened.nearest(embedder.embed_question("message"), 2)
        assert len(list((index / "generations").iterdir())) == 1
    large.unlink()
    (folder / "small.md").write_text("# Small\n\nThere is room for this.\n")
    mended = ingest_notes([folder], index, embedder=embedder)
    assert mended.changes.added == ("small.md",)


@pytest.mark.directory
def test_a_disk_that_is_full_from_the_start_says_so(small_disk: Path, tmp_path: Path) -> None:
    folder = write_notes(tmp_path / "notes", NOTES)
    (small_disk / "filler").write_bytes(b"\0" * (MEGABYTES * 1_000_000))
    with pytest.raises(IngestError, match="could not be written"):
        ingest_notes([folder], small_disk / "index", embedder=ToyEmbedder())


def pieces_after(folder: Path, store: Path) -> list[Piece]:
    return NaiveIndex(folder, store).pieces()


def test_a_full_disk_takes_every_note_from_the_naive_way(small_disk: Path, tmp_path: Path) -> None:
    folder = write_notes(tmp_path / "notes", NOTES)
    store = small_disk / "index"
    with closing(NaiveIndex(folder, store)) as index:
        index.sync()
        before = index.pieces()
        assert before
        (folder / "large.md").write_text(large_note(300_000))
        with pytest.raises(chromadb.errors.ChromaError):
            index.sync()
    # Neither the old notes nor the new: they cannot be read, or are half of each.
    after = in_child(Limits(), pieces_after, folder, store)
    assert after.raised or after.value != before


def test_what_was_kept_before_the_disk_was_full_is_whole(small_disk: Path) -> None:
    kept = UserData(small_disk / "home")
    conversation = kept.start("default", answer("one"))
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * (MEGABYTES * 1_000_000 - 150_000))
    long = answer("two", "word " * 5_000)

    def keep_on() -> None:
        nonlocal conversation
        for _ in range(100):
            conversation = kept.append(conversation, long)

    with pytest.raises(UserDataUnwritable, match="full") as failed:
        keep_on()
    assert "\n" not in str(failed.value)
    assert len(contents(kept.path)["turns"]) == conversation.turns
    filler.unlink()
    assert kept.append(conversation, long).turns == conversation.turns + 1


def test_a_disk_that_is_full_from_the_start_keeps_nothing_and_leaves_nothing(
    small_disk: Path,
) -> None:
    (small_disk / "filler").write_bytes(b"\0" * (MEGABYTES * 1024 * 1024 - 20_000))
    kept = UserData(small_disk / "home")
    with pytest.raises(UserDataUnwritable):
        kept.start("default", answer())
    assert list(kept.path.parent.iterdir()) == []


def test_a_disk_that_may_only_be_read_is_read(small_disk: Path) -> None:
    kept = UserData(small_disk / "home")
    conversation = kept.start("default", answer("one"))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert kept.conversations() == (conversation,)
    with pytest.raises(UserDataUnwritable) as failed:
        kept.append(conversation, answer("two"))
    assert "\n" not in str(failed.value)


def test_no_room_for_a_backup_or_a_restore_leaves_all_as_it_was(
    small_disk: Path, tmp_path: Path
) -> None:
    long = answer("long", "".join(map(str, range(100_000))))
    large = UserData(tmp_path / "large")
    for _ in range(4):
        large.start("default", long)
    file = back_up(large.path.parent, tmp_path / "large.zip", []).file
    with pytest.raises(UserDataUnwritable, match=r"No space|full"):
        back_up(large.path.parent, small_disk / "backup.zip", [])
    assert list(small_disk.iterdir()) == []
    kept = UserData(small_disk / "home")
    kept.start("default", answer("mine"))
    with pytest.raises(UserDataUnwritable, match=r"No space|full") as failed:
        restore(file, kept.path.parent, [], confirm=lambda _: True)
    assert "\n" not in str(failed.value)
    assert [conversation.title for conversation in kept.conversations()] == ["mine"]
    assert not (small_disk / "home" / "restoring").exists()
