"""Encyclopedia questions: where the paragraph is found, where the gold answer is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from public_sets import ToyModels, answer, passage, write_sets

from chatbot.answer import Question
from evals.public import xquad
from evals.public.reading import DataMissing, write_notes
from evals.public.xquad import Asked, judge, load, measure, rows
from evals.study_notes.questions import StudyQuestion

PART = "Harbour light, part 2"


def item(*gold: str) -> StudyQuestion:
    return StudyQuestion(
        id="q", question="?", kind="fact", answerable=True, sections=(PART,), key_facts=(gold,)
    )


def asked(**fields: Any) -> Asked:
    plain: dict[str, Any] = {
        "article": "A", "paragraph_rank": 1, "answer_at": 1, "declined": False, "first_words": 5,
    }  # fmt: skip
    return Asked(**{**plain, **fields})


def figures(*given: Asked) -> dict[str, float | None]:
    return {row.measure: row.ours for row in rows(given)}


def test_every_paragraph_of_an_article_is_a_section_of_its_note(tmp_path: Path) -> None:
    notes, questions = load(write_sets(tmp_path, "xquad") / xquad.FILE)
    assert sorted(notes) == ["harbour-light.md", "rye-bread.md"]
    assert "## Harbour light, part 1\n" in notes["harbour-light.md"]
    assert "## Harbour light, part 2\n" in notes["harbour-light.md"]
    assert [q.sections for q in questions][2] == (PART,)
    assert all(q.answerable for q in questions)


def test_the_paragraph_is_right_by_its_heading() -> None:
    found = [passage("a.md", "Harbour light", f"Harbour light, part {n}") for n in (1, 3, 2, 2)]
    assert judge(item("coal"), answer("x [1]", *found)).paragraph_rank == 3
    assert judge(item("coal"), answer("x [1]", *found[:2])).paragraph_rank is None


def test_a_gold_answer_is_looked_for_sentence_by_sentence() -> None:
    given = answer("They climbed. They were paid in **coal**. [1]\n- coal [2]")
    result = judge(item("silver", "Coal"), given)
    assert result.answer_at == 2
    assert result.first_words == 2
    assert result.article == "Harbour light"


def test_a_number_within_a_number_is_no_answer() -> None:
    assert judge(item("30"), answer("It burns for 130 hours. [1]")).answer_at is None


def test_who_declines_has_not_told_the_answer() -> None:
    result = judge(item("Lamps"), answer("", passage("a.md", PART)))
    assert result.declined
    assert result.answer_at is None
    assert result.paragraph_rank == 1


def test_shares_are_of_all_and_lengths_of_the_answered() -> None:
    table = figures(
        asked(first_words=10),
        asked(paragraph_rank=3, answer_at=3, first_words=20),
        asked(paragraph_rank=None, answer_at=None, declined=True, first_words=0),
        asked(paragraph_rank=5, answer_at=4, first_words=30),
    )
    assert table == {
        "right paragraph @1": 0.25,
        "right paragraph @3": 0.5,
        "right paragraph @5": 0.75,
        "gold answer in the first sentence": 0.25,
        "gold answer in the first three": 0.5,
        "declined": 0.25,
        "words of the first sentence, mean": 20.0,
    }


def test_the_whole_way_without_weights(tmp_path: Path) -> None:
    heard: list[str] = []
    table = measure(
        write_sets(tmp_path / "data"),
        tmp_path / "work",
        models=ToyModels(),
        limit=None,
        on_progress=heard.append,
    )
    by_measure = {row.measure: row for row in table}
    assert by_measure["right paragraph @5"].n == 4
    # Three paragraphs in all: each is among the first five passages.
    assert by_measure["right paragraph @5"].ours == 1.0
    assert heard == ["xquad: reading 2 notes", "xquad: 4 of 4"]


def test_a_limit_asks_less_of_the_same_notes(tmp_path: Path) -> None:
    write_sets(tmp_path)
    table = measure(
        tmp_path, tmp_path / "work", models=ToyModels(), limit=2, on_progress=lambda _: None
    )
    assert table[0].n == 2
    assert len(list((tmp_path / "work" / "notes").iterdir())) == 2


def test_an_answers_passages_are_what_a_search_finds(tmp_path: Path) -> None:
    notes, questions = load(write_sets(tmp_path, "xquad") / xquad.FILE)
    folder = write_notes(tmp_path / "notes", notes)
    with ToyModels().open_notes(folder, tmp_path / "index") as chain:
        for question in questions:
            asked_for = Question(question.question)
            assert list(chain.invoke(asked_for).passages) == chain.search(asked_for)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(DataMissing):
        load(tmp_path / xquad.FILE)
