from pathlib import Path

import pytest

from ingest.errors import IndexDamaged, IndexNotFound
from ingest.generations import Generation, Generations


def make(generations: Generations) -> Generation:
    generation = generations.create()
    generation.manifest.write_text("{}")
    generations.make_current(generation)
    return generation


def test_says_that_there_is_no_index_yet(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match="footnote ingest"):
        Generations(tmp_path).lease()


def test_points_to_the_generation_that_was_made_current(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    make(generations)
    second = make(generations)
    assert generations.current() == second
    assert second.name.startswith("000002-")


def test_keeps_a_generation_while_a_reader_holds_it(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    old = make(generations)
    lease = Generations(tmp_path).lease()
    make(generations)
    assert generations.remove_unread() == ()
    assert old.path.is_dir()
    lease.release()
    assert generations.remove_unread() == (old.name,)
    assert not old.path.exists()


def test_a_lock_file_of_a_dead_reader_holds_nothing(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    old = make(generations)
    (old.readers / "dead.lock").touch()
    make(generations)
    assert generations.remove_unread() == (old.name,)


def test_removes_what_a_killed_writer_left_half_built(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    current = make(generations)
    half = generations.create()
    (half.path / "notes.sqlite").write_bytes(b"half")
    assert generations.remove_unread() == (half.name,)
    assert current.path.is_dir()


def test_never_removes_what_is_not_a_generation(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    make(generations)
    mine = tmp_path / "generations" / "my own folder"
    mine.mkdir()
    generations.remove_unread()
    assert mine.is_dir()


def test_a_reader_that_meets_a_flip_takes_the_new_generation(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    make(generations)

    class FlipsOnce(Generations):
        """Becomes stale between a reader's first look at CURRENT and its lease."""

        flipped = False

        def current(self) -> Generation | None:
            found = super().current()
            if not self.flipped:
                self.flipped = True
                make(generations)
                generations.remove_unread()
            return found

    reader = FlipsOnce(tmp_path)
    lease = reader.lease()
    assert lease.generation == generations.current()
    assert lease.held
    lease.release()


@pytest.mark.parametrize("pointer", ["", "../../etc", "000001-zzzzzzzz", "\x00", "ü"])
def test_refuses_a_pointer_that_names_no_generation(tmp_path: Path, pointer: str) -> None:
    (tmp_path / "CURRENT").write_text(pointer, encoding="utf-8")
    with pytest.raises(IndexDamaged):
        Generations(tmp_path).lease()


def test_refuses_a_pointer_to_a_generation_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "CURRENT").write_text("000001-0123abcd\n")
    with pytest.raises(IndexDamaged, match="000001-0123abcd is not there"):
        Generations(tmp_path).lease()


def test_reads_without_a_lease_where_nothing_can_be_written(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    generation = make(generations)
    generation.readers.rmdir()
    generation.readers.touch()  # no lock file can be made in it
    lease = generations.lease()
    assert lease.generation == generation
    assert not lease.held
    lease.release()


def test_a_released_lease_leaves_no_file(tmp_path: Path) -> None:
    generation = make(Generations(tmp_path))
    lease = Generations(tmp_path).lease()
    assert len(list(generation.readers.iterdir())) == 1
    lease.release()
    lease.release()
    assert list(generation.readers.iterdir()) == []
