"""A question that asks several things is taken apart; one that asks one thing is left whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.compound import MOST_PARTS, halves, parts_of
from chatbot.words import content_words

TWO = (
    # joined by a comma and "and", by "and", "but", "plus" or "also" alone
    ("Where was Bach born, and how many children did he have?", "born", "children"),
    ("When was the treaty signed and who signed it?", "treaty", "signed"),
    ("How does the heart pump blood and how do the lungs take part?", "heart", "lungs"),
    ("How fast can a cheetah run, but for how long can it run?", "cheetah", "long"),
    ("What must I pack for the tundra plus how do I stay dry there?", "pack", "dry"),
    ("Where is the Louvre, also what does a ticket cost?", "Louvre", "ticket"),
    # with a word in between
    ("Where is the larynx, and then how does it move?", "larynx", "move"),
    ("How is steel tempered, and separately, how is it coloured?", "tempered", "coloured"),
    ("Do bats hibernate, and if so, for how long?", "bats", "long"),
    # the second one is led by a preposition, or is a yes-no question
    ("What year did the war start, and in which city did it end?", "year", "city"),
    ("Where did the Normans land and with whom did they fight?", "Normans", "fight"),
    ("How is a lemma proved, or is it assumed?", "lemma", "assumed"),
    ("What is the tundra like and does it ever thaw?", "tundra", "thaw"),
    # sentences of their own
    ("Who wrote the sonata? When was it first played?", "sonata", "played"),
    ("Why is the sky blue? Why is the evening red?", "sky", "evening"),
    ("How do I tune a lute? And how do I string one?", "tune", "string"),
    ("What is the pH of lemon juice? What is the pH of soap?", "lemon", "soap"),
    # requests
    ("Name the noble gases. Explain why a tube of neon glows bright red.", "noble", "neon"),
    ("List the moons of Mars, and tell me who discovered them.", "Mars", "discovered"),
    # without a question mark, in lower case
    ("what is a tariff and how does a quota differ from it", "tariff", "quota"),
    # a comma alone
    ("Who was Darwin, what did the Beagle carry?", "Darwin", "Beagle"),
)


@pytest.mark.parametrize(("text", "first", "second"), TWO)
def test_two_questions_are_two_parts_in_order(text: str, first: str, second: str) -> None:
    one, two = parts_of(text)
    assert first in one.asked
    assert first not in two.asked or second == first
    assert second in two.asked


@pytest.mark.parametrize(
    "text",
    [
        "What is the boiling point of ethanol?",
        "How many vertebrae and how many ribs does a snake have?",  # they share a verb
        "When and where was Kepler born?",
        "How and why do leaves turn red?",
        "Can you find out when and where Kepler was born?",
        "When I stir the hot syrup and when I add salt, does it set?",
        "What are the causes and effects of inflation?",
        "What is bread and butter pudding?",
        "Should I use iron or copper, and why?",
        "How many chromosomes does a gamete have, and why?",
        "Do arteries and veins both have valves?",
        "Which planets are rocky and small?",
        "What does supply and demand mean?",
        "When I add the salt, does the water boil later?",
        "If the fuse blows, what do I check?",
        "In Ben's notes, what is a fugue?",
        "Photosynthesis: what does it need?",
        "I have a beaker of acid. What happens when I add zinc?",
        "What is a fugue? Please explain.",
        "What are the noble gases? List them.",
        "Hello! What is a fugue?",
        "Thanks. That was good.",
        "Photosynthesis",
        "",
        "   ",
        "?!",
        "and and and",
    ],
)
def test_one_question_has_no_parts(text: str) -> None:
    assert parts_of(text) == ()


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Where does the Danube rise, and how long is it?", "Danube"),
        ("Who was Ada Lovelace, and where was she born?", "Lovelace"),
        ("Who was it that composed Tosca, and when did he die?", "Tosca"),
        ("How do bees dance, and whom do they follow?", "bees"),
        ("Do bats hibernate, and if so, for how long?", "bats"),
        ("Can mercury freeze, and at what temperature?", "mercury"),
        ("What is a mole, and for how long has it been used?", "mole"),
    ],
)
def test_a_part_that_leans_takes_the_topic_of_the_one_before(text: str, topic: str) -> None:
    _, two = parts_of(text)
    assert topic in two.text
    assert topic not in two.asked


@pytest.mark.parametrize(
    "text",
    [
        "How does the heart pump blood and how do the lungs take part?",
        "Where does the river Danube rise? Which cities does the river Rhine pass?",
        "How many teeth does a horse have, and how many stomachs has a cow?",
    ],
)
def test_a_part_that_says_it_all_takes_nothing(text: str) -> None:
    for part in parts_of(text):
        assert part.text == part.asked
        assert part.bare == ""


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("In Ben's notes, how old is the fossil and who found it near the quarry?", "Ben's notes"),
        ("For the oral exam: which verbs are strong, and how do modal verbs behave?", "oral exam"),
        ("I keep two llamas. What do they eat, and how often are llamas shorn?", "two llamas"),
        ("If the fuse blows, what do I check first and who do I call then?", "fuse blows"),
    ],
)
def test_what_is_said_before_is_said_of_every_part(text: str, setting: str) -> None:
    parts = parts_of(text)
    assert len(parts) == 2
    assert all(setting in part.asked for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        "What is a glacier, and how fast does it move?",
        "What is a verb? What is a noun?",
        "So what is entropy, and is it ever lowered?",
        "Do I need a permit and how much does it cost?",
    ],
)
def test_the_first_part_reads_as_it_was_asked(text: str) -> None:
    first = parts_of(text)[0]
    assert first.text == first.asked


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Who composed the Winterreise? When did he die?", "Winterreise"),
        ("Where is Bonn located? Is it old?", "Bonn"),
        ("How many moons has Mars got? Who named them?", "Mars"),
    ],
)
def test_a_capital_at_the_beginning_of_a_part_is_no_new_name(text: str, name: str) -> None:
    assert name in parts_of(text)[1].text


def test_the_rest_keeps_what_is_said_before_it() -> None:
    text = "Where is Bonn? Where is Rome? Where is Oslo? In Ben's notes, how old is Paris?"
    assert "Ben's notes" in parts_of(text)[-1].asked


@pytest.mark.parametrize(
    "text", ["where is bonn located? how old is rome?", "who built the ark? who sailed in it?"]
)
def test_questions_typed_in_lower_case_are_parts_too(text: str) -> None:
    assert len(parts_of(text)) == 2


@pytest.mark.parametrize(
    "text", ["What is a fugue? Explain the sonata.", "Describe mitosis. Describe meiosis."]
)
def test_a_request_with_a_topic_of_its_own_is_a_part(text: str) -> None:
    assert len(parts_of(text)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "Who composed the Winterreise, and when did he die?",
        "Which cells make insulin, and where are they found?",
    ],
)
def test_a_short_clause_with_a_verb_of_its_own_is_a_part(text: str) -> None:
    assert len(parts_of(text)) == 2


def test_what_is_said_behind_belongs_to_the_question_before_it() -> None:
    one, two = parts_of("How is glass blown? Where is amber found? I mean the Baltic one.")
    assert "Baltic" not in one.asked
    assert "Baltic" in two.asked


def test_a_part_led_by_a_setting_is_also_given_bare() -> None:
    text = "I keep two llamas. How often are young llamas shorn, and which grass do llamas chew?"
    for part, bare in zip(
        parts_of(text),
        ("How often are young llamas shorn", "which grass do llamas chew?"),
        strict=True,
    ):
        assert part.bare == bare
        assert part.text != bare


@pytest.mark.parametrize("count", range(MOST_PARTS + 1, 12))
def test_a_list_of_questions_keeps_its_rest_in_the_last_part(count: int) -> None:
    text = " ".join(f"Where does river number{n} end?" for n in range(count))
    parts = parts_of(text)
    assert len(parts) == MOST_PARTS
    assert f"number{count - 1}" in parts[-1].asked
    told = " ".join(part.asked for part in parts)
    assert [f"number{n}" in told for n in range(count)] == [True] * count


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("fossil age and quarry depth", [("fossil age", "quarry depth")]),
        ("What are the causes and effects of war?", [("What are the causes", "effects of war?")]),
        ("pollen as well as nectar", [("pollen", "nectar")]),
        ("pollen & nectar", [("pollen", "nectar")]),
        ("pollen, and also nectar", [("pollen", "nectar")]),
        ("ribs and spine plus skull", [("ribs", "spine plus skull"), ("ribs and spine", "skull")]),
        ("What is the brand of the sand?", []),  # no "and" of its own
        ("What is it and why?", []),  # nothing to look for on one side
        ("and the nectar?", []),
        ("nectar", []),
        ("", []),
    ],
)
def test_a_question_is_halved_at_each_and(text: str, pairs: list[tuple[str, str]]) -> None:
    assert list(halves(text)) == pairs


# Whatever is asked

CLAUSES = (
    "what is a fugue|how many ribs has a snake|who wrote it|when|why|in Ben's notes|if it rains"
    "|I have a llama|does it thaw|list them|tell me more|where|the sonata|for how long|🦙|[1]"
).split("|")
JOINTS = (", and | and |? |. |: |, |, or | plus |; |\n| - | &  |?! |… |, and if so, ").split("|")
questions = st.lists(
    st.tuples(st.sampled_from(CLAUSES), st.sampled_from(JOINTS)), min_size=1, max_size=9
).map(lambda pieces: "".join(clause + joint for clause, joint in pieces))


@settings(max_examples=200, deadline=None)
@given(text=questions | st.text(max_size=120))
def test_parts_are_few_and_say_something(text: str) -> None:
    parts = parts_of(text)
    assert len(parts) != 1
    assert len(parts) <= MOST_PARTS
    for part in parts:
        assert part.asked.strip()
        assert content_words(part.text)
        assert part.bare in part.asked


@settings(max_examples=100, deadline=None)
@given(text=st.lists(st.sampled_from(CLAUSES), min_size=1, max_size=MOST_PARTS).map(", and ".join))
def test_parts_leave_no_word_out(text: str) -> None:
    parts = parts_of(text)
    told = {word for part in parts for word in content_words(part.asked)}
    assert not parts or told >= set(content_words(text))


@settings(max_examples=100, deadline=None)
@given(text=questions | st.text(max_size=120))
def test_halves_both_say_something(text: str) -> None:
    for left, right in halves(text):
        assert content_words(left)
        assert content_words(right)
        assert text.find(left) < text.rfind(right)


def test_a_pasted_text_is_not_taken_apart() -> None:
    text = "What is a fugue, and who wrote the first one? "
    assert parts_of(text)
    assert parts_of(text * 20) == ()
