"""What a run amounts to, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from evals.gates import Exit, Flip, FloorCheck
from evals.reports.report import Report
from evals.reports.wording import (
    CONTROL,
    OWN_WORDS,
    count_text,
    figure_of,
    metric,
    percent,
    shortfall,
    slice_text,
    value_text,
)

NAMED = 5  # of what went wrong; the rest is counted


@dataclass(frozen=True, slots=True)
class Verdict:
    """The headline, the share that passed, what is wrong (worst first), and what else is so."""

    tone: Literal["passed", "failed", "open"]
    headline: str
    lead: str
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def verdict(report: Report) -> Verdict:
    """Say what the exit code says, and by how much."""
    failed = [check for check in report.floors if check.holds is False]
    regressions = report.comparison.regressions if report.comparison else ()
    errors = [score for score in report.scores if score.result.error]
    tone: Literal["passed", "failed", "open"] = "failed"
    match report.exit:
        case Exit.HARNESS_FAILED:
            headline = f"Not judged: {_questions(len(errors))} raised an error"
        case Exit.GOLDEN_INVALID:
            headline = "Not judged: the golden set cannot be used"
        case Exit.FLOOR_FAILED:
            of = f"{len(failed)} of {len(report.floors)} floors"
            headline = f"Failed: {of} {'is' if len(failed) == 1 else 'are'} not reached"
        case Exit.REGRESSED:
            headline = f"Failed: {_questions(len(regressions))} got worse since the baseline"
        case _ if not report.scores:
            tone, headline = "open", "Nothing was asked, so there is nothing to judge"
        case _ if report.comparison is None and all(c.holds is None for c in report.floors):
            tone, headline = "open", "Measured, not judged: no floor and no baseline could tell"
        case _:
            tone, headline = "passed", "Passed"
    faults = (
        *_named(f"{s.case.id} raised {s.result.error}" for s in errors),
        *_named(map(_missed, failed)),
        *_named(map(_worse, regressions)),
    )
    notes = (*_floors(report), *_since_baseline(report), *_of_the_model(report))
    return Verdict(tone, headline, _lead(report), faults, notes)


def _lead(report: Report) -> str:
    ours, control = figure_of(report.figures, "passed"), figure_of(report.control, "passed")
    if ours is None or ours.value is None:
        return ""
    said = f"{round(ours.value * ours.n):,} of {_questions(ours.n)} passed ({percent(ours.value)})"
    if report.model is not None:
        said = f"Worded by {report.model.label}: {said}"
    own = figure_of(report.own_figures, "passed")
    beside = [
        f"{who} pass{'' if who == OWN_WORDS else 'es'} {percent(figure.value)}"
        for who, figure in ((OWN_WORDS, own), (CONTROL, control))
        if figure is not None and figure.value is not None
    ]
    return f"{said}; {', '.join(beside)} of them." if beside else f"{said}."


def _missed(check: FloorCheck) -> str:
    reached = value_text(check.metric, check.value)
    figure = f"{slice_text(check.slice)}, {metric(check.metric).label}: {reached}"
    return f"{figure}, {shortfall(check)} ({count_text(check.n)})"


def _worse(flip: Flip) -> str:
    critical = ", which is critical," if flip.critical else ""
    return f"{flip.case_id}{critical} passed in the baseline: now {flip.cause}"


def _floors(report: Report) -> Iterator[str]:
    if not report.floors:
        yield "No floor was set."
        return
    holding = sum(check.holds is True for check in report.floors)
    untold = sum(check.holds is None for check in report.floors)
    if holding == len(report.floors):
        yield f"All {holding} floors hold." if holding > 1 else "The one floor holds."
    else:
        yield f"{holding} of {len(report.floors)} floors {'holds' if holding == 1 else 'hold'}."
    if untold:
        yield f"{untold} {'has' if untold == 1 else 'have'} too few questions to say."


def _since_baseline(report: Report) -> Iterator[str]:
    comparison = report.comparison
    if comparison is None and report.model is not None:
        yield "A model's answers are held against no baseline."
        return
    if comparison is None:
        yield "There was no baseline to compare with."
        return
    better = sum(flip.now_passes for flip in comparison.flips)
    tolerated = sum(flip.tolerated for flip in comparison.flips)
    if tolerated:
        yield (
            f"{_questions(tolerated)} got worse and may: the decision was close,"
            " and the baseline was made on another machine."
        )
    elif not comparison.regressions:
        yield "Nothing got worse since the baseline."
    if better:
        yield f"{_questions(better)} got better."
    if comparison.unknown:
        yield f"{_questions(comparison.unknown)} {_is(comparison.unknown)} new to the baseline."


def _of_the_model(report: Report) -> Iterator[str]:
    shares = [
        report.writing.get(f"sentences_{name}") for name in ("verified", "repaired", "dropped")
    ]
    values = [figure.value for figure in shares if figure is not None and figure.value is not None]
    if len(values) == len(shares) and shares[0] is not None:
        verified, repaired, dropped = map(percent, values)
        yield (
            f"Of {shares[0].n:,} sentences that it wrote {verified} were verified, {repaired}"
            f" repaired and {dropped} left out."
        )
    back = report.writing.get("answers_fell_back")
    if back is not None and back.value:
        yield (
            f"{round(back.value * back.n):,} of {back.n:,} answers are in {OWN_WORDS} after all."
        )
    if report.own:
        yield (
            f"It passes {_questions(len(report.gained))} that {OWN_WORDS} miss, and misses"
            f" {len(report.lost):,} that they pass."
        )


def _named(lines: Iterable[str]) -> Iterator[str]:
    every = list(lines)
    yield from every[:NAMED]
    if len(every) > NAMED:
        yield f"… and {len(every) - NAMED} more"


def _questions(count: int) -> str:
    return f"{count:,} question" if count == 1 else f"{count:,} questions"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
