"""Sentences: their plain words, and the exact places of their quotes."""

from __future__ import annotations

import pytest
from markdown_notes import blocks, quotes, read, texts


def test_a_sentence_is_quoted_with_the_markup_at_its_ends() -> None:
    note = "**Apache Flink** is *open*. See [the docs](https://x.example/a). Run `glue`\n"
    assert texts(note) == ["Apache Flink is open.", "See the docs.", "Run glue"]
    assert quotes(note) == [
        "**Apache Flink** is *open*.",
        "See [the docs](https://x.example/a).",
        "Run `glue`",
    ]


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ("**a**", "a"),
        ("***a***", "a"),
        ("*a **b***", "a b"),
        ("**a** ~~b~~", "a b"),
        ("`` a`b ``", "a`b"),
        ("[**a**](x)", "a"),
        ("<https://x.example>", "https://x.example"),
        ("&lt;a&gt; &copy;", "<a> ©"),
        (r"\*a\*", "*a*"),
        ('<a href="x">a</a>', "a"),
        ("a :bucket: b", "a :bucket: b"),
        ("Happy HealthCareâ€™s", "Happy HealthCareâ€™s"),
        ("a\u00a0b", "a b"),
    ],
)
def test_plain_words_come_with_the_whole_markup(note: str, text: str) -> None:
    wrapped = f"- {note}\n"
    assert (texts(wrapped), quotes(wrapped)) == ([text], [note])


def test_a_split_never_cuts_a_link_or_code() -> None:
    note = "See [One. Two](x) now. Then `a. B` ends\n"
    assert quotes(note) == ["See [One. Two](x) now.", "Then `a. B` ends"]


def test_a_hard_wrapped_sentence_is_one_contiguous_quote() -> None:
    note = "# A\r\n\r\n> One sentence\r\n>   over **two\r\n> lines**. Next\r\nlazy one.\r\n"
    assert texts(note) == ["One sentence over two lines.", "Next lazy one."]
    assert quotes(note) == [
        "One sentence\r\n>   over **two\r\n> lines**.",
        "Next\r\nlazy one.",
    ]
    assert [block.lines for block in blocks(note)] == [(3, 5), (5, 6)]


def test_paragraphs_are_groups() -> None:
    assert [block.group for block in blocks("One. Two.\n\nThree.\n")] == [0, 0, 1]


def test_footnotes_stay_where_they_are_written() -> None:
    note = "A claim.[^1] More.\n\n[^1]: The *source*. Second.\n"
    assert texts(note) == ["A claim.", "More.", "The source.", "Second."]
    assert quotes(note) == ["A claim.[^1]", "More.", "The *source*.", "Second."]


def test_link_definitions_are_not_words() -> None:
    assert texts("See [x].\n\n[x]: https://x.example 'T'\n") == ["See x."]


def test_front_matter_is_kept_out() -> None:
    sections = read("---\ntitle: Secret\n---\n\n# A\n\ntext\n")
    assert [(s.heading, s.lines) for s in sections] == [(("A",), (5, 7))]
