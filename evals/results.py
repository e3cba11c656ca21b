"""What a system under test gave for one case, as it is kept, compared and reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """A citation of an answer, and whether its quote really stands at that place."""

    number: int
    source: str
    heading: tuple[str, ...]
    quote: str
    start: int
    end: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A retrieved passage; `score` lies in [0, 1]."""

    source: str
    heading: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class WrittenSentence:
    """A sentence that a model wrote, and what became of it.

    `text` is what stands for it, in the model's words or the notes'; empty where it was left
    out. `problem` says what is wrong with `said`.
    """

    said: str
    ruling: str  # "verified", "repaired", "unsupported" or "uncited"
    text: str = ""
    problem: str = ""

    @property
    def is_refusal(self) -> bool:
        """Whether it says that the notes do not answer: nothing that could be left out."""
        return not self.text and not self.problem


@dataclass(frozen=True, slots=True)
class Writing:
    """What a model did for an answer.

    `model` is who worded it, empty where the notes speak for themselves; then `notice` says why,
    unless the question was declined. `failure` is why the model gave no whole reply. Times are
    milliseconds from the question; 0 where the moment never came.
    """

    model: str = ""
    notice: str = ""
    failure: str = ""
    sentences: tuple[WrittenSentence, ...] = ()
    first_token: float = 0.0
    first_verified: float = 0.0

    @property
    def fell_back(self) -> bool:
        """Whether the answer was to be the model's, and is not."""
        return bool(self.notice) and not self.model

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The writing that `asdict` gave."""
        sentences = tuple(WrittenSentence(**sentence) for sentence in stored["sentences"])
        return cls(**{**stored, "sentences": sentences})


@dataclass(frozen=True, slots=True)
class Result:
    """One answer. `error` says why there is none: then the case has failed, whatever it is.

    `writing` is there where a model was to word it.
    """

    case_id: str
    declined: bool
    text: str
    confidence: float = 0.0
    citations: tuple[CitedPlace, ...] = ()
    passages: tuple[FoundPlace, ...] = ()
    milliseconds: float = 0.0
    error: str = ""
    writing: Writing | None = None

    @property
    def may_be_kept(self) -> bool:
        """Whether asking again would give the same, as far as can be told."""
        return not self.error and not (self.writing and self.writing.failure)

    def to_json(self) -> dict[str, Any]:
        """The result as one JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The result that `to_json` gave.

        Raises:
            KeyError, TypeError: it is another shape.
        """
        fields = dict(stored)
        fields["citations"] = tuple(
            CitedPlace(**{**place, "heading": tuple(place["heading"])})
            for place in stored["citations"]
        )
        fields["passages"] = tuple(
            FoundPlace(**{**place, "heading": tuple(place["heading"])})
            for place in stored["passages"]
        )
        if fields.get("writing") is not None:
            fields["writing"] = Writing.from_json(fields["writing"])
        return cls(**fields)
