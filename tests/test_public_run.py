"""All public sets in one table: what is missing is skipped, and said to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from public_sets import SETS, ToyModels, write_sets

from evals.metrics.intervals import Interval
from evals.public import run
from evals.public.reading import Row
from evals.public.run import as_markdown, main, measure


def test_every_set_is_measured_in_one_table(tmp_path: Path) -> None:
    table = measure(write_sets(tmp_path), models=ToyModels())
    assert list(dict.fromkeys(row.dataset for row in table)) == list(run.SETS) == list(SETS)
    assert all(row.n > 0 for row in table)
    assert len({(row.dataset, row.measure) for row in table}) == len(table)


@pytest.mark.parametrize("present", list(SETS))
def test_what_is_missing_is_skipped_with_a_reason(tmp_path: Path, present: str) -> None:
    heard: list[str] = []
    table = measure(write_sets(tmp_path, present), models=ToyModels(), on_progress=heard.append)
    skipped = [row for row in table if row.measure == "skipped"]
    assert [row.dataset for row in skipped] == [name for name in run.SETS if name != present]
    assert all(row.ours is None and row.n == 0 and "There is no" in row.note for row in skipped)
    assert {row.dataset for row in table if row not in skipped} == {present}
    assert sum("skipped" in line for line in heard) == 3


def test_only_what_is_named_is_measured(tmp_path: Path) -> None:
    models = ToyModels()
    table = measure(write_sets(tmp_path), only=["mtrag"], limit=1, models=models)
    assert {row.dataset for row in table} == {"mtrag"}
    assert {row.n for row in table} == {1}
    assert len(models.opened) == 1


def test_a_cache_keeps_notes_and_indexes_and_without_one_nothing_is_left(tmp_path: Path) -> None:
    data, cache, models = write_sets(tmp_path / "data"), tmp_path / "cache", ToyModels()
    first = measure(data, only=["xquad"], cache=cache, models=models)
    assert (cache / "xquad" / "notes" / "rye-bread.md").is_file()
    assert (cache / "xquad" / "index").is_dir()
    assert measure(data, only=["xquad"], cache=cache, models=models) == first
    assert measure(data, only=["xquad"], models=models) == first
    assert not models.opened[-1].exists()


def test_a_set_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no set \['squid'\].*xquad"):
        measure(tmp_path, only=["squid", "xquad"])


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_asks_something(tmp_path: Path, limit: int) -> None:
    with pytest.raises(ValueError, match="asks nothing"):
        measure(tmp_path, limit=limit)


def test_the_table_can_be_read() -> None:
    table = as_markdown(
        [
            Row("a", "found", 10, 0.9, naive=0.5, interval=Interval(0.6, 0.98)),
            Row("a", "words, mean", 10, 23.25),
            Row("b", "skipped", 0, None, note="not there"),
        ]
    )
    assert table.splitlines()[2:] == [
        "| a | found | 10 | 0.900 | 0.500 | 0.600 to 0.980 |  |",
        "| a | words, mean | 10 | 23.2 |  |  |  |",
        "| b | skipped | 0 | n/a |  |  | not there |",
    ]
    assert len({line.count("|") for line in table.splitlines()}) == 1


def test_an_empty_folder_gives_reasons_not_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["measure"] for row in rows] == ["skipped"] * 4


@pytest.mark.parametrize(
    "arguments", [[], ["no-such-folder"], [".", "--only", "squid"], [".", "--limit", "0"]]
)
def test_what_cannot_be_measured_is_refused_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.slow
def test_the_real_weights_find_the_made_up_answers(tmp_path: Path) -> None:
    table = measure(write_sets(tmp_path), only=["awsdocs"])
    found = {row.measure: (row.ours, row.naive) for row in table}
    assert found["right page @1"] == (1.0, 1.0)
    assert found["right passage @1"] == (0.5, 0.5)  # the notes say nothing of silver
