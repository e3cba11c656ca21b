"""What a question compares: both things as it words them, or none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.sides import LONGEST_SIDE, asked_of, beside, sides_of
from chatbot.words import content_words


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("What is the difference between a virus and a bacterium?", ("virus", "bacterium")),
        ("Differences between lava and magma", ("lava", "magma")),
        ("What's the difference between the fugue and the canon?", ("fugue", "canon")),
        ("distinction between civil and criminal law", ("civil", "criminal law")),
        ("What do I choose between rent and lease for a flat?", ("rent", "lease")),
        ("I cannot distinguish between a lemma and a theorem", ("lemma", "theorem")),
        ("Compare the fugue with the canon", ("fugue", "canon")),
        ("compare iron to steel", ("iron", "steel")),
        ("Compare Romulus Column Orders and Remus Column Orders",
         ("Romulus Column Orders", "Remus Column Orders")),
        ("How does a sonata differ from a symphony?", ("sonata", "symphony")),
        ("How do lava and magma differ?", ("lava", "magma")),
        ("How is a comet different from an asteroid?", ("comet", "asteroid")),
        ("How are monocots and dicots different?", ("monocots", "dicots")),
        ("Is a lemma the same as a theorem?", ("lemma", "theorem")),
        ("Is speed the same thing as velocity?", ("speed", "velocity")),
        ("I always confuse stalactites and stalagmites", ("stalactites", "stalagmites")),
        ("I mix up affect with effect", ("affect", "effect")),
        ("How can I tell apart crocodiles and alligators?", ("crocodiles", "alligators")),
        ("alkanes vs alkenes", ("alkanes", "alkenes")),
        ("alkanes vs. alkenes", ("alkanes", "alkenes")),
        ("Sonnet 18 versus Sonnet 130", ("Sonnet 18", "Sonnet 130")),
        ("iron compared to steel", ("iron", "steel")),
        ("What is the boiling point of water versus ethanol?", ("water", "ethanol")),
        ("Who leads in the senate versus the assembly?", ("senate", "assembly")),
        ("Should I use a pipette or a burette?", ("pipette", "burette")),
        ("Which is denser: lead or gold?", ("lead", "gold")),
        ("Which one is faster, the cheetah or the falcon?", ("cheetah", "falcon")),
        ("velocity or speed: which has a direction?", ("velocity", "speed")),
        ("When should I use the subjunctive, and when the indicative?",
         ("subjunctive", "indicative")),
        ("When do I take bus 4 and when bus 12?", ("bus 4", "bus 12")),
        ("The catch of solar against wind", ("solar", "wind")),
        ("Do arteries and veins both have valves?", ("arteries", "veins")),
        ("Do ferns and mosses each have spores?", ("ferns", "mosses")),
    ],
)  # fmt: skip
def test_both_sides_are_found_in_the_order_asked(text: str, sides: tuple[str, str]) -> None:
    assert sides_of(text) == sides
    assert sides_of(text.rstrip("?")) == sides


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("What is the difference between oil and gas when heating a house?", ("oil", "gas")),
        ("Difference between oil and gas in terms of price", ("oil", "gas")),
        ("oil vs gas for heating", ("oil", "gas")),
        ("oil vs gas, which is cheaper?", ("oil", "gas")),
        ("oil vs gas - what do they cost?", ("oil", "gas")),
        ("How does oil differ from gas with respect to soot?", ("oil", "gas")),
    ],
)
def test_what_the_comparison_is_for_is_no_part_of_a_side(text: str, sides: tuple[str, str]) -> None:
    assert sides_of(text) == sides


@pytest.mark.parametrize(
    "text",
    [
        "What is a sonnet?",
        "What is the price of bread and butter?",
        "Which planets have rings and moons?",
        "When was Kepler born and when did he die?",
        "Is it safe or not?",
        "Before or after the war?",
        "yes or no?",
        "Is iron the same as iron?",
        "iron vs Iron",
        "What happens between dusk and dawn?",
        "my teacher keeps telling everybody that she prefers rain vs dust",
        "vs",
        "compare and",
        "",
    ],
)
def test_other_questions_have_no_sides(text: str) -> None:
    assert sides_of(text) == ()


@pytest.mark.parametrize(
    ("sides", "first", "second"),
    [
        (("primary", "secondary colours"), "primary colours", "secondary colours"),
        (("civil", "criminal law"), "civil law", "criminal law"),
        (("oil", "gas"), "oil", "gas"),
        (("primary colours", "secondary colours"), "primary colours", "secondary colours"),
        (("first past", "instant runoff voting"), "first past voting", "instant runoff voting"),
    ],
)
def test_what_only_the_second_side_says_of_both_is_added_to_the_first(
    sides: tuple[str, str], first: str, second: str
) -> None:
    assert beside(sides, 0) == first
    assert beside(sides, 1) == second


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("Copper or iron: what does each conduct?",
         "what does Copper conduct?", "what does iron conduct?"),
        ("Mitosis vs meiosis, how many cells do they produce?",
         "how many cells do Mitosis produce?", "how many cells do meiosis produce?"),
        ("primary vs secondary colours: what is each of them mixed from?",
         "what is primary colours mixed from?", "what is secondary colours mixed from?"),
        ("copper vs iron: what are both of them used for?",
         "what are copper used for?", "what are iron used for?"),
        ("velocity or speed: which has a direction?",
         "velocity: which has a direction?", "speed: which has a direction?"),
        ("violin vs viola: who tunes lower?",
         "violin: who tunes lower?", "viola: who tunes lower?"),
    ],
)  # fmt: skip
def test_what_is_asked_of_both_is_asked_of_each(text: str, first: str, second: str) -> None:
    sides = sides_of(text)
    assert [asked_of(text, sides, at) for at in (0, 1)] == [first, second]


@pytest.mark.parametrize(
    "text",
    ["oil vs gas", "Compare oil with gas", "oil vs gas for heating", "oil vs gas, please"],
)
def test_nothing_asked_behind_the_names_asks_nothing_of_each(text: str) -> None:
    sides = sides_of(text)
    assert [asked_of(text, sides, at) for at in (0, 1)] == ["", ""]


@pytest.mark.xfail(strict=True, reason="what leads to the first of two things is taken for it")
@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("Was Bach or Handel born first?", ("Bach", "Handel")),
        ("Is the euro better than the franc or the mark?", ("franc", "mark")),
        ("Is glass a solid or a liquid?", ("solid", "liquid")),
    ],
)
def test_what_leads_to_the_first_side_is_no_part_of_it(text: str, sides: tuple[str, str]) -> None:
    assert sides_of(text) in (sides, ())


# Whatever is asked

PIECES = (
    "what is|the difference between|compare|how does|differ from|vs|or|and|both|each|when|which"
    "|better|oil|natural gas|Column Orders|a|the|,|:|?|against|in|of|for heating|the same as|not|🦙"
).split("|")
questions = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(text=questions | st.text(max_size=120))
def test_there_are_two_sides_or_none(text: str) -> None:
    sides = sides_of(text)
    assert len(sides) in (0, 2)
    for at, side in enumerate(sides):
        assert content_words(side)
        assert len(side.split()) <= LONGEST_SIDE
        assert side in text
        assert beside(sides, at).startswith(side)
        assert asked_of(text, sides, at) == "" or side in asked_of(text, sides, at)
