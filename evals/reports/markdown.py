"""A run as `report.md`: short enough for a pull request, or the summary of a step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from chatbot.plain_text import neutral, one_line
from evals.gates import Flip, FloorCheck
from evals.reports.report import Report
from evals.reports.verdict import verdict
from evals.reports.wording import (
    CONTROL,
    HEADLINES,
    OWN_WORDS,
    bound_text,
    expected,
    fate,
    figure_of,
    given,
    interval_text,
    left_out,
    metric,
    misses_compared,
    percent,
    shortfall,
    slice_text,
    value_text,
)
from evals.scoring import Score
from evals.summary import ALL

MISSES = 20
FLIPS = 20
WIDTH = 160  # characters of one cell
_STEERS = re.compile(r"[\\`*_{}\[\]<>|#~$&!]")


def markdown(report: Report) -> str:
    """The report in GitHub's Markdown. What questions and answers hold is shown, never obeyed."""
    said = verdict(report)
    parts = [
        f"# {plain(said.headline)}",
        plain(said.lead),
        "\n".join(f"- {plain(fault)}" for fault in said.faults),
        plain(" ".join(said.notes)),
        _headlines(report),
        *_part("The model", _writing(report)),
        *_part("Floors", _floors(report.floors)),
        *_part("Since the baseline", _flips(report)),
        *_part("Causes of misses", _causes(report)),
        *_part("Slices", _slices(report)),
        *_part("Confidence", _confidence(report)),
        *_part("Misses", _misses(report)),
        f"{plain(report.made)} · {plain(report.golden)} over {plain(', '.join(report.notes))}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str, width: int | None = None) -> str:
    """The text on one line, every character of it meant as itself."""
    line = _STEERS.sub(r"\\\g<0>", one_line(neutral(text), width))
    # A bare address would become a link, and a name after an at sign a message to somebody.
    return line.replace("://", ":\\//").replace("www.", "www\\.").replace("@", "@\u2060")


def _part(title: str, content: str) -> Iterator[str]:
    if content:
        yield f"## {title}"
        yield content


def _headlines(report: Report) -> str:
    rows = []
    for name in HEADLINES:
        ours, control = figure_of(report.figures, name), figure_of(report.control, name)
        if ours is None or ours.value is None:
            continue
        row = [metric(name).label, value_text(name, ours.value), interval_text(ours.interval)]
        row.append(f"{ours.n:,}")
        if report.own_figures:
            own = figure_of(report.own_figures, name)
            row.append(value_text(name, own.value if own else None))
        if report.control:
            row.append(value_text(name, control.value if control else None))
            row.append(misses_compared(name, ours, control))
        rows.append(row)
    beside = [OWN_WORDS] if report.own_figures else []
    beside += [CONTROL, "misses, compared"] if report.control else []
    return _table(["", "value", "95 % interval", "n", *beside], rows)


def _writing(report: Report) -> str:
    rows = [
        [metric(name).label, value_text(name, figure.value), f"{figure.n:,}"]
        for name, figure in report.writing.items()
    ]
    label = report.model.label if report.model else "the model"
    return _table([plain(label, WIDTH), "value", "n"], rows)


def _floors(checks: Sequence[FloorCheck]) -> str:
    first = {False: 0, None: 1, True: 2}
    return _table(
        ["floor", "wanted", "reached", "n", "holds"],
        [
            [
                f"{slice_text(check.slice)}: {metric(check.metric).label}",
                bound_text(check.metric, check.bound),
                value_text(check.metric, check.value),
                f"{check.n:,}",
                {True: "yes", False: f"no: {shortfall(check)}", None: "too few"}[check.holds],
            ]
            for check in sorted(checks, key=lambda check: first[check.holds])
        ],
    )


def _flips(report: Report) -> str:
    flips = report.comparison.flips if report.comparison else ()
    worse_first = sorted(flips, key=lambda flip: flip.now_passes)
    lines = [f"- {_flip(flip)}" for flip in worse_first[:FLIPS]]
    if len(flips) > FLIPS:
        lines.append(f"- … and {len(flips) - FLIPS} more")
    return "\n".join(lines)


def _flip(flip: Flip) -> str:
    now = "better: now passes" if flip.now_passes else f"worse: now {plain(flip.cause)}"
    marks = " (**critical**)" if flip.critical else ""
    marks += " (tolerated: the decision was close)" if flip.tolerated else ""
    return f"{now}{marks}: {plain(flip.case_id)}: {plain(flip.question, WIDTH)}"


def _causes(report: Report) -> str:
    return "\n".join(f"- {count:,} × {plain(cause)}" for cause, count in report.causes.items())


def _slices(report: Report) -> str:
    beside = [f"passed by {CONTROL}"] if report.control else []
    rows = []
    for name, figures in report.figures.items():
        passed = figures.get("passed")
        if name == ALL or passed is None:
            continue
        row = [
            slice_text(name),
            f"{passed.n:,}",
            value_text("passed", passed.value),
            "too few" if passed.interval is None else interval_text(passed.interval),
        ]
        if report.control:
            control = figure_of(report.control, "passed", name)
            row.append(value_text("passed", control.value if control else None))
        rows.append(row)
    return _table(["slice", "n", "passed", "95 % interval", *beside], rows)


def _confidence(report: Report) -> str:
    rows = [
        [
            f"{percent(each.low)} to {percent(each.high)}",
            f"{each.n:,}",
            percent(each.forecast),
            percent(each.observed),
        ]
        for each in report.reliability
    ]
    return _table(["how sure", "n", "said, mean", "the notes do answer"], rows)


def _misses(report: Report) -> str:
    scores = report.misses
    rows = [
        [
            f"{score.case.id}: {score.cause}",
            " → ".join([*score.case.turns, score.case.text]),
            "; ".join(expected(score)),
            given(score),
            *([_left_out(score)] if report.model else []),
        ]
        for score in scores[:MISSES]
    ]
    written = ["the model wrote, left out"] if report.model else []
    table = _table(["case", "question", "expected", "given", *written], rows)
    rest = len(scores) - MISSES
    return table if rest <= 0 else f"{table}\n\n… and {rest:,} more, on the page and in the JSON."


def _left_out(score: Score) -> str:
    return "; ".join(f"“{each.said}” ({fate(each)})" for each in left_out(score))


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty where there is no row."""
    lines = [_row([plain(cell, WIDTH) for cell in row]) for row in rows]
    return "\n".join([_row(titles), _row(["---"] * len(titles)), *lines]) if lines else ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
