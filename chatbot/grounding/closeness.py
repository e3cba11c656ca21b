"""How near texts are in meaning, as the embedder sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


class Closeness:
    """Cosines of texts to a sentence; every text is embedded once."""

    def __init__(self, embed: Callable[[str], Vector]) -> None:
        self._embed = embed
        self._known: dict[str, Vector] = {}

    def __call__(self, sentence: str, texts: Sequence[str]) -> list[float]:
        """The cosine of each text to the sentence, in [-1, 1], in the given order."""
        wanted = self._vector(sentence)
        return [round(float(wanted @ self._vector(text)), 4) for text in texts]

    def _vector(self, text: str) -> Vector:
        if text not in self._known:
            self._known[text] = self._embed(text)
        return self._known[text]
