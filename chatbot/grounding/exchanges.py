"""Whether a claim would fit its evidence better with two words exchanged, or one replaced."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from chatbot.grounding.flow import Placed, Sort
from chatbot.grounding.opposites import opposites_of

REACH = 4  # content words further on that count as near
_OTHER_CLAUSE = 0.4  # what a neighbour beyond a clause's end counts
_REVERSED = 0.7  # what a pair counts that the evidence has the other way round
_MOST = 48  # words of a claim that are exchanged: more would take long


@dataclass(frozen=True, slots=True)
class Replaced:
    """A word of a claim that stands where the evidence has another one."""

    said: Placed
    instead: Placed
    gain: float  # how much better the claim would fit, as a share of the word's own neighbours


class Fit:
    """How near the words of a claim stand to each other in its evidence."""

    def __init__(self, claim: Sequence[Placed], evidence: Sequence[Placed]) -> None:
        self._claim = claim[:_MOST]
        self._stems = [placed.stem for placed in self._claim]
        self._near: dict[tuple[str, str], float] = {}
        self._evidence = {placed.stem: placed for placed in evidence}
        for one, other, weight in _pairs(evidence):
            pair = evidence[one].stem, evidence[other].stem
            self._near[pair] = max(weight, self._near.get(pair, 0.0))
        self._links: list[list[tuple[int, int, float]]] = [[] for _ in self._claim]
        for one, other, weight in _pairs(self._claim):
            self._links[one].append((one, other, weight))
            self._links[other].append((one, other, weight))

    @property
    def share(self) -> float:
        """The share, in [0, 1], of the claim's neighbourhoods that the evidence has too."""
        total = sum(weight for links in self._links for _, _, weight in links)
        return sum(self._at(n, self._stems) for n in range(len(self._claim))) / (total or 1.0)

    def order(self) -> float:
        """The share of neighbours, among those that the evidence has, that keep their order."""
        kept = turned = 0.0
        for n, links in enumerate(self._links):
            for one, other, weight in links:
                if one != n:
                    continue
                pair = self._stems[one], self._stems[other]
                forth = min(weight, self._near.get(pair, 0.0))
                back = min(weight, self._near.get(pair[::-1], 0.0))
                kept += weight * (forth >= back) * max(forth, back)
                turned += weight * (forth < back) * max(forth, back)
        return kept / (kept + turned) if kept + turned else 1.0

    def exchanges(self) -> dict[Sort, float]:
        """The most that an exchange of two words of a sort would gain, in neighbours."""
        best = dict.fromkeys(Sort, 0.0)
        first = {placed.stem: placed for placed in self._claim if placed.stem in self._evidence}
        for one, other in combinations(first.values(), 2):
            if one.sort is not other.sort:
                continue
            swap = {one.stem: other.stem, other.stem: one.stem}
            own = self._own(one.stem) + self._own(other.stem)
            best[one.sort] = max(best[one.sort], self._gain(swap) / (own or 1.0))
        return best

    def replaced(self, missing: Container[str]) -> Iterator[Replaced]:
        """For each word in `missing`, the word of the evidence that would fit best in its place."""
        spare = [placed for stem, placed in self._evidence.items() if stem not in self._stems]
        for said in {placed.stem: placed for placed in self._claim}.values():
            if said.stem not in missing:
                continue
            found = max(
                ((self._gain({said.stem: other.stem}), other) for other in spare),
                key=lambda scored: scored[0],
                default=None,
            )
            if found and found[0] > 0:
                yield Replaced(said, found[1], found[0] / (self._own(said.stem) or 1.0))

    def displaced(self) -> float:
        """How surely a word that the evidence holds stands where it has another, in [0, 1]."""
        spare = [p for stem, p in self._evidence.items() if stem not in self._stems]
        worst = 0.0
        for n, said in enumerate(self._claim):
            own = sum(weight for _, _, weight in self._links[n])
            if said.stem not in self._evidence or not own:
                continue
            before = self._at(n, self._stems)
            for other in spare:
                if other.sort is said.sort:
                    changed = [*self._stems[:n], other.stem, *self._stems[n + 1 :]]
                    worst = max(worst, (self._at(n, changed) - before) / own)
        return worst

    def opposed(self) -> float:
        """How surely the claim has a word in the place of its opposite, in [0, 1]."""
        worst = 0.0
        for said in {placed.stem: placed for placed in self._claim}:
            for other in opposites_of(said) & self._evidence.keys():
                worst = max(worst, self._gain({said: other}) / (self._own(said) or 1.0))
        return worst

    def _own(self, stem: str) -> float:
        """All that a word's neighbours could count."""
        return sum(
            weight
            for n, known in enumerate(self._stems)
            if known == stem
            for _, _, weight in self._links[n]
        )

    def _gain(self, swap: Mapping[str, str]) -> float:
        touched = [n for n, stem in enumerate(self._stems) if stem in swap]
        changed = [swap.get(stem, stem) for stem in self._stems]
        return sum(self._at(n, changed) - self._at(n, self._stems) for n in touched)

    def _at(self, n: int, stems: Sequence[str]) -> float:
        found = 0.0
        for one, other, weight in self._links[n]:
            pair = stems[one], stems[other]
            forth, back = self._near.get(pair, 0.0), self._near.get(pair[::-1], 0.0)
            found += min(weight, max(forth, _REVERSED * back))
        return found


def _pairs(flow: Sequence[Placed]) -> Iterator[tuple[int, int, float]]:
    """The neighbours, by their places, and how near they are: 1 side by side."""
    for one, placed in enumerate(flow):
        for other in range(one + 1, min(len(flow), one + 1 + REACH)):
            if flow[other].stem != placed.stem:
                apart = _OTHER_CLAUSE if flow[other].clause != placed.clause else 1.0
                yield one, other, apart / (other - one)
