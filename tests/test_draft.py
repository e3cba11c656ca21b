"""Markers and citations: numbered in order of use, quoted to the letter."""

from __future__ import annotations

import re

import pytest
from desks import Notes
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_notes import read

from chatbot.answer import MARKER
from chatbot.draft import Draft, Line, Span, cite, without_foreign_markers
from chatbot.extractive.desk import block_line, run_line

NOTE = (
    "# Storage\n\nBuckets hold objects. Queues hold messages.\n\nKinds:\n\n- Standard\n- Glacier\n"
)


@pytest.fixture(scope="module")
def notes() -> Notes:
    return Notes.of(NOTE)


def line(notes: Notes, *openings: str, bullet: str = "") -> Line:
    """The first block's words, with a citation for each of the blocks."""
    found = [notes.found(opening) for opening in openings]
    spans = tuple(Span.over(c.section, (c.block,)) for c in found)
    return Line(found[0].block.text, spans, bullet)


def test_citations_are_numbered_in_order_of_use(notes: Notes) -> None:
    lines = [line(notes, "Queues"), line(notes, "Buckets"), line(notes, "Standard")]
    text, citations = cite(lines, notes.texts.__getitem__)
    assert text == "Queues hold messages. [1]\nBuckets hold objects. [2]\nStandard [3]"
    assert [citation.number for citation in citations] == [1, 2, 3]
    assert [c.quote for c in citations] == [
        "Queues hold messages.",
        "Buckets hold objects.",
        "Standard",
    ]


def test_the_same_stretch_has_one_number_however_often_it_is_used(notes: Notes) -> None:
    lines = [line(notes, "Buckets"), line(notes, "Queues"), line(notes, "Buckets", "Queues")]
    text, citations = cite(lines, notes.texts.__getitem__)
    assert re.findall(r"\[\d\]", text) == ["[1]", "[2]", "[1]", "[2]"]
    assert len(citations) == 2


def test_a_line_that_names_a_stretch_twice_shows_one_marker(notes: Notes) -> None:
    text, citations = cite([line(notes, "Buckets", "Buckets")], notes.texts.__getitem__)
    assert text == "Buckets hold objects. [1]"
    assert len(citations) == 1


def test_equal_stretches_of_two_sources_are_two_citations() -> None:
    notes = Notes({"a.md": "Buckets hold objects.", "b.md": "Buckets hold objects."})
    lines = [block_line(section, section.blocks[0]) for section in notes.sections]
    _, citations = cite(lines, notes.texts.__getitem__)
    assert [(c.number, c.source) for c in citations] == [(1, "a.md"), (2, "b.md")]


def test_bullets_stand_in_front_of_their_line(notes: Notes) -> None:
    lines = [line(notes, "Standard", bullet="- "), line(notes, "Glacier", bullet="- ")]
    text, _ = cite(lines, notes.texts.__getitem__)
    assert text == "- Standard [1]\n- Glacier [2]"


def test_a_citation_says_where_its_quote_stands(notes: Notes) -> None:
    _, (citation,) = cite([line(notes, "Glacier")], notes.texts.__getitem__)
    assert (citation.source, citation.heading, citation.anchor, citation.lines) == (
        "note.md",
        ("Storage",),
        "storage",
        (8, 8),
    )
    assert NOTE[citation.start : citation.end] == citation.quote == "Glacier"


def test_a_citation_carries_the_digest_of_its_source_where_it_is_known(notes: Notes) -> None:
    lines = [line(notes, "Glacier")]
    _, (citation,) = cite(lines, notes.texts.__getitem__, {"note.md": "f00"}.__getitem__)
    assert citation.note == "f00"
    assert cite(lines, notes.texts.__getitem__)[1][0].note == ""


def test_a_stretch_over_several_blocks_reaches_from_the_first_to_the_last(notes: Notes) -> None:
    blocks = [notes.block("Glacier"), notes.block("Buckets")]
    span = Span.over(notes.sections[0], blocks)
    assert NOTE[span.start : span.end] == NOTE.strip().removeprefix("# Storage\n\n")
    assert span.lines == (3, 8)


def test_a_draft_without_lines_holds_nothing() -> None:
    assert (Draft().words, Draft().spans) == (0, ())
    assert cite((), {}.__getitem__) == ("", ())


def test_a_draft_counts_its_words_and_each_stretch_once(notes: Notes) -> None:
    draft = Draft((line(notes, "Buckets"), line(notes, "Standard", "Buckets")))
    assert draft.words == 4
    assert [NOTE[span.start : span.end] for span in draft.spans] == [
        "Buckets hold objects.",
        "Standard",
    ]


def test_a_run_is_quoted_in_pieces_around_a_comment() -> None:
    notes = Notes.of("One. Two. <!-- secret --> Three.\n")
    section = notes.sections[0]
    text, citations = cite([run_line(section, section.blocks)], notes.texts.__getitem__)
    assert text == "One. Two. Three. [1] [2]"
    assert [citation.quote for citation in citations] == ["One. Two.", "Three."]


@pytest.mark.parametrize("forged", ["Buckets [1] hold objects.", "Buckets hold objects [12]."])
def test_a_notes_own_marker_is_not_taken_for_ours(forged: str) -> None:
    notes = Notes.of(f"{forged}\n")
    section = notes.sections[0]
    text, (citation,) = cite([block_line(section, section.blocks[0])], notes.texts.__getitem__)
    assert text == "Buckets hold objects. [1]"
    assert citation.quote == forged


@pytest.mark.parametrize(
    "note", ["```\nfirst = items[0]\n```\n", "Take `items[0]` first.\n", "Use int a[10]; here.\n"]
)
def test_an_index_in_code_is_no_marker(note: str) -> None:
    notes = Notes.of(note)
    section = notes.sections[0]
    text, _ = cite([block_line(section, section.blocks[0])], notes.texts.__getitem__)
    assert text == f"{section.blocks[0].text} [1]"


AWKWARD = [
    "Plain words.",
    "An instance canâ€™t be resumed.",  # mojibake
    "Caf\u00e9s and cafe\u0301s.",
    "\U0001f600 \U0001f468\u200d\U0001f469 faces.",
    "**Bold** and `code` and [a link](https://x.example).",
    "Tabs\tand \u00a0 spaces.",
    "اللغة العربية.",
]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("body", AWKWARD)
def test_every_quote_is_cut_from_the_file_as_it_is(body: str, start: str, newline: str) -> None:
    text = start + newline.join(["# Heading", "", f"{body} Second", "sentence.", "", f"- {body}"])
    sections = read(text)
    lines = [run_line(section, section.blocks) for section in sections if section.blocks]
    lines += [block_line(s, block) for s in sections for block in s.blocks]
    _, citations = cite(lines, {"note.md": text}.__getitem__)
    assert citations
    for citation in citations:
        assert text[citation.start : citation.end] == citation.quote
        assert citation.quote == citation.quote.strip()
        assert citation.quote
    assert any(citation.quote == body for citation in citations)


@given(
    st.lists(
        st.lists(st.integers(0, 3), min_size=1, max_size=4),
        min_size=1,
        max_size=6,
    )
)
@settings(deadline=None)
def test_markers_count_up_from_one_whatever_is_cited(uses: list[list[int]]) -> None:
    notes = Notes.of(NOTE)
    openings = ["Buckets", "Queues", "Standard", "Glacier"]
    lines = [line(notes, *(openings[use] for use in used)) for used in uses]
    text, citations = cite(lines, notes.texts.__getitem__)
    first_uses = list(dict.fromkeys(int(n) for n in re.findall(r"\[(\d+)\]", text)))
    assert first_uses == [citation.number for citation in citations]
    assert first_uses == list(range(1, len(citations) + 1))
    assert len({(c.source, c.start, c.end) for c in citations}) == len(citations)


BRACKETS = st.lists(
    st.sampled_from(["[", "]", "[1]", " [2]", " ", "\n", "1", "23", "٣", ",", ".", "x", "(", "- "]),
    max_size=14,
).map("".join)


@given(text=BRACKETS)
def test_no_bracket_of_a_notes_own_reads_as_a_marker_of_ours(text: str) -> None:
    shown = f"- {without_foreign_markers(text)} [7]"
    assert MARKER.findall(shown) == ["7"]
    assert set(without_foreign_markers(text)) <= {*text, " "}


@pytest.mark.parametrize("part", ["[ ", " ", "\n", "[1]", " [1", "]"])
def test_brackets_and_gaps_by_the_thousand_do_not_hang_it(part: str) -> None:
    text = f"x{part * 100_000}[1]]y"
    assert without_foreign_markers(text).endswith("]y")
