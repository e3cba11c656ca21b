"""A share as a bar: its interval is a whisker, the control's share a tick."""

from __future__ import annotations

from collections.abc import Iterator

from evals.metrics.intervals import Interval
from evals.reports.markup import Html, element
from evals.reports.wording import interval_text
from evals.summary import Figure


def bar(figure: Figure, control: Figure | None = None) -> Html:
    """The share as a bar; what it shows is also said in words beside it."""
    parts = [_rect("track", 0, 1)]
    if figure.value is not None:
        parts.append(_rect("fill", 0, figure.value))
    if figure.interval is not None and interval_text(figure.interval):
        parts += _whisker(figure.interval)
    if control is not None and control.value is not None:
        parts.append(_rect("tick", control.value, None))
    return element("svg", *parts, class_="bar", aria_hidden="true")


def _whisker(interval: Interval) -> Iterator[Html]:
    yield _rect("reach", interval.low, interval.high)
    yield _rect("cap", interval.low, None)
    yield _rect("cap", interval.high, None)


def _rect(kind: str, low: float, high: float | None) -> Html:
    """A box from one share to another; a line at the first where there is no other."""
    start, width = 100 * low, 100 * ((high or 0) - low)
    return element(
        "rect",
        class_=kind,
        x=f"{start:.2f}%",
        width=None if high is None else f"{width:.2f}%",
    )
