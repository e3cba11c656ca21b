"""What is seen of a sentence that is held against blocks: each sign by itself."""

from __future__ import annotations

import pytest

from chatbot.grounding.alignment import Alignment
from chatbot.grounding.bindings import misbound
from chatbot.grounding.clauses import clauses_of
from chatbot.grounding.exchanges import Fit
from chatbot.grounding.flow import Placed, Sort, names_of, read_flow
from chatbot.grounding.measured import other_measures
from chatbot.grounding.numerals import in_digits
from chatbot.grounding.opposites import opposites_of, turned_round
from chatbot.grounding.polarity import bent_clauses
from chatbot.grounding.quotables import Quotable
from chatbot.grounding.relations import turned_relations
from chatbot.grounding.sentences import Sentence, read_sentence
from chatbot.words import stem


def stems(*texts: str) -> set[str]:
    return {word.stem for text in texts for word in read_sentence(text).words}


def alike(_: str) -> float:
    return 1.0


def flows(claim: str, evidence: str) -> tuple[list[Placed], list[Placed]]:
    said, told = read_sentence(claim), read_sentence(evidence)
    names = names_of([said, told])
    return read_flow([said], names), read_flow([told], names)


def fit(claim: str, evidence: str) -> Fit:
    return Fit(*flows(claim, evidence))


def bound(claim: str, evidence: str) -> dict[Sort, float]:
    ours, theirs = flows(claim, evidence)
    return misbound(ours, theirs, (), alike)


TOWERS = "The north tower is 30 metres high, the south tower 45 metres."


def test_numbers_that_changed_places_are_misbound() -> None:
    assert bound("The north tower is 45 metres high, the south one 30.", TOWERS)[Sort.NUMBER] > 0.9


def test_clauses_in_another_order_are_bound_as_they_were() -> None:
    found = bound("The south tower is 45 metres high, and the north tower 30.", TOWERS)
    assert found[Sort.NUMBER] == 0


def test_a_sentence_of_one_clause_binds_nothing_wrongly() -> None:
    assert set(bound("The tower is 30 metres high.", TOWERS).values()) == {0.0}


def test_the_notes_own_words_fit_fully_and_in_order() -> None:
    found = fit(TOWERS, TOWERS)
    assert (found.share, found.order()) == pytest.approx((1.0, 1.0))
    assert max(found.exchanges().values()) == pytest.approx(0)


def test_two_names_that_changed_places_would_fit_better_exchanged() -> None:
    told = "Each night Sluice copies all files to Granary and clears the queue."
    said = "Each night Granary copies all files to Sluice and clears the queue."
    assert fit(said, told).exchanges()[Sort.NAME] > 0.2


def test_a_word_in_the_place_of_its_opposite_is_seen_though_the_text_holds_both() -> None:
    told = "The switch at the door is turned off; the lamp in the hall stays on."
    assert fit("The switch at the door is turned on.", told).opposed() > 0
    assert fit("The switch at the door is turned off.", told).opposed() == 0


@pytest.mark.parametrize(
    ("said", "told", "share"),
    [
        ("Then Granary calls Sluice.", "Then Sluice calls Granary.", 1.0),
        ("Sluice calls Granary.", "Sluice calls Granary.", 0.0),
        ("Granary is called by Sluice.", "Sluice calls Granary.", 0.0),
        ("The Sluice is called by Granary.", "The Sluice calls Granary.", 1.0),
        ("Sluice and Granary are services.", "Granary and Sluice are services.", 0.0),
    ],
)
def test_who_does_what_to_whom(said: str, told: str, share: float) -> None:
    ours, theirs = read_sentence(said), read_sentence(told)
    assert turned_relations(ours, [theirs], names_of([ours, theirs])) == share


@pytest.mark.parametrize(
    ("said", "told", "others"),
    [
        ("delivered within hours", "delivered within seconds", 1),
        ("once a week", "once a day", 1),
        ("once a year", "once a week", 1),
        ("2 MB per minute", "2 MB per second", 1),
        ("0.8 mg per litre", "0.8 g per litre", 1),
        ("one teaspoon", "1 tablespoon", 1),
        ("within minutes", "within minutes", 0),
        ("daily", "once a day", 0),
        ("within hours", "costs 3 GB", 0),  # nothing of the kind: it is merely not said
    ],
)
def test_a_unit_of_the_same_kind_in_another_size(said: str, told: str, others: int) -> None:
    assert other_measures(read_sentence(said), [read_sentence(told)]) == others


@pytest.mark.parametrize(
    ("text", "kind", "size"),
    [
        ("3 g", "grams", "3"),
        ("3 mg", "grams", "0.003"),
        ("200 µg", "grams", "0.0002"),
        ("10 ml", "litres", "0.01"),
        ("2 litres", "litres", "2"),
        ("2 l", "litres", "2"),
        ("1 tablespoon", "spoons", "3"),
        ("180 rpm", "turns", "180"),
        ("30 °C", "celsius", "30"),
        ("5 microseconds", "time", "0.000005"),
    ],
)
def test_units_of_kitchen_and_laboratory(text: str, kind: str, size: str) -> None:
    (quantity,) = read_sentence(text).quantities
    assert quantity.kind == kind
    assert f"{quantity.amount.size.normalize():f}" == size


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("twenty-five minutes", "25 minutes"),
        ("Twenty thousand shards", "20000 shards"),
        ("thirty five thousand", "35000"),
        ("two reasons", "two reasons"),
        ("a thousand", "a thousand"),
        ("the often-used one", "the often-used one"),
    ],
)
def test_numbers_of_several_words_are_written_in_digits(text: str, digits: str) -> None:
    assert in_digits(text) == digits


def test_plural_abbreviations_are_compared_as_singular() -> None:
    assert stems("DPUs") == stems("DPU")


def test_ways_to_write_a_unit_are_compared_as_one() -> None:
    assert stems("min") == stems("minutes")


def test_opposites_go_both_ways() -> None:
    for one, other in (("before", "after"), ("shared", "separate"), ("good", "bad")):
        assert stem(other) in opposites_of(stem(one))
        assert stem(one) in opposites_of(stem(other))


def test_no_word_is_its_own_opposite() -> None:
    assert not [word for word in stems(TOWERS, "on off both same") if word in opposites_of(word)]


def test_a_word_whose_opposite_the_notes_hold_is_turned_round() -> None:
    held = stems("Public buckets are visible")
    assert list(turned_round(read_sentence("Private buckets are visible"), held)) == ["Private"]
    assert list(turned_round(read_sentence("Public buckets are invisible"), held)) == ["invisible"]


@pytest.mark.parametrize(
    ("said", "flips"),
    [
        ("The map shows roads, and its scale is printed.", 0),
        ("The map does not show roads, and its scale is not printed.", 2),
        ("The map shows roads, but its scale is not printed.", 1),
    ],
)
def test_each_clause_that_denies_what_is_affirmed_counts(said: str, flips: int) -> None:
    told = [read_sentence("The map shows roads, and its scale is printed.")]
    assert bent_clauses(read_sentence(said), told, alike)["flips"] == flips


def test_all_where_the_notes_say_some_is_added() -> None:
    told = [read_sentence("Some models can be tuned.")]
    found = bent_clauses(read_sentence("All models can be tuned."), told, alike)
    assert (found["all_added"], found["some_dropped"]) == (1, 1)


def test_a_clause_without_a_name_gets_that_of_the_first() -> None:
    said = "In spring the Sluice fills quickly, and empties slowly over the summer."
    assert clauses_of(said) == [
        "In spring the Sluice fills quickly",
        "Sluice empties slowly over the summer.",
    ]


def test_a_sentence_that_says_one_thing_stays_whole() -> None:
    assert clauses_of("The lantern burns oil.") == ["The lantern burns oil."]


NOTES = Alignment(
    [
        Quotable(1, "Add the salt.", "Bread", ("bread", 1, 0)),
        Quotable(1, "Then fold the dough twice.", "Bread", ("bread", 1, 0)),
        Quotable(2, "Salt lowers the freezing point.", "Chemistry", ("chemistry", 1, 0)),
    ]
)


def claim(text: str) -> Sentence:
    return read_sentence(text)


def test_the_block_that_holds_most_comes_first() -> None:
    assert NOTES.best(claim("Fold the dough twice"), range(3))[0] == 1


def test_blocks_of_one_thought_are_joined_and_others_are_not() -> None:
    assert set(NOTES.best(claim("Add salt and fold the dough twice"), range(3))) == {0, 1}
    assert NOTES.best(claim("Fold the dough and lower the freezing point"), range(3)) == (2,)


def test_only_the_given_places_are_looked_at() -> None:
    assert NOTES.best(claim("Salt lowers the freezing point"), [0, 1]) == (0,)


def test_a_claim_without_a_shared_word_has_no_place() -> None:
    assert NOTES.best(claim("Penguins hatch"), range(3)) == ()


def test_a_heading_holds_words_for_its_blocks() -> None:
    assert NOTES.share(claim("bread dough"), [1]) == 1.0
