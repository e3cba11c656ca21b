"""What is judged, in which words, and how much each word of a question tells."""

from __future__ import annotations

import random
from math import log

import pytest
from desks import NOBODY_MISSPELLS, Notes, asked

from chatbot.answer import Question
from chatbot.candidates import (
    TermWeights,
    columns_named,
    evidence_words,
    heading_words,
    introduces,
    lead_of,
    note_name,
    row_words,
    telling_names,
)
from chatbot.query import Query, understand
from chatbot.words import stem, stems

TABLE = (
    "# Notes\n\n## S3\n\n### Classes\n\n"
    "| class | AZs | minimum duration | note |\n|---|---|---|---|\n"
    "| Standard | 3 | none | the default |\n"
    "| One Zone | 1 | 30 days | |\n"
    "| Deep Archive | 3 | 180 days | cheapest |\n"
)


@pytest.fixture(scope="module")
def table() -> Notes:
    return Notes.of(TABLE)


def named(note: str, question: str, label: str = "") -> list[str]:
    """The columns of the note's one table that the question names, asking for that row."""
    row = Notes.of(note).found(label).block if label else None
    (header,) = (b for s in Notes.of(note).sections for b in s.blocks if b.lead is None)
    return [header.cells[at].text for at in columns_named(header, asked(question), row)]


def test_a_row_reads_as_columns_and_values(table: Notes) -> None:
    row = table.found("Standard")
    assert row_words(row.section, row.block) == (
        "class: Standard; AZs: 3; minimum duration: none; note: the default"
    )


def test_a_row_may_be_cut_to_its_label_and_some_columns(table: Notes) -> None:
    row = table.found("Deep Archive")
    assert row_words(row.section, row.block, (2,)) == (
        "class: Deep Archive; minimum duration: 180 days"
    )


def test_a_column_without_a_name_gives_its_value_alone() -> None:
    notes = Notes.of("| | speed |\n|---|---|\n| gp3 | 16000 |\n")
    row = notes.found("gp3")
    assert row_words(row.section, row.block) == "gp3; speed: 16000"


def test_a_rows_lead_is_its_header(table: Notes) -> None:
    row = table.found("Standard")
    lead = lead_of(row.section, row.block)
    assert lead is not None
    assert lead.cells[0].text == "class"
    assert lead_of(row.section, lead) is None


@pytest.mark.parametrize(
    ("question", "columns"),
    [
        ("What is the minimum duration of One Zone?", ["minimum duration"]),
        ("min duration of One Zone", ["minimum duration"]),  # an abbreviation
        ("How many availability zones does Standard use?", ["AZs"]),  # initials
        ("Does One Zone live in a single availability zone?", ["AZs"]),
        ("In how many AZs is Standard stored?", ["AZs"]),
        ("Which class costs least?", ["class"]),
        ("What does it weigh?", []),
    ],
)
def test_a_column_is_named_by_its_words_or_their_initials(
    question: str, columns: list[str]
) -> None:
    assert named(TABLE, question) == columns


def test_columns_that_share_most_with_the_question_win() -> None:
    note = "| type | read limit | write limit |\n|--|--|--|\n| shard | 2 MB | 1 MB |\n"
    assert named(note, "What is the write limit of a shard?") == ["write limit"]
    assert named(note, "What is the limit of a shard?") == ["read limit", "write limit"]


def test_the_label_of_the_asked_row_names_no_column() -> None:
    note = (
        "| class | Availability | Availability Zones |\n|--|--|--|\n"
        "| Standard | 99.99% | 3 |\n| One Zone-IA | 99.5% | 1 |\n"
    )
    question = "What is the availability of One Zone-IA?"
    assert named(note, question, "One Zone-IA") == ["Availability", "Availability Zones"]
    assert named(note, question) == ["Availability Zones"]


def test_headings_are_read_from_the_inside(table: Notes) -> None:
    assert heading_words(table.section("Classes")) == "S3 › Classes"


def test_a_sentence_is_judged_under_its_heading() -> None:
    notes = Notes.of("# AWS\n\n## Queues\n\nA queue keeps messages.\n")
    assert evidence_words(notes.found("A queue"), asked("queues?")) == (
        "AWS › Queues: A queue keeps messages."
    )


def test_an_item_is_judged_with_its_lead_in_front() -> None:
    notes = Notes.of("# Queues\n\nThere are two kinds:\n\n- Standard\n- FIFO\n")
    assert evidence_words(notes.found("FIFO"), asked("kinds?")) == (
        "Queues: There are two kinds: FIFO"
    )


def test_a_row_that_the_question_names_is_judged_by_the_asked_column(table: Notes) -> None:
    row = table.found("Deep Archive")
    duration = evidence_words(row, asked("What is the minimum duration of Deep Archive?"))
    assert duration == "S3 › Classes: class: Deep Archive; minimum duration: 180 days"
    other_row = evidence_words(row, asked("What is the minimum duration of Standard?"))
    assert "AZs: 3" in other_row


def test_a_figure_is_judged_by_its_caption_file_name_and_what_it_stands_under() -> None:
    note = (
        "# Streams\n\nThis is how a stream flows:\n\n- Producers\n  ![Flow](img/fh-flowS3.png)\n\n"
        "Shards split the stream.\n\n![](img/shards.png)\n"
    )
    notes = Notes.of(note)
    assert evidence_words(notes.found("Flow"), asked("flow?")) == (
        "Streams: Producers Figure: Flow (fh flow S3)"
    )


def test_a_figure_without_a_lead_is_judged_with_the_sentence_above() -> None:
    notes = Notes.of("# Streams\n\nShards split the stream.\n\n![A map](img/shardMap.png)\n")
    assert evidence_words(notes.found("A map"), asked("map?")) == (
        "Streams: Shards split the stream. Figure: A map (shard Map)"
    )


def test_mis_decoded_characters_are_mended_for_the_judge() -> None:
    notes = Notes.of("# Spot\n\nAn instance canâ€™t be resumed.\n")
    assert evidence_words(notes.found("An"), asked("spot?")).endswith("can't be resumed.")


# Notes that a question names


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("lab/notes-anna.md", "notes anna"),
        ("biology_2024.md", "biology 2024"),
        ("a/b/c/Hist\u00f3ria.txt", "historia"),
        ("README", "readme"),
        ("week 3 - rivers.markdown", "week 3 rivers"),
    ],
)
def test_a_notes_file_name_is_read_as_words(source: str, name: str) -> None:
    assert note_name(source) == name


DIARIES = Notes(
    {
        "anna.md": "# Field diary of Anna\n\n## April\n\n### Finds\n\nA tooth lay in the clay.\n",
        "ben.md": "# Field diary of Ben\n\n## April\n\n### Finds\n\nA jaw lay in the sand.\n",
        "cleo-2.md": "# Field diary\n\n## April\n\n### Finds\n\nNothing lay about.\n",
    }
)


def test_what_half_of_the_notes_are_called_tells_none_apart() -> None:
    names = telling_names(tuple(DIARIES.texts))
    assert {"anna", "ben", "cleo"} <= names
    assert not names & {"field", stem("diary"), "find"}


def test_a_single_note_is_told_from_no_other() -> None:
    assert telling_names(("anna.md",)) == frozenset()
    assert telling_names([]) == frozenset()


def naming(question: str) -> Query:
    names = telling_names(tuple(DIARIES.texts))
    return understand(Question(question), NOBODY_MISSPELLS, names)


@pytest.mark.parametrize(
    "question",
    ["What lay about in Anna's diary?", "according to Anna, what lay where?", "anna: finds?"],
)
def test_a_note_that_is_named_is_judged_under_its_own_title(question: str) -> None:
    query = naming(question)
    texts = [evidence_words(DIARIES.found(text), query) for text in ("A tooth", "A jaw", "Nothing")]
    assert texts == [
        "Field diary of Anna › April › Finds: A tooth lay in the clay.",
        "April › Finds: A jaw lay in the sand.",
        "April › Finds: Nothing lay about.",
    ]


def test_a_note_may_be_named_by_its_file() -> None:
    told = evidence_words(DIARIES.found("Nothing"), naming("What lay about in Cleo's diary?"))
    assert told == "cleo 2 › April › Finds: Nothing lay about."


def test_a_note_that_its_heading_names_already_is_not_named_twice() -> None:
    notes = Notes({"anna.md": "# Diary of Anna\n\nA tooth.\n", "ben.md": "# Ben\n\nA jaw.\n"})
    names = telling_names(tuple(notes.texts))
    query = understand(Question("What does Anna's diary hold?"), NOBODY_MISSPELLS, names)
    assert query.note_names
    assert evidence_words(notes.found("A tooth"), query) == "Diary of Anna: A tooth."


@pytest.mark.parametrize("question", ["What lay about?", "Is there a diary of the field finds?"])
def test_a_question_that_names_no_note_changes_no_heading(question: str) -> None:
    for section in DIARIES.sections:
        assert heading_words(section, naming(question)) == heading_words(section)


@pytest.mark.parametrize(
    "question", ["What is the rivers' length?", "Which rivers are long?", "Rivers Rhine and Elbe"]
)
def test_what_a_note_is_about_names_no_note(question: str) -> None:
    names = telling_names(("rivers.md", "lakes.md"))
    assert understand(Question(question), NOBODY_MISSPELLS, names).note_names == frozenset()


# What introduces a thing


@pytest.mark.parametrize(
    ("text", "name", "is_so"),
    [
        ("A fugue is a piece for several voices.", "fugue", True),
        ("Fugues are pieces for several voices.", "fugue", True),
        ("The water table is where wet ground begins.", "water table", True),
        ("Hubris means overbearing pride.", "hubris", True),
        ("- Hubris means overbearing pride.", "hubris", True),
        ("A fugue has several voices.", "fugue", False),  # says something else of it
        ("Bach wrote that a fugue is hard.", "fugue", False),  # opens with something else
        ("A double fugue is a fugue of two subjects.", "fugue", False),  # a narrower thing
        ("A fugue", "fugue", False),
        ("A fugue is a piece.", "", False),
        ("| fugue is | canon |\n|--|--|\n| fugue is | hard |", "fugue", False),
    ],
)
def test_a_block_introduces_what_it_opens_with(text: str, name: str, is_so: bool) -> None:
    (section,) = Notes.of(f"{text}\n").sections
    assert introduces(section, section.blocks[-1], set(stems(name))) is is_so


def test_what_the_heading_says_of_a_name_the_block_need_not() -> None:
    (section,) = Notes.of("# Organ pipes\n\nA pipe is a tube that sounds.\n").sections
    assert introduces(section, section.blocks[0], set(stems("organ pipe")))
    assert not introduces(section, section.blocks[0], set(stems("water pipe")))


# How much each word tells


def idf(blocks: int, holding: int) -> float:
    return log(1 + (blocks - holding + 0.5) / (holding + 0.5))


WEIGHTS = TermWeights({"bucket": 3, "buckets": 2, "the": 10, "glacier": 1})


def test_a_weight_is_the_inverse_document_frequency() -> None:
    assert WEIGHTS.weight("glacier") == pytest.approx(idf(10, 1))
    assert WEIGHTS.weight("the") == pytest.approx(idf(10, 10))
    assert WEIGHTS.weight("kafka") == pytest.approx(idf(10, 0))


def test_forms_of_a_word_are_counted_together() -> None:
    assert WEIGHTS.weight("bucket") == pytest.approx(idf(10, 5))


def test_rarer_words_weigh_more_and_unknown_ones_most() -> None:
    order = [WEIGHTS.weight(word) for word in ("kafka", "glacier", "bucket", "the")]
    assert order == sorted(order, reverse=True)
    assert order[-1] > 0


def test_knows_the_words_of_the_notes_in_any_form() -> None:
    assert WEIGHTS.knows("bucket")
    assert not WEIGHTS.knows("kafka")


def test_coverage_is_the_weighted_share_of_the_asked_words() -> None:
    query = asked("Is Glacier a bucket?")
    glacier, bucket = idf(10, 1), idf(10, 5)
    assert WEIGHTS.coverage(query, "Buckets of ice") == pytest.approx(bucket / (glacier + bucket))
    assert WEIGHTS.coverage(query, "glaciers, bucket") == pytest.approx(1.0)
    assert WEIGHTS.coverage(query, "Kafka") == 0.0
    assert WEIGHTS.share("Is Glacier a bucket?", "Buckets of ice") == pytest.approx(
        bucket / (glacier + bucket)
    )


def test_nothing_asked_is_nothing_covered() -> None:
    assert WEIGHTS.share("", "bucket") == 0.0
    assert TermWeights({}).share("bucket", "bucket") == pytest.approx(1.0)


def test_texts_that_hold_the_same_asked_words_are_covered_equally() -> None:
    chosen = random.Random(1)
    vocabulary = [f"word{a}{b}" for a in "abcdefghij" for b in "klmnopqrst"]
    weights = TermWeights({word: chosen.randint(1, 400) for word in vocabulary})
    for _ in range(2_000):
        question = chosen.sample(vocabulary, 7)
        own = chosen.sample(question, chosen.randint(2, 7))
        more = [word for word in chosen.sample(vocabulary, 9) if word not in question]
        asked_words = " ".join(question)
        assert weights.share(asked_words, " ".join(own)) == weights.share(
            asked_words, " ".join(more + own)
        )
