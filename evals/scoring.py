"""One result held against what was expected of it: scores, and the cause of a miss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from chatbot.grounding import Evidence, Kind
from evals.golden_set import Case
from evals.metrics import citations, key_facts, ranking
from evals.metrics.forbidden import forbidden_in
from evals.metrics.length import word_count
from evals.results import FoundPlace, Result

# Part of what names kept results and baselines: raise it when a score changes its meaning.
SCORER_VERSION = 1

GROUNDED = 0.5  # an answer below this groundedness says what its quotes do not
# Problems that words alone show: whoever quotes a sentence has none of them.
PLAIN_PROBLEMS = frozenset({Kind.NUMBER, Kind.NEGATION, Kind.NAME})
_MARKER = re.compile(r"(?<!\w)\[(\d+)\](?!\()")


class Cause(StrEnum):
    """Where a missed case went wrong, the earliest step first."""

    ERROR = "error"  # asking raised
    NOT_RETRIEVED = "not retrieved"  # no passage of a right section
    NEEDLESSLY_DECLINED = "needlessly declined"
    ANSWERED_UNANSWERABLE = "answered though the notes do not say"
    NOT_USED = "retrieved, not used"  # a vital fact is missing in the answer
    WRONG_CITATION = "wrong citation"
    FORBIDDEN = "forbidden content"
    UNGROUNDED = "not grounded in its quotes"


@dataclass(frozen=True, slots=True)
class Score:
    """What is measured of one case. None: there is nothing to measure, and nothing is counted.

    `passed` is what gates and baselines compare. `margin` in [0, 1] is how far the case was
    from another decision: the distance of the confidence from its threshold, or of the first
    passage from the second, whichever is less.
    """

    case: Case
    result: Result
    passed: bool
    cause: Cause | None
    recall_at: tuple[float | None, ...]  # at RECALLED_AT
    reciprocal_rank: float | None
    ndcg: float | None
    strict_facts: float | None
    weighted_facts: float | None
    missing_facts: tuple[str, ...]
    forbidden: tuple[str, ...]
    quotes_exact: bool | None
    section_precision: float | None
    section_recall: float | None
    cites_right_section: bool | None
    groundedness: float | None
    ungrounded: tuple[str, ...]  # what a line says and the quotes that it cites do not
    words: int
    margin: float

    @property
    def right_sections(self) -> frozenset[tuple[str, str]]:
        """The gold sections that the answer cites."""
        return citations.right_sections(_cited(self.result), self.case.item.gold_sections)


RECALLED_AT = (1, 3, 5)


def score(case: Case, result: Result, *, held_to_quotes: bool = True) -> Score:
    """Measure one result. A declined answer has no facts, and cites nothing.

    Unless `held_to_quotes`, what the answer says and its quotes do not is measured, and no
    reason to miss: a model's sentences were let stand by the same look at them.
    """
    item = case.item
    gold, cited = item.gold_sections, _cited(result)
    answered = not result.declined and not result.error
    text = result.text if answered else ""
    missing = tuple(f for f in key_facts.missing(item.facts, text) if f.importance == "vital")
    relevant, ranked = _ranking(case, result.passages)
    exact = _quotes_exact(result) if answered else None
    measured = Score(
        case=case,
        result=result,
        passed=False,
        cause=None,
        recall_at=tuple(ranking.recall_at(relevant, ranked, k) for k in RECALLED_AT),
        reciprocal_rank=ranking.reciprocal_rank(relevant, ranked),
        ndcg=ranking.ndcg_at(relevant, ranked, RECALLED_AT[-1]),
        strict_facts=key_facts.strict_recall(item.facts, text),
        weighted_facts=key_facts.weighted_recall(item.facts, text),
        missing_facts=tuple(fact.text for fact in missing),
        forbidden=forbidden_in(text, item.forbidden),
        quotes_exact=exact,
        section_precision=citations.section_precision(cited, gold) if answered else None,
        section_recall=citations.section_recall(cited, gold) if answered else None,
        cites_right_section=(citations.cites_right_section(cited, gold) if answered else None),
        groundedness=_groundedness(result) if answered else None,
        ungrounded=tuple(_ungrounded(result)) if answered else (),
        words=word_count(text),
        margin=_margin(result),
    )
    cause = _cause(measured, held_to_quotes)
    return replace(measured, passed=cause is None, cause=cause)


def _cause(s: Score, held_to_quotes: bool) -> Cause | None:
    """The first thing that is wrong; None when nothing is."""
    item, result = s.case.item, s.result
    if result.error:
        return Cause.ERROR
    if not item.answerable:
        return None if result.declined else Cause.ANSWERED_UNANSWERABLE
    is_found = bool(s.recall_at[-1])
    if result.declined:
        return Cause.NEEDLESSLY_DECLINED if is_found else Cause.NOT_RETRIEVED
    if s.missing_facts:
        return Cause.NOT_USED if is_found else Cause.NOT_RETRIEVED
    if not s.cites_right_section or not s.quotes_exact:
        return Cause.WRONG_CITATION
    if s.forbidden:
        return Cause.FORBIDDEN
    is_ungrounded = s.ungrounded or (s.groundedness is not None and s.groundedness < GROUNDED)
    return Cause.UNGROUNDED if held_to_quotes and is_ungrounded else None


def _cited(result: Result) -> frozenset[citations.CitedSection]:
    return frozenset((c.source, c.heading) for c in result.citations)


def _quotes_exact(result: Result) -> bool:
    """Whether there is a citation, each is exact, and every marker has one."""
    markers = {int(number) for number in _MARKER.findall(result.text)}
    numbers = {c.number for c in result.citations}
    return bool(numbers) and markers <= numbers and all(c.is_exact for c in result.citations)


def _groundedness(result: Result) -> float:
    """1 when every line stands word for word in a quote of its own; else as words tell."""
    if all(_is_verbatim(said, cited) for said, cited in _lines(result)):
        return 1.0
    return Evidence([c.quote for c in result.citations]).groundedness(result.text)


def _ungrounded(result: Result) -> Iterator[str]:
    """The numbers, negations and names of each line that no quote of its footnotes holds."""
    for said, cited in _lines(result):
        if _is_verbatim(said, cited):
            continue
        for problem in Evidence(cited).support(said).problems:
            if problem.kind in PLAIN_PROBLEMS:
                yield f"{problem.kind}: {problem.said}"


def _lines(result: Result) -> Iterator[tuple[str, list[str]]]:
    """Each line of the answer, and the quotes that its markers name: all, when it has none."""
    quotes = {c.number: c.quote for c in result.citations}
    for line in result.text.splitlines():
        cited = [quotes[n] for n in map(int, _MARKER.findall(line)) if n in quotes]
        yield _MARKER.sub("", line).strip(), cited or list(quotes.values())


def _is_verbatim(said: str, quotes: Sequence[str]) -> bool:
    words = key_facts.normalised(said.removeprefix("- "))
    return any(words in _normal_quote(quote) for quote in quotes)


@lru_cache(maxsize=4096)
def _normal_quote(quote: str) -> str:
    return key_facts.normalised(quote)


def _ranking(case: Case, passages: Sequence[FoundPlace]) -> tuple[frozenset[str], list[str]]:
    """The relevant names, and the retrieved ones in order, as the ranking metrics want them.

    A passage under a gold heading goes by that heading's name. Where one fact stands in
    several places any of them will do, so all places but a question of several sections count
    as one.
    """
    gold = case.item.gold_sections
    is_any = case.item.type not in NEEDS_EVERY_SECTION
    names: list[str] = []
    for place in passages:
        right = citations.right_sections({(place.source, place.heading)}, gold)
        own = f"{place.source} › {' › '.join(place.heading)}"
        names.append(own if not right else _GOLD if is_any else str(min(right)))
    if is_any:
        return (frozenset({_GOLD}) if gold else frozenset()), names
    wanted = {(file, key_facts.normalised(heading)) for file, heading in gold}
    return frozenset(map(str, wanted)), names


_GOLD = "gold"
NEEDS_EVERY_SECTION = frozenset({"comparison", "multi_section", "disagreement"})


def _margin(result: Result) -> float:
    """How close the decision, or the choice of the first passage, was."""
    from_threshold = abs(result.confidence - 0.5)
    scores = [place.score for place in result.passages[:2]]
    return min(from_threshold, abs(scores[0] - scores[1])) if scores[1:] else from_threshold
