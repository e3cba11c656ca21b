"""The numbers of the page: headline figures, slices, causes, floors, and every figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from chatbot.plain_text import neutral
from evals.gates import FloorCheck
from evals.metrics.calibration import Bin
from evals.reports.bars import bar
from evals.reports.markup import Html, element, joined, table, tag
from evals.reports.report import Report
from evals.reports.wording import (
    CAUSES,
    CONTROL,
    HEADLINES,
    Unit,
    bound_text,
    count_text,
    figure_of,
    interval_text,
    metric,
    misses_compared,
    percent,
    shortfall,
    slice_text,
    value_text,
)
from evals.scoring import Score
from evals.summary import ALL, Figure

JUDGED_BY = "passed"  # what a slice's bar shows
STANDALONE = "stand-alone wordings"  # measuring aids: in no other slice, in no figure


def slices_of(score: Score) -> tuple[str, ...]:
    """The slices that a case is counted in, as the summary names them."""
    item = score.case.item
    if not score.case.counts:
        return (STANDALONE,)
    named = (f"type: {item.type}", f"topic: {item.topic}")
    return ("critical", *named) if item.critical else named


def headlines(report: Report) -> Html:
    """The few figures that a reader looks for first, large, beside the control's."""
    shown = [
        (name, figure)
        for name in HEADLINES
        if (figure := figure_of(report.figures, name)) is not None and figure.value is not None
    ]
    if not shown:
        return element("p", "There is nothing to measure.", class_="empty")
    cards = [
        _card(name, figure, figure_of(report.own_figures, name), figure_of(report.control, name))
        for name, figure in shown
    ]
    return element("ul", *cards, class_="cards")


def _card(name: str, figure: Figure, own: Figure | None, control: Figure | None) -> Html:
    return element(
        "li",
        element("h3", _sentence(metric(name).label)),
        element("p", value_text(name, figure.value), class_="value"),
        bar(figure, control) if metric(name).unit is Unit.SHARE else "",
        element("p", " · ".join(_rests_on(figure)), class_="note"),
        element("p", f"own words {value_text(name, own.value)}", class_="note") if own else "",
        element("p", _beside(name, figure, control), class_="control") if control else "",
    )


def _beside(name: str, figure: Figure, control: Figure) -> str:
    """The control's figure, and how many fewer misses ours has where that is not plain to see."""
    theirs = f"control {value_text(name, control.value)}"
    compared = misses_compared(name, figure, control)
    if not compared.endswith(("fewer", "more")):
        return theirs
    return f"{theirs} · {compared} {'misses' if metric(name).more_is_better else ''}".rstrip()


def writing(report: Report) -> Html:
    """What a model did: its sentences' shares as bars, then how often and how late it answered."""
    label = report.model.label if report.model else ""
    said = (
        f"The answers were worded by {label}. Each of its sentences was held against the notes:"
        " verified, put into their words, or left out. No floor is set for that: the grounding"
        " is no judge of itself."
    )
    rows = [
        element(
            "li",
            element("span", _sentence(metric(name).label), class_="name"),
            element("span", value_text(name, figure.value), class_="amount"),
            bar(figure) if metric(name).unit is Unit.SHARE else "",
            element("span", count_text(figure.n), class_="note"),
        )
        for name, figure in report.writing.items()
    ]
    return joined(element("p", said, class_="note"), element("ul", *rows, class_="bars"))


def slices(report: Report) -> Html:
    """A bar for each type and topic, the worst first."""
    if set(report.figures) <= {ALL}:
        return element("p", "There is no slice.", class_="empty")
    groups: dict[str, list[str]] = {}
    for name in report.figures:
        if name != ALL:
            group, told, _ = name.partition(": ")
            groups.setdefault(group if told else "", []).append(name)
    missed = Counter(name for score in report.misses for name in slices_of(score))
    # The critical ones, which are no group, then the types, then the topics.
    order = sorted(groups, key=lambda group: (bool(group), group == "topic"))
    shown = (_slice_group(report, group, groups[group], missed) for group in order)
    return joined(_legend(report), *shown)


def _legend(report: Report) -> Html:
    """How the bars are read."""
    control = f", the upright tick {CONTROL}" if report.control else ""
    return element(
        "p",
        f"A bar is the share of questions that passed, its whisker the 95 % interval{control}."
        " The interval is drawn from sections, because questions about one section are alike.",
        class_="note",
    )


def _slice_group(
    report: Report, group: str, names: Sequence[str], missed: Mapping[str, int]
) -> Html:
    def worst_first(name: str) -> tuple[float, str]:
        figure = figure_of(report.figures, JUDGED_BY, name)
        return (2.0 if figure is None or figure.value is None else figure.value, name)

    title = f"By {group}" if group else "Which must never break"
    rows = [_slice(report, name, missed.get(name, 0)) for name in sorted(names, key=worst_first)]
    return element(
        "section", element("h3", title), element("ul", *rows, class_="bars"), class_="group"
    )


def _slice(report: Report, name: str, missed: int) -> Html:
    figure = figure_of(report.figures, JUDGED_BY, name) or Figure(None, 0)
    control = figure_of(report.control, JUDGED_BY, name)
    said = _rests_on(figure) if figure.interval else [*_rests_on(figure), "too few for an interval"]
    own = figure_of(report.own_figures, JUDGED_BY, name)
    if own is not None:
        said.append(f"own words {value_text(JUDGED_BY, own.value)}")
    if control is not None:
        said.append(f"control {value_text(JUDGED_BY, control.value)}")
    link = element("a", _many(missed, "miss", "misses"), href="#misses", data_slice=neutral(name))
    return element(
        "li",
        element("span", slice_text(name).removeprefix("type ").removeprefix("topic "),
                class_="name"),
        element("span", value_text(JUDGED_BY, figure.value), class_="amount"),
        bar(figure, control),
        element("span", " · ".join(said), *((" · ", link) if missed else ()), class_="note"),
    )  # fmt: skip


def causes(report: Report) -> Html:
    """How many misses each cause has."""
    every = len(report.misses)
    if not every:
        return element("p", "Nothing was missed.", class_="empty")
    return element("ul", *(_cause(*item, every) for item in report.causes.items()), class_="bars")


def _cause(cause: str, count: int, every: int) -> Html:
    link = element("a", "show", element("span", f" the misses: {cause}", class_="unseen"),
                   href="#misses", data_cause=cause)  # fmt: skip
    return element(
        "li",
        element("span", cause, class_="name"),
        element("span", f"{count:,}", class_="amount"),
        bar(Figure(count / every, every)),
        element("span", CAUSES.get(cause, ""), " ", link, class_="note"),
    )


def confidence(report: Report) -> Html:
    """For each step of the confidence, how many of its questions the notes do answer."""
    if not report.reliability:
        return element("p", "Nothing was asked.", class_="empty")
    said = (
        "How sure the answers were that the notes answer, in steps. A bar is the share of the"
        " step's questions that they do answer, the upright tick how sure the answers were: a"
        " confidence that means what it says has its bars end at their ticks."
    )
    steps = (_step(each) for each in report.reliability)
    return joined(element("p", said, class_="note"), element("ul", *steps, class_="bars"))


def _step(step: Bin) -> Html:
    told = f"{count_text(step.n)} · {percent(step.forecast)} sure on average"
    return element(
        "li",
        element("span", f"{percent(step.low)} to {percent(step.high)}", class_="name"),
        element("span", percent(step.observed), class_="amount"),
        bar(Figure(step.observed, step.n), Figure(step.forecast, step.n)),
        element("span", told, class_="note"),
    )


def floors(report: Report) -> Html:
    """Every floor with what was reached, those that failed first."""
    if not report.floors:
        return element("p", "No floor was set.", class_="empty")
    first = {False: 0, None: 1, True: 2}
    rows = [_floor(check) for check in sorted(report.floors, key=lambda c: first[c.holds])]
    return table(("Floor", "Wanted", "Reached", "Holds"), rows)


def _floor(check: FloorCheck) -> Html:
    state = {True: ("yes", "right"), False: ("no", "wrong"), None: ("too few", "open")}
    short = shortfall(check)
    return element(
        "tr",
        element("th", _sentence(slice_text(check.slice)), ": ", metric(check.metric).label, " ",
                element("code", check.metric), scope="row"),
        element("td", bound_text(check.metric, check.bound)),
        element("td", value_text(check.metric, check.value), " ",
                element("span", count_text(check.n), class_="note")),
        element("td", tag(*state[check.holds]), f" {short}" if short else ""),
    )  # fmt: skip


def every_figure(report: Report) -> Html:
    """A table of every metric of all questions."""
    columns = [("Own words", report.own_figures)] if report.own_figures else []
    columns.append(("Control", report.control))
    rows = [
        element(
            "tr",
            element("th", _sentence(metric(name).label), " ", element("code", name), scope="row"),
            element("td", value_text(name, figure.value)),
            element("td", interval_text(figure.interval)),
            element("td", f"{figure.n:,}"),
            *(element("td", value_text(name, each.value) if each else "") for each in beside),
        )
        for name, figure in report.figures.get(ALL, {}).items()
        for beside in [[figure_of(slices, name) for _, slices in columns]]
    ]
    return table(("Figure", "Value", "95 % interval", "n", *(title for title, _ in columns)), rows)


def _rests_on(figure: Figure) -> list[str]:
    """On how many questions a figure rests, and how far off it could be."""
    spread = interval_text(figure.interval)
    return [count_text(figure.n), spread] if spread else [count_text(figure.n)]


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:]


def _many(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
