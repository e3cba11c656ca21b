"""A question that leans on the ones before it, made to stand alone from their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.words import content_words, words

# Turns further back are seldom meant, and a history must not make a question slow.
TURNS_REMEMBERED = 6
# What carries on with no more content words than this is no question of its own.
WORDS_OF_A_REMAINDER = 4

_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|their|them|this|that|these|those|the same|there|one|ones)\b", re.IGNORECASE
)
_CARRIES_ON = re.compile(
    r"^\W*(?:and|but|or|so|what about|how about|why|why not|how so)\b", re.IGNORECASE
)
_NAME = re.compile(r"(?<![\w.])(?=[\w.-]*[A-Z0-9])[\w][\w.-]*")


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
    previous = ""
    for question in earlier[-TURNS_REMEMBERED:]:
        previous = _joined(question.strip(), previous).text
    return _joined(text, previous)


def _joined(text: str, previous: str) -> StandAlone:
    own = content_words(text)
    is_remainder = _CARRIES_ON.search(text) is not None and len(own) <= WORDS_OF_A_REMAINDER
    if not previous or not (is_remainder or _POINTS_BACK.search(text) or not own):
        return StandAlone(text)
    replaced = _names(previous) if is_remainder and _names(text) else frozenset()
    carried = [w for w in content_words(previous) if w not in own and w not in replaced]
    joined = f"{' '.join(dict.fromkeys(carried))}: {text}" if carried else text
    return StandAlone(joined, previous if is_remainder else "")


def _names(text: str) -> frozenset[str]:
    """The folded words that are written as names: a capital or a digit, not at the beginning."""
    found = [match for match in _NAME.finditer(text) if match.start() > 0]
    return frozenset(word for match in found for word in words(match.group()))
