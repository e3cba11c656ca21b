"""A sentence that says several things, taken apart: each is held against the notes by itself."""

from __future__ import annotations

import re

from chatbot.grounding.known_names import named
from chatbot.grounding.sentences import read_sentence

_JOINT = re.compile(
    r";\s+|,\s+(?:and|but|while|whereas|although|though|yet|or)\s+|\s+(?:while|whereas|but)\s+"
    r"|\s+and\s+(?=(?:is|are|was|were|can|cannot|has|have|had|does|do|will|must|may|it|its|they"
    r"|this|that|these|\w+s)\s)",
    re.IGNORECASE,
)
LEAST_WORDS = 3  # content words of a clause that stands alone


def clauses_of(sentence: str) -> list[str]:
    """The things that a sentence says, each with the names that it says them of.

    A clause without a name of its own ("…, and is refilled daily") gets those of the first. One
    clause, the sentence itself, where it cannot be taken apart.
    """
    pieces = [piece.strip() for piece in _JOINT.split(sentence) if piece.strip()]
    if len(pieces) < 2 or any(len(read_sentence(p).content) < LEAST_WORDS for p in pieces):
        return [sentence]
    subject = " ".join(_names(pieces[0]))
    return [
        piece if at == 0 or _names(piece) else f"{subject} {piece}"
        for at, piece in enumerate(pieces)
    ]


def _names(text: str) -> list[str]:
    return [word.surface for _, word in named(read_sentence(text).tokens)]
