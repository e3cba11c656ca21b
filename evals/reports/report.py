"""A run as one value, and as `report.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from evals.asked_model import AskedModel
from evals.fingerprint import Machine
from evals.gates import Comparison, Exit, FloorCheck
from evals.metrics.calibration import Bin, reliability
from evals.scoring import Score
from evals.summary import Slice, forecasts

# Of report.json: raise it when a field changes its meaning. Fields may be added.
REPORT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run has to say.

    Attributes:
        made: when, ISO 8601 with offset.
        notes: the folders or files that were asked about, as they were given.
        figures: by slice ("all" first), then by metric.
        control: the same of the tutorial's chain; empty when it was not asked.
        model: who worded the answers; None where the notes did.
        writing: by metric, what the model did; no floor is set for it.
        own: the same cases in the notes' own words, beside a model's; else none.
        own_figures: their figures.
        comparison: with the baseline; None without one.
        asked: how many cases were really asked; the others' results were kept from before.
        seconds: wall-clock of the run.
    """

    made: str
    golden: str
    notes: tuple[str, ...]
    machine: Machine
    scores: Sequence[Score]
    figures: Mapping[str, Slice]
    control: Mapping[str, Slice] = field(default_factory=dict)
    model: AskedModel | None = None
    writing: Slice = field(default_factory=dict)
    own: Sequence[Score] = ()
    own_figures: Mapping[str, Slice] = field(default_factory=dict)
    floors: Sequence[FloorCheck] = ()
    comparison: Comparison | None = None
    exit: Exit = Exit.PASSED
    asked: int = 0
    seconds: float = 0.0

    @property
    def misses(self) -> tuple[Score, ...]:
        """The cases that did not pass, in golden order; stand-alone wordings too."""
        return tuple(score for score in self.scores if not score.passed)

    @property
    def causes(self) -> Mapping[str, int]:
        """How many misses each cause has, most first."""
        counts: dict[str, int] = {}
        for score in self.misses:
            counts[str(score.cause)] = counts.get(str(score.cause), 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def own_by_case(self) -> Mapping[str, Score]:
        """The cases in the notes' own words, by id."""
        return {score.case.id: score for score in self.own}

    @property
    def gained(self) -> tuple[Score, ...]:
        """The questions that pass in the model's words and not in the notes' own."""
        return tuple(s for s, own in self._both() if s.passed and not own.passed)

    @property
    def lost(self) -> tuple[Score, ...]:
        """The questions that pass in the notes' own words and not in the model's."""
        return tuple(s for s, own in self._both() if own.passed and not s.passed)

    def _both(self) -> list[tuple[Score, Score]]:
        own = self.own_by_case
        return [(s, own[s.case.id]) for s in self.scores if s.case.counts and s.case.id in own]

    @property
    def reliability(self) -> tuple[Bin, ...]:
        """How sure the answers were that the notes answer, in steps, and how many do."""
        return reliability(forecasts([score for score in self.scores if score.case.counts]))

    def to_json(self) -> dict[str, Any]:
        """The report as `report.json` holds it, every case with what was expected and given."""
        own = self.own_by_case
        return {
            "version": REPORT_VERSION,
            "made": self.made,
            "golden": self.golden,
            "notes": list(self.notes),
            "machine": self.machine.to_json(),
            "exit": int(self.exit),
            "asked": self.asked,
            "seconds": round(self.seconds, 1),
            "figures": _figures(self.figures),
            "control": _figures(self.control),
            "model": self.model.to_json() if self.model else None,
            "writing": {metric: figure.to_json() for metric, figure in self.writing.items()},
            "own_words": _figures(self.own_figures),
            "floors": [
                {
                    "slice": check.slice,
                    "metric": check.metric,
                    "bound": str(check.bound),
                    "value": check.value,
                    "n": check.n,
                    "holds": check.holds,
                }
                for check in self.floors
            ],
            "comparison": asdict(self.comparison) if self.comparison else None,
            "causes": dict(self.causes),
            "reliability": [asdict(each) for each in self.reliability],
            "cases": [case_json(score, own.get(score.case.id)) for score in self.scores],
        }


def case_json(score: Score, own: Score | None = None) -> dict[str, Any]:
    """One case: what was asked, expected and given, and what was wrong with it.

    `own` is the same case in the notes' own words.
    """
    item, result = score.case.item, score.result
    return {
        "id": score.case.id,
        "type": str(item.type),
        "topic": item.topic,
        "critical": item.critical,
        "question": score.case.text,
        "turns": list(score.case.turns),
        "answerable": item.answerable,
        "expected": {
            "facts": [fact.text for fact in item.key_facts],
            "sections": [f"{e.file} › {e.heading}" for e in item.evidence],
            "near": item.near,
        },
        "given": {
            "declined": result.declined,
            "text": result.text,
            "confidence": result.confidence,
            "citations": [asdict(citation) for citation in result.citations],
            "passages": [asdict(passage) for passage in result.passages],
            "milliseconds": result.milliseconds,
            "error": result.error,
            "writing": asdict(result.writing) if result.writing else None,
        },
        "own_words": _own_words(own) if own else None,
        "passed": score.passed,
        "cause": str(score.cause) if score.cause else None,
        "missing_facts": list(score.missing_facts),
        "forbidden": list(score.forbidden),
        "groundedness": score.groundedness,
        "ungrounded": list(score.ungrounded),
        "margin": score.margin,
    }


def _own_words(score: Score) -> dict[str, Any]:
    return {
        "declined": score.result.declined,
        "text": score.result.text,
        "passed": score.passed,
        "cause": str(score.cause) if score.cause else None,
    }


def _figures(slices: Mapping[str, Slice]) -> dict[str, Any]:
    return {
        name: {metric: figure.to_json() for metric, figure in figures.items()}
        for name, figures in slices.items()
    }
