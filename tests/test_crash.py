from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import NOTES, write_notes
from crash_harness import (
    AFTER_FLIP,
    CONTROL,
    EMPTY,
    NEITHER,
    NEW,
    OLD,
    OURS,
    RANDOM,
    TIDY,
    UNDISTURBED,
    UPDATED,
    Faults,
    Held,
    Outcome,
    Records,
    Report,
    State,
    Store,
    change_notes,
    compare,
    get_notes,
    in_words,
    index_state,
    judge,
    judge_undisturbed,
    paragraphs,
    plan_kills,
    put_notes,
    read_index,
    run_trial,
    struck_at,
    sum_up,
    toy_vector,
    unreadable,
)

from ingest.steps import OWN_STEPS

needs_sigkill = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL") or os.name == "nt", reason="needs SIGKILL"
)

BEFORE = State({"a.md": "one", "b.md": "two"}, {"a/1": "one", "b/1": "two"})
AFTER = State({"a.md": "one", "c.md": "three"}, {"a/1": "one", "c/1": "three"})


def records(chunks: dict[str, str]) -> Records:
    return {name: (text, toy_vector(text)) for name, text in chunks.items()}


def held(state: State, *, sources: bool = True) -> Held:
    every = records(dict(state.chunks))
    return Held(state.sources if sources else None, (every, every))


@pytest.mark.parametrize(("state", "found"), [(BEFORE, OLD), (AFTER, NEW)])
def test_either_whole_state_is_without_fault(state: State, found: str) -> None:
    assert judge(held(state), BEFORE, AFTER) == (found, Faults())


def test_no_index_is_the_state_before_the_first_ingest() -> None:
    none = Held({}, ({}, {}))
    assert judge(none, EMPTY, AFTER) == (OLD, Faults())
    assert judge(none, BEFORE, AFTER)[0] == NEITHER


def test_a_mixture_of_notes_is_wrong() -> None:
    mixed = Held({**BEFORE.sources, **AFTER.sources}, held(AFTER).databases)
    assert judge(mixed, BEFORE, AFTER) == (NEITHER, Faults(wrong=1))


def test_a_mixture_of_chunks_is_lost_or_phantom() -> None:
    both = Held(None, (records({**BEFORE.chunks, **AFTER.chunks}),))
    assert judge(both, BEFORE, AFTER) == (NEITHER, Faults(phantom=1))
    shared = Held(None, (records({"a/1": "one"}),))
    assert judge(shared, BEFORE, AFTER) == (NEITHER, Faults(lost=1))


def test_a_chunk_that_one_database_lacks_is_lost_once() -> None:
    lacking = Held(AFTER.sources, (records({"a/1": "one"}), records(dict(AFTER.chunks))))
    assert compare(lacking, AFTER) == Faults(lost=1)
    assert compare(Held(AFTER.sources, ({}, {})), AFTER) == Faults(lost=2)


@pytest.mark.parametrize(
    "record",
    [
        ("another", toy_vector("one")),
        ("one", toy_vector("another")),
        ("one", toy_vector("one") + 1e-5),
        ("one", toy_vector("one")[:-1]),
    ],
)
def test_another_text_or_vector_is_wrong(record: tuple[str, object]) -> None:
    spoilt = {**records(dict(AFTER.chunks)), "a/1": record}
    assert compare(Held(None, (spoilt,)), AFTER) == Faults(wrong=1)  # type: ignore[arg-type]


def test_damage_and_what_cannot_be_read_are_wrong() -> None:
    damaged = Held(AFTER.sources, held(AFTER).databases, damage=("this", "and that"))
    assert judge(damaged, BEFORE, AFTER) == (NEITHER, Faults(wrong=2))
    assert judge(unreadable("no"), BEFORE, AFTER) == (NEITHER, Faults(wrong=1))


def test_an_undisturbed_run_must_give_the_new_state_alone() -> None:
    assert judge_undisturbed(held(AFTER), AFTER) == (NEW, Faults())
    assert judge_undisturbed(held(BEFORE), AFTER)[0] == NEITHER
    beside = Held(AFTER.sources, held(AFTER).databases, others=("000001-0badcafe",))
    assert judge_undisturbed(beside, AFTER) == (NEITHER, Faults(wrong=1))


def test_every_change_is_one_and_is_repeatable() -> None:
    rng, again = random.Random(1), random.Random(1)
    notes, before = dict(NOTES), dict(NOTES)
    sizes = set()
    for _ in range(300):
        changed = change_notes(rng, notes, [before])
        assert changed == change_notes(again, notes, [before])
        assert changed not in (notes, before)
        assert all(text.strip() for text in changed.values())
        notes, before = changed, notes
        sizes.add(len(notes))
    assert min(sizes) >= 3
    assert max(sizes) <= 16


def test_the_folder_holds_the_notes_and_nothing_else(tmp_path: Path) -> None:
    put_notes(tmp_path / "notes", {"old.md": "old"})
    put_notes(tmp_path / "notes", dict(NOTES))
    assert get_notes(tmp_path / "notes") == dict(sorted(NOTES.items()))


def test_paragraphs_are_numbered_within_their_note() -> None:
    assert paragraphs({"a.md": "# A\n\nOne.\n\n\n\nTwo.\n"}) == {
        "a.md/1": "# A",
        "a.md/2": "One.",
        "a.md/3": "Two.",
    }


def test_what_is_expected_of_an_index_is_what_it_holds(
    notes_folder: Path, index_directory: Path
) -> None:
    state = index_state(notes_folder)
    assert len(state.chunks) > 5
    assert judge_undisturbed(read_index(index_directory), state) == (NEW, Faults())
    write_notes(notes_folder, {"queues.md": "# Queues\n\nAltered.\n"})
    assert judge_undisturbed(read_index(index_directory), index_state(notes_folder))[1].wrong
    shutil.rmtree(index_directory)
    assert read_index(index_directory) == Held({}, ({}, {}))


def test_a_plan_has_every_step_and_as_many_random_times() -> None:
    plan = plan_kills(40, OURS.kinds, random.Random(1))
    assert plan == plan_kills(40, OURS.kinds, random.Random(1))
    assert {kill.kind for kill in plan} == {*OWN_STEPS, AFTER_FLIP, RANDOM}
    assert sum(kill.kind == RANDOM for kill in plan) == 20
    assert all(0 <= kill.moment <= 1 for kill in plan)


def test_outcomes_are_counted_by_kind_of_kill() -> None:
    outcomes = [
        Outcome("store", "store", OLD, Faults()),
        Outcome(RANDOM, "embed", NEW, Faults()),
        Outcome(RANDOM, "embed", NEITHER, Faults(1, 2, 3)),
        Outcome(UNDISTURBED, "end", NEW, Faults()),
    ]
    rows = sum_up(OURS, outcomes)
    assert [row.kind for row in rows] == ["store", RANDOM, UNDISTURBED, "all kills"]
    total = rows[-1]
    assert (total.runs, total.old, total.new) == (3, 1, 1)
    assert (total.lost, total.phantom, total.wrong) == (1, 2, 3)
    assert struck_at(outcomes) == {"embed": 2}
    told = in_words([Report(tuple(rows), struck_at(outcomes), 0.5)])
    assert "footnote  all kills       3    1    1     1        2      3" in told
    assert "0.50 s a kill" in told


@pytest.mark.slow
@needs_sigkill
@pytest.mark.parametrize("store", [OURS, UPDATED], ids=lambda store: store.name)
def test_no_kill_harms_an_index(store: Store) -> None:
    outcomes = run_trial(store, 40, seed=1)
    assert {each.kind for each in outcomes} == {*OWN_STEPS, AFTER_FLIP, RANDOM, UNDISTURBED}
    assert [each for each in outcomes if each.faults.total or each.found == NEITHER] == []
    # A kill before the flip leaves the old notes, one after it the new.
    before = [each for each in outcomes if each.kind in OWN_STEPS]
    assert {each.found for each in before} == {OLD}
    assert {each.found for each in outcomes if each.kind == AFTER_FLIP} == {NEW}


@pytest.mark.slow
@needs_sigkill
@pytest.mark.parametrize(
    # The tidy one by kills between its deletions and its additions, whatever the random ones hit.
    "store",
    [CONTROL, replace(TIDY, kinds=("embed",))],
    ids=lambda store: store.name,
)
def test_the_harness_sees_plain_chroma_fail(store: Store) -> None:
    outcomes = run_trial(store, 12, seed=1)
    row = sum_up(store, outcomes)[-1]
    assert row.runs == 12
    assert row.lost + row.phantom + row.wrong > 0


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_crash_runs_as_many_kills_as_asked() -> None:
    command = ["make", "--dry-run", "crash", "KILLS=7"]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert "crash_harness.py --kills 7" in done.stdout
