"""What a run must reach: floors for each slice, and no case that got worse since the baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from evals.errors import HarnessFailed
from evals.fingerprint import Machine
from evals.scoring import SCORER_VERSION, Score
from evals.summary import Slice

MINIMUM_N = 5  # of a slice: with fewer a floor says nothing
RESTS_ON_GROUNDING = frozenset({"groundedness"})
CLOSE = 0.05  # a margin within which another machine may decide otherwise


class Exit(IntEnum):
    """What the command's exit code says."""

    PASSED = 0
    FLOOR_FAILED = 1
    REGRESSED = 2
    GOLDEN_INVALID = 3
    HARNESS_FAILED = 4


class Bound(BaseModel):
    """What a figure must reach."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least or at_most")
        return self

    def holds(self, value: float) -> bool:
        """Whether the value is within the bound."""
        # A mean of zeros and ones is not worth failing for in its last bit.
        above = self.at_least is None or value >= self.at_least - 1e-9
        return above and (self.at_most is None or value <= self.at_most + 1e-9)

    def __str__(self) -> str:
        said = [f"at least {self.at_least:g}"] if self.at_least is not None else []
        said += [f"at most {self.at_most:g}"] if self.at_most is not None else []
        return " and ".join(said)


Floors = Mapping[str, Mapping[str, Bound]]  # by slice, by metric


@dataclass(frozen=True, slots=True)
class FloorCheck:
    """One floor and what was reached. `holds` is None where there was too little to measure."""

    slice: str
    metric: str
    bound: Bound
    value: float | None
    n: int
    holds: bool | None

    def __str__(self) -> str:
        reached = "n/a" if self.value is None else f"{self.value:.3f}"
        state = {True: "ok", False: "FAILED", None: "insufficient data"}[self.holds]
        return f"{self.slice} · {self.metric}: {reached} (n = {self.n}; {self.bound}): {state}"


@dataclass(frozen=True, slots=True)
class Flip:
    """A case whose outcome is another than in the baseline.

    `tolerated`: it is worse, and within what another machine may decide otherwise.
    """

    case_id: str
    question: str
    now_passes: bool
    critical: bool
    margin: float
    cause: str
    tolerated: bool

    @property
    def is_regression(self) -> bool:
        """Whether the flip fails the run."""
        return not self.now_passes and not self.tolerated


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run beside its baseline."""

    flips: tuple[Flip, ...]
    same_machine: bool
    unknown: int  # cases that the baseline does not have
    gone: tuple[str, ...] = ()  # cases that passed in the baseline and are asked no more

    @property
    def regressions(self) -> tuple[Flip, ...]:
        """The flips that fail the run."""
        return tuple(flip for flip in self.flips if flip.is_regression)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What passed in an earlier run, and on which machine."""

    machine: Mapping[str, Any]
    passed: Mapping[str, bool]
    scorer_version: int = SCORER_VERSION


def read_floors(path: Path) -> Floors:
    """Read the floors.

    Raises:
        HarnessFailed: the file cannot be read, or names something that is no bound.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(dict[str, dict[str, Bound]]).validate_python(content)
    except ValidationError as error:
        where = "; ".join(
            f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors(include_url=False)
        )
        raise HarnessFailed([f"{path}: {where}"]) from error
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: the 30th of February
        said = " ".join(str(error).split())
        raise HarnessFailed([f"{path}: cannot be read: {said}"]) from error


def floors_of_a_model(floors: Floors) -> Floors:
    """The floors that a model's answers must reach: those that do not rest on the grounding.

    Its sentences were let stand by the same verdicts, so these would prove nothing.
    """
    return {
        name: {
            metric: bound for metric, bound in bounds.items() if metric not in RESTS_ON_GROUNDING
        }
        for name, bounds in floors.items()
    }


def check_floors(floors: Floors, figures: Mapping[str, Slice]) -> tuple[FloorCheck, ...]:
    """Hold every floor against the figures. A slice that is not there has n = 0.

    Raises:
        HarnessFailed: a metric that does not exist, which would hold for ever.
    """
    known = {metric for of_slice in figures.values() for metric in of_slice}
    named = {metric for bounds in floors.values() for metric in bounds}
    if figures and named - known:
        raise HarnessFailed(
            [
                f"floors: unknown metric {metric!r}; known are {', '.join(sorted(known))}"
                for metric in sorted(named - known)
            ]
        )
    checks = []
    for name, bounds in floors.items():
        for metric, bound in bounds.items():
            figure = figures.get(name, {}).get(metric)
            n = figure.n if figure else 0
            value = figure.value if figure else None
            holds = bound.holds(value) if value is not None and n >= MINIMUM_N else None
            checks.append(FloorCheck(name, metric, bound, value, n, holds))
    return tuple(checks)


def read_baseline(path: Path) -> Baseline:
    """Read a committed baseline.

    Raises:
        HarnessFailed: it cannot be read, or another version of the scorer made it.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        baseline = Baseline(
            machine=dict(stored["machine"]),
            passed={str(k): bool(v) for k, v in stored["passed"].items()},
            scorer_version=int(stored["scorer_version"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())
        raise HarnessFailed(
            [f"{path}: no baseline: {type(error).__name__}: {said}. Make one with --bless"]
        ) from error
    if baseline.scorer_version != SCORER_VERSION:
        raise HarnessFailed(
            [
                f"{path}: made by scorer version {baseline.scorer_version}, this is"
                f" {SCORER_VERSION}. Make it anew with --bless"
            ]
        )
    return baseline


def write_baseline(path: Path, scores: Sequence[Score], machine: Machine) -> None:
    """Write what passes now as what may not fail from now on."""
    stored = {
        "scorer_version": SCORER_VERSION,
        "machine": machine.to_json(),
        "passed": {
            s.case.id: s.passed for s in sorted(scores, key=lambda s: s.case.id) if s.case.counts
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def compare(baseline: Baseline, scores: Sequence[Score], machine: Machine) -> Comparison:
    """List every case whose outcome changed, worse ones first.

    The default answerer is deterministic, so on the machine of the baseline each change is
    real. On another one a case that was close may decide otherwise: it is tolerated, unless
    it is critical. A case that passed and is asked no more is a regression until it is blessed:
    else deleting a question would hide it.
    """
    same = dict(baseline.machine) == json.loads(json.dumps(machine.to_json()))
    flips = []
    counted = [score for score in scores if score.case.counts]
    for score in counted:
        before = baseline.passed.get(score.case.id)
        if before is None or before == score.passed:
            continue
        critical = score.case.item.critical
        is_worse = not score.passed
        flips.append(
            Flip(
                case_id=score.case.id,
                question=score.case.text,
                now_passes=score.passed,
                critical=critical,
                margin=round(score.margin, 4),
                cause=str(score.cause or ""),
                tolerated=is_worse and not same and not critical and score.margin <= CLOSE,
            )
        )
    flips.sort(key=lambda flip: (flip.now_passes, not flip.critical, flip.case_id))
    unknown = sum(score.case.id not in baseline.passed for score in counted)
    asked = {score.case.id for score in counted}
    gone = sorted(case for case, passed in baseline.passed.items() if passed and case not in asked)
    return Comparison(tuple(flips), same, unknown, tuple(gone))


def exit_code(
    scores: Sequence[Score], floors: Sequence[FloorCheck], comparison: Comparison | None
) -> Exit:
    """What the run amounts to. A case that raised is a failure of the harness, not an answer."""
    if any(score.result.error for score in scores):
        return Exit.HARNESS_FAILED
    if any(check.holds is False for check in floors):
        return Exit.FLOOR_FAILED
    if comparison is not None and (comparison.regressions or comparison.gone):
        return Exit.REGRESSED
    return Exit.PASSED
