"""The content words of sentences in a row, each with what it is and the clause it stands in."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from chatbot.grounding.known_names import named
from chatbot.grounding.opposites import opposites_of
from chatbot.grounding.sentences import Sentence

_BREAKS = frozenset(",;()–—|")  # marks behind which another clause begins
_JOINTS = frozenset(
    "and or but while whereas although though because since so if when unless instead rather then"
    " than which who whose where before after until yet nor".split()
)


class Sort(IntEnum):
    """What a word is: only words of one sort are put in each other's place."""

    WORD = 0
    NUMBER = 1
    NAME = 2


class Placed(NamedTuple):
    """A content word: its stem, its sort, and the number of its clause in the flow."""

    stem: str
    sort: Sort
    clause: int


def names_of(sentences: Iterable[Sentence]) -> frozenset[str]:
    """The stems of the names in sentences. One that opens a sentence does not show by its looks."""
    return frozenset(word.stem for s in sentences for _, word in named(s.tokens))


def read_flow(sentences: Sequence[Sentence], names: Container[str]) -> list[Placed]:
    """All words that carry meaning, in order; no two sentences share a clause."""
    flow: list[Placed] = []
    clause = 0
    for sentence in sentences:
        for token in sentence.tokens:
            if isinstance(token, str):
                clause += token in _BREAKS
            elif token.content or opposites_of(token.stem):
                number, name = token.value is not None, token.stem in names
                sort = Sort.NUMBER if number else Sort.NAME if name else Sort.WORD
                flow.append(Placed(token.stem, sort, clause))
            if not isinstance(token, str):
                clause += token.folded in _JOINTS
        clause += 1
    return flow
