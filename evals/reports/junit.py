"""A run as `junit.xml`: what a continuous integration service shows of tests.

One suite has a test for each golden question, another one for each floor and one for the
comparison with the baseline. A question that was missed is a failure there, also in a run whose
floors allow it: the gates say whether the run failed.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from chatbot.plain_text import neutral, one_line
from evals.gates import Comparison, FloorCheck
from evals.reports.report import Report
from evals.reports.wording import (
    bound_text,
    expected,
    fate,
    given,
    left_out,
    metric,
    shortfall,
    slice_text,
    value_text,
)
from evals.scoring import Score

MESSAGE = 200  # characters: services show it on one line
# All that XML 1.0 has no way to hold; section 2.2, production 2.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """The report as JUnit's XML, valid whatever the questions, answers and notes hold."""
    root = ET.Element("testsuites", name="footnote evals")
    made = report.made[:19]  # JUnit's time stamps have no offset
    questions = ET.SubElement(root, "testsuite", name="golden questions", timestamp=_xml(made))
    for score in report.scores:
        _question(questions, score)
    gates = ET.SubElement(root, "testsuite", name="gates", timestamp=_xml(made))
    for check in report.floors:
        _floor(gates, check)
    _baseline(gates, report.comparison)
    suites = (questions, gates)
    for suite in suites:
        _count(suite, [suite])
    questions.set("time", f"{sum(s.result.milliseconds for s in report.scores) / 1000:.3f}")
    gates.set("time", "0")
    _count(root, suites)
    root.set("time", f"{report.seconds:.3f}")
    ET.indent(root)
    written = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{written}\n'


def _question(suite: ET.Element, score: Score) -> None:
    case = _case(
        suite,
        case_class=score.case.item.topic,
        name=f"{score.case.id} {one_line(score.case.text)}",
        seconds=score.result.milliseconds / 1000,
    )
    if score.passed:
        return
    cause = str(score.cause)
    wanted, came = expected(score), given(score)
    body = "\n".join(
        [
            f"cause: {cause}",
            *(f"asked before: {turn}" for turn in score.case.turns),
            f"question: {score.case.text}",
            *(f"expected: {line}" for line in wanted),
            *(f"missing: {fact}" for fact in score.missing_facts),
            *(f"forbidden: {piece}" for piece in score.forbidden),
            f"given: {came}",
            *(f"left out: {each.said} ({fate(each)})" for each in left_out(score)),
        ]
    )
    message = one_line(f"{cause}: expected {'; '.join(wanted)}; given {came}", MESSAGE)
    _outcome(case, "error" if score.result.error else "failure", message, cause, body)


def _floor(suite: ET.Element, check: FloorCheck) -> None:
    wanted = bound_text(check.metric, check.bound)
    name = f"{slice_text(check.slice)}: {metric(check.metric).label} {wanted} ({check.metric})"
    case = _case(suite, case_class="floors", name=name)
    reached = f"{value_text(check.metric, check.value)}, n = {check.n}"
    if check.holds is None:
        _outcome(case, "skipped", f"insufficient data: {reached}")
    elif not check.holds:
        _outcome(case, "failure", f"{reached}: {shortfall(check)}", "floor", str(check))


def _baseline(suite: ET.Element, comparison: Comparison | None) -> None:
    case = _case(suite, case_class="baseline", name="no question got worse since the baseline")
    if comparison is None:
        _outcome(case, "skipped", "there was no baseline to compare with")
    elif comparison.regressions:
        lines = [
            f"{flip.case_id}{' (critical)' if flip.critical else ''}: {flip.cause}: {flip.question}"
            for flip in comparison.regressions
        ]
        message = f"{len(lines)} got worse: {', '.join(f.case_id for f in comparison.regressions)}"
        _outcome(case, "failure", one_line(message, MESSAGE), "regression", "\n".join(lines))


def _case(suite: ET.Element, *, case_class: str, name: str, seconds: float = 0.0) -> ET.Element:
    return ET.SubElement(
        suite, "testcase", classname=_xml(case_class), name=_xml(name), time=f"{seconds:.3f}"
    )


def _outcome(case: ET.Element, tag: str, message: str, kind: str = "", body: str = "") -> None:
    outcome = ET.SubElement(case, tag, message=_xml(message))
    if kind:
        outcome.set("type", _xml(kind))
    outcome.text = _xml(body) or None


def _count(element: ET.Element, suites: Sequence[ET.Element]) -> None:
    """Set how many tests the suites hold, and how many of them did not pass."""
    cases = [case for suite in suites for case in suite.iterfind("testcase")]
    element.set("tests", str(len(cases)))
    for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(plural, str(sum(case.find(tag) is not None for case in cases)))


def _xml(text: str) -> str:
    """The text without what XML 1.0 forbids; control characters are seen as their pictures."""
    return _FORBIDDEN.sub("", neutral(text))
