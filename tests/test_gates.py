"""Floors, the baseline, and what a run's exit code says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sample_report import (
    ELSEWHERE,
    MACHINE,
    asked,
    baseline,
    declined,
    item,
    missing,
    passing,
    raised,
    refusal,
    report,
)

from evals.errors import HarnessFailed
from evals.fingerprint import Machine
from evals.gates import (
    CLOSE,
    MINIMUM_N,
    Bound,
    Comparison,
    Exit,
    Flip,
    FloorCheck,
    check_floors,
    compare,
    exit_code,
    read_baseline,
    read_floors,
    write_baseline,
)
from evals.golden_set import ItemType
from evals.scoring import SCORER_VERSION, Score, score
from evals.summary import Figure


def check(bound: Bound, value: float | None, n: int = MINIMUM_N) -> FloorCheck:
    (checked,) = check_floors({"all": {"mrr": bound}}, {"all": {"mrr": Figure(value, n)}})
    return checked


@pytest.mark.parametrize(
    ("bound", "value", "holds"),
    [
        (Bound(at_least=0.9), 0.9, True),
        (Bound(at_least=0.9), 0.91, True),
        (Bound(at_least=0.9), 0.899, False),
        (Bound(at_most=0.05), 0.05, True),
        (Bound(at_most=0.05), 0.0, True),
        (Bound(at_most=0.05), 0.051, False),
        (Bound(at_least=0.2, at_most=0.4), 0.3, True),
        (Bound(at_least=0.2, at_most=0.4), 0.1, False),
        (Bound(at_least=0.2, at_most=0.4), 0.5, False),
        (Bound(at_least=0.3), 0.1 + 0.2, True),
        (Bound(at_most=0.3), 0.1 + 0.2, True),  # 0.30000000000000004
        (Bound(at_least=0), 0.0, True),
    ],
)
def test_a_floor_holds_within_its_bound(bound: Bound, value: float, holds: bool) -> None:
    assert check(bound, value).holds is holds


def test_with_too_few_a_floor_says_nothing() -> None:
    bound = Bound(at_least=0.9)
    assert check(bound, 0.0, MINIMUM_N - 1).holds is None
    assert check(bound, 0.0, MINIMUM_N).holds is False
    assert check(bound, None, 100).holds is None
    assert str(check(bound, None, 0)).endswith("mrr: n/a (n = 0; at least 0.9): insufficient data")


def test_a_floor_of_a_slice_that_was_not_measured_is_told_as_such() -> None:
    figures = {"all": {"mrr": Figure(1, 10)}}
    (check,) = check_floors({"topic: sailing": {"mrr": Bound(at_least=0.9)}}, figures)
    assert (check.value, check.n, check.holds) == (None, 0, None)


def test_a_floor_of_a_metric_that_does_not_exist_is_refused() -> None:
    figures = {"all": {"mrr": Figure(1, 10)}}
    with pytest.raises(HarnessFailed, match="unknown metric 'mmr'; known are mrr"):
        check_floors({"all": {"mmr": Bound(at_least=0.9)}}, figures)


def test_a_failed_floor_is_told_in_a_line() -> None:
    said = str(check(Bound(at_least=0.25, at_most=0.5), 0.75, 8))
    assert said == "all · mrr: 0.750 (n = 8; at least 0.25 and at most 0.5): FAILED"


def test_floors_are_read_by_slice_and_metric(tmp_path: Path) -> None:
    path = tmp_path / "floors.yml"
    path.write_text("all:\n  mrr: {at_least: 0.9}\n  over_refusal: {at_most: 0.05}\n")
    assert read_floors(path) == {
        "all": {"mrr": Bound(at_least=0.9), "over_refusal": Bound(at_most=0.05)}
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("all: {mrr: {at_leest: 0.9}}", "all.mrr.at_leest"),
        ("all: {mrr: {}}", "all.mrr: Value error, give at_least or at_most"),
        ("all: {mrr: 0.9}", "all.mrr"),
        ("all: {mrr: {at_least: high}}", "all.mrr.at_least"),
        ("all: 3", "all"),
        ("- all", "dictionary"),
        ("", "dictionary"),
        ("all: {", "cannot be read"),
        ("all: {mrr: {at_least: 2024-13-45}}", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_unreadable_floors_fail_the_harness(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "floors.yml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(HarnessFailed) as caught:
        read_floors(path)
    (line,) = caught.value.problems
    assert line.startswith(f"{path}: ")
    assert said in line
    assert "\n" not in line


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "baseline.json"
    alone = item("it", type=ItemType.FOLLOW_UP, turns=("Before?",), standalone="Alone?")
    aid = asked(alone, "standalone")
    scores = [passing("b"), missing("a"), score(aid, refusal(aid))]
    write_baseline(path, scores, MACHINE)
    read = read_baseline(path)
    assert read.passed == {"a": False, "b": True}
    assert compare(read, scores, MACHINE) == Comparison((), same_machine=True, unknown=0)


def test_equal_runs_write_equal_baselines(tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    write_baseline(one, [passing("b"), missing("a")], MACHINE)
    write_baseline(other, [missing("a"), passing("b")], MACHINE)
    assert one.read_bytes() == other.read_bytes()


def stored(**fields: Any) -> str:
    whole = {"scorer_version": SCORER_VERSION, "machine": {}, "passed": {"a": True}}
    return json.dumps({k: v for k, v in (whole | fields).items() if v is not None})


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "3",
        stored(passed=None),
        stored(machine=None),
        stored(scorer_version=None),
        stored(passed=["a"]),
        stored(machine=3),
        stored(scorer_version="new"),
    ],
)
def test_an_unreadable_baseline_fails_the_harness(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "baseline.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(HarnessFailed, match="Make one with --bless") as caught:
        read_baseline(path)
    assert caught.value.problems[0].startswith(f"{path}: no baseline: ")


def test_a_baseline_of_another_scorer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(stored(scorer_version=SCORER_VERSION + 1), encoding="utf-8")
    with pytest.raises(HarnessFailed, match=f"scorer version {SCORER_VERSION + 1}, this is"):
        read_baseline(path)


def close(worse: Score, margin: float) -> Score:
    return replace(worse, margin=margin)


def flip(worse: Score, *, on: Machine = MACHINE) -> Flip:
    """What becomes of a case that passed on `MACHINE` and is missed now."""
    before = baseline({worse.case.id: True})
    (only,) = compare(before, [worse], on).flips
    return only


def test_on_the_same_machine_every_miss_of_what_passed_is_a_regression() -> None:
    lost = flip(close(missing("a"), 0.0))
    assert (lost.now_passes, lost.tolerated, lost.is_regression) == (False, False, True)
    assert (lost.case_id, lost.question) == ("a", "What does a hold?")
    assert lost.cause == "retrieved, not used"


@pytest.mark.parametrize(
    ("margin", "tolerated"), [(0.0, True), (CLOSE, True), (CLOSE + 0.001, False), (0.4, False)]
)
def test_on_another_machine_a_close_case_may_decide_otherwise(
    margin: float, tolerated: bool
) -> None:
    lost = flip(close(missing("a"), margin), on=ELSEWHERE)
    assert (lost.tolerated, lost.is_regression) == (tolerated, not tolerated)


def test_a_critical_case_is_never_tolerated() -> None:
    lost = flip(close(missing("a", critical=True), 0.0), on=ELSEWHERE)
    assert (lost.critical, lost.is_regression) == (True, True)


def test_any_difference_makes_it_another_machine() -> None:
    others = [
        replace(MACHINE, python="3.12"),
        replace(MACHINE, instructions=()),
        replace(MACHINE, libraries=(("numpy", "2.1"), ("torch", ""))),
    ]
    assert compare(baseline({}), [], MACHINE).same_machine
    assert not any(compare(baseline({}), [], other).same_machine for other in others)


def test_improvements_are_listed_after_what_got_worse_and_critical_first() -> None:
    scores = [passing("better"), missing("b"), missing("z", critical=True), missing("a")]
    before = baseline({"better": False, "a": True, "b": True, "z": True})
    compared = compare(before, scores, MACHINE)
    assert [f.case_id for f in compared.flips] == ["z", "a", "b", "better"]
    assert [f.case_id for f in compared.regressions] == ["z", "a", "b"]
    assert compared.flips[-1].now_passes
    assert compared.flips[-1].cause == ""


def test_what_stays_is_no_flip_and_what_is_new_is_counted() -> None:
    scores = [passing("a"), missing("b"), missing("new"), passing("newer")]
    compared = compare(baseline({"a": True, "b": False, "lost": False}), scores, MACHINE)
    assert compared == Comparison((), same_machine=True, unknown=2)


def test_a_case_that_passed_and_is_asked_no_more_is_a_regression() -> None:
    compared = compare(baseline({"a": True, "gone": True}), [passing("a")], MACHINE)
    assert compared.gone == ("gone",)
    assert exit_code([passing("a")], [], compared) is Exit.REGRESSED


def test_a_measuring_aid_is_not_compared() -> None:
    follow_up = item("it", type=ItemType.FOLLOW_UP, turns=("Before?",), standalone="Alone?")
    alone = asked(follow_up, "standalone")
    compared = compare(baseline({alone.id: False}), [score(alone, refusal(alone))], MACHINE)
    assert compared == Comparison((), same_machine=True, unknown=0)


FAILED = [check(Bound(at_least=0.9), 0.1)]
WORSE = compare(baseline({"a": True}), [missing("a")], MACHINE)


@pytest.mark.parametrize(
    ("scores", "floors", "comparison", "code"),
    [
        ([raised("a")], FAILED, WORSE, Exit.HARNESS_FAILED),
        ([raised("a"), passing("b")], [], None, Exit.HARNESS_FAILED),
        ([missing("a")], FAILED, WORSE, Exit.FLOOR_FAILED),
        ([missing("a")], FAILED, None, Exit.FLOOR_FAILED),
        ([missing("a")], [check(Bound(at_least=0), 0.1)], WORSE, Exit.REGRESSED),
        ([missing("a")], [check(Bound(at_least=0.9), 0.1, 1)], None, Exit.PASSED),
        ([missing("a"), declined("b")], [], None, Exit.PASSED),
        ([], [], None, Exit.PASSED),
    ],
)
def test_the_exit_code_is_that_of_the_worst(
    scores: Sequence[Score],
    floors: Sequence[FloorCheck],
    comparison: Comparison | None,
    code: Exit,
) -> None:
    assert exit_code(scores, floors, comparison) is code


def test_neither_an_improvement_nor_a_tolerated_flip_fails_a_run() -> None:
    scores = [passing("a"), close(missing("b"), 0.01)]
    compared = compare(baseline({"a": False, "b": True}), scores, ELSEWHERE)
    assert len(compared.flips) == 2
    assert exit_code(scores, [], compared) is Exit.PASSED


def test_the_exit_codes_are_those_that_are_documented() -> None:
    assert [int(code) for code in Exit] == [0, 1, 2, 3, 4]
    assert [code.name for code in Exit][1:3] == ["FLOOR_FAILED", "REGRESSED"]


def test_a_report_is_gated_by_what_it_holds() -> None:
    scores = [missing(f"bad-{n}") for n in range(MINIMUM_N)]
    floors = {"all": {"passed": Bound(at_least=0.1)}}
    assert report(scores, floors=floors).exit is Exit.FLOOR_FAILED
    assert report(scores[1:], floors=floors).exit is Exit.PASSED
