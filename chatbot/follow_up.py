"""A question that leans on the ones before it, made to stand alone from their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.words import content_words, fold, words

# Turns further back are seldom meant, and a history must not make a question slow.
TURNS_REMEMBERED = 6
# What carries on with no more content words than this is no question of its own.
WORDS_OF_A_REMAINDER = 4

_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|their|them|this|that|these|those|the same|there|one|ones|he|him|his|she"
    r"|her)\b",
    re.IGNORECASE,
)
_CARRIES_ON = re.compile(
    r"^\W*(?:and|but|or|so|what about|how about|why|why not|how so)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_](?:[\w.'’+-]*[^\W_])?")
_NAME = re.compile(r"(?<![\w.])(?=[\w.-]*[A-Z0-9])[\w][\w.-]*")


# A question of its own says at least this much; with less, it may lean without showing it.
WORDS_OF_A_QUESTION = 3


@dataclass(frozen=True, slots=True)
class StandAlone:
    """A question in words that need no turn before it.

    `asked_before` is the earlier question whose kind of answer it wants, too: "and EFS?" asks
    of EFS what was asked before. Empty where the question says itself what it wants.
    """

    text: str
    asked_before: str = ""


def stand_alone(text: str, earlier: Sequence[str]) -> StandAlone:
    """`text` with the topic of the earlier questions, oldest first, in front where it needs it.

    Each of them is made to stand alone first, so that a topic is carried over several turns.
    Where something new takes the place of what was named before ("and for EBS?"), the old name
    is left out.
    """
    return readings(text, earlier)[0]


def readings(text: str, earlier: Sequence[str]) -> tuple[StandAlone, ...]:
    """The ways to read `text` after the earlier questions, the likelier one first; one or two.

    Wording alone seldom tells whether "Which formats does it write?" or "what are the steps?"
    goes on about the same thing: where both can be meant, what the notes hold decides.
    """
    topic, previous = "", ""
    for question in earlier[-TURNS_REMEMBERED:]:
        topic, previous = _carried(question.strip(), topic, previous), question.strip()
    carried = _carried(text, topic, previous)
    own = content_words(text)
    alone = StandAlone(text)
    leaning = StandAlone(
        f"{carried}: {text}" if carried else text, previous if _is_remainder(text) else ""
    )
    if _leans(text):
        may_stand = len(own) >= WORDS_OF_A_QUESTION and carried and not _is_remainder(text)
        return (leaning, alone) if may_stand else (leaning,)
    may_lean = len(own) <= WORDS_OF_A_QUESTION
    everything = _words_of(text, topic, previous)
    if not may_lean or not everything:
        return (alone,)
    return (alone, StandAlone(f"{everything}: {text}"))


def _carried(text: str, topic: str, previous: str) -> str:
    """What `text` takes along from the question before it and its topic; empty if it stands."""
    return _words_of(text, topic, previous) if _leans(text) else ""


def _words_of(text: str, topic: str, previous: str) -> str:
    """The words of the question before, and the names that it took along itself.

    What was asked two turns ago is over, unless the turn between only put it of another thing;
    what it was asked of may still be meant.
    """
    own = set(content_words(text))
    goes_on = _is_remainder(previous)
    older = [word for word in _as_written(topic) if goes_on or _names_all(topic, word)]
    replaced = frozenset[str]()
    if _is_remainder(text) and _names(text):
        replaced = _names(previous) | _names(f"… {topic}")
    words_before = dict.fromkeys([*older, *_as_written(previous)])
    return " ".join(w for w in words_before if fold(w) not in own and fold(w) not in replaced)


def _names_all(text: str, word: str) -> bool:
    names = _names(f"… {text}")  # a topic has no beginning of its own
    return not names or set(words(word)) <= names


def _is_remainder(text: str) -> bool:
    own = content_words(text)
    return _CARRIES_ON.search(text) is not None and len(own) <= WORDS_OF_A_REMAINDER


def _leans(text: str) -> bool:
    own = content_words(text)
    return _is_remainder(text) or _POINTS_BACK.search(text) is not None or not own


def _as_written(text: str) -> list[str]:
    """The words of `text` that carry meaning, in order, in their own spelling."""
    return [word for word in _WORD.findall(text) if content_words(word)]


def _names(text: str) -> frozenset[str]:
    """The folded words that are written as names: a capital or a digit, not at the beginning.

    At the beginning, where any word has a capital, one inside of it tells.
    """
    found = [match for match in _NAME.finditer(text) if match.start() > 0 or _is_odd(match.group())]
    return frozenset(word for match in found for word in words(match.group()))


def _is_odd(word: str) -> bool:
    return any(c.isupper() or c.isdigit() for c in word[1:])
