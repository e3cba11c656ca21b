"""Tables: the asked cell, the rows of a value, the largest and the smallest, all labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from desks import Notes, told

from chatbot.draft import Line
from chatbot.extractive import tables
from chatbot.extractive.tables import MOST_CELLS, MOST_ROWS

CLASSES = (
    "# Storage\n\n"
    "| storage class | AZs | minimum duration | remark |\n|---|---|---|---|\n"
    "| Standard | 3 | 0 days | the *default* |\n"
    "| One Zone | 1 | 30 days | lost with its zone |\n"
    "| Instant | 3 | 90 days | |\n"
    "| Deep Archive | 3 | 180 days | the cheapest |\n"
)


LONG_REMARK = "lost with its zone, as every copy of an object stands in one building only"


@pytest.fixture(scope="module")
def classes() -> Notes:
    return Notes.of(CLASSES)


@pytest.fixture(scope="module")
def long_rows() -> Notes:
    return Notes.of(CLASSES.replace("lost with its zone", LONG_REMARK))


def composed(notes: Notes, question: str, opening: str) -> tuple[Line, ...]:
    best = notes.found(opening)
    return tables.compose(notes.desk(question, best), best)


@pytest.mark.parametrize(
    ("question", "opening", "line"),
    [
        (
            "What is the minimum duration of Deep Archive?",
            "Deep",
            "Deep Archive — minimum duration: 180 days",
        ),
        ("How many AZs does One Zone have?", "One", "One Zone — AZs: 1"),
        ("How many availability zones does Instant use?", "Instant", "Instant — AZs: 3"),
        ("What is the remark on Standard?", "Standard", "Standard — remark: the default"),
    ],
)
def test_gives_the_cell_of_the_asked_row_and_column(
    classes: Notes, question: str, opening: str, line: str
) -> None:
    assert told(composed(classes, question, opening)) == [line]


def test_a_cell_is_cited_by_its_row_and_by_the_header(classes: Notes) -> None:
    lines = composed(classes, "minimum duration of One Zone", "One")
    assert classes.quotes(lines) == [
        "One Zone | 1 | 30 days | lost with its zone",
        "storage class | AZs | minimum duration | remark",
    ]


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        ("Which storage class keeps objects in 1 AZ?", ["One Zone"]),
        ("Which class has one AZ only?", ["One Zone"]),
        ("Which storage classes use 3 AZs?", ["Standard", "Instant", "Deep Archive"]),
        ("Which class has a minimum duration of 90 days?", ["Instant"]),
        ("What has 180 days?", ["Deep Archive"]),
    ],
)
def test_gives_the_rows_that_hold_a_value(classes: Notes, question: str, labels: list[str]) -> None:
    lines = told(composed(classes, question, "Standard"))
    assert [line.split(" — ")[0] for line in lines] == labels


def test_a_value_that_every_row_holds_tells_no_row_apart() -> None:
    notes = Notes.of("|type|limit|\n|--|--|\n|a|5 MB|\n|b|5 MB|\n")
    assert len(composed(notes, "What has a limit of 5?", "b")) == 1


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("Which class has the longest minimum duration?", "Deep Archive"),
        ("Which class has the shortest minimum duration?", "Standard"),
        ("Which class has the fewest AZs?", "One Zone"),
    ],
)
def test_gives_the_largest_and_the_smallest(classes: Notes, question: str, label: str) -> None:
    (line,) = told(composed(classes, question, "Instant"))
    assert line.startswith(f"{label} — ")


def test_numbers_are_compared_as_numbers() -> None:
    notes = Notes.of("|type|limit|\n|--|--|\n|a|9 MB|\n|b|1,000.5 MB|\n|c|100 MB|\n")
    assert told(composed(notes, "What has the highest limit?", "a")) == ["b — limit: 1,000.5 MB"]


def test_all_that_share_the_extreme_are_given(classes: Notes) -> None:
    lines = told(composed(classes, "What has the most AZs?", "One"))
    assert [line.split(" — ")[0] for line in lines] == ["Standard", "Instant", "Deep Archive"]


def test_the_longest_takes_the_units_into_account() -> None:
    notes = Notes.of(
        "|task|duration|\n|--|--|\n|start|90 seconds|\n|copy|2 hours|\n|audit|1 day|\n"
    )
    assert told(composed(notes, "Which task has the longest duration?", "start")) == [
        "audit — duration: 1 day"
    ]


@pytest.mark.parametrize("phrase", ["at least", "at most"])
def test_at_least_and_at_most_are_no_superlatives(classes: Notes, phrase: str) -> None:
    question = f"For what minimum duration is an object stored {phrase}?"
    (line,) = told(composed(classes, question, "Instant"))
    assert line.startswith("Instant — ")


def test_sizes_in_unlike_units_are_not_compared() -> None:
    notes = Notes.of("|type|limit|\n|--|--|\n|a|90 GB|\n|b|2 TB|\n")
    assert told(composed(notes, "What has the highest limit?", "b")) == ["b — limit: 2 TB"]


def test_gives_all_labels_when_they_are_what_was_asked_for(classes: Notes) -> None:
    lines = composed(classes, "What are the storage classes?", "Instant")
    assert told(lines) == ["- Standard", "- One Zone", "- Instant", "- Deep Archive"]
    quotes = classes.quotes(lines)
    assert len(quotes) == 2
    assert quotes[0].startswith("Standard | 3")
    assert quotes[0].endswith("the cheapest")


def test_a_long_table_is_cut() -> None:
    rows = "".join(f"|volume{n}|{n % 2}|\n" for n in range(40))
    notes = Notes.of(f"|volume|speed|\n|--|--|\n{rows}")
    assert len(composed(notes, "List all the volumes", "volume15")) == MOST_ROWS
    assert len(composed(notes, "Which have a speed of 1?", "volume15")) == MOST_ROWS


class Preferring:
    """Likes the cells that hold one of these words."""

    def __init__(self, *preferred: str) -> None:
        self.preferred = preferred

    def __call__(self, question: str, texts: Sequence[str]) -> list[float]:
        return [5.0 if any(word in text for word in self.preferred) else -5.0 for text in texts]


def cells(notes: Notes, question: str, opening: str, judge: Preferring) -> list[str]:
    best = notes.found(opening)
    desk = replace(notes.desk(question, best), judge=judge)
    chosen = tables.cells_asked(desk, best.section, best.block)
    return [best.block.cells[at].text for at in chosen]


def test_the_best_judged_cells_are_given_when_no_column_is_named(long_rows: Notes) -> None:
    question = "What about One Zone?"
    assert cells(long_rows, question, "One", Preferring("lost")) == [LONG_REMARK]
    assert cells(long_rows, question, "One", Preferring("30 days", "lost")) == [
        "30 days",
        LONG_REMARK,
    ]


def test_no_more_than_a_few_cells_of_a_long_row_are_given(long_rows: Notes) -> None:
    assert len(cells(long_rows, "What about One Zone?", "One", Preferring("One"))) == MOST_CELLS


def test_a_short_row_is_given_whole_when_no_column_is_named(classes: Notes) -> None:
    given = cells(classes, "What about One Zone?", "One", Preferring("lost"))
    assert given == ["1", "30 days", "lost with its zone"]


def test_a_cell_of_the_asked_kind_is_given_where_the_named_column_has_none() -> None:
    notes = Notes.of("|worker|DPU per worker|memory|\n|--|--|--|\n|G.2X|2|32 GB|\n|G.1X|1|16 GB|\n")
    question = "How many gigabytes of RAM has a G.2X worker per DPU?"
    assert cells(notes, question, "G.2X", Preferring("DPU")) == ["2", "32 GB"]


def test_a_cell_that_holds_the_rest_of_the_question_is_given_beside_the_named_column(
    classes: Notes,
) -> None:
    question = "What is the minimum duration of Deep Archive, and is it the cheapest?"
    assert cells(classes, question, "Deep", Preferring()) == ["180 days", "the cheapest"]
    assert cells(classes, "minimum duration of Deep Archive", "Deep", Preferring()) == ["180 days"]


def test_a_cell_that_is_judged_far_better_is_given_beside_the_named_column(
    classes: Notes,
) -> None:
    question = "What happens to One Zone objects when the AZ fails?"
    assert cells(classes, question, "One", Preferring("zone")) == ["1", "lost with its zone"]


def test_a_word_of_the_label_counts_once_however_often_it_is_asked() -> None:
    notes = Notes.of(
        "| class | minimum | access |\n|---|---|---|\n"
        "| Flexible Retrieval | 90 days | retrieval in minutes |\n| Standard | 0 days | at once |\n"
    )
    question = "How long do retrievals take with Flexible Retrieval?"
    assert cells(notes, question, "Flexible", Preferring("90")) == [
        "90 days",
        "retrieval in minutes",
    ]


def test_empty_cells_are_never_given(classes: Notes) -> None:
    assert "" not in cells(classes, "What is the remark on Instant?", "Instant", Preferring(""))


def test_a_table_of_two_columns_gives_its_only_value() -> None:
    notes = Notes.of("|type|speed|\n|--|--|\n|gp3|16000|\n")
    assert told(composed(notes, "gp3?", "gp3")) == ["gp3 — speed: 16000"]


def test_rows_with_missing_cells_and_names_are_readable() -> None:
    notes = Notes.of("|type||\n|--|--|\n|gp3|16000|\n|io2|\n")
    assert told(composed(notes, "gp3?", "gp3")) == ["gp3 — 16000"]
    assert told(composed(notes, "io2?", "io2")) == ["io2"]


BOUNDS = (
    "| tier | minimum duration | maximum size |\n|---|---|---|\n"
    "| Alpha | None | Unlimited |\n| Beta | 1 day | 5 TB |\n| Gamma | 30 days | 90 TB |\n"
)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("Which tier has the shortest minimum duration?", "Alpha — minimum duration: None"),
        ("Which tier has the largest maximum size?", "Alpha — maximum size: Unlimited"),
        ("Which one has the longest minimum duration?", "Gamma — minimum duration: 30 days"),
    ],
)
def test_a_cell_without_a_number_counts_for_what_it_says(question: str, line: str) -> None:
    assert told(composed(Notes.of(BOUNDS), question, "Beta")) == [line]


def test_nothing_is_called_the_largest_where_a_cell_cannot_be_compared() -> None:
    notes = Notes.of(BOUNDS.replace("Unlimited", "see the contract"))
    lines = told(composed(notes, "Which tier has the largest maximum size?", "Beta"))
    assert "Gamma — maximum size: 90 TB" not in lines


TRANSFERS = Notes.of(
    "|transfer|agent needed|\n|--|--|\n|lab to cloud|Yes|\n|cloud to cloud|No way|\n|inside|No|\n"
)


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        ("Which transfers need no agent?", ["cloud to cloud", "inside"]),
        ("In which cases can I do without an agent?", ["cloud to cloud", "inside"]),
        ("transfers that don't need an agent", ["cloud to cloud", "inside"]),
        ("When is an agent needed?", ["lab to cloud"]),
    ],
)
def test_rows_are_chosen_by_yes_or_no(question: str, labels: list[str]) -> None:
    lines = told(composed(TRANSFERS, question, "inside"))
    assert [line.split(" — ")[0] for line in lines] == labels


def test_a_column_that_says_more_than_yes_or_no_chooses_no_rows() -> None:
    notes = Notes.of("|transfer|agent needed|\n|--|--|\n|lab|Yes|\n|cloud|perhaps|\n|inside|No|\n")
    assert len(composed(notes, "What needs no agent?", "inside")) == 1
