"""Plain text is read paragraph by paragraph, and its structure is not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.notes import BlockKind, Section, SourceDocument
from ingest.readers import split_sections
from ingest.readers.plain import read_plain


def note(text: str, name: str = "diary.txt") -> SourceDocument:
    return SourceDocument(name, Path(name), text, "utf-8", "0" * 64)


def test_paragraphs_become_sentences_under_the_files_name() -> None:
    text = "\ufeffOne here. Two\r\nwrapped.\r\n \t\r\nThree"
    (section,) = split_sections(note(text))
    assert (section.heading, section.anchor, section.level) == (("diary",), "", 0)
    assert [(b.kind, b.text, text[b.start : b.end], b.group, b.lines) for b in section.blocks] == [
        (BlockKind.SENTENCE, "One here.", "One here.", 0, (1, 1)),
        (BlockKind.SENTENCE, "Two wrapped.", "Two\r\nwrapped.", 0, (1, 2)),
        (BlockKind.SENTENCE, "Three", "Three", 1, (4, 4)),
    ]


@pytest.mark.parametrize("line", ["SHOUTED WORDS", "A title without a stop", "Title\n====="])
def test_no_heading_is_guessed(line: str) -> None:
    (section,) = split_sections(note(f"{line}\n\nSome text."))
    assert section.heading == ("diary",)


def test_markup_characters_are_words_in_plain_text() -> None:
    (section,) = read_plain(note("2 * 3 * 4 <b> [x] &amp;"))
    assert section.blocks[0].text == "2 * 3 * 4 <b> [x] &amp;"


def test_a_text_without_words_has_no_sections() -> None:
    assert split_sections(note(" \r\n\t\n")) == ()
    assert split_sections(note("")) == ()


def headings(sections: tuple[Section, ...]) -> list[tuple[str, ...]]:
    return [section.heading for section in sections]


@pytest.mark.parametrize(
    ("text", "is_markdown"),
    [
        ("# Title\n\ntext", True),
        ("\ufeff\n# Title\n\ntext", True),
        ("intro\n\n# Title\n\n* a [link](x)", True),
        ("* one\n* two\n* three\n\n## Title\n", True),
        ("A letter.\n\nYours, - me", False),
        ("cost: 3 * 4 # roughly\n", False),
    ],
)
def test_a_txt_file_is_markdown_when_it_looks_like_it(text: str, is_markdown: bool) -> None:
    assert any("Title" in path[-1] for path in headings(split_sections(note(text)))) is is_markdown


@pytest.mark.parametrize("name", ["a.md", "a.MARKDOWN", "a.Md"])
def test_a_markdown_suffix_decides_in_any_case(name: str) -> None:
    (section,) = split_sections(note("**bold** word", name))
    assert section.blocks[0].text == "bold word"
