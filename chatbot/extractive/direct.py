"""The direct answer in front of the evidence: "Yes.", "No.", or the name that was asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot.asking import Asks
from chatbot.draft import Line
from chatbot.extractive.desk import Desk, heading_line
from chatbot.words import content_stems, stems
from ingest.mojibake import repair

YES, NO = "Yes.", "No."

_NEGATION = re.compile(
    r"\b(?:no|not|none|nothing|neither|nor|never|cannot|unable|without|wrong|false|untrue|incorrect"
    r"|myth|\w+n['’]t)\b",
    re.IGNORECASE,
)
# Words that make a plain yes or no wrong: the sentence says it of some, or sometimes.
_HEDGE = re.compile(
    r"\b(?:only|except|unless|may|might|sometimes|some|typically|usually|generally|but|although"
    r"|however|if|not all|limited|than)\b|\?",
    re.IGNORECASE,
)


# Questions that a thing's own name answers.
_ASKS_WHAT_TO_USE = re.compile(
    r"\b(?:which|what) (?:[\w-]+ ){0,3}?(?:service|tool|feature|option|product|part|place|one|thing"
    r"|storage|file system|database)\b"
    r"|^where\b.* (?:should|can|do|could|would) (?:i|we|you)\b|^(?:tool|service) (?:for|to|that)\b"
    r"|\bwhat (?:would|should|could|can) (?:i|we|you|read|do)\b"
    r"|\b(?:best|right) (?:fit|choice|tool|service|option)\b|\bwhat is it called\b|\bwhat helps\b",
    re.IGNORECASE,
)


def asks_what_to_use(question: str) -> bool:
    """Whether the name of a thing would answer: "Which service …", "Where should I …"."""
    return _ASKS_WHAT_TO_USE.search(question) is not None


def with_verdict(desk: Desk, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines with "Yes." or "No." in front where the first one says so plainly.

    Plainly: it holds every content word of the question itself, or its heading does, and
    nothing hedges it. "No." needs a negation in the sentence, "Yes." none.
    """
    if not lines or Asks.YES_NO not in desk.query.asks or desk.query.sides:
        return tuple(lines)
    first, told = lines[0], repair(lines[0].text)
    heading = first.spans[0].section.heading
    asked = set(content_stems(desk.query.text))
    held = set(stems(told)) | set(stems(" ".join(heading[-2:])))
    said = asked - set(stems(" ".join(heading[-2:])))
    if not said or not asked <= held or _HEDGE.search(told):
        return tuple(lines)
    if _NEGATION.search(desk.query.text):
        return tuple(lines)
    verdict = NO if _NEGATION.search(told) else YES
    return (Line(f"{verdict} {first.text}", first.spans, first.bullet), *lines[1:])


def with_name(desk: Desk, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines with the section's heading in front, where a name was asked and it is the name.

    That is so when neither the question nor the lines hold the heading's words.
    """
    if not lines or not asks_what_to_use(desk.query.text) or desk.query.sides:
        return tuple(lines)
    section = lines[0].spans[0].section
    if "~" in section.id.rsplit("#", 1)[-1]:
        return tuple(lines)
    title = set(content_stems(section.title))
    known = set(content_stems(desk.query.text)) | set(
        content_stems(" ".join(line.text for line in lines))
    )
    if not title or title <= known:
        return tuple(lines)
    name = heading_line(section, desk.source_text)
    return tuple(lines) if name is None else (name, *lines)
