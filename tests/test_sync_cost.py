"""What the measurement of syncing measures: real ingests of notes of the size that was asked."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from evals.sync_cost import Cost, main, measure, write_notes
from ingest.corpus import read_corpus
from ingest.readers import split_sections


def test_the_notes_have_as_many_sections_as_asked(tmp_path: Path) -> None:
    write_notes(tmp_path / "notes", 70, random.Random(0))
    sources = read_corpus([tmp_path / "notes"]).sources
    parts = [s for source in sources for s in split_sections(source) if s.level == 2]
    assert (len(sources), len(parts)) == (7, 70)


def test_each_cost_is_measured() -> None:
    cost = measure(200, None)
    assert cost.sections == 200
    assert min(cost.first, cost.unchanged, cost.edited) > 0


def test_a_cost_is_told_in_ratios() -> None:
    told = str(Cost(1000, first=20.0, unchanged=0.02, edited=0.3))
    assert told == (
        "  1,000 sections: first 20.0 s; unchanged 0.02 s, 1/1,000 of it;"
        " one section edited 0.30 s, 1.5% of it"
    )


def test_too_few_sections_to_edit_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--sections", "10"])
    assert "at least 50" in capsys.readouterr().err
