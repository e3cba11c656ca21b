"""One run, from the notes to the report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from time import perf_counter

from evals import gates
from evals.asked_model import AskedModel
from evals.errors import HarnessFailed
from evals.fingerprint import code_digest, this_machine, workers_wanted
from evals.gates import Baseline, Comparison, FloorCheck
from evals.golden_set import Case, GoldenSet, ItemType
from evals.reports.report import Report
from evals.runner import OnResult, run
from evals.sample import spread
from evals.scoring import SCORER_VERSION, Score, score
from evals.summary import Slice, summarise, summarise_writing
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
    of which no control can be made. `model` words the answers; None leaves the notes their own
    words.
    """

    index: Path
    embedder: str = DEFAULT_EMBEDDER
    rerank: bool = True
    notes: tuple[Path, ...] = ()
    model: AskedModel | None = None

    def key(self) -> str:
        """A name for everything that decides the answers: notes, settings, code, machine, model."""
        with NotesIndex.open(self.index) as index:
            texts = [(name, index.source_text(name)) for name in index.sources()]
            built = repr(index.settings.embedder)
        machine = this_machine().to_json()
        decided = [code_digest(), built, self.embedder, self.rerank, SCORER_VERSION, texts, machine]
        decided += [self.model.key()] if self.model else []
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
    sample: int | None = None  # how many askings; None for all
    with_own_words: bool = True  # beside a model's
    with_control: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether everything is asked; floors and baseline are about the whole."""
        return not self.only and self.sample is None


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

    Of a part of the cases neither gates, and a model's answers are held against no baseline:
    that is of the notes' own words.

    Raises:
        HarnessFailed: there is nothing to ask, or a model that cannot be had.
    """
    began = perf_counter()
    cases = plan.golden.cases(plan.only)
    if not cases:
        raise HarnessFailed([f"{plan.golden_folder}: no item of the asked types"])
    if plan.sample is not None:
        cases = spread(cases, plan.sample)
    subject = plan.subject
    notes_alone = replace(subject, model=None)
    key = notes_alone.key()
    is_worded = subject.model is not None
    scores, asked = _asked(
        subject, cases, plan.workspace, on_stage("Asking the model" if is_worded else "Asking")
    )
    own: Sequence[Score] = ()
    if is_worded and plan.with_own_words:
        own, _ = _asked(notes_alone, cases, plan.workspace, on_stage("Asking the notes"))
    control: dict[str, Slice] = {}
    if plan.with_control and subject.notes:
        tutorial = TutorialChain(subject.notes, plan.workspace / f"{key}-tutorial", subject.index)
        kept = plan.workspace / f"{key}-tutorial.jsonl"
        others, _ = _judged(tutorial, cases, kept, 1, on_stage("Asking the tutorial's chain"))
        control = summarise(others)
    figures = summarise(scores)
    floors: Sequence[FloorCheck] = ()
    if plan.is_whole:
        wanted = gates.floors_of_a_model(plan.floors) if is_worded else plan.floors
        floors = gates.check_floors(wanted, figures)
    machine = this_machine()
    comparison: Comparison | None = None
    if plan.baseline is not None and plan.is_whole and not is_worded:
        comparison = gates.compare(plan.baseline, scores, machine)
    return Report(
        made=datetime.now().astimezone().isoformat(timespec="seconds"),
        golden=str(plan.golden_folder),
        notes=tuple(str(folder) for folder in subject.notes),
        machine=machine,
        scores=scores,
        figures=figures,
        control=control,
        model=subject.model,
        writing=summarise_writing(scores),
        own=own,
        own_figures=summarise(own) if own else {},
        floors=floors,
        comparison=comparison,
        exit=gates.exit_code([*scores, *own], floors, comparison),
        asked=asked,
        seconds=perf_counter() - began,
    )


def _asked(
    subject: Subject, cases: Sequence[Case], workspace: Path, on_result: OnResult
) -> tuple[list[Score], int]:
    model = subject.model
    system = Footnote(subject.index, subject.embedder, subject.rerank, model)
    kept = workspace / f"{subject.key()}.jsonl"
    # A model on this machine wants the cores itself, and answers one question after the other.
    workers = 1 if model is not None and model.is_local else workers_wanted()
    return _judged(system, cases, kept, workers, on_result, held_to_quotes=model is None)


def _judged(
    system: System,
    cases: Sequence[Case],
    kept: Path,
    workers: int,
    on_result: OnResult,
    *,
    held_to_quotes: bool = True,
) -> tuple[list[Score], int]:
    results, asked = run(system, cases, kept, workers=workers, on_result=on_result)
    pairs = zip(cases, results, strict=True)
    return [score(case, got, held_to_quotes=held_to_quotes) for case, got in pairs], asked
