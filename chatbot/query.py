"""A question made ready for matching: `understand`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatbot.answer import Question
from chatbot.asking import Asks, kinds_asked
from chatbot.errors import EmptyQuestion, QuestionTooLong
from chatbot.follow_up import stand_alone
from chatbot.spelling import Correction, Speller
from chatbot.words import content_words, distinct, words

# Longer than any question a person types; a pasted document is not a question.
LONGEST_QUESTION = 4_000

_SIDES = (
    r"\b(?:differences?|distinction|comparison)\b.*?\bbetween"
    r" (?P<a>.+?) (?:and|vs\.?|versus|or) (?P<b>.+)",
    r"\bcompare(?:d|s)? (?P<a>.+?) (?:and|with|to|vs\.?|versus|against) (?P<b>.+)",
    r"\bhow (?:do|does|is|are) (?P<a>.+?) (?:and (?P<b1>.+?) )?(?:differ|compare|different)\b"
    r"(?: (?:from|to|with) (?P<b2>.+))?",
    r"(?P<a>.+?) (?:vs\.?|versus|compared (?:to|with)|differs? from) (?P<b>.+)",
    r"\b(?:better|prefer|choose|pick|use|using|faster|cheaper|slower|recommended)\b[^,:]*?[,:]?"
    r" (?P<a>[\w .()/-]+?),? or (?P<b>.+)",
    r"^(?P<a>[\w .()/-]+?) or (?P<b>[^,:?]+)[,:?]",
    r"\bwhen (?:do|should|would|to) (?:(?:i|you|we) )?(?:take|use|choose|pick|prefer)"
    r" (?P<a>[\w .()/-]+?),? and when (?P<b>.+)",
    r"(?P<a>[\w .()/-]+) against (?P<b>.+)",
    r"\bwhich\b[^,:]*[,:] (?P<a>[\w .()/-]+?),? or (?P<b>.+)",
)
_SIDES_COMPILED = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _SIDES)
# "… for training data" says what the comparison is for; "FSx for Lustre" is a name.
_TRAILING_PURPOSE = re.compile(
    r"\b(?:for (?=[a-z])|when\b|in terms of\b|if\b|as a\b|with respect to).*$"
)
# "the payload limit of real-time vs …": what is compared stands behind the preposition.
_BEFORE_A_SIDE = re.compile(r"^.*\b(?:of|between)\s+(?=\w)", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:(?:an?|the|using|use) )+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    `text` stands alone (earlier turns folded in where the question points back) and is
    spelt as the notes spell. `terms` are its folded content words. `sides` are the two
    things compared, empty for other questions.
    """

    question: Question
    text: str
    terms: tuple[str, ...]
    asks: frozenset[Asks]
    sides: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()


def understand(question: Question, speller: Speller) -> Query:
    """Make `question` stand alone, mend its spelling, and say what kind of answer it wants.

    Raises:
        EmptyQuestion: nothing but white space.
        QuestionTooLong: more than `LONGEST_QUESTION` characters.
    """
    asked = question.text.strip()
    if not asked:
        raise EmptyQuestion
    if len(asked) > LONGEST_QUESTION:
        raise QuestionTooLong(len(asked), LONGEST_QUESTION)
    corrections = speller.corrections(asked)
    text = _mended(asked, corrections)
    asks = kinds_asked(text)
    sides = _sides(text) if Asks.COMPARISON in asks else ()
    alone = stand_alone(text, [turn.question for turn in question.history])
    text, asks = alone.text, asks or kinds_asked(alone.asked_before)
    return Query(
        question=question,
        text=text,
        terms=distinct(content_words(text)) or distinct(words(text)),
        asks=asks,
        sides=sides,
        corrections=corrections,
    )


def _mended(text: str, corrections: tuple[Correction, ...]) -> str:
    for correction in corrections:
        pattern = rf"(?<!\w){re.escape(correction.asked)}(?!\w)"
        # A word of the notes is letters only, so it is no replacement template.
        text = re.sub(pattern, correction.taken, text, flags=re.IGNORECASE)
    return text


def _sides(text: str) -> tuple[str, ...]:
    for pattern in _SIDES_COMPILED:
        match = pattern.search(text)
        if not match:
            continue
        groups = match.groupdict()
        first = groups.get("a") or ""
        second = groups.get("b") or groups.get("b1") or groups.get("b2") or ""
        second = _TRAILING_PURPOSE.sub("", re.split(r"[,:;?!]", second)[0])
        first = _BEFORE_A_SIDE.sub("", re.split(r"[,:;?!]", first)[-1])
        sides = tuple(_ARTICLE.sub("", side.strip(" .'\"")) for side in (first, second))
        if all(content_words(side) for side in sides):
            return sides
    return ()
