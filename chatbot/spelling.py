"""Misspelt words of a question, mended from the words that the notes use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from chatbot.answer import Correction
from chatbot.words import content_words, stem

# A word this short has too many neighbours one letter away.
SHORTEST_MENDED = 4


class Speller:
    """Mends words that neither the notes nor common English know.

    Args:
        vocabulary: the notes' folded words, each with the number of blocks that hold it.
        is_common: whether a folded word is ordinary English. Such a word is left alone even
            when the notes do not use it: "price" must not become "prime".
    """

    def __init__(self, vocabulary: Mapping[str, int], is_common: Callable[[str], bool]) -> None:
        self._vocabulary = vocabulary
        self._stems = {stem(word) for word in vocabulary}
        self._is_common = is_common
        self._by_length: dict[int, list[str]] = {}
        for word in sorted(vocabulary):
            self._by_length.setdefault(len(word), []).append(word)

    def corrections(self, question: str) -> tuple[Correction, ...]:
        """The words of `question` that were mended, in order; unsure ones are left alone."""
        found = []
        for word in dict.fromkeys(content_words(question)):
            taken = self._nearest(word)
            if taken is not None:
                found.append(Correction(word, taken))
        return tuple(found)

    def _nearest(self, word: str) -> str | None:
        known = word in self._vocabulary or stem(word) in self._stems
        if known or len(word) < SHORTEST_MENDED or not word.isalpha() or self._is_common(word):
            return None
        allowed = 1 if len(word) < 6 else 2 if len(word) < 10 else 3
        candidates = [
            candidate
            for length in range(len(word) - allowed, len(word) + allowed + 1)
            for candidate in self._by_length.get(length, ())
            if candidate.isalpha()
        ]
        matches = process.extract(
            word,
            candidates,
            scorer=DamerauLevenshtein.distance,
            score_cutoff=allowed,
            limit=None,
        )
        if not matches:
            return None
        # Nearest first; then the word that shares the first letter (people rarely miss it);
        # then the one that the notes use most.
        ranked = sorted(
            matches,
            key=lambda match: (
                match[1] + (match[0][0] != word[0]),
                -self._vocabulary[match[0]],
                match[0],
            ),
        )
        return str(ranked[0][0])
