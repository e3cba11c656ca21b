"""Whatever is asked: every word of an answer stands in the notes, or the answer declines."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from conftest import WordReranker
from desks import ALWAYS, NEVER, Notes, Shelf
from grounding import cited_lines, plain, require_declined, require_grounded
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.answer import Answer, Status
from chatbot.extractive.answerer import EMPTY_HEADING, MOST_CITATIONS, REFUSAL, compose
from ingest.notes import BlockKind

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = {
    "storage.md": (
        "# Storage\n\n- [Buckets](#buckets)\n- [Volumes](#volumes)\n- [Archive](#archive)\n\n"
        "## Buckets\n\nA bucket holds **objects**. It keeps `any_format` of [them](http://x.example)"
        " for &lt;years&gt;. Buckets encrypt objects at rest.\n\n"
        "Four kinds of destination receive events:\n\n"
        "1. **Topics** fan out. They are cheap.\n"
        "2. Queues hold messages:\n   - standard\n   - fifo\n"
        "3. Buses route events\n4. Functions run code\n\n"
        "![Bucket lifecycle](img/bucketLifecycle.png)\n\n"
        "## Classes\n\n| class | minimum duration | AZs | remark |\n|---|---|---|---|\n"
        "| Standard | none | 3 | for *daily* use; the default |\n"
        "| One Zone | 30 days | 1 | lost with its zone |\n"
        "| Deep Archive | 180 days | 3 | |\n\n"
        "## Archive\n\n"
        "## Volumes\n\n> A volume is a disk. It may\n> grow, and can never\n> shrink.\n\n"
        "```sh\naws volumes create\naws volumes list\n```\n"
    ),
    "compute/crlf.md": (
        "\ufeff# Compute\r\n\r\n## Spot instances\r\n\r\nA spot instance canâ€™t be\r\nresumed. "
        "Cafe\u0301s use spot instances \U0001f600.\r\n\r\n"
        "## Functions\r\n\r\nA function runs for at most 15 minutes.\r\n\r\n"
        "* Functions scale to zero.\r\n* Functions cost nothing when idle.\r\n\r\n"
        "Architecture\r\n![](img/a.png)\r\n"
    ),
    "files.md": (
        "Files\n=====\n\nLustre\n------\n\nThis file system scales to millions of operations.\n\n"
        "**Protocols**\n\nLustre speaks its own protocol; ONTAP speaks NFS, SMB and iSCSI.\n\n"
        "ONTAP\n-----\n\nONTAP is shared storage. <b>ONTAP</b> costs more than Lustre.\n"
    ),
    "ünicode/日本.md": (
        "# 日本語\n\nバケットはオブジェクトを保存します。キューはメッセージを保存します。\n"
    ),
}
TEMPLATES = (
    "What is {a}?|What are the {a}?|How many {a} does {b} have?|Which {a} holds {b}?|{a} vs {b}"
    "|What is the difference between {a} and {b}?|Is there a diagram of {a}?|Does {a} {b}?"
    "|Can {a} be {b}?|List all {a} of {b}|Why does {a} need {b}?|Which {a} has the longest {b}?"
    "|How long is the {a} of {b}?|{a} {b}|What does {a} cost?|Which service should I use for {a}?"
    "|Compare {a} with {b}|How do I {a} a {b}?|What is the minimum {a} of {b} at 3 AZs?"
).split("|")
SUBJECTS = (
    "bucket|buckets|objects|destinations of events|standard|classes|One Zone|Deep Archive|AZs"
    "|minimum duration|volume|shrink|spot instance|resumed|function|minutes|Lustre|ONTAP|protocol"
    "|archive|queues|messages|unicorns|remark|aws volumes create|バケット|encrypt objects|lifecycle"
    "|180|zone|events|default|'; DROP TABLE|\u202egnihton|[1]|**"
).split("|")


@pytest.fixture(scope="module", params=["judged", "fused"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator:  # type: ignore[type-arg]
    """The notes, with a reranker and without."""
    reranker = WordReranker() if request.param == "judged" else None
    with Shelf.open(LIBRARY, tmp_path_factory.mktemp("shelf"), reranker) as opened:
        yield opened


questions = st.builds(
    str.format,
    st.sampled_from(TEMPLATES),
    a=st.sampled_from(SUBJECTS),
    b=st.sampled_from(SUBJECTS),
)


@settings(max_examples=150, deadline=None)
@given(question=questions)
def test_every_word_of_an_answer_is_quoted(shelf: Shelf, question: str) -> None:
    require_grounded(shelf.ask(question), shelf.index.source_text)


@settings(max_examples=50, deadline=None)
@given(question=st.text(min_size=1, max_size=80).filter(str.strip))
def test_nonsense_is_answered_from_the_notes_or_not_at_all(shelf: Shelf, question: str) -> None:
    require_grounded(shelf.ask(question), shelf.index.source_text)


@settings(max_examples=40, deadline=None)
@given(question=questions)
def test_the_same_question_gets_the_same_answer(shelf: Shelf, question: str) -> None:
    assert shelf.ask(question) == shelf.ask(question)


@settings(max_examples=40, deadline=None)
@given(question=questions)
def test_declining_cites_nothing_and_names_the_nearest_sections(
    shelf: Shelf, question: str
) -> None:
    answer = shelf.ask(question, NEVER)
    assert answer.status is Status.NOT_IN_NOTES
    require_declined(answer)


def test_the_invariants_met_every_form_of_answer(shelf: Shelf) -> None:
    chosen = random.Random(7)
    seen = {
        block.kind
        for _ in range(150)
        for question in [
            chosen.choice(TEMPLATES).format(a=chosen.choice(SUBJECTS), b=chosen.choice(SUBJECTS))
        ]
        for citation in shelf.ask(question).citations
        for section in shelf.index.sections()
        if section.source == citation.source
        for block in section.blocks
        if (block.start, block.end) == (citation.start, citation.end)
    }
    assert seen == set(BlockKind)


# The check itself must fail an answer that is not grounded.


def altered(answer: Answer, text: str) -> Answer:
    return replace(answer, text=text)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("bucket", "basket"),
        lambda text: text + "\nAnd more.",
        lambda text: text.replace("[1]", "[2]", 1),
        lambda text: text.replace("[1]", "[7]", 1),
        lambda text: text + "\nThe bucket [9]",
        lambda text: "",
    ],
)
def test_an_answer_that_is_not_the_notes_own_words_is_noticed(shelf: Shelf, change) -> None:  # type: ignore[no-untyped-def]
    answer = shelf.ask("What is a bucket?")
    require_grounded(answer, shelf.index.source_text)
    with pytest.raises(AssertionError):
        require_grounded(altered(answer, change(answer.text)), shelf.index.source_text)


# Single answers


def test_a_declined_answer_says_so_and_points_at_what_is_near(shelf: Shelf) -> None:
    answer = shelf.ask("How long does a function run?", NEVER)
    assert answer.text.startswith(f"{REFUSAL} The nearest sections: Compute › Functions")
    assert answer.confidence < 0.01
    assert answer.passages


def test_an_empty_heading_is_called_that(shelf: Shelf) -> None:
    answer = shelf.ask("What is the archive?", NEVER)
    assert answer.text.startswith(EMPTY_HEADING.format(heading="Archive"))
    assert "Storage › Archive" not in answer.text.partition("nearest sections:")[2]


def test_nothing_found_is_declined_whatever_the_weights(tmp_path: Path) -> None:
    with Shelf.open({"a.md": "# Only a heading\n"}, tmp_path, WordReranker()) as shelf:
        answer = shelf.ask("Which bucket?")
    assert answer.status is Status.NOT_IN_NOTES
    assert (answer.citations, answer.confidence) == ((), 0.0)


def test_a_figure_that_is_not_there_is_declined(tmp_path: Path) -> None:
    notes = {"a.md": "# Buckets\n\nBuckets hold objects.\n"}
    with Shelf.open(notes, tmp_path, WordReranker()) as shelf:
        answer = shelf.ask("Is there a diagram of buckets?")
    assert answer.status is Status.NOT_IN_NOTES


def test_confidence_decides_at_the_threshold(shelf: Shelf) -> None:
    assert shelf.ask("What is a bucket?", ALWAYS).status is Status.ANSWERED
    assert shelf.ask("What is a bucket?", NEVER).status is Status.NOT_IN_NOTES


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Which kinds of destination receive events?", "Buses route events"),
        (
            "What is the minimum duration of Deep Archive?",
            "Deep Archive — minimum duration: 180 days",
        ),
        ("What is the minimum duration of One Zone?", "One Zone — minimum duration: 30 days"),
        ("Do buckets encrypt objects at rest?", "Yes. Buckets encrypt objects at rest."),
        ("Is there a diagram of the bucket lifecycle?", "img/bucketLifecycle.png"),
        ("How many minutes does a function run?", "at most 15 minutes"),
    ],
)
def test_each_kind_of_question_gets_its_form(shelf: Shelf, question: str, words: str) -> None:
    assert words in shelf.ask(question).text


@pytest.mark.parametrize("forged", ["[2]", "[1]"])
def test_a_note_cannot_forge_a_marker(tmp_path: Path, forged: str) -> None:
    notes = {"a.md": f"# Buckets\n\nBuckets hold objects {forged} of any format.\n"}
    with Shelf.open(notes, tmp_path, WordReranker()) as shelf:
        answer = shelf.ask("What do buckets hold?")
    assert answer.text.count("[") == len(answer.citations) == 1


@pytest.mark.parametrize(
    "note",
    [
        "# Buckets\n\nBuckets hold large objects. <!-- secret --> They hold archives.\n",
        "# Buckets\n\nBuckets hold these things:\n\n- objects\n- <!-- secret --> archives\n",
    ],
)
def test_a_quote_of_several_blocks_carries_no_comment(tmp_path: Path, note: str) -> None:
    with Shelf.open({"a.md": note}, tmp_path, WordReranker()) as shelf:
        answer = shelf.ask("What things do buckets hold as archives?")
    assert "archives" in answer.text
    assert not any("secret" in citation.quote for citation in answer.citations)


# The repository's own notes, asked every question that they are developed with.


@pytest.mark.slow
def test_the_own_corpus_is_quoted_whatever_is_asked(tmp_path: Path) -> None:
    notes = {p.name: p.read_bytes().decode("utf-8") for p in (ROOT / "corpus").glob("*.md")}
    with Shelf.open(notes, tmp_path, WordReranker()) as shelf:
        for name in ("development.yaml", "development_guide.yaml"):
            file = ROOT / "evals" / "study_notes" / name
            for item in yaml.safe_load(file.read_text(encoding="utf-8")):
                require_grounded(shelf.ask(item["question"]), shelf.index.source_text)


def test_markup_is_no_word() -> None:
    assert plain("> **a**\n> `b` [c](d) ![e](f) <b>&amp;</b>") == "a b c &"
    with pytest.raises(AssertionError):
        cited_lines(Answer("q", Status.ANSWERED, "No marker.", (), (), None))  # type: ignore[arg-type]


def test_no_answer_cites_more_places_than_a_reader_follows() -> None:
    # Six lines of three lists, and the name that was asked for, would be seven footnotes.
    notes = Notes.of(
        "# Kestrel\n\n" + "".join(f"Modes {n}:\n\n- unique{n} stands here{n}\n\n" for n in range(3))
    )
    desk = notes.desk(
        "Which service stands?", *(notes.found(f"unique{n}", 5.0 - n / 10) for n in range(3))
    )
    lines = compose(desk, searcher=None)  # type: ignore[arg-type] # nothing is compared
    assert lines[0].text == "Kestrel"
    assert len({span.key for line in lines for span in line.spans}) == MOST_CITATIONS
