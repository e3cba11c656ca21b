"""What happens between a question and its answer, as it happens.

One stream for every surface. A surface that can take text back shows `TextDelta` at once and
replaces it when the `Verdict` on its sentence is in; one that cannot, shows verdicts alone. Both
end with the same `Done`. Its text is what the verdicts let stand, a line each, and a last line
where something is missing. `Failed` takes back whatever came before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chatbot.answer import Answer, Citation, JudgedSentence


class Stage(StrEnum):
    """What is being done."""

    UNDERSTAND = "understand"
    RETRIEVE = "retrieve"
    COMPOSE = "compose"  # an answer in the notes' own words
    WRITE = "write"  # a model is asked


@dataclass(frozen=True, slots=True)
class Status:
    """A stage begins."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some more of what the model writes, provisional: nothing of it has been checked.

    Only controls and characters that nobody sees are left out.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Citations:
    """Places that the next verdict cites, and none before it."""

    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence that was checked, or that is the notes' own; in the order of the answer."""

    sentence: JudgedSentence


@dataclass(frozen=True, slots=True)
class Failed:
    """The model gave no answer, or none to the question, and why.

    No verdict before it stands, and the numbers begin afresh: what follows is in the notes' own
    words, or nothing, where `Done` declines.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer; nothing comes after it."""

    answer: Answer


Event = Status | TextDelta | Citations | Verdict | Failed | Done
