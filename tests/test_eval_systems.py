"""What is judged, made ready and asked: results from answers, subjects, and a whole evaluation."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ToyEmbedder, write_notes
from desks import ALWAYS, NEVER, Shelf
from model_server import refuses, running_model_server, says
from sample_report import item, unanswerable

from chatbot.answer import Answer, JudgedSentence, Ruling, Status, Timings
from chatbot.chat_models import ModelChoice
from evals.asked_model import AskedModel
from evals.errors import HarnessFailed
from evals.evaluation import Plan, Subject, evaluate, make_index
from evals.gates import Baseline, Bound, Exit
from evals.golden_set import Case, Evidence, GoldenFact, GoldenItem, GoldenSet, ItemType
from evals.results import CitedPlace, FoundPlace, Result, Writing, WrittenSentence
from evals.runner import ResultFile, run
from evals.scoring import score
from evals.systems import Footnote, System, TutorialChain, result_of, writing_of
from ingest.pipeline import ingest_notes

TINY = AskedModel(ModelChoice("openai", "tiny", "http://127.0.0.1:9/v1"))
BUCKET = "A bucket holds objects \U0001f600 of up to 5 TB."
NOTES = {
    "storage.md": f"# Storage\n\n## Buckets\n\nCaf\u00e9s store recipes.\n\n{BUCKET}\n",
    "queues.md": "# Queues\n\nA queue keeps a message for up to 14 days.\n",
}
BESIDE = {"lab.md": "# Freezer\n\nA freezer keeps a sample for up to 30 days.\n"}
SIZE = item(
    "size",
    question="How large are the objects that a bucket holds?",
    key_facts=(GoldenFact(text="5 TB", any_of=("5 TB",)),),
    evidence=(Evidence(file="storage.md", heading="Buckets", quote=BUCKET),),
)
PRICE = unanswerable("price", near="Buckets")


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Opening models sets the process's environment; leave it as it was."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def case_of(golden: GoldenItem) -> Case:
    return GoldenSet((golden,)).cases()[0]


def follow_up(turn: str) -> Case:
    fields = {"turns": (turn,), "question": "How long does it keep things?"}
    return case_of(item("follow", type=ItemType.FOLLOW_UP, standalone="not asked", **fields))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Shelf.open(NOTES, tmp_path) as opened:
        yield opened


@pytest.fixture
def answer(shelf: Shelf) -> Answer:
    return shelf.ask(SIZE.question)


def test_an_answer_becomes_a_result_of_its_case(shelf: Shelf, answer: Answer) -> None:
    got = result_of(case_of(SIZE), answer, shelf.index)
    assert (got.case_id, got.declined, got.text, got.error) == ("size", False, answer.text, "")
    assert got.confidence == answer.confidence
    assert got.milliseconds == round(answer.timings.total, 3)
    first = got.citations[0]
    assert (first.number, first.heading[-1], first.quote) == (1, "Buckets", BUCKET)
    assert len(got.citations) == len(answer.citations)
    assert all(cited.is_exact for cited in got.citations)
    assert got.passages == tuple(FoundPlace(p.source, p.heading, p.score) for p in answer.passages)
    assert score(case_of(SIZE), got).passed


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"start": 1}, id="begins elsewhere"),
        pytest.param({"quote": BUCKET.replace("5", "6")}, id="says something else"),
        pytest.param({"source": "queues.md"}, id="stands in another note"),
        pytest.param({"start": 0, "end": 0, "quote": ""}, id="shows nothing"),
    ],
)
def test_a_quote_that_does_not_stand_there_is_not_exact(
    shelf: Shelf, answer: Answer, changed: dict[str, Any]
) -> None:
    wrong = replace(answer, citations=(replace(answer.citations[0], **changed),))
    got = result_of(case_of(SIZE), wrong, shelf.index)
    assert [c.is_exact for c in got.citations] == [False]
    assert not score(case_of(SIZE), got).passed


def test_only_what_is_not_in_the_notes_counts_as_declined(shelf: Shelf, answer: Answer) -> None:
    refused = shelf.ask(SIZE.question, NEVER)
    assert result_of(case_of(SIZE), refused, shelf.index).declined
    partly = replace(answer, status=Status.PARTIAL)
    assert not result_of(case_of(SIZE), partly, shelf.index).declined
    assert shelf.ask(SIZE.question, ALWAYS).status is Status.ANSWERED


def test_what_a_model_did_is_kept_sentence_by_sentence(answer: Answer) -> None:
    sentences = (
        JudgedSentence("Up to 5 TB.", Ruling.REPAIRED, BUCKET, (1,), problem="“up” is not there"),
        JudgedSentence("It is blue.", Ruling.UNSUPPORTED, "", (), problem="“blue” is not there"),
    )
    timings = Timings(answer=300.0, first_token=40.1234, first_verified=90.0)
    worded = replace(
        answer, model="tiny", sentences=sentences, notice="Left out: 1.", timings=timings
    )
    assert writing_of(worded, "") == Writing(
        model="tiny",
        notice="Left out: 1.",
        sentences=(
            WrittenSentence("Up to 5 TB.", "repaired", BUCKET, "“up” is not there"),
            WrittenSentence("It is blue.", "unsupported", "", "“blue” is not there"),
        ),
        first_token=40.123,
        first_verified=90.0,
    )
    assert writing_of(replace(worded, model=""), "It was silent.").fell_back
    assert not writing_of(worded).fell_back


@pytest.mark.parametrize(
    "system",
    [
        Footnote(Path("index"), "toy", model=TINY),
        Footnote(Path("index"), "toy", rerank=False),
        TutorialChain((Path("notes"),), Path("store"), Path("index")),
    ],
)
def test_a_system_can_be_handed_to_another_process(system: System) -> None:
    assert pickle.loads(pickle.dumps(system)) == system


def indexed(folder: Path, notes: dict[str, str], name: str = "toy") -> Subject:
    written = write_notes(folder / "notes", notes)
    ingest_notes([written], folder / "index", embedder=ToyEmbedder(name=name))
    return Subject(folder / "index", name)


def test_a_subject_is_named_by_what_decides_its_answers_and_by_nothing_else(
    tmp_path: Path,
) -> None:
    first = indexed(tmp_path / "a", NOTES)
    assert indexed(tmp_path / "b", NOTES).key() == first.key()  # wherever the index lies
    changed = NOTES | {"queues.md": NOTES["queues.md"].replace("14", "15")}
    keys = {
        first.key(),
        replace(first, rerank=False).key(),
        replace(first, model=TINY).key(),
        replace(first, model=replace(TINY, context=900)).key(),
        indexed(tmp_path / "c", changed).key(),
        indexed(tmp_path / "d", NOTES, name="other").key(),
    }
    assert len(keys) == 6
    assert all(key.isalnum() for key in keys)


RIGHT = Result(
    "size",
    declined=False,
    text=f"{BUCKET} [1]",
    confidence=0.9,
    citations=(CitedPlace(1, "storage.md", ("Storage", "Buckets"), BUCKET, 0, 1, is_exact=True),),
    passages=(FoundPlace("storage.md", ("Storage", "Buckets"), 0.9),),
)
REFUSED = Result("price", declined=True, text="Your notes don't answer this.", confidence=0.1)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Two cases whose results were kept: nothing is opened, and nothing is asked."""
    subject = indexed(tmp_path, NOTES)
    golden = GoldenSet((SIZE, PRICE))
    kept = ResultFile(tmp_path / "kept" / f"{subject.key()}.jsonl")
    for case, result in zip(golden.cases(), (RIGHT, REFUSED), strict=True):
        kept.put(case, result)
    kept.close()
    return Plan(tmp_path / "golden", golden, subject, tmp_path / "kept")


def silent(_: str) -> Callable[[int, int], None]:
    return lambda done, total: None


def test_an_evaluation_judges_what_was_kept_and_asks_nothing(plan: Plan) -> None:
    stages: list[str] = []
    report = evaluate(plan, lambda name: stages.append(name) or silent(name))  # type: ignore[func-returns-value]
    assert [(s.case.id, s.passed) for s in report.scores] == [("size", True), ("price", True)]
    assert (report.exit, report.asked) == (Exit.PASSED, 0)
    assert report.comparison is None
    assert report.figures["all"]["passed"].value == 1.0
    # Of an index of the user's own there is no control: its notes are not known.
    assert (report.control, report.notes, stages) == ({}, (), ["Asking"])


def test_floors_and_baseline_gate_a_whole_evaluation_and_no_part_of_one(plan: Plan) -> None:
    machine = evaluate(plan, silent).machine.to_json() | {"python": "2.7"}
    items = (SIZE, *(PRICE.model_copy(update={"id": f"price-{n}"}) for n in range(5)))
    # What is asked is kept under its id: the new ones are remembered, as answered wrongly.
    kept = ResultFile(plan.workspace / f"{plan.subject.key()}.jsonl")
    for case in GoldenSet(items).cases()[1:]:
        kept.put(case, replace(RIGHT, case_id=case.id))
    kept.close()
    whole = replace(plan, golden=GoldenSet(items), floors={"all": {"passed": Bound(at_least=0.5)}})
    assert evaluate(whole, silent).exit is Exit.FLOOR_FAILED
    before = Baseline(machine, {"price-0": True})
    gated = replace(whole, floors={}, baseline=before)
    assert evaluate(gated, silent).exit is Exit.REGRESSED
    part = replace(whole, baseline=before, only=frozenset({ItemType.NEAR_MISS}))
    report = evaluate(part, silent)
    assert (report.exit, report.floors, report.comparison) == (Exit.PASSED, (), None)
    assert {s.case.item.type for s in report.scores} == {ItemType.NEAR_MISS}


def test_an_evaluation_that_asks_nothing_is_refused(plan: Plan) -> None:
    with pytest.raises(HarnessFailed, match="no item of the asked types"):
        evaluate(replace(plan, only=frozenset({ItemType.WHY})), silent)


def test_there_must_be_notes_and_a_place_to_write(tmp_path: Path) -> None:
    golden = GoldenSet((SIZE,))
    with pytest.raises(HarnessFailed, match="missing"):
        make_index(tmp_path / "missing", golden, tmp_path / "index")
    notes = write_notes(tmp_path / "notes", NOTES)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(HarnessFailed):
        make_index(notes, golden, tmp_path / "file" / "index")
    with pytest.raises(HarnessFailed, match="no-such-model"):
        make_index(notes, golden, tmp_path / "index", "no-such-model")


@pytest.mark.slow
def test_a_model_is_asked_from_other_processes_and_ends_them_where_it_refuses(
    tmp_path: Path,
) -> None:
    subject = make_index(write_notes(tmp_path / "notes", NOTES), GoldenSet((SIZE,)), tmp_path / "i")
    cases = [case_of(SIZE), case_of(PRICE)]
    with running_model_server(says(f"{BUCKET} [1]")) as server:
        model = AskedModel(ModelChoice("openai", "tiny", server.url))
        system = Footnote(subject.index, subject.embedder, model=model)
        (size, _), _ = run(system, cases, tmp_path / "kept.jsonl", workers=2)
        assert size.writing is not None
        assert (size.writing.model, size.writing.failure) == (model.label, "")
        assert score(cases[0], size).passed
    with running_model_server(refuses(403)) as server:
        refusing = replace(system, model=AskedModel(ModelChoice("openai", "tiny", server.url)))
        with pytest.raises(HarnessFailed, match="HTTP 403"):
            run(refusing, cases, tmp_path / "none.jsonl", workers=2)
    # One may have been answered without the model: nothing in the notes is near it.
    assert ResultFile(tmp_path / "none.jsonl").get(cases[0]) is None


@pytest.mark.slow
def test_both_systems_answer_over_the_notes_and_those_of_the_golden_set(tmp_path: Path) -> None:
    notes = write_notes(tmp_path / "notes", NOTES)
    beside = write_notes(tmp_path / "golden" / "notes", BESIDE)
    subject = make_index(notes, GoldenSet((SIZE,), notes=beside), tmp_path / "index")
    assert subject.notes == (notes, beside)
    with Footnote(subject.index, subject.embedder).open() as asking:
        got = asking(case_of(SIZE))
        assert got.citations[0].source == "storage.md"
        assert all(c.is_exact for c in got.citations)
        assert score(case_of(SIZE), got).passed
        # "it" means something only after the turn before.
        for turn, source in (("a queue", "queues.md"), ("a freezer", "lab.md")):
            assert asking(follow_up(f"What is {turn}?")).citations[0].source == source
    tutorial = TutorialChain(subject.notes, tmp_path / "store", subject.index)
    with tutorial.open() as asking:
        first = asking(case_of(SIZE))
        assert not first.declined
        assert {place.source for place in first.passages} == set(NOTES) | set(BESIDE)
        (cited,) = first.citations
        assert (cited.is_exact, cited.quote) == (True, first.text)
        assert first.passages[0].heading == cited.heading
    with tutorial.open() as asking:  # the store is there: it is not filled again
        assert asking(case_of(SIZE)).passages == first.passages
