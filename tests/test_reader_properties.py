"""Promises of the readers that hold for any text at all."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.corpus import read_corpus
from ingest.notes import BlockKind, Section, SourceDocument
from ingest.readers import split_sections

# Pieces of Markdown that meet in every order, good and bad.
PIECES = st.sampled_from(
    [
        *["# ", "## ", "### ", "- ", "* ", "1. ", "> ", "  ", "    ", "\t", "| ", "|", "|-|-|"],
        *["**", "*", "_", "__", "~~", "`", "[", "]", "(", ")", "![", "](x)", "[^1]", "[^1]: "],
        *["<", ">", "\\", "&amp;", ":", "---", "===", "```", "~~~"],
        *["\n", "\n\n", "<!--", "-->", "<b>", "</b>", "<br>", "<div>", "</div>", "<img src=a>"],
        *["<script>", "</script>", "\\|", "[a]: b", "<https://a.example>", "&#42;", "![a](b)"],
        *["word", "two words", "A.", "B! ", "e.g. ", "é", "日本。", "🚀", "\u00a0", "\ufeff", "\0"],
        *["**bold**", "[link](u)", "`code. More`", "\u2028", "\x0b", "\x0c", "\x85", "Â©"],
    ]
)
NOTES = st.lists(PIECES, max_size=40).map("".join)
NAMES = st.sampled_from(["note.md", "note.txt", "a/b.markdown", ".md"])


def read(text: str, name: str = "note.md") -> tuple[Section, ...]:
    return split_sections(SourceDocument(name, Path(name), text, "utf-8", "0" * 64))


def letters(text: str) -> list[str]:
    return [character for character in text if character.isalnum()]


def in_order(wanted: list[str], found: list[str]) -> bool:
    remaining = iter(found)
    return all(character in remaining for character in wanted)


def check(text: str, name: str) -> None:
    position = 0
    ids: set[str] = set()
    for section in read(text, name):
        assert section.heading
        assert section.id not in ids
        ids.add(section.id)
        assert position <= section.start < section.end <= len(text)
        position = section.end
        before = section.start
        for ordinal, block in enumerate(section.blocks):
            assert block.ordinal == ordinal
            assert before <= block.start < block.end <= section.end
            before = block.start
            assert section.lines[0] <= block.lines[0] <= block.lines[1] <= section.lines[1]
            assert block.lead is None or section.blocks[block.lead].start <= block.start
            quote = text[block.start : block.end]
            assert quote.strip()
            if block.kind is not BlockKind.CODE:
                assert quote == quote.strip()
                assert block.text == " ".join(block.text.split())
            if block.kind is not BlockKind.FIGURE:
                # Code shows an entity as it is written, a sentence shows what it stands for.
                readings = (quote, html.unescape(quote))
                assert any(in_order(letters(block.text), letters(way)) for way in readings)
            for cell in block.cells:
                assert block.start <= cell.start <= cell.end or not cell.text


@settings(max_examples=150, deadline=None)
@given(NOTES, NAMES)
@example("* a\n\n  ```\n\n  ```\n", "note.md")
@example("\ufeff# A\r\rb\0c", "note.md")
def test_any_note_is_read_with_exact_and_ordered_places(text: str, name: str) -> None:
    check(text, name)


@settings(max_examples=50, deadline=None)
@given(st.text(), NAMES)
def test_any_text_is_read_with_exact_and_ordered_places(text: str, name: str) -> None:
    check(text, name)


@settings(max_examples=80, deadline=None)
@given(NOTES.filter(lambda text: not text.startswith("\ufeff")), st.sampled_from(["\r\n", "\r"]))
def test_newlines_and_byte_order_marks_change_places_and_nothing_else(
    text: str, newline: str
) -> None:
    raw = "\ufeff" + text.replace("\n", newline)
    plain, marked = read(text), read(raw)
    assert [section.heading for section in plain] == [section.heading for section in marked]
    for before, after in zip(plain, marked, strict=True):
        assert [block.text for block in before.blocks] == [block.text for block in after.blocks]
        assert [block.lines for block in before.blocks] == [block.lines for block in after.blocks]
        for one, other in zip(before.blocks, after.blocks, strict=True):
            quote = raw[other.start : other.end]
            assert quote.replace(newline, "\n") == text[one.start : one.end]


# Hostile notes: what is counted is calls, so that a busy machine fails nothing.


def calls_to_read(text: str) -> int:
    count = 0

    def counter(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counter)
    try:
        read(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "hostile",
    [
        lambda n: "[" * n,
        lambda n: "![" * n,
        lambda n: "![a" * n + "](b)" * n,
        lambda n: "[a](" * n,
        lambda n: "*a **b" * n,
        lambda n: "**" * n + "a" + "**" * n,
        lambda n: "> " * n + "a",
        lambda n: "- " * n + "a",
        lambda n: "".join("  " * i + "- a\n" for i in range(int(n**0.5))),
        lambda n: "# h\n" * n,
        lambda n: "**b**\n\n" * n,
        lambda n: "- a\n1. b\n" * n,
        lambda n: "|a" * n + "|\n" + "|-" * n + "|\n" + "|x" * n + "|\n",
        lambda n: "|a|\n|-|\n" + "|x|\n" * n,
        lambda n: "<div>\n" + '<a "' * n,
        lambda n: "word. Word " * n,
        lambda n: "x <!-- " * n,
        lambda n: "`" + " ``" * n,
        lambda n: "[^1]: a\n\n" + "[^1] " * n,
    ],
)
def test_work_grows_in_proportion_to_the_note(hostile: Callable[[int], str]) -> None:
    once, twice = calls_to_read(hostile(150)), calls_to_read(hostile(300))
    assert twice < 3 * once


@pytest.mark.parametrize("opening", ["> ", "- ", "1. ", "> - "])
def test_words_nested_deeper_than_the_parser_goes_are_still_read(opening: str) -> None:
    text = opening * 500 + "treasure\n"
    (section,) = read(text)
    assert any("treasure" in block.text for block in section.blocks)


def test_a_very_long_line_is_read() -> None:
    text = "A sentence of five words. " * 4_000
    (section,) = read(text)
    assert len(section.blocks) == 4_000


# Real notes, where they are at hand.


@pytest.fixture
def shared_notes() -> Path:
    folder = Path(os.environ.get("FOOTNOTE_NOTES", Path(__file__).parents[2] / "shared" / "notes"))
    if not folder.is_dir():
        pytest.skip("no folder of real notes")
    return folder


def test_real_notes_are_read_with_exact_and_ordered_places(shared_notes: Path) -> None:
    for source in read_corpus([shared_notes]).sources:
        check(source.text, source.name)
