"""`report.md`: short, complete where it counts, and nothing in it that does something."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from sample_report import (
    ELSEWHERE,
    HOSTILE,
    baseline,
    clean,
    empty,
    hostile,
    hostile_report,
    item,
    missing,
    passing,
    raised,
    report,
    result,
    sample,
)

from evals.golden_set import Case
from evals.reports.markdown import FLIPS, MISSES, markdown, plain
from evals.reports.report import Report
from evals.reports.verdict import verdict
from evals.scoring import score

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
INERT = {"text", "softbreak", "text_special", "strong_open", "strong_close"}


def tokens(source: str) -> list[Token]:
    return PARSER.parse(source)


def inline(source: str) -> list[Token]:
    return [child for token in tokens(source) for child in token.children or ()]


def tables(source: str) -> list[list[list[str]]]:
    """The cells of every table, as they read."""
    found: list[list[list[str]]] = []
    for token, after in zip(tokens(source), tokens(source)[1:], strict=False):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("td_open", "th_open"):
            found[-1][-1].append("".join(child.content for child in after.children or ()))
    return found


def table(source: str, first_title: str) -> list[list[str]]:
    (rows,) = [rows for rows in tables(source) if rows[0][0] == first_title]
    return rows[1:]


def test_it_begins_with_the_verdict() -> None:
    for of in (sample(), clean(), empty()):
        said = verdict(of)
        assert markdown(of).startswith(f"# {plain(said.headline)}\n")
        assert all(plain(fault) in markdown(of) for fault in said.faults)


def test_headlines_stand_beside_the_controls_with_how_many_fewer_misses() -> None:
    rows = {row[0]: row[1:] for row in table(markdown(sample()), "")}
    value, interval, n, control, compared = rows["passed"]
    assert (value, n, control, compared) == ("64.3 %", "14", "0 %", "2.8× fewer")
    assert interval.endswith(" %")
    assert rows["answerable questions refused"][-1] == "the control has none"
    assert rows["time, median"] == ["250 ms", "", "14", "250 ms", ""]


def test_without_a_control_there_is_no_column_for_it() -> None:
    assert len(table(markdown(clean()), "")[0]) == 4


def test_floors_say_what_was_wanted_and_reached() -> None:
    assert table(markdown(sample()), "floor") == [
        ["all questions: passed", "at least 90 %", "64.3 %", "14", "no: 25.7 points short of 90 %"],
        [
            *("all questions: answerable questions refused", "at most 5 %", "8.3 %", "12"),
            "no: 3.3 points over 5 %",
        ],
        ["topic sailing: passed", "at least 50 %", "n/a", "0", "too few"],
        ["all questions: answers whose quotes are exact", "at least 100 %", "100 %", "11", "yes"],
    ]


def test_flips_are_told_worse_first_and_critical_ones_marked() -> None:
    lines = [
        line for line in markdown(sample()).splitlines() if line.startswith(("- worse", "- better"))
    ]
    assert lines == [
        "- worse: now retrieved, not used (**critical**): bad-1: What does bad-1 hold?",
        "- worse: now retrieved, not used: bad-2: What does bad-2 hold?",
        "- better: now passes: good-1: What does good-1 hold?",
    ]


def test_a_flip_is_called_tolerated_where_it_is() -> None:
    before = baseline({"bad-1": True}, ELSEWHERE)
    case = Case(item("bad-1"), "question", "What?")
    close = score(case, result(case, "Nothing.", confidence=0.51))
    said = "- worse: now retrieved, not used (tolerated: the decision was close): bad-1: What?"
    assert said in markdown(report([close], baseline=before))
    assert "tolerated" not in markdown(report([missing("bad-1")], baseline=before))


def test_causes_are_counted() -> None:
    assert "- 3 × retrieved, not used\n- 2 × needlessly declined\n" in markdown(sample())


def test_each_step_of_the_confidence_says_how_many_the_notes_do_answer() -> None:
    rows = table(markdown(sample()), "how sure")
    assert rows == [["90.0 % to 100 %", "14", "90.0 %", "85.7 %"]]


def test_every_slice_has_its_share_or_that_there_are_too_few() -> None:
    rows = {row[0]: row[1:] for row in table(markdown(sample()), "slice")}
    assert set(rows) == {
        *("critical questions", "type fact", "type list", "type near miss", "type follow up"),
        *("topic storage", "topic compute"),
    }
    assert rows["type list"] == ["1", "0 %", "too few", "0 %"]
    assert rows["topic storage"][:2] == ["13", "69.2 %"]


def test_a_miss_is_one_row_with_question_expected_and_given() -> None:
    rows = {row[0].split(":")[0]: row for row in table(markdown(sample()), "case")}
    assert rows["bad-5"] == [
        "bad-5: retrieved, not used",
        "And before? → What does bad-5 hold?",
        "a bucket holds objects, says bad-5; in storage.md › Buckets bad-5",
        "Nothing of that kind. [1]",
    ]
    assert rows["bad-3"][-1] == "declined: Your notes don't answer this."
    assert rows["bad-4"][2] == "declined: the notes do not say (near “Prices of bad-4”)"


def test_an_error_is_told() -> None:
    ((case, _, _, came),) = table(markdown(report([raised("bad-1")])), "case")
    assert (case, came) == ("bad-1: error", "error: OSError: disk gone")


def test_only_the_first_misses_are_shown_and_the_others_counted() -> None:
    source = markdown(report([missing(f"bad-{number}") for number in range(MISSES + 3)]))
    assert len(table(source, "case")) == MISSES
    assert "… and 3 more" in source


def test_only_the_first_flips_are_shown_and_the_others_counted() -> None:
    scores = [missing(f"bad-{number}") for number in range(FLIPS + 2)]
    source = markdown(report(scores, baseline=baseline({s.case.id: True for s in scores})))
    assert source.count("- worse: ") == FLIPS
    assert "- … and 2 more" in source


def test_an_empty_run_is_short_and_says_so() -> None:
    source = markdown(empty())
    assert source.startswith("# Nothing was asked")
    assert "|" not in source
    assert len(source.splitlines()) < 8


@pytest.mark.parametrize("made", [sample, clean, empty, hostile_report])
def test_nothing_in_it_does_something(made: Callable[[], Report]) -> None:
    source = markdown(made())
    kinds = {token.type for token in tokens(source)} | {token.type for token in inline(source)}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "fence"}
    assert {token.type for token in inline(source)} <= INERT


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_in_their_cell(words: str) -> None:
    of = report([hostile(words), missing("bad-1")])
    rows = table(markdown(of), "case")
    assert [len(row) for row in rows] == [4, 4]
    assert rows[0][3].startswith("answer ")
    assert rows[1][3] == "Nothing of that kind. [1]"


@settings(deadline=None, max_examples=60)
@given(st.text())
def test_whatever_the_words_they_are_read_as_they_are(words: str) -> None:
    """One line of them, without what hides or steers."""
    from chatbot.plain_text import neutral, one_line

    shown = "".join(child.content for child in inline(f"begin {plain(words)} end"))
    shown = shown.replace("@\u2060", "@")
    assert " ".join(shown.split()) == one_line(neutral(f"begin {words} end"))


@pytest.mark.parametrize("address", ["http://host.example", "https://h.example", "www.h.example"])
def test_no_address_becomes_a_link_where_bare_ones_do(address: str) -> None:
    # What GitHub looks for: a scheme with two slashes after it, or "www." as it stands.
    assert "://" not in plain(address)
    assert "www." not in plain(address)


def test_nobody_is_called_by_name() -> None:
    assert "@somebody" not in markdown(report([missing("bad-1", "ask @somebody")]))


def test_it_is_short_enough_for_a_step_summary() -> None:
    many = [hostile(HOSTILE[number % len(HOSTILE)], number) for number in range(44)]
    # A step's summary holds a mebibyte, a pull request's comment 65,536 characters.
    assert len(markdown(report(many)).encode()) < 65_536


def test_a_run_that_passes_has_no_list_of_misses() -> None:
    assert "## Misses" not in markdown(report([passing("good-1")]))
