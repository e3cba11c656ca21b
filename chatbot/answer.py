"""The nouns of a conversation: question, passage, citation, answer.

The command line, the web page, the bot and the evals all receive the same `Answer` and only
render it. `Answer.to_json` is a contract: fields may be added, never renamed.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

# Our own markers stand at the end of a line, each after a space. A bracket elsewhere, as in
# "items[0]" or "[0, 1]", is the notes' own and leads nowhere.
MARKER = re.compile(r"(?<= )\[(\d+)\](?=(?: \[\d+\])*$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier question and what was answered."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks, with what was said before and where to look.

    `scope`, when given, names the sources (as in `Citation.source`) to answer from. `cited` is
    what earlier answers of the conversation cited: a place that is cited again keeps its number,
    and new ones go on counting.
    """

    text: str
    history: tuple[Turn, ...] = ()
    scope: frozenset[str] | None = None
    cited: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """A word as it was asked, and the word of the notes that was taken for it."""

    asked: str
    taken: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one section that may hold the answer, best first in a list.

    `text` is verbatim from the note, markup and comments included; `words` is what a reader of
    the note sees of it, a block a line, as it is embedded: what a model may be handed. `score`
    lies in [0, 1]; higher is better.
    """

    source: str
    heading: tuple[str, ...]
    anchor: str
    lines: tuple[int, int]
    start: int
    end: int
    score: float
    text: str
    section_id: str
    chunk_id: str
    words: str = ""  # none under a heading with nothing below

    def to_json(self) -> dict[str, Any]:
        """The passage as `search --json` prints it."""
        return {
            "source": self.source,
            "heading": list(self.heading),
            "anchor": self.anchor,
            "lines": list(self.lines),
            "score": self.score,
            "text": self.text,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence of the answer stands.

    `quote == source_text[start:end]`, one contiguous verbatim span, in code points.
    """

    number: int  # from 1, in order of first use in the conversation
    source: str
    heading: tuple[str, ...]
    anchor: str
    lines: tuple[int, int]
    quote: str
    start: int
    end: int
    section: str = ""  # the section's identity: it stays when the note is renamed
    note: str = ""  # SHA-256 of the note's file as it was when it was cited, hexadecimal

    def to_json(self) -> dict[str, Any]:
        """The citation as `ask --json` prints it."""
        return {
            "number": self.number,
            "source": self.source,
            "heading": list(self.heading),
            "anchor": self.anchor,
            "lines": list(self.lines),
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
            "section": self.section,
            "note": self.note,
        }


class Status(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    NOT_IN_NOTES = "not_in_notes"


class Ruling(StrEnum):
    """What became of a sentence that a model wrote, held against the notes."""

    VERIFIED = "verified"  # the passages that it cites hold what it says
    REPAIRED = "repaired"  # they say it otherwise: their own words stand in its place
    UNSUPPORTED = "unsupported"  # the passages that it cites do not hold it, nor does another
    UNCITED = "uncited"  # it cites nothing, and claims nothing or what no passage holds


@dataclass(frozen=True, slots=True)
class JudgedSentence:
    """One sentence that a model wrote, and what the notes say to it.

    `text` is what stands in the answer, in the model's words or in the notes'; empty where the
    sentence was left out. `problem` says what is wrong with `said`, for a reader; it is empty
    where nothing is.
    """

    said: str  # without markers
    ruling: Ruling
    text: str
    numbers: tuple[int, ...]  # of the citations that hold it
    bullet: str = ""  # "- " before a list item
    problem: str = ""

    @property
    def line(self) -> str:
        """The sentence as a line of `Answer.text`: its words, then its markers; or ""."""
        if not self.text:
            return ""
        return " ".join([f"{self.bullet}{self.text}", *(f"[{n}]" for n in self.numbers)])

    def to_json(self) -> dict[str, Any]:
        """The sentence as `ask --json` prints it."""
        return {**asdict(self), "ruling": str(self.ruling), "numbers": list(self.numbers)}


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent in each stage."""

    understand: float = 0.0
    retrieve: float = 0.0
    answer: float = 0.0
    first_token: float = 0.0  # from the question to the model's first words; 0 without a model
    first_verified: float = 0.0  # and to the first sentence that the notes hold

    @property
    def total(self) -> float:
        """Milliseconds from question to answer."""
        return self.understand + self.retrieve + self.answer

    def to_json(self) -> dict[str, int]:
        """Whole milliseconds by stage; those of a model only where one was asked."""
        told = {
            "understand": round(self.understand),
            "retrieve": round(self.retrieve),
            "answer": round(self.answer),
            "total": round(self.total),
        }
        if self.first_token:
            told |= {
                "first_token": round(self.first_token),
                "first_verified": round(self.first_verified),
            }
        return told


@dataclass(frozen=True, slots=True)
class Answer:
    """What the notes say about a question.

    Every sentence of `text` carries a marker `[n]` of the citation that holds its words: see
    `MARKER`.
    `confidence` in [0, 1] is how sure the answerer is that the notes answer the question.
    `corrections` are the words of the question that were taken for others.

    `model` is who worded the text, empty where it is in the notes' own words. Then `sentences`
    are all that it wrote, also those that were left out of `text`. `notice` says why the answer
    is not the one that was wanted: the model failed, or said what the notes do not.
    """

    question: str
    status: Status
    text: str
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    timings: Timings
    confidence: float = 0.0
    corrections: tuple[Correction, ...] = ()
    model: str = ""
    sentences: tuple[JudgedSentence, ...] = ()
    notice: str = ""

    def to_json(self) -> dict[str, Any]:
        """The answer as `ask --json` prints it."""
        return {
            "question": self.question,
            "status": str(self.status),
            "text": self.text,
            "confidence": self.confidence,
            "corrections": [asdict(correction) for correction in self.corrections],
            "citations": [citation.to_json() for citation in self.citations],
            "passages": [passage.to_json() for passage in self.passages],
            "timings_ms": self.timings.to_json(),
            "model": self.model,
            "sentences": [sentence.to_json() for sentence in self.sentences],
            "notice": self.notice,
        }
