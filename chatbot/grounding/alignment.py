"""Which blocks of the passages a sentence is made from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from chatbot.grounding.numerals import in_digits
from chatbot.grounding.quotables import Quotable
from chatbot.grounding.sentences import Sentence, read_sentence, split_sentences

MOST_QUOTED = 3  # blocks that one clause may be made from
GAIN = 0.1  # the share of a clause's weight that a further block must add
_IN_CONTEXT = 0.5  # what a word counts that only the block's heading or lead-in holds
_PERCENT = read_sentence("percent").words[0].stem


class Alignment:
    """The blocks of all passages, to be held against one sentence after another."""

    def __init__(self, quotables: Sequence[Quotable]) -> None:
        self.quotables = quotables
        self.texts = [_sentences(quotable.text) for quotable in quotables]
        self.contexts = [_sentences(quotable.context) for quotable in quotables]
        self._text = list(map(_stems, self.texts))
        self._context = list(map(_stems, self.contexts))
        self._frequency = Counter(
            stem
            for text, context in zip(self._text, self._context, strict=True)
            for stem in text | context
        )

    def weight(self, stem: str) -> float:
        """How much a word tells: the inverse document frequency over the blocks."""
        return math.log(1 + (1 + len(self.quotables)) / (1 + self._frequency.get(stem, 0)))

    def held(self, at: int) -> frozenset[str]:
        """The stems of a block and of what it is said under."""
        return self._text[at] | self._context[at]

    def held_by(self, chosen: Iterable[int]) -> frozenset[str]:
        """The stems of several blocks and of what they are said under."""
        return frozenset[str]().union(*map(self.held, chosen))

    def others(self, chosen: Collection[int]) -> list[int]:
        """The places of all other blocks."""
        return [at for at in range(len(self.quotables)) if at not in chosen]

    def share(self, claim: Sentence, chosen: Collection[int]) -> float:
        """The weighted share, in [0, 1], of a claim's content words that the blocks hold."""
        total = sum(map(self.weight, claim.stems))
        held = self.held_by(chosen)
        found = sum(self.weight(stem) for stem in claim.stems if stem in held)
        return found / total if total else 1.0

    def best(self, claim: Sentence, among: Collection[int]) -> tuple[int, ...]:
        """The places, in `quotables`, of the block that holds most of a claim, and of neighbours.

        Only `among` is looked at. Further sentences of the same paragraph or list item are taken
        where they add to it: blocks that stand apart are joined by nobody but the claim. None
        where no block shares a content word with it.
        """
        left = list(among)
        missing = {stem: self.weight(stem) for stem in claim.stems}
        total = sum(missing.values())
        chosen: list[int] = []
        while left and len(chosen) < MOST_QUOTED and total:
            gains = {at: self._gain(at, missing) for at in left}
            at = max(left, key=lambda at: (gains[at], -at))
            if gains[at] < (GAIN * total if chosen else 1e-9):
                break
            chosen.append(at)
            thought = self.quotables[at].thought
            left = [
                other for other in left if other != at and self.quotables[other].thought == thought
            ]
            missing = {stem: w for stem, w in missing.items() if stem not in self.held(at)}
        return tuple(chosen)

    def _gain(self, at: int, missing: dict[str, float]) -> float:
        text, context = self._text[at], self._context[at]
        return sum(
            weight if stem in text else _IN_CONTEXT * weight
            for stem, weight in missing.items()
            if stem in text or stem in context
        )


def _sentences(text: str) -> list[Sentence]:
    return [read_sentence(part) for part in split_sentences(in_digits(text))]


def _stems(sentences: Sequence[Sentence]) -> frozenset[str]:
    found = {word.stem for sentence in sentences for word in sentence.words}
    if any("%" in sentence.tokens for sentence in sentences):
        found.add(_PERCENT)
    return frozenset(found)
