"""`junit.xml`: a test for each question and gate, and XML whatever the answers hold."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_report import (
    HOSTILE,
    baseline,
    clean,
    empty,
    hostile,
    hostile_report,
    missing,
    passing,
    raised,
    report,
    sample,
)

from evals.gates import Bound
from evals.reports.junit import MESSAGE, junit
from evals.reports.report import Report

REPORTS = [sample, clean, empty, hostile_report]


def suites(of: Report) -> tuple[ET.Element, ET.Element]:
    questions, gates = ET.fromstring(junit(of))
    return questions, gates


def outcomes(suite: ET.Element) -> dict[str, list[str]]:
    """What became of each test, by its name's first word."""
    return {
        case.attrib["name"].split()[0]: [outcome.tag for outcome in case]
        for case in suite.iterfind("testcase")
    }


def test_every_question_is_a_test_under_its_topic() -> None:
    of = sample()
    questions, _ = suites(of)
    cases = questions.findall("testcase")
    assert [(case.attrib["classname"], case.attrib["name"]) for case in cases] == [
        (score.case.item.topic, f"{score.case.id} {score.case.text}") for score in of.scores
    ]
    assert cases[0].attrib["time"] == "0.250"


def test_a_miss_is_a_failure_and_nothing_else_is() -> None:
    of = sample()
    missed = {score.case.id for score in of.misses}
    for name, outcome in outcomes(suites(of)[0]).items():
        assert outcome == (["failure"] if name in missed else [])


def test_a_failure_says_the_cause_what_was_expected_and_what_came() -> None:
    failure = suites(report([missing("bad-1", "Nothing of that kind.")]))[0].find(".//failure")
    assert failure is not None
    assert failure.attrib["type"] == "retrieved, not used"
    assert failure.attrib["message"].startswith("retrieved, not used: expected a bucket holds obj")
    assert str(failure.text).splitlines() == [
        "cause: retrieved, not used",
        "question: What does bad-1 hold?",
        "expected: a bucket holds objects, says bad-1",
        "expected: in storage.md › Buckets bad-1",
        "missing: a bucket holds objects, says bad-1",
        "given: Nothing of that kind.",
    ]


def test_earlier_turns_and_refusals_are_told() -> None:
    failures = {
        case.attrib["name"].split()[0]: str(case.findtext("failure"))
        for case in suites(sample())[0]
    }
    assert "asked before: And before?" in failures["bad-5"]
    assert "given: declined: Your notes don't answer this." in failures["bad-3"]
    assert "expected: declined: the notes do not say (near “Prices of bad-4”)" in failures["bad-4"]


def test_a_case_that_raised_is_an_error() -> None:
    (case,) = suites(report([raised("bad-1")]))[0]
    (error,) = case
    assert (error.tag, error.attrib["type"]) == ("error", "error")
    assert "given: error: OSError: disk gone" in str(error.text)


def test_every_floor_is_a_test_that_fails_or_is_skipped_with_its_reason() -> None:
    _, gates = suites(sample())
    tests = {
        case.attrib["name"]: [(outcome.tag, outcome.attrib["message"]) for outcome in case]
        for case in gates
        if case.attrib["classname"] == "floors"
    }
    assert {plain(name): [(tag, plain(said)) for tag, said in told]
            for name, told in tests.items()} == {
        "all questions: passed at least 90 % (passed)": [
            ("failure", "64.3 %, n = 14: 25.7 points short of 90 %")
        ],
        "all questions: answers whose quotes are exact at least 100 % (quotes_exact)": [],
        "all questions: answerable questions refused at most 5 % (over_refusal)": [
            ("failure", "8.3 %, n = 12: 3.3 points over 5 %")
        ],
        "topic sailing: passed at least 50 % (passed)": [
            ("skipped", "insufficient data: n/a, n = 0")
        ],
    }  # fmt: skip


def test_what_got_worse_fails_the_comparison_with_the_baseline() -> None:
    compared = suites(sample())[1].findall("testcase")[-1]
    (failure,) = compared
    assert compared.attrib["classname"] == "baseline"
    assert (failure.tag, failure.attrib["message"]) == ("failure", "2 got worse: bad-1, bad-2")
    assert str(failure.text).splitlines()[0] == (
        "bad-1 (critical): retrieved, not used: What does bad-1 hold?"
    )


def test_the_comparison_passes_when_nothing_got_worse_and_is_skipped_without_a_baseline() -> None:
    assert list(suites(clean())[1].findall("testcase")[-1]) == []
    (skipped,) = suites(empty())[1].findall("testcase")[-1]
    assert skipped.tag == "skipped"


@pytest.mark.parametrize("made", REPORTS)
def test_the_counts_are_those_of_the_tests(made: Callable[[], Report]) -> None:
    root = ET.fromstring(junit(made()))
    for holder in (root, *root):
        cases = list(holder.iter("testcase"))
        assert int(holder.attrib["tests"]) == len(cases)
        for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(holder.attrib[plural]) == len(list(holder.iter(tag)))
        assert float(holder.attrib["time"]) >= 0


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_words(words: str) -> None:
    (case,) = suites(report([hostile(words)]))[0]
    (failure,) = case
    assert not list(failure)
    assert len(failure.attrib["message"]) <= MESSAGE
    assert "\n" not in case.attrib["name"]
    for kind in ("asked before: earlier", "question: question", "expected: fact", "given: answer"):
        assert kind in str(failure.text)


def test_what_answers_hold_is_read_back() -> None:
    said = "<script> & ]]> \" ' | tab\tend\nnext line"
    (case,) = suites(report([missing("bad-1", said)]))[0]
    assert str(case.findtext("failure")).endswith(f"given: {said}")


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(categories=None) | st.sampled_from("\0\x0b\x1b\ufffe\uffff\ud800")))
def test_whatever_the_words_it_is_xml(words: str) -> None:
    shared = words.replace("\r", "").replace("\n", "")
    surrogates = re.compile("[\ud800-\udfff]")
    of = report([missing("bad-1", f"begin {words} end"), hostile(surrogates.sub("", shared))])
    read = ET.fromstring(junit(of).encode())
    assert len(list(read.iter("testcase"))) == 3


def test_it_is_one_document_that_says_its_encoding() -> None:
    written = junit(hostile_report())
    assert written.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ')
    assert ET.fromstring(written.encode("utf-8")).tag == "testsuites"


def test_a_floor_that_is_met_exactly_does_not_fail() -> None:
    scores = [*(passing(f"good-{number}") for number in range(9)), missing("bad-1")]
    of = report(scores, floors={"all": {"passed": Bound(at_least=0.9)}})
    assert outcomes(suites(of)[1])["all"] == []


def test_only_regressions_fail_the_comparison() -> None:
    of = report([passing("good-1")], baseline=baseline({"good-1": False}))
    assert len(of.comparison.flips if of.comparison else ()) == 1
    assert suites(of)[1].attrib["failures"] == "0"


def plain(said: str) -> str:
    return " ".join(said.split())
