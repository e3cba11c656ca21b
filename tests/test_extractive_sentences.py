"""Plain answers: the best thought, those nearly as good, and how a named section begins."""

from __future__ import annotations

from dataclasses import replace

import pytest
from desks import Notes, told

from chatbot.candidates import Candidate
from chatbot.extractive import sentences
from chatbot.extractive.desk import (
    LOWEST_NEIGHBOUR_LOGIT,
    NEIGHBOUR_LOGITS_BEHIND,
    WORDS_IN_A_THOUGHT,
    WORDS_OF_A_SHORT_THOUGHT,
    WORDS_WANTED,
    points_back,
    same_thought,
    thought_around,
)
from chatbot.extractive.sentences import (
    ELSEWHERE,
    MOST_LINES,
    MOST_THOUGHTS,
    SAME_SECTION,
    SURE_LOGIT,
    Reach,
)

# Sentences of a paragraph that is too long to be one thought as a whole.
LONG = " ".join(f"filler{n}" for n in range(WORDS_OF_A_SHORT_THOUGHT))
NOTE = (
    "# Compute\n\n## Functions\n\nA function runs your code without servers. "
    f"It stops after fifteen minutes. Memory is set by hand. Prices follow memory. So {LONG}.\n\n"
    "Another paragraph on functions.\n\n"
    "## Instances\n\nAn instance is a rented virtual server.\n\n"
    "Know these facts:\n\n"
    "- Spot instances are cheap. They can be taken away.\n- Reserved is steady\n\n"
    "## Kinds\n\nThe kinds:\n\n- Large\n\n"
    "## Map\n\n![Only a figure](map.png)\n"
)


@pytest.fixture(scope="module")
def notes() -> Notes:
    return Notes.of(NOTE)


def thought(notes: Notes, best: Candidate, *others: Candidate) -> list[str]:
    desk = notes.desk("How long do functions run?", best, *others)
    return [block.text for block in thought_around(desk, best)]


# The thought around a sentence


def test_a_sentence_that_says_it_all_stands_alone(notes: Notes) -> None:
    assert thought(notes, notes.found("Memory")) == ["Memory is set by hand."]


def test_a_sentence_that_points_back_takes_the_one_before(notes: Notes) -> None:
    assert thought(notes, notes.found("It stops")) == [
        "A function runs your code without servers.",
        "It stops after fifteen minutes.",
    ]


def test_the_first_sentence_has_none_before_it() -> None:
    notes = Notes.of("# A\n\nIt stops.\n")
    assert thought(notes, notes.found("It stops")) == ["It stops."]


@pytest.mark.parametrize(("nearer", "taken"), [(3.0, True), (0.0, True), (-0.1, False)])
def test_a_neighbour_is_taken_along_when_it_is_judged_nearly_as_good(
    notes: Notes, nearer: float, taken: bool
) -> None:
    for logit in (5.0, LOWEST_NEIGHBOUR_LOGIT):
        welcome = max(logit - NEIGHBOUR_LOGITS_BEHIND, LOWEST_NEIGHBOUR_LOGIT)
        best, neighbour = notes.found("Memory", logit), notes.found("Prices", welcome + nearer)
        assert ("Prices follow memory." in thought(notes, best, neighbour)) is taken


def test_only_neighbours_of_the_same_paragraph_are_taken(notes: Notes) -> None:
    best, other = notes.found("Prices", 5.0), notes.found("Another", 5.0)
    assert thought(notes, best, other) == ["Prices follow memory."]


def test_a_thought_is_one_unbroken_run(notes: Notes) -> None:
    best, far = notes.found("Prices", 5.0), notes.found("A function", 5.0)
    assert thought(notes, best, far) == ["Prices follow memory."]


def test_a_thought_stays_short() -> None:
    note = "# A\n\n" + " ".join(f"Sentence {n} has exactly seven whole words." for n in range(40))
    notes = Notes.of(note)
    found = [notes.found(f"Sentence {n} ") for n in range(40)]
    words = sum(len(text.split()) for text in thought(notes, found[20], *found))
    assert WORDS_IN_A_THOUGHT - 7 <= words <= WORDS_IN_A_THOUGHT


def test_sentences_of_one_item_are_one_thought(notes: Notes) -> None:
    item = notes.found("They can")
    assert [block.text for block in same_thought(item.section, item.block)] == [
        "Spot instances are cheap.",
        "They can be taken away.",
    ]


@pytest.mark.parametrize(("more", "is_whole"), [(0, True), (1, False)])
def test_a_short_paragraph_is_one_thought(more: int, is_whole: bool) -> None:
    rest = " ".join(f"filler{n}" for n in range(WORDS_OF_A_SHORT_THOUGHT - 6 + more))
    notes = Notes.of(f"# A\n\nMemory is set by hand. Beyond {rest}.\n")
    whole = ["Memory is set by hand.", f"Beyond {rest}."]
    assert thought(notes, notes.found("Memory")) == (whole if is_whole else whole[:1])


def test_equal_sections_count_as_one(notes: Notes) -> None:
    best, neighbour = notes.found("Memory"), notes.found("Prices")
    copied = replace(neighbour, section=replace(neighbour.section))
    assert copied == neighbour
    assert thought(notes, best, copied) == thought(notes, best, neighbour)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("It stops.", True),
        ("These stop.", True),
        ("However, it goes on.", True),
        ("For this, use buckets.", True),
        ("“They” stop.", True),
        ("Items stop.", False),
        ("Italy stops.", False),
        ("A bucket holds it.", False),
    ],
)
def test_knows_a_sentence_that_leans_on_the_one_before(text: str, back: bool) -> None:
    (section,) = Notes.of(f"{text}\n").sections
    assert points_back(section.blocks[0]) is back


# Plain answers


def composed(notes: Notes, question: str, logits: dict[str, float]) -> list[str]:
    candidates = [notes.found(opening, logit) for opening, logit in logits.items()]
    return told(sentences.compose(notes.desk(question, *candidates)))


@pytest.mark.parametrize(
    ("reach", "other"),
    [(ELSEWHERE, "An instance is a rented virtual server."),
     (SAME_SECTION, "Another paragraph on functions.")],
)  # fmt: skip
@pytest.mark.parametrize("best", [SURE_LOGIT, SURE_LOGIT - 0.1, -2.0])
def test_the_best_thought_comes_first_and_then_those_within_reach(
    notes: Notes, reach: Reach, other: str, best: float
) -> None:
    allowed = reach.behind_a_sure_one if best >= SURE_LOGIT else reach.behind
    farthest = max(best - allowed, reach.lowest)
    composed_at = [
        composed(notes, "servers?", {"Memory": best, other[:8]: farthest + off})
        for off in (0.1, -0.1)
    ]
    assert composed_at == [["Memory is set by hand.", other], ["Memory is set by hand."]]


def test_the_section_of_the_best_thought_reaches_further_than_others() -> None:
    assert SAME_SECTION.behind > ELSEWHERE.behind
    assert SAME_SECTION.lowest < ELSEWHERE.lowest


def test_a_thought_out_of_reach_hides_none_of_the_section(notes: Notes) -> None:
    best = SURE_LOGIT - 0.1
    away = best - ELSEWHERE.behind - 0.1
    logits = {"Memory": best, "An instance": away, "Another": away - 0.1}
    assert composed(notes, "servers?", logits) == [
        "Memory is set by hand.",
        "Another paragraph on functions.",
    ]


def test_the_best_thought_is_given_however_it_is_judged(notes: Notes) -> None:
    lowest = SAME_SECTION.lowest - 1.0
    logits = {"Memory": lowest, "An instance": lowest - 0.1}
    assert composed(notes, "servers?", logits) == ["Memory is set by hand."]


def test_no_answer_has_more_lines_than_can_be_followed() -> None:
    # Four thoughts, each with a lead-in of its own, would be eight footnotes.
    notes = Notes.of(
        "".join(f"# H{n}\n\nList{n}:\n\n- unique{n} stands here{n}\n\n" for n in range(4))
    )
    logits = {f"unique{n}": 5.0 - n / 10 for n in range(4)}
    assert len(composed(notes, "what?", logits)) == MOST_LINES


def test_no_sentence_is_told_twice(notes: Notes) -> None:
    logits = {"It stops": 6.0, "A function": 5.9, "Memory": 5.8}
    lines = composed(notes, "functions?", logits)
    assert lines == [
        "It stops after fifteen minutes. Memory is set by hand.",
        "A function runs your code without servers.",
    ]


def test_what_says_the_same_is_told_once() -> None:
    notes = Notes.of(
        "# A\n\nBuckets hold objects.\n\n"
        "## B\n\nThe objects that buckets hold.\n\n## C\n\nAll else.\n"
    )
    logits = {"Buckets": 6.0, "The objects": 5.0, "All": 4.5}
    assert composed(notes, "buckets?", logits) == ["Buckets hold objects.", "All else."]


def test_only_so_many_thoughts_are_told() -> None:
    notes = Notes.of("".join(f"# H{n}\n\nunique{n} stands here{n}.\n\n" for n in range(7)))
    logits = {f"unique{n}": 5.0 for n in range(7)}
    assert len(composed(notes, "what?", logits)) == MOST_THOUGHTS


def test_a_long_second_thought_is_left_out() -> None:
    long = " ".join(f"word{n}" for n in range(WORDS_WANTED))
    notes = Notes.of(f"# A\n\nShort one.\n\n# B\n\nLong {long}.\n\n# C\n\nOther two.\n")
    logits = {"Short": 6.0, "Long": 5.0, "Other": 4.0}
    assert composed(notes, "what?", logits) == ["Short one.", "Other two."]


def test_a_long_best_thought_is_given_whole() -> None:
    long = " ".join(f"word{n}" for n in range(200))
    notes = Notes.of(f"# A\n\nLong {long}.\n")
    assert composed(notes, "what?", {"Long": 6.0}) == [f"Long {long}."]


def test_an_item_comes_with_its_lead_when_that_says_what_was_asked(notes: Notes) -> None:
    notes = Notes.of(
        "# S3\n\nGlacier offers these retrieval options today:\n\n- Expedited\n- Bulk\n"
    )
    lines = composed(notes, "Which retrieval does Glacier offer?", {"Bulk": 5.0})
    assert lines == ["Glacier offers these retrieval options today:", "Bulk"]


def test_an_item_that_says_it_all_comes_without_its_lead() -> None:
    notes = Notes.of(
        "# S3\n\nFacts on cold storage, tape and archives:\n\n- Glacier offers bulk retrieval\n"
    )
    lines = composed(notes, "Does Glacier offer bulk retrieval?", {"Glacier": 5.0})
    assert lines == ["Glacier offers bulk retrieval"]


def test_an_item_that_leans_on_its_lead_comes_with_it() -> None:
    notes = Notes.of(
        "# EFS\n\n- Slower than Lustre and dearer than S3\n"
        "  - Because of this, only for training data that is there already\n"
    )
    lines = composed(notes, "Is training data that is there already fine?", {"Because": 5.0})
    assert lines[0] == "Slower than Lustre and dearer than S3"


def test_a_lead_is_told_once_for_two_of_its_items() -> None:
    notes = Notes.of("# S3\n\nRetrieval options:\n\n- Expedited is fast\n- Bulk saves money\n")
    lines = composed(notes, "retrieval?", {"Bulk": 5.0, "Expedited": 4.9})
    assert lines == ["Retrieval options:", "Bulk saves money", "Expedited is fast"]


def test_rows_are_left_to_the_tables() -> None:
    notes = Notes.of("# A\n\nA sentence.\n\n|a|b|\n|--|--|\n|c|d|\n")
    assert composed(notes, "what?", {"A sentence": 5.0, "c": 5.0}) == ["A sentence."]


# Definitions


def defined(notes: Notes, question: str, opening: str) -> list[str]:
    return told(sentences.compose_definition(notes.desk(question, notes.found(opening))))


def test_a_definition_is_how_the_named_section_begins(notes: Notes) -> None:
    (functions,) = defined(notes, "What are functions?", "Prices")
    assert functions.startswith("A function runs your code without servers.")
    assert defined(notes, "What is an instance?", "Reserved") == [
        "An instance is a rented virtual server."
    ]


@pytest.mark.parametrize(
    ("question", "opening"),
    [
        ("How long do functions run?", "Prices"),  # no definition asked for
        ("What is the memory of functions?", "Prices"),  # asks for more than the heading says
        ("What is a server?", "Prices"),  # another thing
        ("What are kinds?", "Large"),  # the section begins with a list
        ("What is the map?", "Only"),  # nothing but a figure
    ],
)
def test_other_questions_get_no_opening(notes: Notes, question: str, opening: str) -> None:
    assert defined(notes, question, opening) == []


# The sentence that answers, before the one that leads to it

PARAGRAPH = (
    "# Bees\n\nForagers return at dusk. The hive counts forty thousand workers. "
    "However, few of them live through winter. Drones are fed.\n"
)


def in_front(opening: str) -> list[str]:
    notes = Notes.of(PARAGRAPH)
    best = notes.found(opening)
    return told(sentences.direct_first(best, same_thought(best.section, best.block)))


@pytest.mark.parametrize(
    ("opening", "first", "behind"),
    [
        ("The hive", "The hive counts", "Foragers return at dusk."),
        ("Drones", "Drones are fed.", "Foragers return at dusk. The hive counts"),
    ],
)
def test_the_sentence_that_answers_stands_in_front(opening: str, first: str, behind: str) -> None:
    front, back = in_front(opening)
    assert front.startswith(first)
    assert back.startswith(behind)


def test_the_first_sentence_of_a_thought_stands_in_front_anyway() -> None:
    (line,) = in_front("Foragers")
    assert line == " ".join(PARAGRAPH.split("\n")[2:]).strip()


def test_a_sentence_that_carries_on_keeps_its_place() -> None:
    (line,) = in_front("However")
    assert line.startswith("Foragers return at dusk. The hive counts")


@pytest.mark.parametrize("opener", ["But", "And", "So", "Then", "Instead", "For example,", "Once"])
def test_no_sentence_is_told_before_the_one_that_it_follows(opener: str) -> None:
    notes = Notes.of(f"# Bees\n\nThe hive is full. {opener} the queen leaves.\n")
    best = notes.found(opener)
    (line,) = sentences.direct_first(best, same_thought(best.section, best.block))
    assert line.text == f"The hive is full. {opener} the queen leaves."


def test_a_thought_told_the_other_way_round_is_one_quote_in_its_own_order() -> None:
    notes = Notes.of(PARAGRAPH)
    best = notes.found("Drones")
    lines = sentences.direct_first(best, same_thought(best.section, best.block))
    assert notes.quotes(lines) == [PARAGRAPH.partition("\n\n")[2].strip()]


def test_no_word_of_a_thought_is_lost_or_told_twice() -> None:
    for opening in ("Foragers", "The hive", "However", "Drones"):
        told_words = " ".join(in_front(opening)).split()
        assert sorted(told_words) == sorted(PARAGRAPH.partition("\n\n")[2].split())


def test_a_lead_in_without_what_it_opens_is_no_second_thought() -> None:
    notes = Notes.of(
        "# Bees\n\nThe hive counts forty thousand workers.\n\n"
        "The hive has these guests:\n\n```\nmites moths\n```\n"
    )
    logits = {"The hive counts": 5.0, "The hive has": 4.9}
    assert composed(notes, "Who lives there?", logits) == [
        "The hive counts forty thousand workers."
    ]


# What introduces a thing, wherever it stands


def test_a_definition_is_what_introduces_the_thing() -> None:
    notes = Notes.of(
        "# Music\n\n## Forms\n\nForms abound.\n\nA fugue is a piece for several voices.\n\n"
        "## Fugue\n\nBach wrote many of them.\n"
    )
    desk = notes.desk("What is a fugue?", notes.found("Bach"), notes.found("A fugue is"))
    assert told(sentences.compose_definition(desk)) == ["A fugue is a piece for several voices."]


def test_what_introduces_another_thing_is_no_definition() -> None:
    notes = Notes.of("# Music\n\nA double fugue is a fugue of two subjects.\n")
    assert defined(notes, "What is a canon?", "A double") == []
