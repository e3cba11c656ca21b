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
class Result:
    """One answer. `error` says why there is none: then the case has failed, whatever it is."""

    case_id: str
    declined: bool
    text: str
    confidence: float = 0.0
    citations: tuple[CitedPlace, ...] = ()
    passages: tuple[FoundPlace, ...] = ()
    milliseconds: float = 0.0
    error: str = ""

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
        return cls(**fields)
