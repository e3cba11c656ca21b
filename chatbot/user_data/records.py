"""What is kept: a conversation, and its turns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatbot.answer import (
    Answer,
    Citation,
    Correction,
    JudgedSentence,
    Ruling,
    Status,
    Timings,
)
from chatbot.errors import UserDataDamaged

TITLE_LIMIT = 80  # characters of the first question


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it is listed. `notebook` names what it is about, or its index."""

    id: int
    notebook: str
    title: str
    created: datetime  # UTC, to the microsecond: with `id` it tells one from any other
    updated: datetime
    turns: int

    def to_json(self) -> dict[str, Any]:
        """The conversation as `conversations --json` prints it."""
        return {
            "id": self.id,
            "notebook": self.notebook,
            "title": self.title,
            "created": self.created.isoformat(timespec="seconds"),
            "updated": self.updated.isoformat(timespec="seconds"),
            "turns": self.turns,
        }


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person thought of an answer: `thumb` is +1 or -1."""

    thumb: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """One question and its answer. `stored` is what `Answer.to_json` gave, as it was kept."""

    ordinal: int  # from 1
    question: str
    stored: str
    asked: datetime  # UTC
    feedback: Feedback | None = None

    @property
    def answer(self) -> Answer:
        """The answer with all that is shown of it: its citations, not its passages.

        Raises:
            UserDataDamaged: it is not stored as `Answer.to_json` gives it.
        """
        try:
            return answer_from_json(self._value())
        except (ValueError, RecursionError) as error:
            raise self._unreadable(error) from error

    def to_json(self) -> dict[str, Any]:
        """The turn as `conversations --show N --json` prints it, the whole answer in it.

        Raises:
            UserDataDamaged: the answer is no JSON.
        """
        kept: dict[str, Any] = {
            "ordinal": self.ordinal,
            "question": self.question,
            "asked": self.asked.isoformat(timespec="seconds"),
            "answer": self._value(),
        }
        if self.feedback is not None:
            kept["feedback"] = {"thumb": self.feedback.thumb, "comment": self.feedback.comment}
        return kept

    def _value(self) -> Any:
        try:
            return json.loads(self.stored)
        except (ValueError, TypeError, RecursionError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, why: Exception) -> UserDataDamaged:
        return UserDataDamaged(
            f"The answer to “{title_of(self.question)}”, turn {self.ordinal}, was kept and cannot"
            f" be read ({why}). The other conversations can. Restore a backup: footnote restore"
        )


def answer_from_json(value: Any) -> Answer:
    """Read what `Answer.to_json` gave; fields that are not known are passed over.

    Those that older versions did not give may be missing.

    Raises:
        ValueError: a field is missing, or holds something else.
    """
    try:
        return Answer(
            question=str(value["question"]),
            status=Status(value["status"]),
            text=str(value["text"]),
            citations=tuple(_citation(cited) for cited in value["citations"]),
            passages=(),
            timings=Timings(),
            confidence=float(value["confidence"]),
            corrections=tuple(
                Correction(str(mended["asked"]), str(mended["taken"]))
                for mended in value["corrections"]
            ),
            model=str(value.get("model", "")),
            sentences=tuple(_sentence(judged) for judged in value.get("sentences", ())),
            notice=str(value.get("notice", "")),
        )
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not an answer: {error!r}") from error


def _citation(value: Any) -> Citation:
    first, last = value["lines"]
    return Citation(
        number=int(value["number"]),
        source=str(value["source"]),
        heading=tuple(str(part) for part in value["heading"]),
        anchor=str(value["anchor"]),
        lines=(int(first), int(last)),
        quote=str(value["quote"]),
        start=int(value["start"]),
        end=int(value["end"]),
        section=str(value.get("section", "")),
        note=str(value.get("note", "")),
    )


def _sentence(value: Any) -> JudgedSentence:
    return JudgedSentence(
        said=str(value["said"]),
        ruling=Ruling(value["ruling"]),
        text=str(value["text"]),
        numbers=tuple(int(number) for number in value["numbers"]),
        bullet=str(value["bullet"]),
        problem=str(value["problem"]),
    )


def title_of(question: str) -> str:
    """Return a conversation's title: its first question on one line, cut at a word."""
    from chatbot.plain_text import neutral, one_line

    return one_line(neutral(question), TITLE_LIMIT) or "…"
