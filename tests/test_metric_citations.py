"""Exact quotes, and sections cited against sections that answer."""

from __future__ import annotations

import pytest

from evals.metrics.citations import (
    cites_right_section,
    quote_is_exact,
    right_sections,
    section_precision,
    section_recall,
)

SOURCE = "\ufeff\U0001f4d2 Notes\r\nS3 stores objects.\n"
CLASSES = ("storage.md", ("Storage", "Amazon S3", "Storage Classes"))
LIMITS = ("storage.md", ("Storage", "Amazon EFS", "Limits"))
ELSEWHERE = ("analytics.md", ("Analytics", "Storage Classes"))


def test_a_quote_is_exact_where_it_stands_in_code_points() -> None:
    assert quote_is_exact(SOURCE, 10, 28, "S3 stores objects.")
    assert quote_is_exact(SOURCE, 0, len(SOURCE), SOURCE)


@pytest.mark.parametrize(
    ("start", "end", "quote"),
    [
        (11, 29, "S3 stores objects."),
        (10, 28, "S3 stores object."),
        (10, 28, "s3 stores objects."),
        (8, 10, "\n"),
        (5, 5, ""),
        (-2, len(SOURCE), ".\n"),
        (-2, -1, "."),
        (28, 99, "\n"),
    ],
)
def test_a_quote_is_not_exact_anywhere_else(start: int, end: int, quote: str) -> None:
    assert not quote_is_exact(SOURCE, start, end, quote)


def test_a_gold_heading_is_any_title_on_the_path() -> None:
    for heading in ("Storage", "Amazon S3", "Storage Classes"):
        assert cites_right_section({CLASSES}, {("storage.md", heading)})
    assert not cites_right_section({CLASSES}, {("storage.md", "Classes")})


def test_headings_are_compared_normalised_on_both_sides() -> None:
    cited = {("a.md", ("**Amazon\u00a0S3** \u2013 basics",))}
    assert cites_right_section(cited, {("a.md", "[amazon s3](https://example.org) - Basics")})


def test_the_same_heading_of_another_file_is_not_right() -> None:
    assert not cites_right_section({ELSEWHERE}, {("storage.md", "Storage Classes")})


def test_precision_and_recall_by_hand() -> None:
    cited = {CLASSES, LIMITS, ELSEWHERE}
    gold = {("storage.md", "Storage Classes"), ("storage.md", "Durability")}
    assert section_precision(cited, gold) == pytest.approx(1 / 3)
    assert section_recall(cited, gold) == 1 / 2
    assert cites_right_section(cited, gold) is True


def test_a_gold_section_written_twice_counts_once() -> None:
    gold = {("storage.md", "Storage Classes"), ("storage.md", "*Storage* classes"), ("b.md", "B")}
    assert section_recall({CLASSES}, gold) == 1 / 2
    assert right_sections({CLASSES}, gold) == {("storage.md", "storage classes")}


def test_two_citations_under_one_gold_heading_are_both_right() -> None:
    gold = {("storage.md", "Storage")}
    assert section_precision({CLASSES, LIMITS}, gold) == 1
    assert section_recall({CLASSES, LIMITS}, gold) == 1


def test_without_citations_recall_is_0_and_precision_is_none() -> None:
    gold = {("storage.md", "Storage")}
    assert section_recall(set(), gold) == 0
    assert section_precision(set(), gold) is None
    assert cites_right_section(set(), gold) is False


def test_without_gold_precision_is_0_and_the_rest_is_none() -> None:
    assert section_precision({CLASSES}, set()) == 0
    assert section_recall({CLASSES}, set()) is None
    assert cites_right_section({CLASSES}, set()) is None
