"""A place that was cited before keeps its number; new ones go on counting."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.answer import MARKER, Answer, Citation, JudgedSentence, Ruling, Status, Timings
from chatbot.numbering import Numbering, cited_so_far, numbered_on
from chatbot.remembered import REMEMBERED_TURNS, Remembered


def place(name: str, number: int, start: int = 0, **changes: object) -> Citation:
    quote = f"What stands at {name}."
    cited = Citation(number, "a.md", ("A",), "a", (1, 1), quote, start, start + len(quote), name)
    return replace(cited, **changes)  # type: ignore[arg-type]


def answer(text: str, *citations: Citation, sentences: tuple[JudgedSentence, ...] = ()) -> Answer:
    return Answer(
        "?", Status.ANSWERED, text, citations, (), Timings(), sentences=sentences, model="m"
    )


def numbers(found: Answer) -> list[int]:
    return [citation.number for citation in found.citations]


OAK, ELM, FIR = place("oak", 1), place("elm", 2), place("fir", 3)


def test_the_first_answer_stays_as_it_is() -> None:
    first = answer("Oak. [1]\nElm. [2]", OAK, ELM)
    assert numbered_on(first, ()) == first


def test_a_place_keeps_its_number_and_new_ones_go_on_counting() -> None:
    second = answer("New. [1]\nElm. [2]\nNewer. [3]", place("ash", 1), ELM, place("yew", 3))
    found = numbered_on(second, (OAK, ELM, FIR))
    assert found.text == "New. [4]\nElm. [2]\nNewer. [5]"
    assert numbers(found) == [4, 2, 5]
    assert [citation.section for citation in found.citations] == ["ash", "elm", "yew"]


def test_numbers_that_change_places_are_not_mixed_up() -> None:
    turned = answer("Fir. [1] [2]\nOak. [3] [2] [1]", *(
        place(name, number) for number, name in enumerate(("fir", "elm", "oak"), start=1)
    ))  # fmt: skip
    found = numbered_on(turned, (OAK, ELM, FIR))
    assert found.text == "Fir. [3] [2]\nOak. [1] [2] [3]"
    assert numbers(found) == [3, 2, 1]


def test_numbers_of_several_digits_are_numbers_too() -> None:
    earlier = tuple(place(f"tree {number}", number) for number in range(1, 123))
    found = numbered_on(answer("Ten. [2]\nNew. [1]", OAK, place("tree 10", 2)), earlier)
    assert found.text == "Ten. [10]\nNew. [123]"
    again = numbered_on(found, (OAK,))
    assert again.text == "Ten. [2]\nNew. [1]"


def test_a_bracket_that_is_no_marker_stays() -> None:
    text = "Take items[1] or x [1] y.  [7] [1]\n- [1] of [0, 1] [1]\nint a[1];"
    found = numbered_on(answer(text, OAK), (ELM, replace(FIR, number=8)))
    assert found.text == "Take items[1] or x [1] y.  [7] [9]\n- [1] of [0, 1] [9]\nint a[1];"
    endless = f"Odd. [{'1' * 5000}] [01] [1]"
    assert numbered_on(answer(endless, OAK), (ELM,)).text.endswith("1] [01] [3]")


def test_citations_come_in_the_order_of_the_text() -> None:
    found = numbered_on(answer("Elm. [2]\nOak. [1]\nElm. [2]", OAK, ELM, FIR), (FIR,))
    assert found.text == "Elm. [4]\nOak. [5]\nElm. [4]"
    assert [citation.section for citation in found.citations] == ["elm", "oak", "fir"]
    assert numbers(found) == [4, 5, 3]


def test_the_sentences_of_a_model_are_numbered_as_its_text() -> None:
    told = JudgedSentence("Oak.", Ruling.VERIFIED, "Oak.", (1, 2))
    lost = JudgedSentence("Tea.", Ruling.UNSUPPORTED, "", (9,), problem="not in the notes")
    found = numbered_on(answer("Oak. [1] [2]", OAK, ELM, sentences=(told, lost)), (FIR,))
    assert found.text == found.sentences[0].line == "Oak. [4] [5]"
    assert found.sentences[1] == replace(lost, numbers=())


MOVED = {
    "its note was renamed": replace(OAK, source="b.md"),
    "its lines moved": replace(OAK, lines=(9, 9), start=90, end=90 + len(OAK.quote)),
    "it was edited around": replace(OAK, start=7, end=7 + len(OAK.quote), note="another"),
    "the index was made anew": replace(OAK, section="another identity"),
    "it was kept without an identity": replace(OAK, section=""),
}


@pytest.mark.parametrize("how", MOVED)
def test_the_same_words_are_the_same_place(how: str) -> None:
    assert Numbering((ELM, replace(OAK, number=5, note="one"))).number_of(MOVED[how]) == 5


OTHER = {
    "another section": replace(OAK, section="another", source="b.md"),
    "other words": replace(OAK, quote="What stood at oak."),
    "without an identity elsewhere": replace(OAK, section="", start=1, end=1 + len(OAK.quote)),
    "twice in a note that is as it was": replace(OAK, start=99, end=199, note="one"),
}


@pytest.mark.parametrize("how", OTHER)
def test_what_stands_elsewhere_is_another_place(how: str) -> None:
    assert Numbering((replace(OAK, note="one"), ELM)).number_of(OTHER[how]) == 3


def test_without_a_digest_the_same_words_of_a_section_are_the_same_place() -> None:
    moved = replace(OAK, start=1, end=1 + len(OAK.quote))
    assert Numbering((OAK, ELM)).number_of(moved) == 1
    nameless = replace(OAK, section="")
    assert Numbering((nameless, ELM)).number_of(replace(moved, section="")) == 3


def test_the_same_words_twice_in_one_answer_are_two_places() -> None:
    twice = replace(OAK, number=2, start=99, end=99 + len(OAK.quote))
    assert numbers(numbered_on(answer("Oak. [1] [2]", OAK, twice), (OAK, ELM))) == [1, 3]
    assert numbers(numbered_on(answer("Oak. [2] [1]", OAK, twice), (OAK, twice))) == [2, 1]


def test_a_number_is_asked_for_one_citation_at_a_time() -> None:
    numbering = Numbering((OAK, ELM))
    asked = [FIR, replace(ELM, number=1), FIR, place("ash", 1)]
    assert [numbering.number_of(citation) for citation in asked] == [3, 2, 3, 4]


def test_a_conversation_numbered_answer_by_answer_goes_on_sensibly() -> None:
    first = answer("Oak. [1]\nElm. [2]\nFir. [3]", OAK, ELM, FIR)
    second = answer("Fir. [1]\nAsh. [2]", replace(FIR, number=1), place("ash", 2))
    cited = cited_so_far([first, second])
    assert Numbering(cited).number_of(FIR) == 1  # the one it had last
    third = answer("Fir. [3]\nNew. [2]\nOak. [1]", OAK, place("new", 2), FIR)
    found = numbered_on(third, cited)
    assert found.text == "Fir. [1]\nNew. [4]\nOak. [5]"  # 1 was the oak's as well


def test_what_was_cited_so_far_is_in_order_of_last_use() -> None:
    first, second = answer("", OAK, ELM), answer("", place("ash", 3), OAK)
    assert [c.section for c in cited_so_far([first, second])] == ["elm", "ash", "oak"]
    assert cited_so_far([second], cited_so_far([first])) == cited_so_far([first, second])
    highest = cited_so_far([answer("", replace(OAK, number=9)), answer("", OAK)])
    assert Numbering(highest).number_of(ELM) == 10


places = st.lists(st.integers(0, 9), min_size=1, max_size=8)


@given(st.lists(places, min_size=1, max_size=5))
@settings(deadline=None)
def test_through_a_conversation_each_number_is_one_place(turns: list[list[int]]) -> None:
    cited: tuple[Citation, ...] = ()
    named: dict[int, str] = {}
    for used in turns:
        order = list(dict.fromkeys(used))
        lines = [f"Line {name}. [{order.index(name) + 1}]" for name in used]
        given = answer(
            "\n".join(lines), *(place(str(name), at) for at, name in enumerate(order, start=1))
        )
        found = numbered_on(given, cited)
        by_number = {citation.number: citation for citation in found.citations}
        assert len(by_number) == len(order)
        for line, name in zip(found.text.split("\n"), used, strict=True):
            [marker] = MARKER.findall(line)
            assert by_number[int(marker)].section == str(name)
            assert named.setdefault(int(marker), str(name)) == str(name)
        shown = list(dict.fromkeys(int(n) for n in re.findall(r"\[(\d+)\]", found.text)))
        assert shown == numbers(found)
        cited = cited_so_far([found], cited)
    assert sorted(named) == list(range(1, len(named) + 1))


def test_what_is_remembered_is_the_last_turns_and_all_that_was_cited() -> None:
    answers = [
        replace(answer(f"{n}. [1]", place(str(n), n)), question=f"{n}?") for n in range(1, 31)
    ]
    remembered = Remembered.of(answers)
    assert len(remembered.turns) == REMEMBERED_TURNS
    asked = remembered.asked("next?")
    assert (asked.text, asked.history[-1].question) == ("next?", "30?")
    assert [citation.number for citation in asked.cited] == list(range(1, 31))
    one_by_one = Remembered()
    for one in answers:
        one_by_one = one_by_one.with_answer(one)
    assert one_by_one == remembered
