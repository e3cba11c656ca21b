"""Anchors are GitHub's, so that a citation opens the right heading there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.anchors import Slugger, slug


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Amazon S3", "amazon-s3"),
        ("Amazon Elastic Block Store (Amazon EBS)", "amazon-elastic-block-store-amazon-ebs"),
        ("AWS Well-Architected Framework/Tool:", "aws-well-architected-frameworktool"),
        ("R^2 (the coefficient of determination)", "r2-the-coefficient-of-determination"),
        ("snake_case  and   spaces", "snake_case--and---spaces"),
        ("Straße Ünïcode 日本語", "straße-ünïcode-日本語"),
        ("🚀 Launch", "-launch"),
        ("😄", ""),
        ("C#, C++ & co.", "c-c--co"),
    ],
)
def test_keeps_letters_digits_and_hyphens_only(heading: str, anchor: str) -> None:
    assert slug(heading) == anchor


def test_numbers_a_repeated_heading() -> None:
    slugger = Slugger()
    assert [slugger.slug("Link") for _ in range(3)] == ["link", "link-1", "link-2"]


def test_skips_a_suffix_that_a_literal_heading_already_took() -> None:
    slugger = Slugger()
    assert [slugger.slug(title) for title in ("foo-1", "foo", "foo", "foo-1")] == [
        "foo-1",
        "foo",
        "foo-2",
        "foo-1-1",
    ]


@given(st.lists(st.sampled_from(["a", "a-1", "a 1", "A", "a-1-1", "!", ""]), max_size=30))
def test_anchors_of_one_document_are_distinct(titles: list[str]) -> None:
    slugger = Slugger()
    anchors = [slugger.slug(title) for title in titles]
    assert len(set(anchors)) == len(anchors)
