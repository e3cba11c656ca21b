"""A question made ready for matching: `understand`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from chatbot.answer import Correction, Question
from chatbot.asking import Asks, kinds_asked
from chatbot.compound import Part, parts_of
from chatbot.errors import EmptyQuestion, QuestionTooLong
from chatbot.follow_up import readings
from chatbot.sides import sides_of
from chatbot.spelling import Speller
from chatbot.words import content_words, distinct, stems, words

# Longer than any question a person types; a pasted document is not a question.
LONGEST_QUESTION = 4_000


_NAMES_A_NOTE = re.compile(
    r"\baccording to (?P<who>\w+)"
    r"|\b(?P<name>\w+)(?:['’]s\b|:| (?:notes?|book|handbook|protocol|sheet|file|version|says?)\b)"
    r"|(?<![A-Z0-9] )(?<!^)\b(?=[A-Z][a-z])(?P<alone>\w+)\b(?! [A-Z])"
)


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    `text` stands alone (earlier turns folded in where the question points back) and is
    spelt as the notes spell. `terms` are its folded content words. `sides` are the two
    things compared, empty for other questions. `parts` are the questions that it is made of,
    in order, where it asks several things. `note_names` are the stems by which it names a note
    among others ("in Anna's notes"). `other` is another way to read the question, where its
    wording leaves open whether it leans on what was said before.
    """

    question: Question
    text: str
    terms: tuple[str, ...]
    asks: frozenset[Asks]
    sides: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    parts: tuple[Query, ...] = ()
    note_names: frozenset[str] = frozenset()
    other: Query | None = None


def understand(
    question: Question, speller: Speller, note_names: frozenset[str] = frozenset()
) -> Query:
    """Make `question` stand alone, mend its spelling, and say what kind of answer it wants.

    `note_names` are the stems that tell some notes from others by their titles.

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
    sides = _sides(text, kinds_asked(text))
    ways = readings(text, [turn.question for turn in question.history])
    first, *others = [
        _query(question, way.text, note_names, kinds_asked(text) or kinds_asked(way.asked_before))
        for way in ways
    ]
    parts = () if sides else parts_of(first.text)
    return replace(
        first,
        sides=sides,
        corrections=corrections,
        parts=tuple(_part(question, part, note_names) for part in parts),
        other=replace(others[0], sides=sides) if others else None,
    )


def about(query: Query, text: str) -> Query:
    """A query for `text`, which is one of the things that `query` asks."""
    asked = _query(query.question, text, query.note_names, kinds_asked(text))
    return replace(asked, question=replace(query.question, text=text, history=()))


def _part(question: Question, part: Part, note_names: frozenset[str]) -> Query:
    """The query for one of the questions that `question` is made of."""
    asked = replace(question, text=part.asked, history=())
    query, bare = (
        _query(asked, text, note_names, kinds_asked(text)) for text in (part.text, part.bare)
    )
    return replace(
        query,
        sides=_sides(part.text, query.asks),
        other=replace(bare, sides=_sides(part.bare, bare.asks)) if part.bare else None,
    )


def _query(
    question: Question, text: str, note_names: frozenset[str], asks: frozenset[Asks]
) -> Query:
    return Query(
        question=question,
        text=text,
        terms=_terms(text),
        asks=asks,
        note_names=_notes_named(text, note_names),
    )


def _notes_named(text: str, names: frozenset[str]) -> frozenset[str]:
    """The names by which `text` means a note, rather than what the note is about.

    "Anna's", "according to Anna", "in the Anna notes"; of a note on storage, "storage" alone is
    its topic.
    """
    found = (m["name"] or m["who"] or m["alone"] for m in _NAMES_A_NOTE.finditer(text))
    return names & {s for name in found for s in stems(name)}


def _terms(text: str) -> tuple[str, ...]:
    return distinct(content_words(text)) or distinct(words(text))


def _mended(text: str, corrections: tuple[Correction, ...]) -> str:
    for correction in corrections:
        pattern = rf"(?<!\w){re.escape(correction.asked)}(?!\w)"
        # A word of the notes is letters only, so it is no replacement template.
        text = re.sub(pattern, correction.taken, text, flags=re.IGNORECASE)
    return text


def _sides(text: str, asks: frozenset[Asks]) -> tuple[str, ...]:
    """What is compared; "A or B" alone may also be one thing with two names."""
    is_plain = re.search(r"\bor\b", text, re.IGNORECASE) is None
    return sides_of(text) if Asks.COMPARISON in asks or is_plain else ()
