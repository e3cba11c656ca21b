"""When a text says a fact, and what share of the facts it says."""

from __future__ import annotations

import pytest

from evals.facts import KeyFact
from evals.metrics.key_facts import (
    holds,
    missing,
    normalised,
    strict_recall,
    vital_recall,
    weighted_recall,
    without_markers,
)

DURATION = KeyFact("minimum duration", ("180 days", "half a year"))
CLASS = KeyFact("the class", ("Deep Archive",))
PRICE = KeyFact("it is cheap", ("cheapest", "lowest cost"), "okay")
FACTS = (DURATION, PRICE, CLASS)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Two\n\n lines\tand\u00a0more ", "two lines and more"),
        ("**S3** is *not* __a__ _file_ ~system~", "s3 is not a file ~system~"),
        ("***both***", "both"),
        ("max_depth of `tree_model`", "max_depth of tree_model"),
        ("2*3 and 2 * n", "2*3 and 2 * n"),
        (r"a\_b \*kept\* 5\$", "a_b *kept* 5$"),
        ("[S3](https://example.org/s3_(storage)) now", "s3 now"),
        ("![A diagram](images/a.png) here", "a diagram here"),
        ("[![A diagram](a.png)](https://example.org) here", "a diagram here"),
        ("see [the guide][guide]", "see the guide"),
        ("30 days [1]. Or 90 [2] [13] days[3]!", "30 days. or 90 days!"),
        ("[3] first", "first"),
        ("[3](#three) is a link", "3 is a link"),
        ("a year is [2024]", "a year is [2024]"),
        ("\u201cit\u2019s\u201d \u00abso\u00bb", '"it\'s" "so"'),
        ("3\u20135 \u2014 pre\u2011trained \u22121", "3-5 - pre-trained -1"),
        ("\ufb01le \uff33\uff13 \u2126", "file s3 \u03c9"),
        ("Cafe\u0301 STRASSE stra\u00dfe", "caf\u00e9 strasse strasse"),
        ("10\u00b2 rows", "10^2 rows"),
        ("a&nbsp;b &lt; c &amp; d; AT&T", "a b < c & d; at&t"),
        ("data\u00adbase\u200b", "database"),
    ],
)
def test_a_text_is_compared_without_what_only_dresses_it(text: str, normal: str) -> None:
    assert normalised(text) == normal


def test_markers_go_with_the_space_before_them() -> None:
    assert without_markers("One [1] [2].\nTwo [10]") == "One.\nTwo"


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("It is 30 days.", "30 days"),
        ("(30 days)", "30 days"),
        ("at most 30\n  **days** [2]", "30 days"),
        ("30 [1] days", "30 days"),
        ("Amazon S3's limit", "s3"),
        ("`S3`: storage", "S3"),
        ("the 5 TB, not more", "5 TB"),
        ("It has 200, or so. 5", "200"),
        ("costs $5.", "$5"),
        ("99.99%", "99.99%"),
        ("non-S3", "S3"),
        ("versioning (on)", "(on)"),
        ("\u4e3a30\u5929\u5185", "30\u5929"),  # no spaces between words
    ],
)
def test_finds_a_wording(text: str, wording: str) -> None:
    assert holds(text, wording)


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("130 days", "30 days"),
        ("30 days", "3"),
        ("S35", "S3"),
        ("30 daysrate", "30 days"),
        ("1.5 TB", "5 TB"),
        ("1,030 days", "030 days"),
        ("1,200 objects", "200 objects"),
        ("200,000 objects", "200"),
        ("version 1.2.3", "1.2"),
        ("costs $50", "$5"),
        ("costs $5.50", "$5"),
        ("15% of it", "5%"),
        ("max_depth", "depth"),
        ("unencrypted", "encrypted"),
        ("10\u00b2", "102"),
        ("\u4e3a130\u5929", "30\u5929"),
        ("days 30", "30 days"),
        ("", "S3"),
    ],
)
def test_does_not_find_a_wording_in_another_word_or_number(text: str, wording: str) -> None:
    assert not holds(text, wording)


def test_a_wording_is_text_and_not_a_pattern() -> None:
    assert holds("a.b (c)+", "a.b (c)+")
    assert not holds("axb", "a.b")


@pytest.mark.parametrize("wording", ["", " \n", "``", "[3]"])
def test_a_wording_that_would_be_found_everywhere_is_refused(wording: str) -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        holds("text", wording)


def test_one_wording_is_enough() -> None:
    assert missing([DURATION], "It takes half a year.") == ()
    assert missing([DURATION], "It takes a year.") == (DURATION,)


def test_what_is_missing_comes_in_order_whatever_its_importance() -> None:
    assert missing(FACTS, "Nothing.") == FACTS
    assert missing(FACTS, "Deep Archive [1]") == (DURATION, PRICE)


@pytest.mark.parametrize(
    ("text", "strict", "vital", "weighted"),
    [
        ("Deep Archive is cheapest: 180 days.", 1, 1, 1),
        ("Deep Archive: 180 days.", 1, 1, 2 / 2.5),
        ("Deep Archive is the cheapest.", 0, 1 / 2, 1.5 / 2.5),
        ("It is the cheapest.", 0, 0, 0.5 / 2.5),
        ("Nothing.", 0, 0, 0),
    ],
)
def test_recall_by_hand(text: str, strict: float, vital: float, weighted: float) -> None:
    assert strict_recall(FACTS, text) == strict
    assert vital_recall(FACTS, text) == pytest.approx(vital)
    assert weighted_recall(FACTS, text) == pytest.approx(weighted)


def test_without_facts_there_is_no_figure() -> None:
    assert strict_recall([], "x") is None
    assert vital_recall([], "x") is None
    assert weighted_recall([], "x") is None


def test_okay_facts_alone_have_a_weighted_figure_only() -> None:
    assert strict_recall([PRICE], "cheapest") is None
    assert vital_recall([PRICE], "cheapest") is None
    assert weighted_recall([PRICE], "cheapest") == 1
    assert weighted_recall([PRICE], "dear") == 0


@pytest.mark.parametrize("any_of", [(), ("S3", " ")])
def test_a_fact_without_a_wording_is_refused(any_of: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="'the store' needs wordings"):
        KeyFact("the store", any_of)


def test_a_fact_of_unknown_importance_is_refused() -> None:
    with pytest.raises(ValueError, match="'nice'; it can be 'vital' or 'okay'"):
        KeyFact("the store", ("S3",), "nice")  # type: ignore[arg-type]
