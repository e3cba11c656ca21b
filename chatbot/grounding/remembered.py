"""A likeness that a model takes long for, asked once for each sentence and text."""

from __future__ import annotations

from collections.abc import Callable, Sequence


class Remembered:
    """What `likeness` says of texts, kept for as long as this is."""

    def __init__(self, likeness: Callable[[str, Sequence[str]], Sequence[float]]) -> None:
        self._likeness = likeness
        self._known: dict[tuple[str, str], float] = {}

    def __call__(self, sentence: str, texts: Sequence[str]) -> list[float]:
        """How closely each text says what the sentence says, in the given order."""
        new = [text for text in dict.fromkeys(texts) if (sentence, text) not in self._known]
        if new:
            found = self._likeness(sentence, new)
            self._known |= {(sentence, t): each for t, each in zip(new, found, strict=True)}
        return [self._known[sentence, text] for text in texts]
