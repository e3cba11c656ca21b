"""Lists: by their lead-in, by their heading, by their items."""

from __future__ import annotations

import pytest
from desks import Notes, told

from chatbot.draft import Line
from chatbot.extractive import lists
from chatbot.extractive.lists import (
    FITTING_LOGITS_BEHIND,
    MOST_FITTING,
    MOST_ROWS_OPENED,
    WORDS_ALLOWED,
)

NOTE = (
    "# Encryption\n\n## Methods\n\nThere are three methods of encrypting objects:\n\n"
    "1. **SSE-S3**: Amazon handles the keys. It costs nothing.\n"
    "2. SSE-KMS has two advantages:\n   - added security\n   - an audit trail\n"
    "3. SSE-C means your own keys.\n\n"
    "## DataBrew\n\n- Clean the data.\n- Profile the data.\n- Share recipes.\n\n"
    "A closing sentence.\n"
)


@pytest.fixture(scope="module")
def notes() -> Notes:
    return Notes.of(NOTE)


def composed(notes: Notes, question: str, opening: str) -> tuple[Line, ...]:
    best = notes.found(opening)
    return lists.compose(notes.desk(question, best), best)


def test_the_list_that_a_sentence_opens_is_given_with_it(notes: Notes) -> None:
    lines = composed(notes, "How can objects be encrypted?", "There are three")
    assert told(lines) == [
        "There are three methods of encrypting objects:",
        "- SSE-S3: Amazon handles the keys.",
        "- It costs nothing.",
        "- SSE-KMS has two advantages:",
        "- SSE-C means your own keys.",
    ]


def test_a_list_is_two_citations_however_many_items_it_has(notes: Notes) -> None:
    quotes = notes.quotes(composed(notes, "Which methods are there?", "There are three"))
    assert len(quotes) == 2
    assert quotes[0] == "There are three methods of encrypting objects:"
    assert quotes[1].startswith("**SSE-S3**")
    assert quotes[1].endswith("SSE-C means your own keys.")


def test_one_item_stands_for_its_list_when_a_list_is_asked_for(notes: Notes) -> None:
    lines = composed(notes, "What are the methods of encrypting objects?", "SSE-C")
    assert told(lines)[0] == "There are three methods of encrypting objects:"
    assert told(lines)[-1] == "- SSE-C means your own keys."


def test_one_item_stands_alone_when_no_list_is_asked_for(notes: Notes) -> None:
    assert composed(notes, "Do I bring my own keys?", "SSE-C") == ()


def test_an_item_with_a_list_of_its_own_gives_that_one(notes: Notes) -> None:
    lines = composed(notes, "List the advantages of SSE-KMS", "SSE-KMS has")
    assert told(lines) == [
        "SSE-KMS has two advantages:",
        "- added security",
        "- an audit trail",
    ]


def test_a_plain_sentence_opens_no_list(notes: Notes) -> None:
    assert composed(notes, "What are all the recipes?", "A closing") == ()


def test_a_long_list_is_cut_to_first_sentences_and_then_to_what_fits() -> None:
    items = "".join(f"- Item {n} opens. {'More words follow here. ' * 8}\n" for n in range(60))
    notes = Notes.of(f"# L\n\nThese are the items:\n\n{items}")
    lines = composed(notes, "Which items are there?", "These are")
    assert told(lines)[1:3] == ["- Item 0 opens.", "- Item 1 opens."]
    assert sum(len(line.text.split()) for line in lines[1:]) <= WORDS_ALLOWED
    assert len(lines) == 1 + WORDS_ALLOWED // 3
    assert len(notes.quotes(lines)) == 2


def test_a_list_of_one_endless_item_still_has_one_item() -> None:
    notes = Notes.of(f"# L\n\nThis is the item:\n\n- {'word ' * 300}\n")
    assert len(composed(notes, "Which items are there?", "This is")) == 2


# What a block opens

OPENERS = (
    "# Crops\n\nThese crops take turns:\n\n| crop | season |\n|--|--|\n| rye | autumn |\n"
    "| peas | spring |\n\nA plain remark.\n\n| tool | use |\n|--|--|\n| hoe | weeds |\n\n"
    "Two gates are open:\n\n- the north gate with its two towers\n- south\n\n"
    "A long table:\n\n| bed | size |\n|--|--|\n"
    + "".join(f"| bed {n} | {n} |\n" for n in range(MOST_ROWS_OPENED + 1))
    + "\nA dangling lead-in:\n\nIt opens nothing.\n"
)


def opened(opening: str, *words_allowed: int) -> list[str]:
    found = Notes.of(OPENERS).found(opening)
    return told(lists.opened_lines(found.section, found.block, *words_allowed))


def test_a_lead_in_brings_the_names_in_its_table() -> None:
    assert opened("These crops") == ["These crops take turns:", "- rye", "- peas"]


def test_the_names_in_a_table_are_cited_with_its_header() -> None:
    notes = Notes.of(OPENERS)
    found = notes.found("These crops")
    lines = lists.opened_lines(found.section, found.block)
    lead, rows, header = notes.quotes(lines)
    assert lead == "These crops take turns:"
    assert "rye" in rows
    assert "peas" in rows
    assert "season" in header


@pytest.mark.parametrize(
    "opening",
    [
        "A plain remark",  # stands before a table, and does not say that it follows
        "A long table",  # the names alone of many rows answer nothing
        "A dangling",  # no table and no list
        "It opens",  # the last sentence before nothing
        "peas",  # a row
    ],
)
def test_what_opens_nothing_brings_nothing(opening: str) -> None:
    assert opened(opening) == []


@pytest.mark.parametrize("lead", ["Two gates are open:", "Two gates are open"])
def test_a_list_is_opened_whether_its_lead_says_so_or_not(lead: str) -> None:
    notes = Notes.of(f"# Town\n\n{lead}\n\n- north\n- south\n")
    found = notes.found("Two gates")
    assert told(lists.opened_lines(found.section, found.block)) == [lead, "- north", "- south"]


@pytest.mark.parametrize(
    ("words_allowed", "items"),
    [
        (WORDS_ALLOWED, 2),
        (8, 2),
        (7, 1),  # the second has no room
        (6, 0),  # nor has the first
        (0, 0),
    ],
)
def test_a_list_is_opened_as_far_as_there_is_room(words_allowed: int, items: int) -> None:
    lines = opened("Two gates", words_allowed)
    assert len(lines) == (items + 1 if items else 0)


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("These crops take turns:", True),
        ("These crops take turns: ", True),
        ("Note: crops take turns.", False),
        ("Do crops take turns?", False),
    ],
)
def test_a_colon_at_the_end_says_that_something_follows(text: str, is_so: bool) -> None:
    (section,) = Notes.of(f"{text}\n").sections
    assert lists.opens(section.blocks[-1]) is is_so


# By two of its items


def in_common(notes: Notes, logits: dict[str, float]) -> list[str]:
    candidates = [notes.found(opening, logit) for opening, logit in logits.items()]
    return told(lists.compose_common(notes.desk("How are objects encrypted?", *candidates)))


def test_two_good_items_bring_their_whole_list(notes: Notes) -> None:
    lines = in_common(notes, {"SSE-C": 5.0, "SSE-S3": 4.9})
    assert lines[0] == "There are three methods of encrypting objects:"
    assert len(lines) == 5


@pytest.mark.parametrize(
    "logits",
    [
        {"SSE-C": 5.0},  # one item alone
        {"SSE-S3": 5.0, "It costs": 4.9},  # two sentences of one item
        {"SSE-C": 5.0, "SSE-S3": 4.9 - FITTING_LOGITS_BEHIND},  # the second is far behind
        {"Clean": 5.0, "Profile": 4.9},  # a list that nothing opens
        {"There are": 5.0, "SSE-C": 4.9, "SSE-S3": 4.9},  # no item is best
    ],
)
def test_less_than_two_good_items_bring_no_list(notes: Notes, logits: dict[str, float]) -> None:
    assert in_common(notes, logits) == []


# By the heading


def by_heading(notes: Notes, question: str, opening: str) -> list[str]:
    return told(lists.compose_section(notes.desk(question, notes.found(opening))))


def test_the_heading_names_its_list(notes: Notes) -> None:
    question = "Give me all the DataBrew bullet points"
    assert by_heading(notes, question, "Profile") == [
        "- Clean the data.",
        "- Profile the data.",
        "- Share recipes.",
    ]


def test_a_list_under_a_heading_is_one_citation(notes: Notes) -> None:
    lines = lists.compose_section(notes.desk("List DataBrew", notes.found("Clean")))
    assert notes.quotes(lines) == ["Clean the data.\n- Profile the data.\n- Share recipes."]


@pytest.mark.parametrize(
    ("question", "opening"),
    [
        ("Does DataBrew profile?", "Profile"),  # no list asked for
        ("List the DataBrew recipes", "Share"),  # asks for what one item tells
        ("List the tools", "Profile"),  # does not name the heading
        ("List DataBrew", "A closing"),  # not an item
    ],
)
def test_other_questions_get_no_list_by_heading(notes: Notes, question: str, opening: str) -> None:
    assert by_heading(notes, question, opening) == []


def test_one_item_is_no_list() -> None:
    notes = Notes.of("# DataBrew\n\n- Clean the data.\n")
    assert by_heading(notes, "List DataBrew", "Clean") == []


# By the items


def fitting(notes: Notes, question: str, logits: dict[str, float]) -> list[str]:
    candidates = [notes.found(opening, logit) for opening, logit in logits.items()]
    return told(lists.compose_fitting(notes.desk(question, *candidates)))


def test_items_that_fit_are_given_in_note_order_each_with_its_citation(notes: Notes) -> None:
    logits = {"Share": 6.0, "Clean": 5.0, "Profile": -3.0}
    assert fitting(notes, "Which options are there?", logits) == [
        "- Clean the data.",
        "- Share recipes.",
    ]
    candidates = [notes.found(opening, logit) for opening, logit in logits.items()]
    lines = lists.compose_fitting(notes.desk("Which options are there?", *candidates))
    assert notes.quotes(lines) == ["Clean the data.", "Share recipes."]


@pytest.mark.parametrize(
    ("question", "logits"),
    [
        ("Can it share?", {"Share": 6.0, "Clean": 5.0}),  # no list asked for
        (
            "Which options are there?",
            {"Share": 6.0, "Clean": 5.9 - FITTING_LOGITS_BEHIND},
        ),  # far behind
        ("Which options are there?", {"Share": 2.0, "Clean": -0.5}),  # does not answer
        ("Which options are there?", {"Share": 6.0, "SSE-C": 6.0}),  # another list
        ("Which options are there?", {"A closing": 6.0, "Clean": 6.0}),  # no item is best
    ],
)
def test_items_that_do_not_fit_are_left_out(
    notes: Notes, question: str, logits: dict[str, float]
) -> None:
    assert fitting(notes, question, logits) == []


def test_only_a_few_items_are_picked() -> None:
    notes = Notes.of("# L\n\n" + "".join(f"- letter {c} fits\n" for c in "abcdefgh"))
    logits = {f"letter {c}": 5.0 for c in "abcdefgh"}
    assert len(fitting(notes, "Which options are there?", logits)) == MOST_FITTING
