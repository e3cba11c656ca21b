"""What becomes a section: headings, bold lines used as headings, and their anchors."""

from __future__ import annotations

from itertools import pairwise

import pytest
from markdown_notes import headings, read, texts


def test_heading_paths_follow_the_levels() -> None:
    note = "# A\n\n### B\n\nx\n\n## C\n\n#### D\n"
    assert headings(note) == [("A",), ("A", "B"), ("A", "C"), ("A", "C", "D")]
    assert [section.level for section in read(note)] == [1, 3, 2, 4]


def test_setext_headings_count_like_hashed_ones() -> None:
    assert headings("Title\n=====\n\nPart\n----\nx") == [("Title",), ("Title", "Part")]


def test_text_before_the_first_heading_goes_by_the_files_name() -> None:
    first, second = read("Hello.\n\n# A\n", "sub/my note.md")
    assert (first.heading, first.anchor, first.level, first.id) == (
        ("my note",),
        "",
        0,
        "sub/my note.md#",
    )
    assert (first.start, first.end, second.start) == (0, 8, 8)


def test_sections_share_no_text_and_leave_none_out_after_the_first_heading() -> None:
    note = "# A\nx\n## B\n\n**Bold**\n\ny\n# C"
    sections = read(note)
    assert sections[0].start == 0
    assert sections[-1].end == len(note)
    assert all(a.end == b.start for a, b in pairwise(sections))
    assert [section.lines for section in sections] == [(1, 2), (3, 4), (5, 7), (8, 8)]


def test_a_heading_with_nothing_under_it_is_a_stub() -> None:
    sections = read("# A\n\n## B\n\ntext\n")
    assert [section.is_stub for section in sections] == [True, False]


def test_repeated_headings_have_githubs_anchors() -> None:
    assert [section.anchor for section in read("# Foo\n# foo\n# Foo-1\n# Foo!")] == [
        "foo",
        "foo-1",
        "foo-1-1",
        "foo-2",
    ]


def test_a_linked_heading_is_a_heading() -> None:
    (section,) = read("### [AWS Lake Formation](https://example.org/lf)\n\ntext\n")
    assert (section.heading, section.anchor) == (("AWS Lake Formation",), "aws-lake-formation")
    assert not section.navigation


def test_markup_in_a_heading_is_not_part_of_its_title() -> None:
    note = '# The **bold** `code` &amp; \\*star\\*<a name="x"></a> <!-- no --> #\n'
    assert headings(note) == [("The bold code & *star*",)]


def test_a_hash_in_a_code_block_is_no_heading() -> None:
    assert headings("# A\n\n```sh\n# not a heading\n```\n\n    # nor this\n") == [("A",)]


def test_an_empty_heading_names_nothing() -> None:
    assert headings("# A\n\n#\n\ntext\n") == [("A",)]
    assert texts("# A\n\n#\n\ntext\n") == ["text"]


def test_a_heading_inside_a_quote_is_words_there_and_takes_its_anchor() -> None:
    sections = read("# A\n\n> # Foo\n\n# Foo\n")
    assert [section.anchor for section in sections] == ["a", "foo-1"]
    assert [block.text for block in sections[0].blocks] == ["Foo"]


# Bold paragraphs


def test_a_bold_paragraph_opens_a_section_under_the_real_anchor() -> None:
    sections = read("## S3\n\nIntro.\n\n**Storage Classes:**\n\n* Standard\n\n### Next\n\nx")
    assert [(s.id, s.heading, s.anchor, s.level) for s in sections] == [
        ("note.md#s3", ("S3",), "s3", 2),
        ("note.md#s3~2", ("S3", "Storage Classes"), "s3", 3),
        ("note.md#next", ("S3", "Next"), "next", 3),
    ]


def test_a_bold_paragraph_with_nothing_under_it_is_a_sentence() -> None:
    assert headings("# A\n\n**Remember**\n\n# B") == [("A",), ("B",)]
    assert texts("# A\n\n**Remember**\n\n# B") == ["Remember"]
    assert headings("# A\n\n**One**\n\n**Two**\n\nx") == [("A",), ("A", "Two")]


@pytest.mark.parametrize(
    "paragraph",
    [
        "**Never do this.**",
        "**bold** and more",
        "**one** **two**",
        "**hard\nwrapped**",
        "**a b c d e f g h i j k l m n o p q**",
        "- **item**",
        "> **quoted**",
        "**![](x.png)**",
    ],
)
def test_emphasis_that_is_no_title_opens_no_section(paragraph: str) -> None:
    assert headings(f"# A\n\n{paragraph}\n\ntext") == [("A",)]


def test_bold_sections_are_capped_at_level_six() -> None:
    assert read("###### A\n\n**B**\n\nx")[1].level == 6
