"""One run, from the notes to the report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter

from evals import gates
from evals.errors import HarnessFailed
from evals.fingerprint import code_digest, this_machine, workers_wanted
from evals.gates import Baseline, Comparison
from evals.golden_set import Case, GoldenSet, ItemType
from evals.reports.report import Report
from evals.runner import OnResult, run
from evals.scoring import SCORER_VERSION, Score, score
from evals.summary import Slice, summarise
from evals.systems import Footnote, System, TutorialChain
from ingest.embedders import open_embedder
from ingest.embedding import DEFAULT_EMBEDDER
from ingest.errors import IngestError
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

OnStage = Callable[[str], OnResult]  # a stage begins; who hears how far it has come


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: an index, and the settings that change its answers.

    `notes` are the folders that the index was made from; none for an index of the user's own,
    of which no control can be made.
    """

    index: Path
    embedder: str = DEFAULT_EMBEDDER
    rerank: bool = True
    notes: tuple[Path, ...] = ()

    def key(self) -> str:
        """A name for everything that decides the answers: notes, settings, code, machine."""
        with NotesIndex.open(self.index) as index:
            texts = [(name, index.source_text(name)) for name in index.sources()]
            built = repr(index.settings.embedder)
        machine = this_machine().to_json()
        decided = [code_digest(), built, self.embedder, self.rerank, SCORER_VERSION, texts, machine]
        return hashlib.sha256(json.dumps(decided).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run, and what it must reach."""

    golden_folder: Path
    golden: GoldenSet
    subject: Subject
    workspace: Path  # where results are kept between runs
    floors: gates.Floors = field(default_factory=dict)
    baseline: Baseline | None = None
    only: frozenset[ItemType] = frozenset()
    with_control: bool = True


def make_index(
    notes: Path, golden: GoldenSet, index: Path, embedder: str = DEFAULT_EMBEDDER
) -> Subject:
    """Index the notes, and those of the golden set, in float32.

    In float32 because a gate must not depend on whether this processor knows bfloat16.

    Raises:
        HarnessFailed: there is nothing to read, or no place to write.
    """
    folders = (notes, golden.notes) if golden.notes else (notes,)
    try:
        precise = open_embedder(embedder, index / "models", precision="float32")
        ingest_notes(folders, index, embedder, embedder=precise)
    except (IngestError, OSError) as error:
        raise HarnessFailed([str(error)]) from error
    return Subject(index, embedder, notes=folders)


def evaluate(plan: Plan, on_stage: OnStage) -> Report:
    """Ask every case, judge the answers, and hold them against floors and baseline.

    With `only`, floors and baseline are left out: they are about the whole.
    """
    began = perf_counter()
    cases = plan.golden.cases(plan.only)
    if not cases:
        raise HarnessFailed([f"{plan.golden_folder}: no item of the asked types"])
    subject = plan.subject
    key = subject.key()
    system = Footnote(subject.index, subject.embedder, subject.rerank)
    kept = plan.workspace / f"{key}.jsonl"
    scores, asked = _judged(system, cases, kept, workers_wanted(), on_stage("Asking"))
    control: dict[str, Slice] = {}
    if plan.with_control and subject.notes:
        tutorial = TutorialChain(subject.notes, plan.workspace / f"{key}-tutorial", subject.index)
        kept = plan.workspace / f"{key}-tutorial.jsonl"
        others, _ = _judged(tutorial, cases, kept, 1, on_stage("Asking the tutorial's chain"))
        control = summarise(others)
    figures = summarise(scores)
    floors = () if plan.only else gates.check_floors(plan.floors, figures)
    machine = this_machine()
    comparison: Comparison | None = None
    if plan.baseline is not None and not plan.only:
        comparison = gates.compare(plan.baseline, scores, machine)
    return Report(
        made=datetime.now().astimezone().isoformat(timespec="seconds"),
        golden=str(plan.golden_folder),
        notes=tuple(str(folder) for folder in subject.notes),
        machine=machine,
        scores=scores,
        figures=figures,
        control=control,
        floors=floors,
        comparison=comparison,
        exit=gates.exit_code(scores, floors, comparison),
        asked=asked,
        seconds=perf_counter() - began,
    )


def _judged(
    system: System, cases: Sequence[Case], kept: Path, workers: int, on_result: OnResult
) -> tuple[list[Score], int]:
    results, asked = run(system, cases, kept, workers=workers, on_result=on_result)
    return [score(case, result) for case, result in zip(cases, results, strict=True)], asked
