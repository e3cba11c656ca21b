"""Where a model says that the passages do not answer, and what it says is missing."""

from __future__ import annotations

import re

from chatbot.draft import without_foreign_markers
from chatbot.grounding.claims import declines

LONGEST_MISSING = 120  # characters that are repeated of what a model finds missing

# What the prompt asks for; in capitals it is the prompt's wherever it stands.
_PHRASE = re.compile(
    r"\W{0,8}not in (?:the|your|these|my) (?:notes|passages)\b"
    r"(?:\W*\Z|\s*[:–—-]\s*(?P<missing>.*)\Z)",
    re.IGNORECASE,
)
_IN_CAPITALS = "NOT IN THE NOTES"
_QUOTES = str.maketrans("", "", "“”")


def missing_by(sentence: str) -> str | None:
    """What the notes lack as a sentence of a model says; None where it does not say so.

    It is "" where the sentence does not tell what. What it tells is one short line without
    markers, fit to be quoted.
    """
    if phrase := _PHRASE.match(sentence):
        return _quotable(phrase["missing"] or "")
    return "" if _IN_CAPITALS in sentence or declines(sentence) else None


def _quotable(missing: str) -> str:
    line = " ".join(without_foreign_markers(missing).translate(_QUOTES).split()).rstrip(".!?:; ")
    if not any(character.isalnum() for character in line):
        return ""
    if len(line) > LONGEST_MISSING:
        line = f"{line[:LONGEST_MISSING].rsplit(' ', 1)[0]} …"
    return line
