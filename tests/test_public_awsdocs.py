"""A large folder: the right page, the right passage, and the answer's words in quotes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from public_sets import PAGES, ToyModels, write_sets

from evals.public import awsdocs
from evals.public.awsdocs import Asked, Item, Ranks, ask, holds, load, measure, ranks, rows
from evals.public.reading import DataMissing, write_notes

ITEM = Item(id="1", question="?", answer="burns seed oil", page="lamps.md")


def asked(page: str = "a.md", **fields: Any) -> Asked:
    plain: dict[str, Any] = {
        "ours": Ranks(1, 1), "naive": Ranks(None, None), "quoted": True, "declined": False,
        "our_words": 100, "naive_words": 200,
    }  # fmt: skip
    return Asked(page, **{**plain, **fields})


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("It burned seed oils.", "burns seed oil"),  # inflection aside
        ("the lamp\\-v2\\.1 burns", "lamp-v2.1"),  # these pages escape every mark
        ("oil of the seed, burnt: it burns", "The burning of seed oil."),
        ("a b c d e f g h i 1 2 3 4 5 6 7 8 9", "1 2 3 4 5 6 7 8 9 10"),  # nine of ten
        ("2 GB", "2"),
        ("it is", "it is"),  # nothing but function words
    ],
)
def test_a_text_holds_an_answer_by_its_words(text: str, answer: str) -> None:
    assert holds(text, answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("It burns oil.", "burns seed oil"),
        ("200", "2"),
        ("1 2 3 4 5 6 7 8", "1 2 3 4 5 6 7 8 9 10"),
        ("oil oil oil", "oil and coal"),
        ("", "oil"),
        ("anything", "…"),
    ],
)
def test_a_text_without_the_words_does_not(text: str, answer: str) -> None:
    assert not holds(text, answer)


def test_a_passage_is_right_on_the_right_page_alone() -> None:
    found = [
        ("bread.md", "burns seed oil"),
        ("lamps.md", "gives light"),
        ("lamps.md", "burns seed oil"),
    ]
    assert ranks(ITEM, found) == Ranks(page=2, passage=3)
    assert ranks(ITEM, found[:2]) == Ranks(page=2, passage=None)
    assert ranks(ITEM, found[:1]) == Ranks(page=None, passage=None)


def test_both_chains_are_held_against_the_same_page(tmp_path: Path) -> None:
    data = write_sets(tmp_path / "data", "awsdocs")
    first, second = load(data / awsdocs.QUESTIONS)
    folder = write_notes(tmp_path / "notes", PAGES)
    models = ToyModels()
    naive = models.open_naive(folder, tmp_path / "store")
    with models.open_notes(folder, tmp_path / "index") as chain:
        lamp, keepers = ask(chain, naive, first), ask(chain, naive, second)
    assert (lamp.ours.page, lamp.ours.passage) == (1, 1)
    assert lamp.naive == Ranks(1, 1)
    assert keepers.ours.page == 1
    assert keepers.ours.passage is None  # the notes say coal
    assert keepers.naive == Ranks(1, None)
    assert not keepers.quoted
    assert lamp.naive_words == sum(
        len(piece.text.split()) for piece in naive.nearest("?", awsdocs.COMPARED_AT)
    )


def test_who_declines_quotes_nothing(tmp_path: Path) -> None:
    folder = write_notes(tmp_path / "notes", PAGES)
    models = ToyModels()
    with models.open_notes(folder, tmp_path / "index") as chain:
        item = Item(id="3", question="Xyzzy plugh?", answer="seed oil", page="lamps.md")
        result = ask(chain, models.open_naive(folder, tmp_path), item)
    assert result.declined
    assert not result.quoted


def test_ours_and_the_tutorials_stand_side_by_side() -> None:
    table = {
        row.measure: row
        for row in rows(
            [
                asked("a.md", naive=Ranks(1, 6)),
                asked("b.md", ours=Ranks(2, None), quoted=False, naive=Ranks(10, 10)),
                asked("c.md", ours=Ranks(None, None), quoted=False, declined=True),
                asked("d.md", ours=Ranks(5, 5)),
                asked("e.md", ours=Ranks(1, 8)),
            ]
        )
    }
    shares = {name: (row.ours, row.naive) for name, row in table.items()}
    assert shares["right page @1"] == (0.4, 0.2)
    assert shares["right page @5"] == (0.8, 0.2)
    assert shares["right page @10"] == (0.8, 0.4)
    assert shares["right passage @1"] == (0.2, 0.0)
    assert shares["right passage @5"] == (0.4, 0.0)
    assert shares["right passage @10"] == (0.6, 0.4)
    assert shares["answer's words in our quotes"] == (0.6, None)
    assert shares["declined"] == (0.2, None)
    assert shares["words of the first 5 passages, mean"] == (100.0, 200.0)
    assert table["right page @5, ours − naive"].ours == pytest.approx(0.6)
    assert table["right page @5"].interval is not None
    assert table["right page @5, ours − naive"].interval is not None


def test_the_whole_way_without_weights(tmp_path: Path) -> None:
    heard: list[str] = []
    data = write_sets(tmp_path / "data", "awsdocs")
    models = ToyModels()
    table = measure(data, tmp_path / "work", models=models, limit=None, on_progress=heard.append)
    assert {row.n for row in table} == {2}
    assert models.opened == [data / awsdocs.PAGES]  # the pages are read where they are
    assert heard[-1] == "awsdocs: 2 of 2"


def test_pages_without_questions_are_not_enough(tmp_path: Path) -> None:
    data = write_sets(tmp_path, "awsdocs")
    (data / awsdocs.QUESTIONS).unlink()
    with pytest.raises(DataMissing, match="questions"):
        measure(data, tmp_path / "work", models=ToyModels(), limit=None, on_progress=lambda _: None)
