"""Sentences end where a reader would end them, and never inside a name or number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "whole",
    [
        "Use a format, e.g. Parquet, for columns.",
        "The default, i.e. Standard, is fine.",
        "Compare Athena vs. Redshift for this.",
        "Logs, metrics etc. are kept.",
        "Dr. Smith and Prof. Jones wrote it.",
        "The U.S. Army uses it.",
        "See No. 5 and Fig. 3 on p. 12.",
        "It takes approx. 20 minutes.",
        "J. R. R. Tolkien wrote it.",
        "Version 3.11.2 costs $0.023 per GB.",
        "It runs on Node.js and reads README.md files.",
        "Open https://example.org/a.b?c=d.e now.",
        "The .md files are read.",
        "Wait... then retry.",
        "One; two; three.",
        "It writes (a shard is a sequence. A stream has many shards) in order.",
        "Does Yahoo! still exist?",
        "1. Install the agent",
        "Costs between 2 and 2 1/2 minutes",
        "no stop at all",
    ],
)
def test_keeps_one_sentence_whole(whole: str) -> None:
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here. Two there.", ["One here.", "Two there."]),
        ("Really? Yes! Good.", ["Really?", "Yes!", "Good."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("(All of it.) The rest.", ["(All of it.)", "The rest."]),
        ("to your bucket. if enabled, back up.", ["to your bucket.", "if enabled, back up."]),
        (
            "They sell S3, EC2, etc. The rest is free.",
            ["They sell S3, EC2, etc.", "The rest is free."],
        ),
        ("It is made in the U.S. The rest is not.", ["It is made in the U.S.", "The rest is not."]),
        ("It needs Python 3. Use 3.11.", ["It needs Python 3.", "Use 3.11."]),
        ("Wait… Then go.", ["Wait…", "Then go."]),
        ("これは文です。次の文です。", ["これは文です。", "次の文です。"]),
        ("First line\nstill first. Second", ["First line\nstill first.", "Second"]),
        ("One paragraph\n\nanother", ["One paragraph", "another"]),
        ("Open Node.js. Then wait.", ["Open Node.js.", "Then wait."]),
        ("A ) stray. Bracket ( here. Too.", ["A ) stray.", "Bracket ( here.", "Too."]),
    ],
)
def test_ends_a_sentence_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_nothing_has_no_sentences() -> None:
    assert sentence_spans("") == sentence_spans(" \n\t ") == ()


@given(st.text(alphabet=st.sampled_from("aB1.!?…。()\"' \n\u00a0é")))
def test_spans_are_ordered_trimmed_and_hold_every_word(text: str) -> None:
    spans = sentence_spans(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


@pytest.mark.parametrize("unit", ["a. ", ". ", "(", "(a. ", "\n\n", "...", "x", "a.B ", ") "])
def test_takes_long_text_of_any_shape(unit: str) -> None:
    text = unit * 20_000
    assert sum(end - start for start, end in sentence_spans(text)) <= len(text)
