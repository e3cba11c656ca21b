"""The direct answer in front: yes or no when it is plain, or the name that was asked for."""

from __future__ import annotations

import pytest
from desks import Notes, told

from chatbot.draft import Line
from chatbot.extractive import direct
from chatbot.extractive.desk import block_line, heading_line


def answered(note: str, question: str) -> str:
    """The first line of the answer out of the first block of the last section."""
    notes = Notes.of(note)
    section = notes.sections[-1]
    line = block_line(section, section.blocks[0])
    return told(direct.with_verdict(notes.desk(question), [line]))[0]


def verdict(sentence: str, question: str) -> str:
    first = answered(f"# Storage\n\n{sentence}\n", question)
    return first.removesuffix(sentence).strip()


@pytest.mark.parametrize(
    ("sentence", "question", "said"),
    [
        ("Buckets encrypt objects.", "Do buckets encrypt objects?", "Yes."),
        ("Buckets encrypt all objects at rest.", "Are objects encrypted at rest?", "Yes."),
        ("Buckets do not encrypt objects.", "Do buckets encrypt objects?", "No."),
        ("A volume can't shrink.", "Can a volume shrink?", "No."),
        ("A volume can never shrink.", "Can volumes shrink?", "No."),
    ],
)
def test_says_yes_or_no_when_the_sentence_does(sentence: str, question: str, said: str) -> None:
    assert verdict(sentence, question) == said


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Buckets encrypt objects.", "Do buckets encrypt objects with your keys?"),  # not all said
        ("Buckets may encrypt objects.", "Do buckets encrypt objects?"),  # hedged
        ("Only some buckets encrypt objects.", "Do buckets encrypt objects?"),
        ("Buckets encrypt objects, except old ones.", "Do buckets encrypt objects?"),
        ("Volumes grow but cannot shrink.", "Can volumes shrink?"),
        ("Buckets encrypt objects.", "How do buckets encrypt objects?"),  # no yes-or-no question
        ("Buckets never expire.", "Can't buckets expire?"),  # a negated question
        ("Buckets hold objects.", "Is it?"),  # nothing was said of anything
    ],
)
def test_says_neither_when_it_is_not_plain(sentence: str, question: str) -> None:
    assert verdict(sentence, question) == ""


def test_the_heading_may_say_what_the_sentence_is_about() -> None:
    assert answered("# AWS\n\n## EFS\n\nIt speaks NFS.\n", "Does EFS speak NFS?") == (
        "Yes. It speaks NFS."
    )


def test_a_heading_alone_is_no_verdict() -> None:
    note = "# AWS\n\n## Encrypted buckets\n\nRead this.\n"
    assert answered(note, "Are buckets encrypted?") == "Read this."


def test_a_comparison_gets_no_verdict() -> None:
    assert not verdict("EFS or EBS is better.", "Is EFS or EBS better?")


def test_a_verdict_keeps_the_citation_and_the_other_lines() -> None:
    notes = Notes.of("# A\n\nBuckets encrypt objects. Keys rotate.\n")
    section = notes.sections[0]
    lines = [block_line(section, block, "- ") for block in section.blocks]
    given = direct.with_verdict(notes.desk("Do buckets encrypt objects?"), lines)
    assert told(given) == ["- Yes. Buckets encrypt objects.", "- Keys rotate."]
    assert [line.spans for line in given] == [line.spans for line in lines]


def test_nothing_gets_no_verdict_and_no_name() -> None:
    desk = Notes.of("# A\n\nB.\n").desk("Which service is it?")
    assert direct.with_verdict(desk, ()) == direct.with_name(desk, ()) == ()


WRONG = "answers 'Yes.' to what the sentence denies: "


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        pytest.param(sentence, question)
        for sentence, question, why in [
            (
                "A gateway endpoint has no additional cost.",
                "Does a gateway endpoint have an additional cost?",
                "'no' is no negation",
            ),
            (
                "Neither buckets nor queues encrypt objects.",
                "Do buckets encrypt objects?",
                "'neither' and 'nor' are no negations",
            ),
            (
                "It is wrong that buckets encrypt objects.",
                "Do buckets encrypt objects?",
                "'wrong', 'false' and 'myth' are no negations",
            ),
            (
                "Buckets didn't encrypt objects.",
                "Did buckets encrypt objects?",
                "didn't, wasn't, wouldn't, shouldn't and others are not listed",
            ),
            (
                "A volume can’t shrink.",
                "Can a volume shrink?",
                "a typographic apostrophe is not matched",
            ),
            (
                "A volume canâ€™t shrink.",
                "Can a volume shrink?",
                "a mis-decoded apostrophe is not matched",
            ),
            (
                "Standard is cheaper than Glacier.",
                "Is Glacier cheaper than Standard?",
                "the two sides of 'than' are swapped",
            ),
            (
                "Do buckets encrypt objects?",
                "Do buckets encrypt objects?",
                "the note asks the same question",
            ),
        ]
    ],
)
def test_never_says_yes_to_what_the_sentence_denies(sentence: str, question: str) -> None:
    assert verdict(sentence, question) != "Yes."


# The name


def named(note: str, question: str, opening: str) -> tuple[Notes, tuple[Line, ...]]:
    notes = Notes.of(note)
    found = notes.found(opening)
    line = block_line(found.section, found.block)
    return notes, direct.with_name(notes.desk(question), [line])


NOTE = "# AWS\n\n## Amazon Polly\n\nTurns text into speech.\n\n**Aside**\n\nMore speech.\n"
WHICH = "Which service turns text into speech?"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_heading_is_the_name_and_is_quoted_from_its_line(newline: str) -> None:
    notes, lines = named(NOTE.replace("\n", newline), WHICH, "Turns")
    assert told(lines) == ["Amazon Polly", "Turns text into speech."]
    assert notes.quotes(lines) == ["## Amazon Polly", "Turns text into speech."]
    assert lines[0].spans[0].lines == (3, 3)


def test_an_underlined_heading_is_quoted_without_its_line() -> None:
    notes, lines = named("Polly\n=====\n\nTurns text into speech.\n", WHICH, "Turns")
    assert notes.quotes(lines)[0] == "Polly"


@pytest.mark.parametrize(
    ("note", "question", "opening"),
    [
        (NOTE, "How is text turned into speech?", "Turns"),  # no name asked for
        (NOTE, "Which service is Amazon Polly?", "Turns"),  # the question names it
        (NOTE, WHICH, "More"),  # a bold paragraph is no heading
        ("# Polly\n\nPolly turns text into speech.\n", WHICH, "Polly"),  # the line names it
        ("Turns text into speech.\n", WHICH, "Turns"),  # no heading at all
        ("# **Amazon** Polly\n\nTurns text.\n", WHICH, "Turns"),  # not verbatim in its line
    ],
)
def test_no_name_is_put_in_front_where_it_is_not_the_answer(
    note: str, question: str, opening: str
) -> None:
    _, lines = named(note, question, opening)
    assert len(lines) == 1


def test_a_heading_with_markup_cannot_be_quoted_in_its_own_words() -> None:
    notes = Notes.of("# `Polly` *voices*\n\nText.\n")
    assert heading_line(notes.sections[0], notes.texts.__getitem__) is None
