"""What an answer may quote: the blocks of the passages that a model was handed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotable:
    """One block of a passage, as a reader of the note sees it.

    `context` is what the block is said under: headings, the sentence that opens its list, its
    parent item. `passage` is the number by which the model knows the passage, from 1.
    """

    passage: int
    text: str
    context: str = ""
    thought: tuple[str, int, int] = ("", 0, 0)  # equal for sentences of one paragraph or item
