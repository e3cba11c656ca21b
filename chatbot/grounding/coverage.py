"""How much of a claim the passages hold, and which of their sentences hold most of it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from chatbot.grounding.sentences import Sentence
from chatbot.words import distinct

_NEAR = 3  # how many content words further on a word's neighbour may stand
_MOST_PLACES = 200  # of one word that are looked at: more would make the time quadratic
_LEAST_HELD = 0.4  # the share of a claim's weight that a sentence on the same thing holds
_AS_LIKE = 0.8  # of the likest sentence's share: others that the claim may be made from
_MOST_LIKEST = 20


class Coverage:
    """The words of the passages' sentences, and where they stand."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._sentences = sentences
        self._frequency: Counter[str] = Counter()  # stem -> how many sentences hold it
        self._holders: defaultdict[str, list[int]] = defaultdict(list)  # content stem -> which
        self._flow: list[str] = []  # the content stems of all sentences, one after another
        self._places: defaultdict[str, list[int]] = defaultdict(list)  # stem -> where in it
        for number, sentence in enumerate(sentences):
            self._frequency.update({word.stem for word in sentence.words})
            for term in sentence.stems:
                self._holders[term].append(number)
            for place, word in enumerate(sentence.content, len(self._flow)):
                self._places[word.stem].append(place)
            self._flow += [word.stem for word in sentence.content]
            self._flow += [""] * _NEAR  # the last word is no neighbour of the next sentence's

    def share(self, claim: Sentence) -> float:
        """How much of a claim the passages hold, in [0, 1]: of its words and its neighbours."""
        weights = [(self._weight(word.stem), word.stem in self._frequency) for word in claim.words]
        words = sum(w for w, held in weights if held) / sum(w for w, _ in weights)
        pairs = set(pairwise(word.stem for word in claim.content))
        if not pairs:
            return words
        return (words + sum(self._near(*pair) for pair in pairs) / len(pairs)) / 2

    def lacking(self, claim: Sentence) -> tuple[str, ...]:
        """The claim's content words that no passage holds."""
        return distinct(word.surface for word in claim.content if word.stem not in self._frequency)

    def likest(self, claim: Sentence) -> list[Sentence]:
        """The passages' sentences that the claim may be made from, likest first."""
        wanted = {term: self._weight(term) for term in claim.stems}
        shared: defaultdict[int, float] = defaultdict(float)
        for term, weight in wanted.items():
            for number in self._holders.get(term, ())[:_MOST_PLACES]:
                shared[number] += weight
        best = max(shared.values(), default=0.0)
        if best < _LEAST_HELD * sum(wanted.values()):
            return []
        enough = _AS_LIKE * best
        like = [number for number, weight in shared.items() if weight >= enough]
        like.sort(key=lambda number: (-shared[number], number))
        return [self._sentences[number] for number in like[:_MOST_LIKEST]]

    def _weight(self, term: str) -> float:
        """The inverse document frequency of a stem, over the passages' sentences."""
        return math.log(1 + (1 + len(self._sentences)) / (1 + self._frequency.get(term, 0)))

    def _near(self, one: str, other: str) -> bool:
        """Whether two stems stand within `_NEAR` content words of each other somewhere."""
        if one not in self._places or other not in self._places:
            return False
        fewer, wanted = sorted((one, other), key=lambda term: len(self._places[term]))
        return any(
            wanted in self._flow[max(0, at - _NEAR) : at]
            or wanted in self._flow[at + 1 : at + 1 + _NEAR]
            for at in self._places[fewer][:_MOST_PLACES]
        )
