"""Figures, slices, causes and cases in plain words: the same ones in every report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evals.gates import Bound, FloorCheck
from evals.metrics.citations import right_sections
from evals.metrics.intervals import Interval
from evals.results import CitedPlace, FoundPlace, WrittenSentence
from evals.scoring import Cause, Score
from evals.summary import ALL, Figure, Slice

CONTROL = "the tutorial's chain"
OWN_WORDS = "the notes' own words"
NOT_THERE = "n/a"
_BOUND = "\u00a0"  # between a number and its unit, where no line may break


class Unit(StrEnum):
    """What a figure counts, and so how it is written."""

    SHARE = "%"  # 0 to 1, written as percent
    GAP = "points"  # a difference of shares
    PLAIN = ""
    WORDS = "words"
    MILLISECONDS = "ms"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as people read it."""

    label: str
    unit: Unit = Unit.SHARE
    more_is_better: bool = True


METRICS: Mapping[str, Metric] = {
    "passed": Metric("passed"),
    "key_facts_strict": Metric("all key facts given"),
    "key_facts_weighted": Metric("key facts given"),
    "cites_right_section": Metric("answers that cite a right section"),
    "quotes_exact": Metric("answers whose quotes are exact"),
    "groundedness": Metric("groundedness of answers in their quotes"),
    "forbidden_free": Metric("answers without forbidden content"),
    "section_recall_at_1": Metric("right section first"),
    "section_recall_at_3": Metric("right section in the first 3"),
    "section_recall_at_5": Metric("right section in the first 5"),
    "mrr": Metric("mean reciprocal rank", Unit.PLAIN),
    "ndcg_at_5": Metric("nDCG of the first 5", Unit.PLAIN),
    "section_precision": Metric("cited sections that are right"),
    "section_recall": Metric("right sections that are cited"),
    "abstention_recall": Metric("unanswerable questions declined"),
    "abstention_precision": Metric("refusals that were right"),
    "abstention_f1": Metric("F1 of declining", Unit.PLAIN),
    "over_refusal": Metric("answerable questions refused", more_is_better=False),
    "crag_score": Metric("CRAG score, −1 to 1", Unit.PLAIN),
    "brier": Metric("Brier score of the confidence", Unit.PLAIN, more_is_better=False),
    "calibration_error": Metric("confidence, mean distance from the outcome", more_is_better=False),
    "paraphrases_consistent": Metric("decided and cited alike in all wordings"),
    "paraphrases_all_passed": Metric("passed in all wordings"),
    "follow_up_gap": Metric("lost by follow-ups", Unit.GAP, more_is_better=False),
    "words_median": Metric("words, median", Unit.WORDS, more_is_better=False),
    "words_p95": Metric("words, 95th percentile", Unit.WORDS, more_is_better=False),
    "ms_p50": Metric("time, median", Unit.MILLISECONDS, more_is_better=False),
    "ms_p95": Metric("time, 95th percentile", Unit.MILLISECONDS, more_is_better=False),
    "sentences_verified": Metric("sentences that the cited passages hold"),
    "sentences_repaired": Metric("sentences put into the notes' words"),
    "sentences_dropped": Metric("sentences left out", more_is_better=False),
    "sentences_unsupported": Metric("left out: the notes do not hold them", more_is_better=False),
    "sentences_uncited": Metric("left out: nothing cited", more_is_better=False),
    "sentences_repeated": Metric("left out: said before", more_is_better=False),
    "sentences_in_answers": Metric("sentences that stand in answers"),
    "answers_fell_back": Metric("answers in the notes' own words after all", more_is_better=False),
    "model_failed": Metric("questions at which the model failed", more_is_better=False),
    "first_token_ms_p50": Metric("first words, median", Unit.MILLISECONDS, more_is_better=False),
    "first_token_ms_p95": Metric(
        "first words, 95th percentile", Unit.MILLISECONDS, more_is_better=False
    ),
    "first_verified_ms_p50": Metric(
        "first sentence that stands, median", Unit.MILLISECONDS, more_is_better=False
    ),
    "first_verified_ms_p95": Metric(
        "first sentence that stands, 95th percentile", Unit.MILLISECONDS, more_is_better=False
    ),
}
# What a reader looks for first.
HEADLINES = (
    *("passed", "key_facts_strict", "cites_right_section", "quotes_exact"),
    *("section_recall_at_3", "abstention_recall", "over_refusal", "ms_p50"),
)
CAUSES: Mapping[str, str] = {
    Cause.ERROR: "Asking raised an error, so there is no answer.",
    Cause.NOT_RETRIEVED: "No retrieved passage is of a right section.",
    Cause.NEEDLESSLY_DECLINED: "A right passage was there, and the question was declined.",
    Cause.ANSWERED_UNANSWERABLE: "The notes do not say, and something was answered.",
    Cause.NOT_USED: "A right passage was there, and a vital fact is not in the answer.",
    Cause.WRONG_CITATION: "The facts are there, but no right section is cited, or not exactly.",
    Cause.FORBIDDEN: "The answer holds what it must not.",
    Cause.UNGROUNDED: "The answer says what its quotes do not.",
}


def metric(name: str) -> Metric:
    """What a metric is called; one that is not known here goes by its own name."""
    return METRICS.get(name) or Metric(name.replace("_", " "), Unit.PLAIN)


def value_text(name: str, value: float | None) -> str:
    """A figure in its unit. A share is 100 % or 0 % only when nothing is missing or there."""
    if value is None:
        return NOT_THERE
    match metric(name).unit:
        case Unit.SHARE:
            return percent(value)
        case Unit.GAP:
            return f"{100 * value:+.1f} points".replace("-", "−")
        case Unit.WORDS:
            return f"{value:.0f} words"
        case Unit.MILLISECONDS:
            return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"
        case _:
            return f"{value:.3f}".replace("-", "−")


def percent(share: float) -> str:
    """A share as percent, 0 to 100; rounding makes no miss disappear."""
    if share in (0, 1):
        return f"{100 * share:.0f}{_BOUND}%"
    return f"{min(max(100 * share, 0.1), 99.9):.1f}{_BOUND}%"


def interval_text(interval: Interval | None) -> str:
    """An interval of a share; empty where there is none or it says nothing."""
    # Resampling a slice without a single miss, or hit, cannot find one: no spread is no news.
    if interval is None or interval.low == interval.high:
        return ""
    return f"{100 * interval.low:.0f}–{100 * interval.high:.0f}{_BOUND}%"


def bound_text(name: str, bound: Bound) -> str:
    """What a floor asks for, in the metric's unit."""
    limits = (("at least", bound.at_least), ("at most", bound.at_most))
    said = [f"{word} {_limit(name, limit)}" for word, limit in limits if limit is not None]
    return " and ".join(said)


def shortfall(check: FloorCheck) -> str:
    """By how much a floor was missed, and what it is; empty when it was not missed."""
    value, bound = check.value, check.bound
    if value is None or check.holds is not False:
        return ""
    if bound.at_least is not None and value < bound.at_least:
        short = _distance(check.metric, bound.at_least - value)
        return f"{short} short of {_limit(check.metric, bound.at_least)}"
    if bound.at_most is not None and value > bound.at_most:
        over = _distance(check.metric, value - bound.at_most)
        return f"{over} over {_limit(check.metric, bound.at_most)}"
    return ""


def count_text(n: int) -> str:
    """On how many questions a figure rests."""
    return f"n{_BOUND}={_BOUND}{n:,}"


def slice_text(name: str) -> str:
    """What a slice is called: "type: near_miss" is "type near miss"."""
    if name in (ALL, "critical"):
        return f"{name} questions"
    return name.replace(": ", " ", 1).replace("_", " ")


def misses_compared(name: str, ours: Figure | None, control: Figure | None) -> str:
    """How many misses there are for each of ours in the control; empty where none are counted."""
    kind = metric(name)
    if kind.unit is not Unit.SHARE or ours is None or control is None:
        return ""
    if ours.value is None or control.value is None:
        return ""
    if kind.more_is_better:
        mine, theirs = 1 - ours.value, 1 - control.value
    else:
        mine, theirs = ours.value, control.value
    if mine == theirs:
        return "as many"
    if not mine or not theirs:
        return "none left" if not mine else "the control has none"
    times, word = (theirs / mine, "fewer") if mine < theirs else (mine / theirs, "more")
    return "about as many" if times < 1.05 else f"{times:.1f}× {word}"


def figure_of(slices: Mapping[str, Slice], name: str, of: str = ALL) -> Figure | None:
    """One figure of a slice, if it is there."""
    return slices.get(of, {}).get(name)


def place(source: str, heading: Sequence[str] | str) -> str:
    """A section, for people: `storage.md › Storage › Amazon S3`."""
    titles = [heading] if isinstance(heading, str) else heading
    return " › ".join((source, *titles))


def is_right(score: Score, where: CitedPlace | FoundPlace) -> bool:
    """Whether a place is in a section that was expected."""
    return bool(right_sections({(where.source, where.heading)}, score.case.item.gold_sections))


def expected(score: Score) -> tuple[str, ...]:
    """What a right answer holds, a line each: its facts, then where they stand."""
    item = score.case.item
    if not item.answerable:
        near = f" (near “{item.near}”)" if item.near else ""
        return (f"declined: the notes do not say{near}",)
    facts = [
        fact.text if fact.importance == "vital" else f"{fact.text} (good to have)"
        for fact in item.key_facts
    ]
    places = dict.fromkeys(place(where.file, where.heading) for where in item.evidence)
    return (*facts, *(f"in {where}" for where in places))


def given(score: Score) -> str:
    """What came instead: the answer, the refusal or the error."""
    result = score.result
    if result.error:
        return f"error: {result.error}"
    return f"declined: {result.text}" if result.declined else result.text


def left_out(score: Score) -> tuple[WrittenSentence, ...]:
    """The sentences that a model wrote and that do not stand in the answer, refusals aside."""
    writing = score.result.writing
    if writing is None:
        return ()
    return tuple(each for each in writing.sentences if not each.text and not each.is_refusal)


def fate(sentence: WrittenSentence) -> str:
    """What became of a sentence, and why: "unsupported: 5 TB is not in your notes"."""
    return f"{sentence.ruling}: {sentence.problem}" if sentence.problem else sentence.ruling


def _limit(name: str, limit: float) -> str:
    unit = metric(name).unit
    if unit is Unit.SHARE:
        return f"{100 * limit:g}{_BOUND}%"
    if unit is Unit.GAP:
        return f"{100 * limit:g} points"
    return f"{limit:g} {unit}".rstrip()


def _distance(name: str, difference: float) -> str:
    unit = metric(name).unit
    if unit in (Unit.SHARE, Unit.GAP):
        points = 100 * difference
        # However little is missing, it is not nothing.
        return f"{points:.1f} points" if points >= 0.1 else f"{points:.2g} points"
    if unit is Unit.PLAIN:
        return f"{difference:.2g}"
    return f"{difference:.0f} {unit}" if difference >= 1 else f"{difference:.2g} {unit}"
