"""Lists, tables, code, figures and HTML, with exact places in the raw text."""

from __future__ import annotations

import pytest
from markdown_notes import blocks, headings, quotes, texts

from ingest.notes import BlockKind


def test_nested_lists_know_depth_item_group_and_parent() -> None:
    note = (
        "There are 2 pieces:\n\n"
        "1. One. More on one.\n   - inner a\n   - inner b\n     * deep\n"
        "2. Two\n\n   Second paragraph.\n"
    )
    found = [(b.text, b.group, b.item, b.depth, b.lead) for b in blocks(note)]
    assert found == [
        ("There are 2 pieces:", 0, 0, 0, None),
        ("One.", 1, 0, 1, 0),
        ("More on one.", 1, 0, 1, 0),
        ("inner a", 2, 0, 2, 2),
        ("inner b", 2, 1, 2, 2),
        ("deep", 3, 0, 3, 4),
        ("Two", 1, 1, 1, 0),
        ("Second paragraph.", 1, 1, 1, 0),
    ]
    assert {b.kind for b in blocks(note)[1:]} == {BlockKind.ITEM}


@pytest.mark.parametrize(
    ("above", "lead"),
    [
        ("These are the kinds", 0),
        ("First. These are the kinds:", 1),
        ("word " * 30 + "end.", None),
        ("word " * 30 + "namely:", 0),
        ("# Heading", None),
        ("Short one.\n\n---", None),
        ("Short one.\n\n```\ncode\n```", None),
    ],
)
def test_a_list_hangs_from_the_sentence_that_opens_it(above: str, lead: int | None) -> None:
    assert blocks(f"{above}\n\n- item\n")[-1].lead == lead


def test_an_item_that_opens_with_a_list_passes_on_its_own_lead() -> None:
    assert [(b.text, b.lead) for b in blocks("Kinds:\n\n- - deep\n")] == [
        ("Kinds:", None),
        ("deep", 0),
    ]


def test_an_empty_item_is_no_block_and_still_counts() -> None:
    assert [(b.text, b.item) for b in blocks("- a\n-\n- c\n")] == [("a", 0), ("c", 2)]


# Tables


def test_table_rows_hang_from_their_header_with_exact_cells() -> None:
    note = (
        "| **Class** | Price \\| month |\n|---|:-:|\n| `S3` | a &amp; b |\n| IA |\n| x | y | z |\n"
    )
    header, *rows = blocks(note)
    assert (header.kind, header.text, header.lead) == (
        BlockKind.HEADER,
        "Class | Price | month",
        None,
    )
    assert [note[c.start : c.end] for c in header.cells] == ["**Class**", "Price \\| month"]
    assert [[cell.text for cell in row.cells] for row in rows] == [
        ["S3", "a & b"],
        ["IA", ""],
        ["x", "y"],
    ]
    assert [note[row.start : row.end] for row in rows] == ["`S3` | a &amp; b", "IA", "x | y"]
    assert {(row.kind, row.lead, row.group) for row in rows} == {(BlockKind.ROW, 0, 0)}
    assert [row.lines for row in rows] == [(3, 3), (4, 4), (5, 5)]


def test_a_table_needs_no_outer_pipes_and_may_stand_in_lists_and_quotes() -> None:
    for prefix in ("", "> ", "> > "):
        note = "".join(f"{prefix}{line}\n" for line in ("a | b", "--|--", "1 | `x\\|y`", "2"))
        quoted = [[note[c.start : c.end] for c in b.cells] for b in blocks(note)]
        assert quoted == [["a", "b"], ["1", "`x\\|y`"], ["2", ""]]
    note = "- intro\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |\n"
    assert quotes(note) == ["intro", "a | b", "1 | 2"]


def test_cells_of_equal_words_are_told_apart() -> None:
    note = "|x|x|\n|-|-|\n|None|None|\n"
    cells = blocks(note)[1].cells
    assert [cell.start for cell in cells] == [13, 18]


# Code and figures


def test_code_is_its_inner_lines() -> None:
    note = "# A\n\n- item\n\n  ```python\n  # c\n    x = 1\n\n  ```\n\n    indented\n"
    code = [block for block in blocks(note) if block.kind is BlockKind.CODE]
    assert [block.text for block in code] == ["# c\n  x = 1", "  indented"][: len(code)]
    assert note[code[0].start : code[0].end] == "# c\n    x = 1"
    assert code[0].lines == (6, 7)


def test_an_empty_code_block_is_no_block() -> None:
    assert blocks("```\n\n```\n") == []


@pytest.mark.parametrize(
    ("markup", "alt", "address"),
    [
        ("![](https://x.example/a.png)", "", "https://x.example/a.png"),
        ("![Alt *text*](a.png 'title')", "Alt text", "a.png"),
        ("![r]", "r", "ref.png"),
        ('<img src="b.png" alt="Alt text" width=1>', "Alt text", "b.png"),
        ("<img src='b.png'/>", "", "b.png"),
    ],
)
@pytest.mark.parametrize(
    "place", ["{}", "text {} text", "- {}", "- a\n  {}", "> {}", "[{}](big.png)"]
)
def test_an_image_is_a_figure_wherever_it_stands(
    markup: str, alt: str, address: str, place: str
) -> None:
    note = place.format(markup) + "\n\n[r]: ref.png\n"
    (figure,) = (block for block in blocks(note) if block.kind is BlockKind.FIGURE)
    assert (figure.text, figure.address) == (alt, address)
    assert note[figure.start : figure.end] == markup


def test_an_image_leaves_its_sentence_and_belongs_to_its_item() -> None:
    note = "* Architecture\n![](a.png)\n* next\n"
    assert [(b.kind, b.text, b.group, b.item, b.lead) for b in blocks(note)] == [
        (BlockKind.ITEM, "Architecture", 0, 0, None),
        (BlockKind.FIGURE, "", 0, 0, 0),
        (BlockKind.ITEM, "next", 0, 1, None),
    ]
    assert texts("One ![x](y) two.\n") == ["One two.", "x"]


def test_images_in_cells_and_headings_are_figures() -> None:
    assert [b.kind for b in blocks("# A ![i](x)\n\n|a|\n|-|\n|![j](y)|\n")] == [
        BlockKind.FIGURE,
        BlockKind.HEADER,
        BlockKind.FIGURE,
    ]
    assert headings("# A ![i](x)\n\ntext") == [("A",)]


# Raw HTML


def test_the_words_of_simple_html_are_read() -> None:
    note = (
        "<details><summary>More <b>here</b></summary>\n<p>One. Two &amp; three.</p>\n</details>\n"
    )
    assert texts(note) == ["More here", "One.", "Two & three."]
    assert quotes(note) == ["More <b>here</b>", "One.", "Two &amp; three."]


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- secret -->",
        "<!--\n\nsecret\n\n-->",
        "<script>secret()</script>",
        "<style>\nsecret {}\n</style>",
        "text <!-- secret --> more",
        "text <!-- secret ---> more",
        "text <!-- secret\n--><!--secret----> more",
        "text <script>secret</script> more",
        "<div><!-- secret",
        "<div>\n<!-- secret -->\n</div>",
        "<div><style>secret</style></div>",
        "| a |\n|---|\n| x <!-- secret --> |",
    ],
)
def test_what_a_browser_hides_is_never_read(hidden: str) -> None:
    assert not any("secret" in text for text in texts(f"Before.\n\n{hidden}\n\nAfter.\n"))


@pytest.mark.parametrize(
    ("note", "read"),
    [  # CommonMark 0.31.2, examples 625 to 627, and what is no comment
        ("foo <!-- this is a --\ncomment - with hyphens -->", ["foo"]),
        ("foo <!--> foo -->", ["foo", "foo -->"]),
        ("foo <!---> foo -->", ["foo", "foo -->"]),
        ("foo <!-- a --->b", ["foo", "b"]),
        ("foo <!-- never closed", ["foo <!-- never closed"]),
        ("`<!--` and `-->`", ["<!-- and -->"]),
    ],
)
def test_a_comment_ends_where_commonmark_says(note: str, read: list[str]) -> None:
    assert texts(note) == read


def test_a_quote_never_carries_a_comment_along() -> None:
    note = "One half <!-- secret --> other half.\n"
    assert quotes(note) == ["One half", "other half."]
