"""The tutorial's chain: how it cuts, and that one opened store answers many questions."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from public_sets import BREAD, KEEPERS, LAMPS

from evals.naive_chain import CHUNK_OVERLAP, CHUNK_SIZE, NaiveChain, Piece, main, pieces_of, split


def test_chunks_are_no_longer_than_they_may_be_and_overlap() -> None:
    text = " ".join(f"word{n}" for n in range(1000))
    chunks = split(text)
    assert all(len(chunk) <= CHUNK_SIZE for chunk in chunks)
    for before, after in pairwise(chunks):
        shared = after[: after.index(before.split()[-1]) + len(before.split()[-1])]
        assert before.endswith(shared)
        assert CHUNK_OVERLAP // 2 < len(shared) <= CHUNK_OVERLAP


def test_paragraphs_stay_whole_where_they_fit() -> None:
    paragraph = "x" * 600
    assert split(f"{paragraph}\n\n{paragraph}") == [paragraph, paragraph]
    assert split("one\n\ntwo") == ["one\n\ntwo"]


def test_pieces_know_the_file_that_they_were_cut_from(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.md").write_text("first", encoding="utf-8")
    (tmp_path / "b.txt").write_text("second", encoding="utf-8")
    (tmp_path / "c.png").write_text("not a note", encoding="utf-8")
    assert pieces_of(tmp_path) == [Piece("b.txt", "second"), Piece("below/a.md", "first")]
    assert pieces_of(tmp_path / "b.txt") == [Piece("b.txt", "second")]


@pytest.mark.slow
def test_one_opened_store_answers_many_questions(tmp_path: Path) -> None:
    chain = NaiveChain(tmp_path)
    chain.add([Piece("lamps", LAMPS), Piece("keepers", KEEPERS), Piece("bread", BREAD)])
    first, _ = chain.nearest("How is bread made?", 2)
    assert first == Piece("bread", BREAD)
    assert chain.nearest("Who was paid in coal?") == chain.nearest("Who was paid in coal?")
    assert chain.nearest("Who was paid in coal?", 1) == [Piece("keepers", KEEPERS)]


@pytest.mark.slow
def test_the_command_makes_the_store_and_then_asks_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes, store = tmp_path / "notes.md", tmp_path / "store"
    notes.write_text(LAMPS, encoding="utf-8")
    assert main([str(notes), "--store", str(store)]) == 0
    assert capsys.readouterr().out == ""
    assert main([str(notes), "--store", str(store), "--question", "What burns oil?"]) == 0
    assert capsys.readouterr().out == f"{LAMPS}\n\n---\n\n"
