"""Another note on the same thing: shown beside the first, and said to differ where it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import WordReranker
from desks import Notes, Shelf, told

from chatbot.extractive.answerer import compose
from chatbot.extractive.desk import block_line
from chatbot.extractive.other_notes import (
    ALSO,
    LOGITS_BEHIND,
    LOWEST_LOGIT,
    OTHERWISE,
    with_other_note,
)

NOTES = Notes(
    {
        "anna.md": "# Scratch\n\nScratch files are kept for 14 days.\n\nScratch is fast.\n",
        "ben.md": "# Scratch\n\nScratch files live: they are kept for 30 days.\n",
        "cleo.md": "# Scratch\n\n|disk|kept for|\n|--|--|\n|scratch|7 days|\n",
        "dora.md": "# Scratch\n\nFiles on scratch are kept for 14 days.\n",
        "emil.md": "# Scratch\n\nScratch lives in the basement, next to the boiler.\n",
    }
)


class NoOthers:
    """A searcher that knows of no other notes than the desk's candidates."""

    sources = ()


def composed(question: str, best: str, other: str, behind: float = 1.0) -> list[str]:
    first = NOTES.found(best, 5.0)
    desk = NOTES.desk(question, first, NOTES.found(other, first.logit - behind))
    return told(compose(desk, NoOthers()))  # type: ignore[arg-type]


QUESTION = "How many days are scratch files kept?"
FIRST = "Scratch files are kept for 14 days."


@pytest.mark.parametrize("behind", [1.0, 4.0])
def test_a_note_with_another_value_is_said_to_say_otherwise(behind: float) -> None:
    assert composed(QUESTION, "Scratch files are kept", "Scratch files live", behind) == [
        FIRST,
        f"{OTHERWISE} Scratch files live: they are kept for 30 days.",
    ]


def test_a_row_of_another_note_is_read_as_a_row() -> None:
    lines = composed(QUESTION, "Scratch files are kept", "scratch")
    assert lines == [FIRST, f"{ALSO} scratch — kept for: 7 days"]


def test_a_note_that_says_the_same_adds_nothing() -> None:
    assert composed(QUESTION, "Scratch files are kept", "Files on scratch") == [FIRST]


def test_a_note_without_the_asked_kind_of_value_adds_nothing() -> None:
    assert composed(QUESTION, "Scratch files are kept", "Scratch lives", behind=4.0) == [FIRST]


def test_two_notes_without_numbers_do_not_contradict_each_other() -> None:
    for behind, phrase in ((1.0, ""), (4.0, f"{ALSO} ")):  # told anyway, or told for this
        lines = composed("Where is scratch?", "Scratch is fast", "Scratch lives", behind)
        assert lines[-1] == f"{phrase}Scratch lives in the basement, next to the boiler."


@pytest.mark.parametrize("behind", [LOGITS_BEHIND + 0.1, 5.0 - LOWEST_LOGIT + 0.1])
def test_a_note_judged_far_worse_adds_nothing(behind: float) -> None:
    lines = composed(QUESTION, "Scratch files are kept", "Scratch files live", behind)
    assert not any(line.startswith((ALSO, OTHERWISE)) for line in lines)


def test_the_other_note_has_a_footnote_of_its_own() -> None:
    first, other = NOTES.found("Scratch files are kept", 5.0), NOTES.found("Scratch files live", 4)
    lines = compose(NOTES.desk(QUESTION, first, other), NoOthers())  # type: ignore[arg-type]
    assert [line.spans[0].section.source for line in lines] == ["anna.md", "ben.md"]


def test_a_note_on_something_else_is_never_said_to_say_otherwise() -> None:
    notes = Notes(
        {
            "a.md": "# Backups\n\nBackups of the database are kept for 30 days.\n",
            "b.md": "# Backups\n\nBackups of the file server are kept for 90 days.\n",
            "c.md": "# Kettle\n\nThe database is descaled every 4 weeks, kept or not.\n",
        }
    )
    best = notes.found("Backups of the database", 5.0)
    for other in ("Backups of the file", "The database is"):
        desk = notes.desk("How long are backups of the database kept?", best, notes.found(other, 4))
        lines = told(compose(desk, NoOthers()))  # type: ignore[arg-type]
        assert not any(line.startswith(OTHERWISE) for line in lines)


# What the question does not find: another note says the same in its own words, with another number

INCUBATOR = "# Lab\n\n## Incubator\n\nThe incubator keeps the cultures at 37 degrees.\n"
SPARE = "\nThe incubator keeps the spare cultures at 30 degrees.\n"
WARM = "How warm is it in there?"


def beside(
    folder: Path, notes: dict[str, str], question: str = WARM, scope: frozenset[str] | None = None
) -> list[str]:
    """What is told beside the incubator's block, which alone is on the desk."""
    with Shelf.open(notes, folder, WordReranker()) as shelf:
        desk = shelf.desk(question, **({} if scope is None else {"scope": scope}))
        best = next(c for c in desk.candidates if c.block.text.endswith("at 37 degrees."))
        line = block_line(best.section, best.block)
        lines = with_other_note(replace(desk, candidates=(best,)), (line,), shelf.searcher)
        assert lines[0] == line
        return told(lines[1:])


@pytest.mark.parametrize(
    ("other", "phrase"),
    [
        ("Cultures in the incubator are kept at 39 degrees.", OTHERWISE),
        ("The incubator keeps cultures at 36.5 degrees.", OTHERWISE),
        ("- our incubator: cultures kept at 42 degrees, always", OTHERWISE),
        ("Keep all cultures at 20 degrees until the incubator is free.", OTHERWISE),
    ],
)
def test_a_note_that_gives_another_number_for_the_same_is_found(
    tmp_path: Path, other: str, phrase: str
) -> None:
    notes = {"anna.md": INCUBATOR, "ben.md": f"# Diary\n\n{other}\n\nIt rained.\n"}
    assert beside(tmp_path, notes) == [f"{phrase} {other.removeprefix('- ')}"]


@pytest.mark.parametrize(
    "other",
    [
        "Cultures in the incubator are kept at 37 degrees.",  # the same number
        "Cultures in the incubator are kept warm.",  # none
        "The incubator keeps the cultures at 80 percent humidity.",  # of another unit
        "The oven dries the glass at 150 degrees.",  # about something else
        "37 degrees.",  # hardly any words
    ],
)
def test_a_note_that_gives_no_other_number_for_the_same_is_left_out(
    tmp_path: Path, other: str
) -> None:
    notes = {"anna.md": INCUBATOR, "ben.md": f"# Diary\n\n{other}\n"}
    assert beside(tmp_path, notes) == []


def test_a_note_that_agrees_is_passed_over_for_one_that_does_not(tmp_path: Path) -> None:
    notes = {
        "anna.md": INCUBATOR,
        "ben.md": "# Diary\n\nThe incubator keeps the cultures at 37 degrees, says Ben.\n",
        "cleo.md": "# Diary\n\nIn summer, cultures of the incubator are kept at 39 degrees.\n",
    }
    assert beside(tmp_path, notes) == [
        f"{OTHERWISE} In summer, cultures of the incubator are kept at 39 degrees."
    ]


def test_the_same_note_is_no_other_note(tmp_path: Path) -> None:
    assert beside(tmp_path, {"anna.md": INCUBATOR + SPARE, "ben.md": "# B\n\nIt rained.\n"}) == []


def test_a_single_note_has_no_other(tmp_path: Path) -> None:
    assert beside(tmp_path, {"anna.md": INCUBATOR + SPARE}) == []


@pytest.mark.parametrize(
    ("scope", "is_found"),
    [
        (None, True),
        ({"anna.md", "ben.md"}, True),
        ({"anna.md"}, False),
        ({"anna.md", "cleo.md"}, False),
    ],
)
def test_only_the_notes_in_scope_are_searched_for_another_number(
    tmp_path: Path, scope: set[str] | None, is_found: bool
) -> None:
    notes = {
        "anna.md": INCUBATOR,
        "ben.md": "# Diary\n\nCultures in the incubator are kept at 39 degrees.\n",
        "cleo.md": "# Diary\n\nIt rained.\n",
    }
    told_beside = beside(tmp_path, notes, WARM, None if scope is None else frozenset(scope))
    assert bool(told_beside) is is_found


def test_a_best_block_without_numbers_looks_for_no_other() -> None:
    class NeverAsked:
        sources = ("anna.md", "ben.md")

    best = NOTES.found("Scratch is fast", 5.0)
    line = block_line(best.section, best.block)
    desk = NOTES.desk("Is scratch fast?", best)
    assert with_other_note(desk, [line], NeverAsked()) == (line,)  # type: ignore[arg-type]


def test_a_note_that_agrees_hides_none_that_disagrees() -> None:
    desk = NOTES.desk(
        QUESTION,
        NOTES.found("Scratch files are kept", 5.0),
        NOTES.found("Files on scratch", 4.9),
        NOTES.found("Scratch files live", 4.8),
    )
    lines = told(compose(desk, NoOthers()))  # type: ignore[arg-type]
    assert any(line.startswith(OTHERWISE) for line in lines)
