"""What a right answer never says."""

from __future__ import annotations

import pytest

from evals.metrics.forbidden import forbidden_in


def test_names_what_was_found_in_the_order_it_was_forbidden() -> None:
    text = "It lasts **90 days** [1] and costs \u201cnothing\u201d."
    assert forbidden_in(text, ["nothing", "30 days", "90\u00a0DAYS"]) == ("nothing", "90\u00a0DAYS")


def test_a_wrong_value_is_not_found_in_a_right_one() -> None:
    assert forbidden_in("130 days in S35, 1.5 TB", ["30 days", "S3", "5 TB"]) == ()


def test_nothing_forbidden_is_nothing_found() -> None:
    assert forbidden_in("anything", []) == ()


def test_an_empty_string_cannot_be_forbidden() -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        forbidden_in("anything", [""])
