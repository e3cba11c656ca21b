"""What the measurement of ingesting measures: real readings, and ratios that mean what they say."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from conftest import ToyEmbedder
from public_sets import write_sets

from evals.ingest_rate import (
    Asking,
    Quality,
    Ranked,
    Readers,
    Reading,
    Report,
    Retrieved,
    choose_pages,
    compare,
    cosines,
    in_a_process,
    main,
    measure,
    rank,
    read_naive,
    read_ours,
    retrieve,
)
from evals.naive_chain import Piece
from evals.public.awsdocs import PAGES, QUESTIONS, Item, load
from evals.public.reading import DataMissing

T = TypeVar("T")

OURS = Reading(
    chunks=400,
    characters=240_000,
    tokens=60_000,
    precision="bfloat16",
    loading=5.0,
    working=10.0,
    cpu_working=20.0,
    steps={"embed": 8.0, "store": 2.0},
)
NAIVE = Reading(
    chunks=450,
    characters=320_000,
    tokens=80_000,
    precision="float32",
    loading=4.0,
    working=30.0,
    cpu_working=50.0,
)


class ListStore:
    """Keeps the pieces in a list."""

    def __init__(self, _: Path) -> None:
        self.pieces: list[Piece] = []

    def add(self, pieces: Sequence[Piece]) -> None:
        self.pieces += pieces


def here(function: Callable[..., T], *arguments: object) -> T:
    return function(*arguments)


def ours(pages: Path, index: Path, precision: Asking) -> Reading:
    assert precision in ("auto", "float32")
    return read_ours(pages, index, precision, ToyEmbedder())


def naive(pages: Path, store: Path) -> Reading:
    return read_naive(pages, store, ListStore, ToyEmbedder())


def ask(index: Path, items: Sequence[Item]) -> Retrieved:
    return retrieve(index, items, ToyEmbedder())


TOYS = Readers(ours=ours, naive=naive, retrieve=ask, run=here)


def report(*quality: Quality) -> Report:
    return Report(
        pages=2,
        page_characters=200_000,
        ours=(OURS, replace(OURS, working=12.0), replace(OURS, working=8.0)),
        naive=(NAIVE, replace(NAIVE, working=90.0), replace(NAIVE, working=30.0)),
        float32=replace(OURS, precision="float32", working=20.0),
        quality=quality,
        cosines=(0.9999, 1.0),
    )


def test_rates_are_of_the_work_and_not_of_loading() -> None:
    assert OURS.chunks_a_second == 40
    assert OURS.tokens_a_second == 6_000
    assert OURS.characters_a_second == 24_000
    assert OURS.seconds == 15


def test_ratios_are_of_medians_and_above_one_where_ours_is_better() -> None:
    assert report().ratios() == {
        "chunks a second": pytest.approx(40 / 15),
        "tokens a second": pytest.approx(6_000 / (80_000 / 30)),
        "characters a second": pytest.approx(24_000 / (320_000 / 30)),
        "whole folder, work": pytest.approx(3),
        "whole folder, with loading": pytest.approx(34 / 15),
        "whole folder, CPU seconds of the work": pytest.approx(2.5),
    }


def test_a_share_may_lose_half_a_point_and_gain_any() -> None:
    assert report().passed()
    assert report(Quality("a", 200, chosen=0.896, float32=0.9)).passed()
    assert report(Quality("a", 200, chosen=0.95, float32=0.9)).passed()
    assert not report(Quality("a", 200, chosen=0.89, float32=0.9)).passed()
    assert report(Quality("a", 31, chosen=0.77, float32=0.81)).passed()  # one question
    assert not replace(report(), ours=(replace(OURS, working=20.0),)).passed()


def test_a_report_is_told_as_a_table_and_as_json() -> None:
    told = str(report(Quality("dense: right page @1", 31, 0.5, 0.75)))
    assert "| ours, bfloat16 | 400 | 40.0 | 6,000 | 24,000 | 10 | 15 | 20 |" in told
    assert "| tutorial's chain, float32 | 450 | 15.0 | 2,667 | 10,667 | 30 | 34 | 50 |" in told
    assert "chunks a second: 2.67 times" in told
    assert "ours, bfloat16, seconds of the work: embed 8.0, store 2.0" in told
    assert "| dense: right page @1 | 31 | 0.5000 | 0.7500 | 0.2500 |" in told
    fields = json.loads(report().to_json())
    assert fields["passed"] is True
    assert fields["ratios"]["whole folder, work"] == 3
    assert fields["ours"][0]["chunks"] == 400


def test_a_passage_counts_on_the_right_page_alone() -> None:
    found = [("b.md", "b/0", "seed oil"), ("a.md", "a/0", "light"), ("a.md", "a/1", "seed oil")]
    assert rank(found, "a.md", "seed oil") == Ranked(2, 3, ("b/0", "a/0", "a/1"))
    assert rank(found, "a.md", None) == Ranked(2, None, ("b/0", "a/0", "a/1"))
    assert rank(found, "c.md", "seed oil") == Ranked(None, None, ("b/0", "a/0", "a/1"))


def test_precisions_are_compared_by_shares_and_ranks() -> None:
    good, late, lost = Ranked(1, 1, ()), Ranked(4, None, ()), Ranked(None, None, ())
    rows = compare(
        Retrieved(dense=(good, late), fused=(), headings=(good,)),
        Retrieved(dense=(good, lost), fused=(), headings=(late,)),
    )
    assert [(row.measure, row.n, row.chosen, row.float32) for row in rows] == [
        ("dense: right page @1", 2, 0.5, 0.5),
        ("dense: right page @5", 2, 1.0, 0.5),
        ("dense: right passage @5", 2, 0.5, 0.5),
        ("dense: page, reciprocal rank", 2, 0.625, 0.5),
        ("headings: right page @1", 1, 1.0, 0.0),
        ("headings: right page @5", 1, 1.0, 1.0),
        ("headings: page, reciprocal rank", 1, 1.0, 0.25),
    ]
    assert rows[3].lost == -0.125


def test_the_pages_that_are_asked_about_are_read_first(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    for name in ("a.md", "b.md", "c.md"):
        (folder / name).write_text(name, encoding="utf-8")
    chosen = choose_pages(folder, {"c.md"}, 2, tmp_path / "some")
    assert sorted(path.name for path in chosen.iterdir()) == ["a.md", "c.md"]


def test_the_whole_way_without_weights(tmp_path: Path) -> None:
    data = write_sets(tmp_path / "data", "awsdocs")
    heard: list[str] = []
    work = tmp_path / "work"
    found = measure(data, work, pairs=2, readers=TOYS, on_progress=heard.append)
    pages = [path.read_text(encoding="utf-8") for path in (data / PAGES).iterdir()]
    assert (found.pages, found.page_characters) == (len(pages), sum(map(len, pages)))
    assert (len(found.ours), len(found.naive)) == (2, 2)
    for run in (*found.ours, *found.naive, found.float32):
        assert min(run.chunks, run.characters, run.tokens, run.working) > 0
    assert sum(found.ours[0].steps.values()) <= found.ours[0].working
    assert found.naive[0].characters == sum(map(len, pages))  # each is one chunk
    assert {row.lost for row in found.quality} == {0.0}
    asked = {row.measure: row.n for row in found.quality}
    assert asked["dense: right page @1"] == len(load(data / QUESTIONS))
    assert found.cosines == (pytest.approx(1), pytest.approx(1))
    assert cosines(work / "index", work / "index-float32") == found.cosines
    assert len(heard) == 6


def test_questions_about_pages_that_are_not_read_are_not_asked(tmp_path: Path) -> None:
    data = write_sets(tmp_path / "data", "awsdocs")
    found = measure(data, tmp_path / "work", pages=1, readers=TOYS)
    (page,) = (tmp_path / "work" / "pages").iterdir()
    asked = {row.measure: row.n for row in found.quality}
    about = [item for item in load(data / QUESTIONS) if item.page == page.name]
    assert asked["dense: right page @1"] == len(about) > 0


def test_without_the_set_nothing_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DataMissing):
        measure(tmp_path, tmp_path / "work", readers=TOYS)
    assert main([str(tmp_path)]) == 2
    assert "questions.jsonl" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--pages", "0"])
    assert "--pages: 0 measures nothing" in capsys.readouterr().err


@pytest.mark.slow
def test_a_reading_has_a_process_of_its_own() -> None:
    assert in_a_process(os.getpid) != os.getpid()
