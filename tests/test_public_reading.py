"""What the public sets share: what is told, what is asked, how a line of the table is made."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from public_sets import LAMPS, PAGES, answer

from chatbot.answer import Question
from chatbot.chain import open_chain
from chatbot.settings import Settings
from evals.metrics.intervals import wilson_interval
from evals.public import reading
from evals.public.reading import (
    DataMissing,
    Packaged,
    counted,
    difference_row,
    is_within,
    letters,
    mean_row,
    require,
    share_row,
    spread,
    told,
    write_notes,
)

# What an answer tells


def test_a_line_with_two_sentences_tells_two() -> None:
    assert told(answer("A lamp gives light. It burns. [1] [12]\n- oil [2]\n- coal [3]")) == (
        "A lamp gives light.",
        "It burns.",
        "oil",
        "coal",
    )


def test_a_bracket_of_the_notes_own_is_no_marker() -> None:
    assert told(answer("items[0] is [7] first [1]")) == ("items[0] is [7] first",)


def test_who_declines_tells_nothing() -> None:
    assert told(answer("")) == ()


def test_texts_are_compared_by_letters_and_digits() -> None:
    assert letters("A `` lamp_2 '' , STRASSE !") == letters("a lamp 2, straße")
    assert letters("1.5") != letters("16")
    assert letters("…") == ""


@pytest.mark.parametrize(("rank", "found"), [(None, False), (1, True), (3, True), (4, False)])
def test_ranks_count_from_one(rank: int | None, found: bool) -> None:
    assert is_within(rank, 3) is found


# What is asked


def test_a_limit_takes_questions_from_everywhere() -> None:
    assert spread(range(100), 4) == [0, 25, 50, 75]
    assert spread([1, 2, 3], 2) == [1, 2]


@pytest.mark.parametrize("limit", [None, 3, 4])
def test_without_a_smaller_limit_all_are_asked(limit: int | None) -> None:
    assert spread([1, 2, 3], limit) == [1, 2, 3]


def test_progress_is_told_now_and_then_and_at_the_end() -> None:
    heard: list[str] = []
    assert list(counted(range(120), "set", heard.append)) == list(range(120))
    assert heard == ["set: 50 of 120", "set: 100 of 120", "set: 120 of 120"]


def test_a_folder_holds_the_notes_of_this_run_alone(tmp_path: Path) -> None:
    write_notes(tmp_path / "notes", {"a.md": "old", "b.md": "gone"})
    folder = write_notes(tmp_path / "notes", {"a.md": "né", "c.md": "new"})
    held = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert held == {"a.md": "né", "c.md": "new"}


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert require(tmp_path) == tmp_path
    with pytest.raises(DataMissing, match=r"no '.*file\.json'") as missing:
        require(tmp_path / "file.json")
    assert missing.value.path == tmp_path / "file.json"
    assert pickle.loads(pickle.dumps(missing.value)).path == missing.value.path


# A line of the table


def test_a_share_of_single_questions_has_wilsons_interval() -> None:
    row = share_row("set", "found", [True] * 9 + [False], naive=[True, False] * 5)
    assert (row.n, row.ours, row.naive) == (10, 0.9, 0.5)
    assert row.interval == wilson_interval(9, 10)


def test_questions_about_one_thing_count_as_one_in_the_interval() -> None:
    hits = [n % 2 == 0 for n in range(10) for _ in range(20)]
    alone = mean_row("set", "found", [float(hit) for hit in hits]).interval
    together = share_row("set", "found", hits, clusters=[str(n // 20) for n in range(200)])
    assert together.ours == 0.5
    assert together.interval is not None
    assert alone is not None
    assert together.interval.high - together.interval.low > 2 * (alone.high - alone.low)


def test_a_difference_is_one_minus_the_other_in_pairs() -> None:
    ours, theirs = [1.0, 0.8, 0.6, 0.9, 0.7, 0.5], [0.5, 0.3, 0.1, 0.4, 0.2, 0.0]
    row = difference_row("set", "gain", ours, theirs, clusters=list("abcdef"))
    assert row.ours == pytest.approx(0.5)
    assert row.interval is not None
    # Every pair differs by the same, so nothing is uncertain.
    assert (row.interval.low, row.interval.high) == pytest.approx((0.5, 0.5))


def test_nothing_to_count_is_no_number() -> None:
    for row in (
        share_row("set", "found", []),
        share_row("set", "found", [], clusters=[]),
        mean_row("set", "words", []),
        difference_row("set", "gain", [], [], clusters=[]),
    ):
        assert (row.n, row.ours, row.interval) == (0, None, None)


# The packaged weights


@pytest.mark.slow
def test_the_product_is_measured_as_it_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_RERANK", "false")
    monkeypatch.setenv("FOOTNOTE_EMBEDDER", "no-such-model")
    notes = write_notes(tmp_path / "notes", {"lamps.md": f"# Lamps\n\n{LAMPS}\n"})
    question, index = Question("How long does the lamp burn?"), tmp_path / "index"
    with Packaged().open_notes(notes, index) as chain:
        found = chain.search(question)
    scores = {}
    for rerank in (True, False):
        with open_chain(index, Settings(embedder="all-MiniLM-L6-v2", rerank=rerank)) as chain:
            scores[rerank] = [passage.score for passage in chain.search(question)]
    assert [passage.score for passage in found] == scores[True] != scores[False]


@pytest.mark.slow
def test_the_tutorials_store_is_made_once_for_the_same_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = write_notes(tmp_path / "notes", PAGES)
    (first,) = Packaged().open_naive(notes, tmp_path / "store").nearest("How is bread made?", 1)
    assert first.source == "bread.md"

    def fail(*_: object) -> None:
        raise AssertionError("embedded again")

    monkeypatch.setattr(reading.NaiveChain, "add", fail)
    again = Packaged().open_naive(notes, tmp_path / "store")
    assert again.nearest("How is bread made?", 1) == [first]
    (notes / "bread.md").write_text("# Bread\n\nOther bread.\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="embedded again"):
        Packaged().open_naive(notes, tmp_path / "store")
