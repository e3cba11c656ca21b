"""Whether the gates would notice: good answers are corrupted, and the share caught is counted.

Each mutation takes a case that passed and makes of its result one that no user should get.
It is caught when the case no longer passes; the cause says by which check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from evals.metrics.citations import right_sections
from evals.metrics.key_facts import holds
from evals.results import CitedPlace, Result
from evals.scoring import Score, score

TARGET = 0.95  # the share that must be caught

_NUMBER = re.compile(r"(?<![\w.\[])\d+(?:[.,]\d+)*(?![\w\]])")
_VERB = re.compile(r"\b(is|are|can|does|do|has|must|should|will)\b(?! not\b)")
_DENIAL = re.compile(r"\b(is|are|can|does|do|has|must|should|will) not\b|\bcannot\b")


@dataclass(frozen=True, slots=True)
class MutationRow:
    """One kind of mutation: how many were made, how many were caught, and by which causes."""

    name: str
    made: int
    caught: int
    by_cause: Mapping[str, int]

    @property
    def share(self) -> float | None:
        """The share caught; None when none could be made."""
        return self.caught / self.made if self.made else None


def mutate_all(scores: Sequence[Score]) -> tuple[MutationRow, ...]:
    """Apply every mutation to every case that passed and to which it applies."""
    # Held to their quotes, as the corrupted ones are, whoever worded them.
    good = [s for each in scores if each.passed and each.case.counts
            and (s := score(each.case, each.result)).passed]  # fmt: skip
    others = _Others(good)
    return tuple(
        _row(name, [(s, changed) for s in good if (changed := mutation(s, others)) is not None])
        for name, mutation in MUTATIONS.items()
    )


def caught_share(rows: Sequence[MutationRow]) -> float | None:
    """The share of all mutations that was caught; None when none was made."""
    made = sum(row.made for row in rows)
    return sum(row.caught for row in rows) / made if made else None


def _row(name: str, mutants: Sequence[tuple[Score, Result]]) -> MutationRow:
    causes: dict[str, int] = {}
    for good, result in mutants:
        cause = score(good.case, result).cause
        if cause is not None:
            causes[str(cause)] = causes.get(str(cause), 0) + 1
    return MutationRow(name, len(mutants), sum(causes.values()), causes)


class _Others:
    """Answers and citations of other cases, to take wrong ones from."""

    def __init__(self, scores: Sequence[Score]) -> None:
        self._answered = [s for s in scores if not s.result.declined and s.result.citations]

    def citation(self, of: Score) -> CitedPlace | None:
        """An exact citation of a section that the case does not want, the first in golden order."""
        gold = of.case.item.gold_sections
        mine = {(c.source, c.heading) for c in of.result.citations}
        wrong = [
            place
            for other in self._answered
            for place in other.result.citations[:1]
            if (place.source, place.heading) not in mine
            and not right_sections({(place.source, place.heading)}, gold)
        ]
        files = {file for file, _ in gold}  # a neighbour in the same file is the likeliest mistake
        return min(wrong, key=lambda place: place.source not in files, default=None)

    def answer(self, of: Score) -> Result | None:
        """An answer to another question of the same topic, as a near miss gets one."""
        topic = of.case.item.topic
        same = [s for s in self._answered if s.case.item.topic == topic]
        return (same or self._answered)[0].result if self._answered else None


Mutation = Callable[[Score, _Others], Result | None]


def _swap_number(good: Score, _: _Others) -> Result | None:
    """A number of a line is another one."""
    found = _NUMBER.search(good.result.text)
    if good.result.declined or found is None:
        return None
    number = found.group()
    other = number[:-1] + str((int(number[-1]) + 3) % 10)
    return _with_text(good, found.start(), found.end(), other)


def _negate(good: Score, _: _Others) -> Result | None:
    """A sentence says the opposite."""
    if good.result.declined:
        return None
    denial, verb = _DENIAL.search(good.result.text), _VERB.search(good.result.text)
    if denial is not None:
        plain = denial.group(1) or "can"
        return _with_text(good, denial.start(), denial.end(), plain)
    return _with_text(good, verb.end(), verb.end(), " not") if verb is not None else None


def _cite_elsewhere(good: Score, others: _Others) -> Result | None:
    """Every footnote opens another section."""
    place = others.citation(good)
    if good.result.declined or place is None:
        return None
    cited = tuple(replace(place, number=c.number) for c in good.result.citations)
    return replace(good.result, citations=cited)


def _nearly_quote(good: Score, _: _Others) -> Result | None:
    """A quote is nearly what stands there."""
    if good.result.declined or not good.result.citations:
        return None
    first, *rest = good.result.citations
    near = replace(first, start=first.start + 1, end=first.end + 1, is_exact=False)
    return replace(good.result, citations=(near, *rest))


def _drop_fact(good: Score, _: _Others) -> Result | None:
    """The lines that hold a vital fact are gone."""
    vital = [fact for fact in good.case.item.facts if fact.importance == "vital"]
    if good.result.declined or not vital:
        return None
    lines = good.result.text.split("\n")
    kept = [line for line in lines if not any(holds(line, w) for w in vital[0].any_of)]
    return replace(good.result, text="\n".join(kept)) if len(kept) < len(lines) else None


def _refuse(good: Score, _: _Others) -> Result | None:
    """The question is declined, though the notes answer it."""
    if good.result.declined:
        return None
    return replace(good.result, declined=True, text="Your notes don't answer this.", citations=())


def _answer_near_miss(good: Score, others: _Others) -> Result | None:
    """A question that the notes do not answer gets an answer to another one."""
    answer = others.answer(good)
    if not good.result.declined or answer is None:
        return None
    return replace(answer, case_id=good.result.case_id, passages=good.result.passages)


def _invent_citation(good: Score, _: _Others) -> Result | None:
    """A footnote leads to nothing."""
    if good.result.declined:
        return None
    return replace(good.result, text=f"{good.result.text} [{len(good.result.citations) + 7}]")


MUTATIONS: Mapping[str, Mutation] = {
    "number swapped": _swap_number,
    "negation": _negate,
    "wrong section cited": _cite_elsewhere,
    "quote nearly right": _nearly_quote,
    "fact dropped": _drop_fact,
    "needless refusal": _refuse,
    "near miss answered": _answer_near_miss,
    "citation invented": _invent_citation,
}


def _with_text(good: Score, start: int, end: int, new: str) -> Result:
    text = good.result.text
    return replace(good.result, text=f"{text[:start]}{new}{text[end:]}")
