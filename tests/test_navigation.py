"""What is kept for browsing and never evidence: tables of contents, linked headings."""

from __future__ import annotations

import pytest
from markdown_notes import read

from ingest.notes import BlockKind


def test_a_table_of_contents_is_navigation() -> None:
    toc, analytics = read(
        "## Table of Contents\n\n* Analytics\n  * [Glue](#glue)\n  * [EMR]()\n\n## Analytics\n\nx\n"
    )
    assert (toc.navigation, analytics.navigation) == (True, False)


def test_a_list_of_nothing_but_inner_links_is_navigation() -> None:
    assert read("# Start\n\n- [A](#a)\n- [B](b.md)\n- <a href='#c'>C</a>\n")[0].navigation


@pytest.mark.parametrize(
    "note",
    [
        "# Reading\n\n- [A](https://a.example)\n- [B](https://b.example)\n- [C](https://c.example)\n",
        "# Pieces\n\n- [A](#a) - does one thing\n- [B](#b) - another\n- [C](#c) - a third\n",
        "# Index\n\nAn index is a structure that makes look-ups fast.\n",
        "# Contents\n\n- two bolts\n- a nut\n",
    ],
)
def test_content_that_looks_a_little_like_navigation_is_content(note: str) -> None:
    assert not read(note)[0].navigation


def test_a_heading_that_is_only_a_link_swallows_nothing() -> None:
    note = (
        "## ML\n\n* ![](a.png)\n#### [Link](https://a.example)\n\n* ![](b.png)\n"
        "#### [Link](https://b.example)\n\n### Bedrock\n\ntext\n"
    )
    sections = read(note)
    assert [(s.id, s.heading, s.navigation) for s in sections] == [
        ("note.md#ml", ("ML",), False),
        ("note.md#link", ("ML", "Link"), True),
        ("note.md#ml~2", ("ML",), False),
        ("note.md#link-1", ("ML", "Link"), True),
        ("note.md#bedrock", ("ML", "Bedrock"), False),
    ]
    assert sections[2].blocks[0].address == "b.png"
    assert note[sections[2].start :].startswith("* ![](b.png)")


def test_a_heading_that_is_only_an_image_names_no_topic() -> None:
    sections = read("# ![Logo](logo.png)\n\ntext\n")
    assert [(s.heading, s.navigation) for s in sections] == [
        (("note", "Logo"), True),
        (("note",), False),
    ]
    assert sections[0].blocks[0].kind is BlockKind.FIGURE
