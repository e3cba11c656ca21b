"""Another note on the same thing: shown beside the first, and said to differ where it does."""

from __future__ import annotations

import pytest
from desks import Notes, told

from chatbot.extractive.answerer import compose
from chatbot.extractive.other_notes import ALSO, LOGITS_BEHIND, LOWEST_LOGIT, OTHERWISE

NOTES = Notes(
    {
        "anna.md": "# Scratch\n\nScratch files are kept for 14 days.\n\nScratch is fast.\n",
        "ben.md": "# Scratch\n\nScratch files live: they are kept for 30 days.\n",
        "cleo.md": "# Scratch\n\n|disk|kept for|\n|--|--|\n|scratch|7 days|\n",
        "dora.md": "# Scratch\n\nFiles on scratch are kept for 14 days.\n",
        "emil.md": "# Scratch\n\nScratch lives in the basement, next to the boiler.\n",
    }
)


def composed(question: str, best: str, other: str, behind: float = 1.0) -> list[str]:
    first = NOTES.found(best, 5.0)
    desk = NOTES.desk(question, first, NOTES.found(other, first.logit - behind))
    return told(compose(desk, searcher=None))  # type: ignore[arg-type] # nothing is compared


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
    lines = compose(NOTES.desk(QUESTION, first, other), searcher=None)  # type: ignore[arg-type]
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
        lines = told(compose(desk, searcher=None))  # type: ignore[arg-type]
        assert not any(line.startswith(OTHERWISE) for line in lines)
