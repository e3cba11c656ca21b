"""The nouns of a golden answer: what it must say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Importance: TypeAlias = Literal["vital", "okay"]


@dataclass(frozen=True, slots=True)
class KeyFact:
    """One thing that a right answer says.

    `text` is the fact, for people. `any_of` holds the wordings that count as saying it; one is
    enough. A "vital" fact must be there; an "okay" one is good to have.

    Raises:
        ValueError: there is no wording, or no such importance.
    """

    text: str
    any_of: tuple[str, ...]
    importance: Importance = "vital"

    def __post_init__(self) -> None:
        if not self.any_of or not all(wording.strip() for wording in self.any_of):
            raise ValueError(f"The key fact {self.text!r} needs wordings, none of them empty.")
        if self.importance not in get_args(Importance):
            raise ValueError(
                f"The key fact {self.text!r} is {self.importance!r}; it can be "
                f"{' or '.join(map(repr, get_args(Importance)))}."
            )
