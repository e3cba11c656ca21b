"""Two names for one thing, learnt from the notes and used where a question has only one."""

from __future__ import annotations

import pytest

from chatbot.aliases import Alias, Aliases, aliases_in
from chatbot.candidates import TermWeights
from chatbot.words import stems

QE = Alias("QE", "quantitative easing")


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("Amazon Elastic File System (Amazon EFS) scales.", "EFS", "Elastic File System"),
        ("The central bank began quantitative easing (QE) in 2009.", "QE", "quantitative easing"),
        ("It runs on the Hadoop Distributed File System (HDFS).", "HDFS",
         "Hadoop Distributed File System"),
        ("**Elastic Block Store** (EBS) keeps blocks.", "EBS", "Elastic Block Store"),
        ("Convert text-to-speech (TTS).", "TTS", "text-to-speech"),
        ("Foundation models (FMs) are large.", "FMs", "Foundation models"),
        ("inhibits cytochrome P450 3A4 (CYP3A4)", "CYP3A4", "cytochrome P450 3A4"),
        ("GIL (Global Interpreter Lock) is held.", "GIL", "Global Interpreter Lock"),
    ],
)  # fmt: skip
def test_a_short_form_is_learnt_with_what_it_stands_for(text: str, short: str, long: str) -> None:
    assert aliases_in(text) == [Alias(short, long)]


@pytest.mark.parametrize(
    "text",
    [
        "The price (USD) is low.",  # no word before it begins so
        "S3 Standard (default) is used.",  # a remark
        "Kinesis Data Streams (KDS, for short) …",
        "Backups end. Every night (BEEN) …",  # not over the end of a sentence
        "The EFS file system (EFS) is shared.",  # it names itself
        "see (A)",
        "()",
        "(EFS)",
        "EFS (a cheap one)",
        "AB (zebra crossing)",
    ],
)
def test_what_is_no_introduction_teaches_nothing(text: str) -> None:
    assert aliases_in(text) == []


def test_either_name_brings_the_other() -> None:
    aliases = Aliases([QE])
    assert aliases.others("What did QE do?") == (QE,)
    assert aliases.others("What did quantitative easing do?") == (QE,)
    assert aliases.terms_beside("What did QE do?") == ("qe", "quantitative", "easing")


def test_a_question_that_has_both_names_needs_no_other() -> None:
    assert Aliases([QE]).others("Is QE quantitative easing?") == ()


def test_a_short_form_of_two_things_is_left_alone() -> None:
    svm = [Alias("SVM", "Storage Virtual Machine"), Alias("SVM", "Support Vector Machine")]
    assert Aliases(svm).others("How does an SVM work?") == ()
    assert Aliases(svm).others("How does a support vector machine work?") == ()


def test_one_thing_in_two_spellings_is_one_thing() -> None:
    ml = [Alias("ML", "Machine Learning"), Alias("ML", "machine learning")]
    assert len(Aliases(ml).others("What is ML?")) == 1


def test_a_plural_is_the_same_name() -> None:
    aliases = Aliases([Alias("FMs", "foundation models")])
    for text in ("Which FMs are there?", "What is an FM?", "What is a foundation model?"):
        assert aliases.others(text), text


def test_a_function_word_is_no_short_form_unless_in_capitals() -> None:
    aliases = Aliases([Alias("IT", "information technology")])
    assert aliases.others("What is it?") == ()
    assert aliases.others("What is IT?") != ()


def test_the_name_that_the_notes_prefer_is_spelt_out() -> None:
    prefer_long = Aliases([QE], {"qe": 1, "quantitative": 9, "easing": 8})
    assert prefer_long.spelt_out("What did QE do?") == "What did QE do? (quantitative easing)"
    asked = "What did quantitative easing do?"
    assert prefer_long.spelt_out(asked) == asked
    prefer_short = Aliases([QE], {"qe": 9, "quantitative": 1, "easing": 1})
    assert prefer_short.spelt_out(asked) == f"{asked} (QE)"
    assert prefer_short.spelt_out("What did QE do?") == "What did QE do?"


def test_a_text_with_one_name_covers_the_other() -> None:
    weights = TermWeights({"qe": 1, "quantitative": 1, "easing": 1, "rates": 5}, Aliases([QE]))
    assert weights.share("quantitative easing", "QE lowers rates") == pytest.approx(1)
    assert weights.share("QE", "quantitative easing lowers rates") == pytest.approx(1)
    assert weights.share("QE", "quantitative limits lower rates") == 0


def test_without_aliases_nothing_changes() -> None:
    held = set(stems("quantitative easing"))
    assert Aliases().widened(held) == held
    assert Aliases().spelt_out("What is QE?") == "What is QE?"
