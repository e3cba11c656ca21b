"""The figures of a run, for all questions and for each slice of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evals.metrics import abstention, calibration, latency, length, paraphrases, writing
from evals.metrics.intervals import Interval, bootstrap_interval
from evals.metrics.multi_turn import TurnPair, history_gap
from evals.scoring import RECALLED_AT, Score

ALL = "all"


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of one slice: None where there was nothing to measure, counted by `n`.

    `interval` is a 95 % bootstrap interval with sections as clusters; None where too few.
    """

    value: float | None
    n: int
    interval: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        """The figure as one JSON object."""
        return asdict(self)


Slice = Mapping[str, Figure]  # by metric


def summarise(scores: Sequence[Score]) -> dict[str, Slice]:
    """Every slice that has a case: all, each type, each topic, the critical ones."""
    counted = [score for score in scores if score.case.counts]
    slices: dict[str, list[Score]] = {ALL: counted}
    for score in counted:
        item = score.case.item
        slices.setdefault(f"type: {item.type}", []).append(score)
        slices.setdefault(f"topic: {item.topic}", []).append(score)
        if item.critical:
            slices.setdefault("critical", []).append(score)
    order = [ALL, *sorted(name for name in slices if name != ALL)]
    figures: dict[str, Slice] = {name: dict(_figures(slices[name])) for name in order}
    figures[ALL] = {**figures[ALL], **_of_groups(counted), **_of_turns(scores)}
    return figures


def _figures(scores: Sequence[Score]) -> Iterable[tuple[str, Figure]]:
    for at, k in enumerate(RECALLED_AT):
        yield f"section_recall_at_{k}", _mean(scores, _recall(at))
    yield "mrr", _mean(scores, lambda s: s.reciprocal_rank)
    yield f"ndcg_at_{RECALLED_AT[-1]}", _mean(scores, lambda s: s.ndcg)
    yield "key_facts_strict", _mean(scores, lambda s: s.strict_facts)
    yield "key_facts_weighted", _mean(scores, lambda s: s.weighted_facts)
    yield "forbidden_free", _mean(scores, lambda s: float(not s.forbidden), _answers)
    yield "quotes_exact", _mean(scores, lambda s: s.quotes_exact, _answers)
    yield "section_precision", _mean(scores, lambda s: s.section_precision, _answers)
    yield "section_recall", _mean(scores, lambda s: s.section_recall, _answers)
    yield "cites_right_section", _mean(scores, lambda s: s.cites_right_section, _answers)
    yield "groundedness", _mean(scores, lambda s: s.groundedness)
    yield from _decisions(scores)
    yield "passed", _mean(scores, lambda s: float(s.passed))
    lengths = [float(s.words) for s in scores if s.words]
    yield "words_median", Figure(length.median(lengths), len(lengths))
    yield "words_p95", Figure(length.percentile(lengths, 95), len(lengths))
    times = [s.result.milliseconds for s in scores if not s.result.error]
    spent = latency.latency(times)
    yield "ms_p50", Figure(spent.p50 if spent else None, len(times))
    yield "ms_p95", Figure(spent.p95 if spent else None, len(times))


def _recall(at: int) -> Callable[[Score], float | None]:
    return lambda score: score.recall_at[at]


def _answers(score: Score) -> bool:
    """Whether the case is an answerable one that was answered."""
    result = score.result
    return score.case.item.answerable and not result.declined and not result.error


def _decisions(scores: Sequence[Score]) -> Iterable[tuple[str, Figure]]:
    decisions = [(s.case.item.answerable, s.result.declined) for s in scores]
    unanswerable = sum(not answerable for answerable, _ in decisions)
    declined = sum(was_declined for _, was_declined in decisions)
    yield "abstention_precision", Figure(abstention.decline_precision(decisions), declined)
    yield "abstention_recall", Figure(abstention.decline_recall(decisions), unanswerable)
    yield "abstention_f1", Figure(abstention.decline_f1(decisions), unanswerable)
    yield (
        "over_refusal",
        Figure(abstention.over_refusal_rate(decisions), len(decisions) - unanswerable),
    )
    verdicts = [(s.case.item.answerable, s.result.declined, s.passed) for s in scores]
    yield "crag_score", Figure(abstention.crag_score(verdicts), len(verdicts))
    said = forecasts(scores)
    yield "brier", Figure(calibration.brier_score(said), len(said))
    yield "calibration_error", Figure(calibration.calibration_error(said), len(said))


def summarise_writing(scores: Sequence[Score]) -> Slice:
    """What a model did for the answers, by metric; empty where none was to word them.

    It stands apart from the figures, so that no floor can be set for it. Stand-alone wordings
    do not count, as elsewhere.
    """
    results = [s.result for s in scores if s.case.counts and s.result.writing is not None]
    writings = [result.writing for result in results if result.writing is not None]
    if not writings:
        return {}
    found = writing.sentences_of(writings)
    given = [r.writing for r in results if r.writing is not None and not r.declined]
    figures = {
        f"sentences_{name}": Figure(count / found.written if found.written else None, found.written)
        for name, count in (
            ("verified", found.verified),
            ("repaired", found.repaired),
            ("dropped", found.dropped),
            ("unsupported", found.unsupported),
            ("uncited", found.uncited),
            ("repeated", found.repeated),
            ("in_answers", found.in_answers),
        )
    }
    figures["answers_fell_back"] = _share([each.fell_back for each in given])
    figures["model_failed"] = _share([bool(each.failure) for each in writings])
    for moment in ("first_token", "first_verified"):
        times = [time for each in writings if (time := float(getattr(each, moment)))]
        spent = latency.latency(times)
        figures[f"{moment}_ms_p50"] = Figure(spent.p50 if spent else None, len(times))
        figures[f"{moment}_ms_p95"] = Figure(spent.p95 if spent else None, len(times))
    return figures


def forecasts(scores: Sequence[Score]) -> list[calibration.Forecast]:
    """How sure each answer was that the notes answer, and whether they do."""
    return [
        (score.result.confidence, score.case.item.answerable)
        for score in scores
        if not score.result.error
    ]


def _of_groups(scores: Sequence[Score]) -> Slice:
    """How many paraphrase groups are consistent, and pass with their worst member."""
    groups: dict[str, list[Score]] = {}
    for score in scores:
        groups.setdefault(score.case.item.group or score.case.item.id, []).append(score)
    several = [members for members in groups.values() if len(members) > 1]
    consistent = [
        paraphrases.is_consistent(
            [paraphrases.Member(s.result.declined, s.right_sections) for s in members]
        )
        for members in several
    ]
    worst = [paraphrases.worst_of([float(s.passed) for s in members]) for members in several]
    return {
        "paraphrases_consistent": _share(consistent),
        "paraphrases_all_passed": _share(worst),
    }


def _of_turns(scores: Sequence[Score]) -> Slice:
    """What follow-ups lose against their stand-alone wording, in strict key-fact recall."""
    alone = {s.case.item.id: s.strict_facts for s in scores if not s.case.counts}
    pairs = [
        TurnPair(s.strict_facts, alone[s.case.item.id])
        for s in scores
        if s.case.variant == "question" and s.case.item.id in alone
    ]
    return {"follow_up_gap": Figure(history_gap(pairs), len(pairs))}


def _share(values: Sequence[float | bool | None]) -> Figure:
    known = [float(value) for value in values if value is not None]
    return Figure(sum(known) / len(known) if known else None, len(known))


def _mean(
    scores: Sequence[Score],
    measure: Callable[[Score], float | bool | None],
    counts: Callable[[Score], bool] = lambda _: True,
) -> Figure:
    """The mean over the cases that count and have a value, clustered by their first section."""
    known = [
        (float(value), _cluster(score))
        for score in scores
        if counts(score) and (value := measure(score)) is not None
    ]
    values = [value for value, _ in known]
    clusters = [cluster for _, cluster in known]
    return Figure(
        sum(values) / len(values) if values else None,
        len(values),
        bootstrap_interval(values, clusters, resamples=1000) if values else None,
    )


def _cluster(score: Score) -> str:
    item = score.case.item
    return f"{item.evidence[0].file}#{item.evidence[0].heading}" if item.evidence else item.id
