"""Chunks hold whole blocks, fit the window, and say what their words belong to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.block_words import block_words
from ingest.chunks import chunk_section
from ingest.notes import Chunk, Section, SourceDocument
from ingest.readers import split_sections


class WordCounter:
    """Counts words and marks, plus two special tokens; remembers how often it was asked."""

    def __init__(self, join_cost: int = 0) -> None:
        self.calls = 0
        self.texts = 0
        self._join_cost = join_cost

    def __call__(self, texts: Sequence[str]) -> list[int]:
        self.calls += 1
        self.texts += len(texts)
        return [
            2 + len(re.findall(r"\w+|[^\w\s]", text)) + self._join_cost * text.count("\n")
            for text in texts
        ]


def sections_of(text: str) -> tuple[Section, ...]:
    return split_sections(SourceDocument("note.md", Path("note.md"), text, "utf-8", "0" * 64))


def chunks_of(text: str, window: int = 64, count: WordCounter | None = None) -> list[Chunk]:
    counter = count or WordCounter()
    return [
        chunk
        for section in sections_of(text)
        for chunk in chunk_section(section, text, counter, window)
    ]


def test_a_chunk_is_the_heading_path_and_its_blocks_words() -> None:
    note = "# A\n\n## B\n\nOne. Two.\n\n* item **bold**\n"
    _, chunk = chunks_of(note)
    assert chunk.text == "A › B\nOne.\nTwo.\n- item bold"
    assert (chunk.id, chunk.section_id, chunk.ordinal) == ("note.md#b/0", "note.md#b", 0)
    assert (chunk.first_block, chunk.last_block, chunk.lines) == (0, 2, (5, 7))
    assert note[chunk.start : chunk.end] == "One. Two.\n\n* item **bold**"
    assert chunk.digest == hashlib.sha256(chunk.text.encode()).hexdigest()


def test_a_heading_with_nothing_under_it_is_one_chunk() -> None:
    note = "# A\r\n\r\n## B\r\n"
    first, second = chunks_of(note)
    assert (first.text, second.text) == ("A", "A › B")
    assert note[second.start : second.end] == "## B"
    assert second.lines == (3, 3)


def test_navigation_is_not_embedded() -> None:
    assert [chunk.section_id for chunk in chunks_of("# TOC\n\n- [A](#a)\n\n# A\n\nx\n")] == [
        "note.md#a"
    ]


def test_rows_name_their_columns_and_figures_their_files() -> None:
    note = (
        "# A\n\n| Class | Price | |\n|---|---|---|\n| S3 | $1 | note |\n| IA | | |\n\n"
        "![Lake](https://x.example/img/DataLake_v2-8f3a9c2b7d.png)\n\n![](data:image/png;base64,AA)\n"
    )
    assert chunks_of(note)[0].text.split("\n") == [
        "A",
        "Class; Price",
        "Class: S3; Price: $1; note",
        "Class: IA",
        "Figure: Lake (Data Lake v2)",
        "Figure",
    ]


def test_mis_decoded_words_are_embedded_repaired_and_quoted_as_they_are() -> None:
    note = "# CafÃ©\n\nHealthCareâ€™s team\n"
    (chunk,) = chunks_of(note)
    assert chunk.text == "Café\nHealthCare's team"
    assert note[chunk.start : chunk.end] == "HealthCareâ€™s team"


def test_a_list_that_continues_repeats_what_opened_it() -> None:
    note = "# A\n\nThere are many pieces:\n\n" + "".join(
        f"- piece {n} with some words\n  - inner {n}\n" for n in range(8)
    )
    chunks = chunks_of(note, window=32)
    assert len(chunks) > 2
    for chunk in chunks:
        assert chunk.text.startswith("A\nThere are many pieces:\n- piece")


def test_a_table_that_continues_repeats_its_header() -> None:
    note = "# A\n\n| Name | Size |\n|---|---|\n" + "".join(f"| n{i} | s{i} |\n" for i in range(20))
    chunks = chunks_of(note, window=40)
    assert len(chunks) > 2
    assert all(chunk.text.startswith("A\nName; Size\nName: n") for chunk in chunks)
    assert [chunk.first_block for chunk in chunks[1:]] == [
        chunk.last_block + 1 for chunk in chunks[:-1]
    ]


def test_what_opens_a_list_goes_with_the_list() -> None:
    note = (
        "# A\n\nOne two three four five six.\n\nThe kinds are:\n\n- seven eight nine ten eleven\n"
    )
    first, second = chunks_of(note, window=18)
    assert first.text == "A\nOne two three four five six."
    assert second.text == "A\nThe kinds are:\n- seven eight nine ten eleven"


def test_a_block_longer_than_the_window_is_spread_and_still_quoted_whole() -> None:
    words = [f"w{n}" for n in range(100)]
    note = "# A\n\nShort one.\n\n" + " ".join(words) + "\n\nShort two.\n"
    chunks = chunks_of(note, window=24)
    spread = [chunk for chunk in chunks if chunk.first_block == 1]
    assert len(spread) >= 5
    assert {(chunk.start, chunk.end) for chunk in spread} == {(spread[0].start, spread[0].end)}
    assert " ".join(chunk.text.removeprefix("A\n") for chunk in spread).split() == words


def test_a_word_longer_than_the_window_is_spread_too() -> None:
    assert len(chunks_of("# A\n\n" + "+" * 100 + "x\n", window=16)) > 5


def test_a_long_heading_path_is_shortened_from_the_left() -> None:
    note = "# One two three four five\n## Six seven eight nine ten\n### Last title\n\nbody\n"
    assert chunks_of(note, window=16)[-1].text == "… › Last title\nbody"
    (chunk,) = chunks_of("# " + "word " * 50 + "\n\nbody\n", window=16)
    assert chunk.text.startswith("word word")
    assert chunk.text.endswith("\nbody")


def test_tokens_are_counted_in_a_few_batches() -> None:
    counter = WordCounter()
    note = "# A\n\n" + "A sentence of five words.\n\n" * 500
    (section,) = sections_of(note)
    chunk_section(section, note, counter, 64)
    assert counter.calls <= 4
    assert counter.texts < 2 * 500


def test_a_tokenizer_that_counts_joined_texts_higher_is_obeyed() -> None:
    counter = WordCounter(join_cost=3)
    chunks = chunks_of("# A\n\n" + "Five words are in here.\n\n" * 20, 32, counter)
    assert max(counter([chunk.text for chunk in chunks])) <= 32


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *["# H\n\n", "## Long heading of several words\n\n", "One. Two!\n\n", "- item\n"],
                *["  - inner item here\n", "|a|b|\n|-|-|\n|1|2|\n\n", "![x](y.png)\n\n", "w " * 60],
                *["```\ncode here\n```\n\n", "**Bold**\n\n", "Kinds:\n\n", "é" * 30 + "\n\n"],
            ]
        ),
        max_size=25,
    ).map("".join),
    st.integers(min_value=8, max_value=60),
    st.integers(min_value=0, max_value=2),
)
def test_chunks_cover_every_block_in_order_and_fit(text: str, window: int, join_cost: int) -> None:
    counter = WordCounter(join_cost)
    for section in sections_of(text):
        chunks = chunk_section(section, text, counter, window)
        if section.navigation:
            assert chunks == ()
            continue
        assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
        assert all(count <= window for count in counter([chunk.text for chunk in chunks]))
        covered = 0
        for chunk in chunks:
            assert chunk.first_block in (covered, max(0, covered - 1))
            covered = max(covered, chunk.last_block + 1)
            assert section.start <= chunk.start < chunk.end <= section.end
            assert section.lines[0] <= chunk.lines[0] <= chunk.lines[1] <= section.lines[1]
        assert covered == len(section.blocks)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("![](http://[oops)", "Figure"),
        ("![](a/fh-flow-s3.png)", "Figure: (fh flow s3)"),
        ("![](a/%C3%A9t%C3%A9.png?x=1.y)", "Figure: (été)"),
        ("![Alt text](b)", "Figure: Alt text (b)"),
    ],
)
def test_a_figures_file_name_becomes_words(markup: str, words: str) -> None:
    (section,) = sections_of(f"- {markup}\n")
    assert block_words(section.blocks[0]) == words
