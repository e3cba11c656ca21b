"""A model in the reports: its share of what stands, beside the notes' own words, and its misses."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from sample_report import FACT, HOSTILE, MODEL, clean, missing, passing, worded
from test_report_markdown import table
from test_report_page import Node, miss, read, section, shape

from chatbot.plain_text import neutral
from evals.reports.junit import junit
from evals.reports.markdown import markdown
from evals.reports.report import case_json
from evals.reports.verdict import verdict
from evals.results import CitedPlace
from evals.scoring import Cause, score


def plain(words: str) -> str:
    return words.replace("\u00a0", " ")


def test_the_verdict_names_the_model_and_says_what_the_notes_reach_alone() -> None:
    said = verdict(worded())
    assert plain(said.lead) == (
        f"Worded by {MODEL.label}: 2 of 3 questions passed (66.7 %);"
        " the notes' own words pass 66.7 % of them."
    )
    notes = [plain(note) for note in said.notes]
    assert "A model's answers are held against no baseline." in notes
    assert "1 of 3 answers are in the notes' own words after all." in notes
    assert (
        "Of 4 sentences that it wrote 25.0 % were verified, 25.0 % repaired and 50.0 % left out."
    ) in notes
    assert notes[-1].startswith("It passes 1 question that the notes' own words miss, and misses 1")


def test_without_a_model_no_report_has_room_for_one() -> None:
    for text in (markdown(clean()), " ".join(verdict(clean()).notes)):
        assert "own words" not in text
    assert "model" not in {node.attributes.get("id") for node in read(clean()).walk()}


def test_what_is_gained_and_lost_against_the_notes_own_words() -> None:
    of = worded()
    assert [score.case.id for score in of.gained] == ["good-2"]
    assert [score.case.id for score in of.lost] == ["bad-1"]


def test_the_markdown_has_a_column_of_own_words_and_a_table_of_the_model() -> None:
    source = markdown(worded())
    rows = {row[0]: row[1:] for row in table(source, "")}
    assert rows["passed"][0] == "66.7 %"
    assert rows["passed"][3] == "66.7 %"
    told = {row[0]: row[1:] for row in table(source, MODEL.label)}
    assert told["sentences left out"] == ["50.0 %", "4"]
    assert told["first words, median"] == ["50 ms", "1"]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_of_a_model_stay_in_their_cell(words: str) -> None:
    ((case, *_, left_out),) = table(markdown(worded(words)), "case")
    assert case == "bad-1: retrieved, not used"
    assert left_out.startswith("“")
    assert len(left_out) <= 200


def test_a_miss_shows_each_sentence_with_what_became_of_it() -> None:
    shown = miss(worded(), "bad-1").one("ul", "written")
    repaired, struck, refusal = [row.words for row in shown.all("li")]
    assert repaired == "repaired said It is blue. mend It is blue. text It is blue."
    assert struck == "unsupported It is blue. problem It is blue."
    assert refusal == "not in the notes Not in your notes."
    assert [node.text for node in shown.all("del")] == ["said It is blue.", "It is blue."]
    assert "In the notes' own words passed" in miss(worded(), "bad-1").words


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_of_a_model_are_words(words: str) -> None:
    tree = read(worded(words))
    assert shape(tree) == shape(read(worded("It is blue.")))
    for kind in ("said", "text", "mend", "problem", "notice"):
        assert f"{kind} {neutral(words)}" in tree.one("details", "miss").text
    ET.fromstring(junit(worded(words)).encode("utf-8", "replace"))


def test_the_page_has_a_section_of_the_model_that_it_links_to() -> None:
    of = worded()
    rows = {row.one("span", "name").text: row for row in section(of, "model").all("li")}
    assert plain(rows["Sentences left out"].one("span", "amount").text) == "50.0 %"
    assert "#model" in {node.attributes.get("href") for node in read(of).all("a")}
    assert MODEL.label in section(of, "model").words


def test_the_figures_of_the_page_stand_beside_those_in_own_words() -> None:
    figures = section(worded(), "figures")
    assert "own words 66.7 %" in plain(figures.all("li")[0].words)
    heads: list[Node] = figures.all("th")
    assert [head.text for head in heads[:6]] == [
        *("Figure", "Value", "95 % interval", "n", "Own words", "Control"),
    ]


def test_a_slice_stands_beside_the_one_in_own_words() -> None:
    rows = {row.one("span", "name").text: row for row in section(worded(), "slices").all("li")}
    assert "own words 66.7 %" in plain(rows["fact"].words)


def test_junit_tells_what_was_left_out_of_a_miss() -> None:
    root = ET.fromstring(junit(worded()).encode())
    (failure,) = root.iter("failure")
    assert "left out: It is blue. (unsupported: problem It is blue.)" in str(failure.text)


def test_a_case_as_json_holds_both_answers() -> None:
    of = worded()
    told = case_json(of.scores[1], of.own_by_case["bad-1"])
    assert told["given"]["writing"]["notice"] == "notice It is blue."
    assert told["own_words"] == {
        "declined": False,
        "text": "A bucket holds objects. [1]",
        "passed": True,
        "cause": None,
    }
    assert case_json(missing("bad-1"))["own_words"] is None


def test_a_models_answer_is_not_missed_for_what_its_grounding_let_stand() -> None:
    case, right = passing("good-1").case, passing("good-1").result
    said = replace(right, text=f"{FACT.capitalize()}, 7 of them. [1]")
    assert score(case, said).cause is Cause.UNGROUNDED
    worded_so = score(case, said, held_to_quotes=False)
    assert (worded_so.passed, worded_so.ungrounded) == (True, ("number: 7",))
    elsewhere = CitedPlace(1, "compute.md", ("Compute",), "…", 0, 1, is_exact=True)
    moved = replace(said, citations=(elsewhere,))
    assert score(case, moved, held_to_quotes=False).cause is Cause.WRONG_CITATION
