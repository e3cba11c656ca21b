"""What the decision to answer looks at, and the weights that come with the package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from desks import ALWAYS, NEVER, Notes

from chatbot.answer import Passage
from chatbot.decision_models import LogisticModel
from chatbot.extractive.abstention import Confidence, told_words
from chatbot.extractive.desk import Desk, block_line

NOTE = (
    "# Cloud\n\n## Buckets\n\nBuckets hold objects of five formats. "
    "An object weighs 5 TB because of its parts. The files are read by using a key.\n\n"
    "## Queues\n\nQueues keep messages for 14 days, in five shards.\n\n"
    "The Kafka engine was released in 2019 as version 2.0 and costs $3.\n\n"
    "## Empty\n"
)
NOTES = Notes.of(NOTE)


def passage(section_id: str) -> Passage:
    return Passage("note.md", ("A",), "a", (1, 1), 0, 1, 0.5, "x", section_id, f"{section_id}/0")


def confidence(model: LogisticModel = ALWAYS) -> Confidence:
    return Confidence(
        model,
        is_stub=lambda section_id: section_id.endswith("#empty"),
    )


def told(question: str, *openings: str) -> tuple[Desk, list]:  # type: ignore[type-arg]
    found = [NOTES.found(opening, 5.0 - at) for at, opening in enumerate(openings)]
    return NOTES.desk(question, *found), [block_line(c.section, c.block) for c in found]


def features(question: str, *openings: str, nearest: Sequence[str] = ()) -> dict[str, float]:
    desk, lines = told(question, *openings)
    return confidence().features(desk, lines, [passage(section_id) for section_id in nearest])


def test_every_feature_is_a_finite_number_in_a_fixed_order() -> None:
    first = features("How many objects do buckets hold?", "Buckets")
    second = features("Queues vs buckets, and why?", "Queues", "Buckets")
    assert list(first) == list(second)
    for value in (*first.values(), *second.values()):
        assert abs(value) < 100


CLAIMS = {
    # feature: (a question and block with which it is raised, one with which it is not)
    "uncovered": (
        ("Do buckets hold unicorns?", "Buckets"),
        ("Do buckets hold objects?", "Buckets"),
    ),
    "rest_uncovered": (
        ("Do buckets hold unicorns?", "Buckets"),
        ("Do buckets hold objects?", "Buckets"),
    ),
    "topic": (("What are queues?", "Queues"), ("What are messages?", "Queues")),
    "unknown": (("Are unicorns objects?", "Buckets"), ("Are buckets objects?", "Buckets")),
    "unknown_words": (("Are unicorns objects?", "Buckets"), ("Are buckets objects?", "Buckets")),
    "named": (("What keeps Kafka?", "Queues"), ("What keeps messages?", "Queues")),
    "named_missing": (("What keeps Kafka?", "Queues"), ("What are the Queues?", "Queues")),
    "named_elsewhere": (("What keeps Kafka?", "Queues"), ("What keeps Pulsar?", "Queues")),
    "words": (("Do buckets hold large objects?", "Buckets"), ("Buckets?", "Buckets")),
    "kind_missing": (("How large is an object?", "The files"), ("How large is an object?", "An")),
    "money": (("What is the price of a bucket?", "Buckets"), ("What is a bucket?", "Buckets")),
    "date": (("When was Kafka released?", "The Kafka"), ("What is Kafka?", "The Kafka")),
    "type_missing": (
        ("Which algorithm does it use?", "Buckets"),
        ("Which engine was released?", "The Kafka"),
    ),
    "type_general": (
        ("Which service does it use?", "Buckets"),
        ("Which engine does it use?", "Buckets"),
    ),
    "counted_missing": (
        ("How many unicorns are there?", "Queues"),
        ("How many shards are there?", "Queues"),
    ),
    "why_without_because": (
        ("Why do queues keep messages?", "Queues"),
        ("Why does an object weigh 5 TB?", "An object"),
    ),
    "how": (("How do I read files?", "The files"), ("Who reads files?", "The files")),
    "how_without_means": (
        ("How do buckets hold objects?", "Buckets"),
        ("How do I read files?", "The files"),
    ),
    "number_apart": (
        ("How many unicorns are there?", "Buckets"),
        ("How many shards are in the queues?", "Queues"),
    ),
    "best_kind_missing": (
        ("How large is an object?", "The files"),
        ("How large is an object?", "An"),
    ),
    "best_number_missing": (
        ("How many buckets are there?", "Buckets"),
        ("How large is an object?", "An"),
    ),
    "best_name_missing": (("Who holds objects?", "Buckets"), ("What holds objects?", "Buckets")),
    "best_moment_missing": (
        ("When do buckets hold objects?", "Buckets"),
        ("When was Kafka released?", "The Kafka"),
    ),
    "best_words": (("What are buckets?", "Buckets"), ()),
    "asks_number": (("How many shards are there?", "Queues"), ("What are queues?", "Queues")),
    "asks_who": (("Who holds objects?", "Buckets"), ("What holds objects?", "Buckets")),
    "asks_when": (("When was Kafka released?", "The Kafka"), ("What is Kafka?", "The Kafka")),
    "comparison": (("Queues vs buckets", "Queues"), ("What are queues?", "Queues")),
    "compared_in_one_line": (
        ("Queues vs buckets", "Queues"),
        ("Queues vs buckets", "Queues", "Buckets"),
    ),
    "little_new": (
        ("Why do buckets hold objects of five formats?", "Buckets"),
        ("Why are buckets there?", "The Kafka"),
    ),
    "sides_named": (("Queues vs buckets", "Queues", "Buckets"), ("Queues vs cats", "Queues")),
    "figure": (("Is there a diagram of buckets?", "Buckets"), ("What are buckets?", "Buckets")),
    "what_to_use": (("Which service holds objects?", "Buckets"), ("Who holds?", "Buckets")),
    "yes_no": (("Do buckets hold objects?", "Buckets"), ("Who holds objects?", "Buckets")),
    "definition": (("What is a bucket?", "Buckets"), ("Who holds objects?", "Buckets")),
    "procedure": (("How do I read files?", "The files"), ("Who reads files?", "The files")),
    "reason": (("Why do queues keep messages?", "Queues"), ("What are queues?", "Queues")),
    "name": (("Which engine was released?", "The Kafka"), ("How old is it?", "The Kafka")),
    "list": (("List the formats", "Buckets"), ("Who holds objects?", "Buckets")),
    "number": (("How many shards are there?", "Queues"), ("What are queues?", "Queues")),
    "logit": (("objects?", "Buckets", "Queues"), ()),
    "gap": (("objects?", "Buckets", "Queues"), ("objects?", "Buckets")),
    "second_logit": (("objects?", "Buckets", "Queues"), ("objects?", "Buckets")),
    "three_logits": (("objects?", "Buckets"), ("objects?", "Buckets", "Queues")),
    "covered": (("Do buckets hold objects?", "Buckets"), ("Any dragons?", "Buckets")),
    "lines": (("objects?", "Buckets", "Queues"), ("objects?", "Buckets")),
    "told_words": (("objects?", "Buckets", "Queues"), ("objects?", "Buckets")),
    "whole_logit": (("Do buckets hold objects?", "Buckets"), ("Any dragons?", "Buckets")),
    "best_logit": (("objects?", "Buckets"), ()),
}


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_a_feature_is_raised_by_what_it_is_named_for(name: str) -> None:
    raised, not_raised = CLAIMS[name]
    low = features(*not_raised)[name] if not_raised else 0.0
    assert features(*raised)[name] > low


def test_every_feature_has_its_claim() -> None:
    known = set(features("buckets?", "Buckets"))
    with_tests_of_their_own = {"stub_first", "stub_near", "row"}
    assert known - with_tests_of_their_own == set(CLAIMS), "say in CLAIMS what raises it"


def test_shares_are_between_0_and_1() -> None:
    for question in ("Do unicorns fly?", "Do buckets hold objects?", "Kafka vs Queues", "it?"):
        values = features(question, "Buckets")
        for name in ("uncovered", "rest_uncovered", "topic", "unknown", "little_new"):
            assert 0 <= values[name] <= 1


def test_a_table_row_is_noticed() -> None:
    notes = Notes.of("# Speeds\n\n|type|speed|\n|--|--|\n|gp3|16000|\n")
    row = notes.found("gp3")
    desk, lines = notes.desk("speed of gp3?", row), [block_line(row.section, row.block)]
    assert confidence().features(desk, lines, [])["row"] == 1.0
    assert features("speed of gp3?", "Buckets")["row"] == 0.0


def test_an_empty_heading_among_the_nearest_is_noticed() -> None:
    empty, full = "note.md#empty", "note.md#buckets"
    first = features("empty?", "Buckets", nearest=[empty, full])
    second = features("empty?", "Buckets", nearest=[full, empty])
    third = features("empty?", "Buckets", nearest=[full, full, empty])
    assert [(f["stub_first"], f["stub_near"]) for f in (first, second, third)] == [
        (1.0, 1.0),
        (0.0, 1.0),
        (0.0, 0.0),
    ]


def test_the_heading_does_not_count_as_the_asked_kind() -> None:
    # The number stands in the heading alone: no value is given for it.
    notes = Notes.of("# Limits\n\n## 5 quotas\n\nQuotas can be raised.\n")
    best = notes.found("Quotas")
    desk = notes.desk("How many quotas are there?", best)
    values = confidence().features(desk, [block_line(best.section, best.block)], ())
    assert values["kind_missing"] == 1.0


@pytest.mark.parametrize("heading", ["5 quotas", "Limits: 5 quotas"])
def test_no_heading_counts_as_the_asked_kind(heading: str) -> None:
    notes = Notes.of(f"# Limits\n\nLimits exist.\n\n## {heading}\n\nQuotas can be raised.\n")
    found = [notes.found("Limits"), notes.found("Quotas")]
    if ":" in heading:
        found = found[1:]
    desk = notes.desk("How many quotas are there?", *found)
    lines = [block_line(c.section, c.block) for c in found]
    assert confidence().features(desk, lines, ())["kind_missing"] == 1.0


# The words of an answer as one text


def test_told_words_put_each_heading_once_in_front() -> None:
    lines = told("?", "Buckets", "An object", "Queues")[1]
    assert told_words(lines) == (
        "Cloud › Buckets: Buckets hold objects of five formats."
        " An object weighs 5 TB because of its parts."
        " Cloud › Queues: Queues keep messages for 14 days, in five shards."
    )


def test_told_words_are_mended() -> None:
    notes = Notes.of("# Spot\n\nAn instance canâ€™t be resumed.\n")
    found = notes.found("An")
    assert told_words([block_line(found.section, found.block)]) == (
        "Spot: An instance can't be resumed."
    )


# The model


def test_nothing_told_is_nothing_sure() -> None:
    desk, _ = told("buckets?", "Buckets")
    assert confidence(ALWAYS).of(desk, (), ()) == 0.0


def test_confidence_is_the_models_probability() -> None:
    desk, lines = told("Do buckets hold objects?", "Buckets")
    for model in (ALWAYS, NEVER, LogisticModel({"topic": 2.0, "words": -0.1}, 0.3)):
        sure = confidence(model)
        assert sure.of(desk, lines, ()) == model.probability(sure.features(desk, lines, ()))


def test_a_weight_for_an_unknown_feature_is_an_error() -> None:
    desk, lines = told("buckets?", "Buckets")
    sure = replace(confidence(), model=LogisticModel({"phase_of_the_moon": 1.0}, 0.0))
    with pytest.raises(KeyError):
        sure.of(desk, lines, ())
