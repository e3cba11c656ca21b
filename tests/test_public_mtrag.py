"""Conversations: which documents, asked how, and which recall that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from public_sets import BREAD, KEEPERS, LAMPS, ToyModels, write_sets

from chatbot.answer import Turn
from chatbot.query import LONGEST_QUESTION
from evals.public import mtrag_retrieval
from evals.public.mtrag_retrieval import (
    ALONE,
    JOINED,
    WITH_HISTORY,
    Asked,
    Item,
    ask,
    load,
    measure,
    recall,
    rows,
)
from evals.public.reading import write_notes

FIRST, SECOND = frozenset({"a.md"}), frozenset({"b.md", "c.md"})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sets(tmp_path / "data", "mtrag")


def asked(conversation: str, alone: float, with_history: float, documents: int = 1) -> Asked:
    way = {
        ALONE: dict.fromkeys((1, 3, 5), alone),
        WITH_HISTORY: dict.fromkeys((1, 3, 5), with_history),
        JOINED: dict.fromkeys((1, 3, 5), 0.0),
    }
    return Asked(conversation, documents, way)


def test_each_document_is_a_note_with_its_title_once(data: Path) -> None:
    notes, _ = load(data / mtrag_retrieval.FILE)
    assert notes == {
        "0000.md": f"# Lamps\n\n{LAMPS}\n",
        "0001.md": f"{KEEPERS}\n",
        "0002.md": f"{KEEPERS}\n",
        "0003.md": f"{BREAD}\n",
    }


def test_only_tasks_with_a_history_and_documents_are_asked(data: Path) -> None:
    _, items = load(data / mtrag_retrieval.FILE)
    assert [item.conversation for item in items] == ["first", "third"]
    assert items[0].last == "And when was it lit?"
    assert items[0].history == (Turn("What burns in the brass lamp?", "Seed oil."),)
    assert [len(item.history) for item in items] == [1, 2]


def test_documents_that_say_the_same_are_one(data: Path) -> None:
    _, items = load(data / mtrag_retrieval.FILE)
    assert items[0].right == (frozenset({"0000.md"}), frozenset({"0001.md", "0002.md"}))
    assert items[1].right == (frozenset({"0001.md", "0002.md"}),)


def test_a_task_is_asked_three_ways() -> None:
    item = Item("c", (Turn("What burns?", "Oil."), Turn("Where?", "There.")), "And when?", (FIRST,))
    ways = item.ways()
    assert (ways[ALONE].text, ways[ALONE].history) == ("And when?", ())
    assert (ways[WITH_HISTORY].text, ways[WITH_HISTORY].history) == ("And when?", item.history)
    assert (ways[JOINED].text, ways[JOINED].history) == (
        "What burns?\nOil.\nWhere?\nThere.\nAnd when?",
        (),
    )


def test_of_a_long_conversation_the_end_is_kept() -> None:
    item = Item("c", (Turn("x" * LONGEST_QUESTION, "Oil."),), "And when?", (FIRST,))
    joined = item.ways()[JOINED].text
    assert len(joined) == LONGEST_QUESTION
    assert joined.endswith("x\nOil.\nAnd when?")


@pytest.mark.parametrize(
    ("found", "share"),
    [
        ([], 0.0),
        (["d.md"], 0.0),
        (["a.md", "a.md"], 0.5),
        (["b.md", "c.md"], 0.5),  # the same text twice is one document
        (["c.md", "d.md", "a.md"], 1.0),
    ],
)
def test_recall_is_the_share_of_documents_found(found: list[str], share: float) -> None:
    assert recall(found, (FIRST, SECOND)) == share


def test_history_is_what_finds_the_thing_that_is_pointed_to(data: Path, tmp_path: Path) -> None:
    notes, items = load(data / mtrag_retrieval.FILE)
    folder = write_notes(tmp_path / "notes", notes)
    with ToyModels().open_notes(folder, tmp_path / "index") as chain:
        result = ask(chain, items[0])
    assert set(result.recall) == {ALONE, WITH_HISTORY, JOINED}
    assert result.recall[WITH_HISTORY][1] == 0.5
    assert result.recall[WITH_HISTORY][5] == 1.0  # four notes: all are found


def test_the_table_says_what_history_gains_in_pairs() -> None:
    given = [asked(name, 0.25, 0.75) for name in "abcdef"]
    table: dict[str, Any] = {row.measure: row for row in rows(given)}
    assert table[f"recall@5, {ALONE}"].ours == 0.25
    assert table[f"recall@5, {WITH_HISTORY}"].ours == 0.75
    gain = table[f"recall@5, {WITH_HISTORY} − {ALONE}"]
    assert (gain.n, gain.ours) == (6, 0.5)
    assert (gain.interval.low, gain.interval.high) == (0.5, 0.5)


def test_more_documents_than_passages_cannot_all_be_found() -> None:
    given = [asked("a", 0.0, 0.0, documents=4), asked("b", 0.0, 0.0, documents=1)]
    notes = {row.measure: row.note for row in rows(given)}
    assert notes[f"recall@1, {ALONE}"] == "at best 0.62"  # a quarter of one, all of the other
    assert notes[f"recall@5, {JOINED}"] == "at best 1.00"


def test_the_interval_draws_conversations_not_tasks() -> None:
    one_talk = [asked("a", 0.0, 1.0)] * 30
    others = [asked(name, 0.0, 0.0) for name in "bcdef"]
    (gain,) = (
        row for row in rows([*one_talk, *others]) if "@5" in row.measure and "−" in row.measure
    )
    assert gain.interval is not None
    # In a third of the draws the long conversation is not drawn at all.
    assert gain.interval.low == 0.0


def test_the_whole_way_without_weights(data: Path, tmp_path: Path) -> None:
    heard: list[str] = []
    table = measure(data, tmp_path / "work", models=ToyModels(), limit=1, on_progress=heard.append)
    assert len(table) == 12
    assert {row.n for row in table} == {1}
    assert heard == ["mtrag: reading 4 notes", "mtrag: 1 of 1"]
