"""Kills real ingests, again and again, and reads all that is left: `--help` says how.

Before each kill the notes change at random. After it the store must hold exactly the notes
before the change or exactly those after it: every text, every chunk and every vector. The
same is asked of Chroma as the tutorials use it, to see that the harness finds what is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, TypeAlias

import numpy as np
from conftest import NOTES, ToyEmbedder, write_notes

from chatbot.privacy import keep_private
from ingest.catalog import Catalog
from ingest.chunks import chunk_section
from ingest.corpus import read_corpus
from ingest.embedding import Vectors
from ingest.errors import IndexNotFound
from ingest.generations import Generations
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes
from ingest.readers import split_sections
from ingest.steps import OWN_STEPS, Step

# What costs a child seconds to import, imported once. Nothing of it may open a store.
PRELOADED = (
    *("chromadb", "chromadb.config", "langchain_chroma", "langchain_core.documents"),
    *("ingest.pipeline", "ingest.index", "ingest.chroma.write", "chatbot.chain", "pytest"),
)
RANDOM, AFTER_FLIP, UNDISTURBED = "random", "after flip", "undisturbed"
BEGIN, END = "begin", "end"  # what a child says besides the steps
OLD, NEW, NEITHER = "old", "new", "neither"

UNDISTURBED_EVERY = 4  # kills
AFRESH_EVERY = 20  # kills, from where there is no index at all
EVENTS_AFTER_FLIP = 30  # or so: what Python's audit hears from the flip to the end
CHILD_SECONDS = 120.0  # no child takes so long
VECTOR_TOLERANCE = 1e-6  # Chroma scales to length 1 again: the last bits may change

Notes: TypeAlias = dict[str, str]  # text by name
Records: TypeAlias = Mapping[str, tuple[str, Vectors]]  # text and vector by chunk id


@dataclass(frozen=True, slots=True)
class Kill:
    """When a child dies: at a step or, where `kind` is 'random', at a time.

    `moment` is how far in the step, or in a typical run, in [0, 1].
    """

    kind: str
    moment: float


@dataclass(frozen=True, slots=True)
class State:
    """What a store must hold."""

    sources: Notes
    chunks: Mapping[str, str]  # text by chunk id


EMPTY = State({}, {})


@dataclass(frozen=True, slots=True)
class Held:
    """What a store does hold: each of its databases by itself."""

    sources: Notes | None  # None where the store does not keep whole notes
    databases: tuple[Records, ...]
    damage: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # generations that are not the current one


@dataclass(frozen=True, slots=True)
class Faults:
    """How many chunks are lost, phantom or wrong; all else that is amiss is wrong, too."""

    lost: int = 0
    phantom: int = 0
    wrong: int = 0

    def __add__(self, other: Faults) -> Faults:
        return Faults(
            self.lost + other.lost, self.phantom + other.phantom, self.wrong + other.wrong
        )

    @property
    def total(self) -> int:
        """All of them."""
        return self.lost + self.phantom + self.wrong


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was left of one run."""

    kind: str
    struck: str  # the last that the child said: where it was when it died
    found: str  # OLD, NEW or NEITHER
    faults: Faults


@dataclass(frozen=True, slots=True)
class Row:
    """The outcomes of one kind of kill."""

    store: str
    kind: str
    runs: int
    old: int
    new: int
    lost: int
    phantom: int
    wrong: int


# The notes, and how they change.

TOPICS = tuple("bucket volume queue café server archive object message speed recipe".split())
FOLDERS = ("", "", "compute/", "über uns/", "a/b/")


def random_note(rng: random.Random) -> str:
    """Return a note of one to four sections."""
    parts = [f"# {rng.choice(TOPICS).title()} {rng.randrange(1000)}"]
    for _ in range(rng.randint(1, 4)):
        parts.append(f"## {rng.choice(TOPICS).title()} {rng.randrange(1000)}")
        parts += [random_paragraph(rng) for _ in range(rng.randint(1, 3))]
    return "\n\n".join(parts) + "\n"


def random_paragraph(rng: random.Random) -> str:
    """Return a paragraph of 5 to 60 words."""
    told = (f"{rng.choice(TOPICS)} {rng.randrange(100)}" for _ in range(rng.randint(3, 30)))
    return f"The {' '.join(told)}."


def random_name(rng: random.Random) -> str:
    """Return a name that few notes have."""
    return f"{rng.choice(FOLDERS)}{rng.choice(TOPICS)}-{rng.randrange(10_000)}.md"


def change_notes(rng: random.Random, notes: Notes, unlike: Sequence[Notes] = ()) -> Notes:
    """Add, edit, move and delete notes, one to four times, until they are unlike all of these."""
    while True:
        changed = dict(notes)
        for _ in range(rng.randint(1, 4)):
            _change_one(rng, changed)
        if changed != notes and changed not in unlike:
            return changed


def _change_one(rng: random.Random, notes: Notes) -> None:
    name = rng.choice(sorted(notes))
    change = rng.choice(("add", "edit", "append", "move", "delete"))
    if change == "add" and len(notes) < 16:
        notes[random_name(rng)] = random_note(rng)
    elif change == "edit":
        notes[name] = random_note(rng)
    elif change == "append":
        notes[name] += f"\n{random_paragraph(rng)}\n"
    elif change == "move":
        notes[random_name(rng)] = notes.pop(name)
    elif change == "delete" and len(notes) > 4:
        del notes[name]


def put_notes(folder: Path, notes: Notes) -> None:
    """Make the folder hold these notes, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    write_notes(folder, notes)


def get_notes(folder: Path) -> Notes:
    """Return the notes in the folder, by POSIX path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted(folder.rglob("*.md"))
    }


# What a store must hold, against what it holds.


@lru_cache(maxsize=100_000)
def toy_vector(text: str) -> Vectors:
    """Return the toy embedder's vector of a text."""
    return ToyEmbedder().embed_question(text)


def compare(held: Held, state: State) -> Faults:
    """Count how the store differs from a state; a chunk counts once, in however many databases."""
    wanted = set(state.chunks)
    lost = {name for records in held.databases for name in wanted - set(records)}
    phantom = {name for records in held.databases for name in set(records) - wanted}
    wrong = {
        name
        for records in held.databases
        for name in wanted & set(records)
        if not _same(records[name], state.chunks[name])
    }
    mixed = held.sources is not None and held.sources != state.sources
    return Faults(len(lost), len(phantom), len(wrong) + mixed)


def _same(record: tuple[str, Vectors], text: str) -> bool:
    expected = toy_vector(text)
    return (
        record[0] == text
        and record[1].shape == expected.shape
        and bool(np.allclose(record[1], expected, rtol=0, atol=VECTOR_TOLERANCE))
    )


def judge(held: Held, before: State, after: State) -> tuple[str, Faults]:
    """Say which of the two states the store holds, and how it differs from the closer one."""
    damage = Faults(wrong=len(held.damage))
    by_state = {NEW: compare(held, after) + damage, OLD: compare(held, before) + damage}
    found = min(by_state, key=lambda name: by_state[name].total)
    return (NEITHER if by_state[found].total else found), by_state[found]


def judge_undisturbed(held: Held, after: State) -> tuple[str, Faults]:
    """As `judge`, where nothing excuses the old state, nor a generation that stayed behind."""
    faults = compare(held, after) + Faults(wrong=len(held.damage) + len(held.others))
    return (NEITHER if faults.total else NEW), faults


# What a child does.


@dataclass(frozen=True, slots=True)
class Job:
    """What a child reads and writes, and how it dies; not at all without a kill."""

    notes: Path
    store: Path
    scratch: Path  # for temporary files, which a killed process leaves behind
    kill: Kill | None = None


class Watch:
    """Tells the parent of each step that begins, and kills its own process when it is due."""

    def __init__(self, said: Connection, kill: Kill | None) -> None:
        self._said = said
        self._kill = kill
        self._last = ""

    def __call__(self, step: Step) -> None:
        """Take note of a step; an `OnStep`."""
        if step.name != self._last:
            self._said.send(step.name)
            self._last = step.name
        kill = self._kill
        if kill and kill.kind == step.name and step.done >= kill.moment * step.total:
            die()


def die() -> None:
    """End this process as no handler can prevent."""
    os.kill(os.getpid(), signal.SIGKILL)


def watch_flip(kill: Kill, said: Connection) -> None:
    """Tell of the flip, and kill this process there or right after it where that is its end.

    No step is reported from there, so Python's own audit tells: it hears of each file that is
    opened, moved or removed, just before that happens.
    """
    heard_after = 0

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal heard_after
        if event == "os.kill":  # our own
            return
        if heard_after:
            heard_after += 1
            if kill.kind == AFTER_FLIP and heard_after > 1 + kill.moment * EVENTS_AFTER_FLIP:
                die()
        elif event == "open" and str(arguments[0]).endswith("CURRENT.part"):
            said.send("flip")
            if kill.kind == "flip" and kill.moment < 0.5:
                die()
        elif event == "os.rename" and Path(arguments[1]).name == "CURRENT":
            if kill.kind == "flip":
                die()
            said.send(AFTER_FLIP)
            heard_after = 1

    sys.addaudithook(hear)


def write_index(job: Job, watch: Watch) -> None:
    """Ingest the notes as Footnote does."""
    ingest_notes([job.notes], job.store, embedder=ToyEmbedder(), on_step=watch)


def write_chroma(job: Job, watch: Watch, *, tidy: bool = False) -> None:
    """Add the notes to a Chroma directory as tutorials do; `tidy` first deletes what is gone."""
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings

    class Toy(Embeddings):
        """The toy embedder, as LangChain calls it."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            watch(Step("embed", 0, 1))
            rows: list[list[float]] = [toy_vector(text).tolist() for text in texts]
            watch(Step("embed", 1, 1))
            return rows

        def embed_query(self, text: str) -> list[float]:
            raise NotImplementedError("nothing is searched here")

    notes = get_notes(job.notes)
    watch(Step("read", 1, 1))
    texts = paragraphs(notes)
    watch(Step("chunk", 1, 1))
    store = Chroma(embedding_function=Toy(), persist_directory=str(job.store))
    if tidy and (gone := sorted(set(store.get(include=[])["ids"]) - set(texts))):
        store.delete(gone)
    documents = [Document(text, metadata={"source": name}) for name, text in texts.items()]
    store.add_documents(documents, ids=list(texts))
    watch(Step("store", 1, 1))


def write_chroma_tidily(job: Job, watch: Watch) -> None:
    """Add the notes to a Chroma directory, with what is gone deleted first."""
    write_chroma(job, watch, tidy=True)


def paragraphs(notes: Notes) -> dict[str, str]:
    """Return the paragraphs of the notes by `<name>/<number>`, numbered from 1."""
    found = {}
    for name, text in notes.items():
        parts = [part.strip() for part in text.split("\n\n") if part.strip()]
        found.update({f"{name}/{number}": part for number, part in enumerate(parts, start=1)})
    return found


def paragraph_state(folder: Path) -> State:
    """Return what a tutorial's Chroma must hold of a folder."""
    notes = get_notes(folder)
    return State(notes, paragraphs(notes))


def index_state(folder: Path) -> State:
    """Return what an index of a folder must hold."""
    embedder = ToyEmbedder()
    chunks = {}
    for source in read_corpus([folder]).sources:
        for section in split_sections(source):
            for chunk in chunk_section(
                section, source.text, embedder.count_tokens, embedder.window
            ):
                chunks[chunk.id] = chunk.text
    return State(get_notes(folder), chunks)


def read_index(directory: Path) -> Held:
    """Read all that an index holds, from SQLite and from Chroma."""
    try:
        opened = NotesIndex.open(directory)
    except IndexNotFound:
        return Held({}, ({}, {}))
    with opened as index:
        generation = directory / "generations" / index.generation
        with contextlib.closing(Catalog(generation / "notes.sqlite")) as catalog:
            names, _, matrix = catalog.vectors()
            vectors = dict(zip(names, matrix, strict=True))
            in_sqlite = {chunk.id: (chunk.text, vectors[chunk.id]) for chunk in catalog.chunks()}
        current = Generations(directory).current()
        everything = (path.name for path in (directory / "generations").iterdir())
        return Held(
            sources={name: index.source_text(name) for name in index.sources()},
            databases=(in_sqlite, read_records(generation / "chroma")),
            damage=index.damage(),
            others=tuple(name for name in everything if current is None or name != current.name),
        )


def read_chroma(directory: Path) -> Held:
    """Read all that a tutorial's Chroma directory holds."""
    return Held(None, (read_records(directory),))


def read_records(directory: Path) -> Records:
    """Return what the only collection of a Chroma directory holds, from a copy of it."""
    import chromadb
    from chromadb.config import Settings

    if not directory.is_dir():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(directory, Path(folder) / "chroma")
        client: Any = chromadb.PersistentClient(str(copy), Settings(anonymized_telemetry=False))
        with contextlib.closing(client):
            records: dict[str, tuple[str, Vectors]] = {}
            for collection in client.list_collections():
                found = collection.get(include=["documents", "embeddings"])
                rows = zip(found["documents"], found["embeddings"], strict=True)
                records.update(zip(found["ids"], rows, strict=True))
            return records


# The parent's side.


@dataclass(frozen=True, slots=True)
class Store:
    """Something that keeps notes: how it is written and read, and where it can be killed."""

    name: str
    kinds: tuple[str, ...]
    write: Callable[[Job, Watch], None]
    read: Callable[[Path], Held]
    state: Callable[[Path], State]
    steady: int = 0  # notes beside those that change: in a larger index a change is an update


OURS = Store("footnote", (*OWN_STEPS, AFTER_FLIP), write_index, read_index, index_state)
UPDATED = replace(OURS, name="footnote, updated", steady=60)
CONTROL = Store(
    "chroma", ("read", "chunk", "embed", "store"), write_chroma, read_chroma, paragraph_state
)
TIDY = Store("chroma, tidy", CONTROL.kinds, write_chroma_tidily, CONTROL.read, CONTROL.state)


def plan_kills(count: int, kinds: Sequence[str], rng: random.Random) -> tuple[Kill, ...]:
    """Return kills in random order: every second one at a random time, the others by turns."""
    kills = []
    for number in range(count):
        kind = RANDOM if number % 2 else kinds[number // 2 % len(kinds)]
        # A step's two ends are where things go wrong, so they come up as often as its middle.
        moment = rng.random() if kind in (RANDOM, AFTER_FLIP) else rng.choice((0, 0.5, 1))
        kills.append(Kill(kind, moment))
    rng.shuffle(kills)
    return tuple(kills)


def run_job(store: Store, job: Job, said: Connection) -> None:
    """Write a store: what a child does that may be killed."""
    tempfile.tempdir = str(job.scratch)
    if job.kill:
        watch_flip(job.kill, said)
    said.send(BEGIN)
    store.write(job, Watch(said, job.kill))
    said.send(END)
    if job.kill:
        signal.pause()  # too late a kill strikes here


def run_reading(store: Store, job: Job, said: Connection) -> None:
    """Read a store: in a child of its own, because damage may end the process that reads."""
    tempfile.tempdir = str(job.scratch)
    try:
        held = store.read(job.store)
    except Exception as error:  # whatever it is: the parent counts it
        held = unreadable(f"{type(error).__name__}: {error}")
    said.send(held)


def unreadable(reason: str) -> Held:
    """Return what stands for a store that cannot be read."""
    return Held(None, (), (f"cannot be read: {reason}",))


@lru_cache(maxsize=1)
def forkserver() -> ForkServerContext:
    """Return where children come from: a process that imported everything and opened nothing."""
    keep_private()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


class CrashHarnessError(Exception):
    """The harness itself did not work."""


@contextlib.contextmanager
def child(target: Callable[..., None], *arguments: object) -> Iterator[tuple[Any, Connection]]:
    """Run `target` in a child that also gets the pipe to speak into; wait for it at the end."""
    heard, said = forkserver().Pipe(duplex=False)
    process = forkserver().Process(target=target, args=(*arguments, said), daemon=True)
    process.start()
    said.close()  # the child has its own: when it dies, nobody speaks any more
    try:
        yield process, heard
        process.join(CHILD_SECONDS)
        if process.exitcode is None:
            raise CrashHarnessError(f"A child runs for more than {CHILD_SECONDS:.0f} s")
    finally:
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
        heard.close()


def hear(heard: Connection) -> Any:
    """Return the next that a child says, or None when it died."""
    if not heard.poll(CHILD_SECONDS):
        raise CrashHarnessError(f"A child was silent for {CHILD_SECONDS:.0f} s")
    try:
        return heard.recv()
    except (EOFError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Run:
    """How a child ended."""

    struck: str
    exit_code: int
    seconds: float


def run_child(store: Store, job: Job, typical: float) -> Run:
    """Let a child write the store, and die as its job says; `typical` is in seconds."""
    with child(run_job, store, job) as (process, heard):
        said = hear(heard)
        struck = said or BEGIN
        begun = perf_counter()
        if job.kill and job.kill.kind == RANDOM:
            sleep(job.kill.moment * typical)
            process.kill()
        while said not in (None, END):
            said = hear(heard)
            struck = said or struck
        seconds = perf_counter() - begun
        if job.kill and struck == END:
            if job.kill.kind not in (RANDOM, AFTER_FLIP):
                raise CrashHarnessError(f"'{store.name}' never came to {job.kill}")
            process.kill()
        process.join(CHILD_SECONDS)
        return Run(struck, process.exitcode, seconds)


def read_store(store: Store, job: Job) -> Held:
    """Return what the store holds, read by a child."""
    with child(run_reading, store, job) as (_, heard):
        held = hear(heard)
    return held if isinstance(held, Held) else unreadable("its reader died")


class Trial:
    """One store and its notes, under kill after kill."""

    def __init__(self, store: Store, folder: Path, seed: int) -> None:
        self._store = store
        self._folder = folder
        self._rng = random.Random(f"{store.name} {seed}")
        self._notes = {**NOTES, **{random_name(self._rng): random_note(self._rng) for _ in "12345"}}
        self._steady = {f"steady/{n}.md": random_note(self._rng) for n in range(store.steady)}
        self._before = EMPTY
        self._seconds: list[float] = []
        self._made = 0
        (folder / "scratch").mkdir(parents=True)

    def run(self, count: int, tell: Callable[[str], None] = lambda line: None) -> list[Outcome]:
        """Kill so many times, and return what was left each time and undisturbed in between."""
        self._measure()
        outcomes = []
        for number, kill in enumerate(plan_kills(count, self._store.kinds, self._rng)):
            if number % AFRESH_EVERY == AFRESH_EVERY // 2:
                self._begin_anew()
            outcomes.append(self._told(self._kill(kill), tell))
            if number % UNDISTURBED_EVERY == UNDISTURBED_EVERY - 1:
                outcomes.append(self._told(self._undisturbed(), tell))
            if number % 10 == 9:
                tell(f"{self._store.name}: {number + 1} of {count} kills")
        return outcomes

    def _measure(self) -> None:
        """Learn how long a run takes: one into nothing, and two that change what is there."""
        for _ in range(3):
            self._before = self._change()
            if self._run(None).exit_code != 0:
                raise CrashHarnessError(f"'{self._store.name}' fails where nothing disturbs it")

    def _begin_anew(self) -> None:
        shutil.rmtree(self._job().store, ignore_errors=True)
        self._made += 1
        self._before = EMPTY

    def _job(self, kill: Kill | None = None) -> Job:
        store = self._folder / f"store-{self._made}"
        return Job(self._folder / "notes", store, self._folder / "scratch", kill)

    def _change(self) -> State:
        """Change the notes, to what neither they nor the store were, and return the new state."""
        self._notes = change_notes(self._rng, self._notes, [self._before.sources])
        put_notes(self._folder / "notes", {**self._steady, **self._notes})
        return self._store.state(self._folder / "notes")

    def _run(self, kill: Kill | None) -> Run:
        typical = statistics.median(self._seconds[-9:]) if self._seconds else 1.0
        run = run_child(self._store, self._job(kill), typical)
        if kill is None:
            self._seconds.append(run.seconds)
        return run

    def _kill(self, kill: Kill) -> Outcome:
        after = self._change()
        run = self._run(kill)
        held = read_store(self._store, self._job())
        found, faults = judge(held, self._before, after)
        if run.exit_code != -signal.SIGKILL:  # it failed before it was killed
            found, faults = NEITHER, faults + Faults(wrong=1)
        if found == NEW:
            self._before = after
        elif found == NEITHER:
            self._mend(after)
        return Outcome(kill.kind, run.struck, found, faults)

    def _undisturbed(self) -> Outcome:
        after = self._store.state(self._folder / "notes")
        run = self._run(None)
        held = read_store(self._store, self._job())
        found, faults = judge_undisturbed(held, after)
        if run.exit_code != 0:
            found, faults = NEITHER, faults + Faults(wrong=1)
        if found == NEITHER:
            self._mend(after)
        self._before = after
        return Outcome(UNDISTURBED, run.struck, found, faults)

    def _mend(self, after: State) -> None:
        """Begin anew with a whole store, so that each kill is counted by itself."""
        self._begin_anew()
        if self._run(None).exit_code != 0:
            raise CrashHarnessError(f"'{self._store.name}' cannot be written from nothing")
        self._before = after

    def _told(self, outcome: Outcome, tell: Callable[[str], None]) -> Outcome:
        if outcome.faults.total and self._store in (OURS, UPDATED):
            tell(f"{self._store.name}: {outcome}")
        return outcome


def run_trial(
    store: Store, kills: int, seed: int, tell: Callable[[str], None] = lambda line: None
) -> list[Outcome]:
    """Put a store through so many kills in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="crash-", ignore_cleanup_errors=True) as folder:
        return Trial(store, Path(folder).resolve() / "trial", seed).run(kills, tell)


# The table.


def sum_up(store: Store, outcomes: Iterable[Outcome]) -> list[Row]:
    """Return a row for each kind of kill that happened, and one for all kills together."""
    outcomes = list(outcomes)
    rows = [
        _row(store.name, kind, [each for each in outcomes if each.kind == kind])
        for kind in (*store.kinds, RANDOM, UNDISTURBED)
    ]
    killed = [each for each in outcomes if each.kind != UNDISTURBED]
    return [*(row for row in rows if row.runs), _row(store.name, "all kills", killed)]


def _row(store: str, kind: str, outcomes: Sequence[Outcome]) -> Row:
    faults = sum((each.faults for each in outcomes), Faults())
    found = Counter(each.found for each in outcomes)
    return Row(store, kind, len(outcomes), found[OLD], found[NEW], **asdict(faults))


def table(rows: Sequence[Row]) -> str:
    """Return the rows below their names, in columns."""
    names = list(Row.__dataclass_fields__)
    cells = [names, *([str(getattr(row, name)) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for line in cells:
        padded = [cell.ljust(width) for cell, width in zip(line[:2], widths[:2], strict=True)]
        padded += [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
        lines.append("  ".join(padded))
    return "\n".join(lines)


def struck_at(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return how many of the random kills struck in each step, in order of the steps."""
    counted = Counter(each.struck for each in outcomes if each.kind == RANDOM)
    order = [BEGIN, *OURS.kinds, END]
    return {step: counted[step] for step in sorted(counted, key=order.index)}


@dataclass(frozen=True, slots=True)
class Report:
    """What the kills of one store came to."""

    rows: tuple[Row, ...]
    random_kills_struck: Mapping[str, int]
    seconds_a_kill: float  # with the checks and the undisturbed runs


def run_and_report(store: Store, kills: int, seed: int, tell: Callable[[str], None]) -> Report:
    """Put a store through so many kills, timed."""
    begun = perf_counter()
    outcomes = run_trial(store, kills, seed, tell)
    seconds = (perf_counter() - begun) / max(1, kills)
    return Report(tuple(sum_up(store, outcomes)), struck_at(outcomes), round(seconds, 3))


def in_words(reports: Sequence[Report]) -> str:
    """Return the reports as a table, and what belongs below it."""
    lines = [table([row for report in reports for row in report.rows]), ""]
    for report in reports:
        struck = ", ".join(f"{step} {count}" for step, count in report.random_kills_struck.items())
        lines.append(
            f"{report.rows[-1].store}: {report.seconds_a_kill:.2f} s a kill;"
            f" the random ones struck in: {struck or 'none'}"
        )
    return "\n".join(lines)


def tell_progress(line: str) -> None:
    """Say a line on stderr, at once."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the trials and report them; 1 where a kill harmed an index of ours."""
    parser = argparse.ArgumentParser(description="Kill ingests, and check all that they leave.")
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="of Footnote's ingest")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--control-kills", type=int, default=40, metavar="M", help="of each Chroma")
    parser.add_argument("--json", action="store_true", help="instead of the table")
    options = parser.parse_args(argv)
    counts = {
        OURS: options.kills // 2,
        UPDATED: options.kills - options.kills // 2,
        CONTROL: options.control_kills,
        TIDY: options.control_kills,
    }
    reports = [
        run_and_report(store, count, options.seed, tell_progress)
        for store, count in counts.items()
        if count
    ]
    told = json.dumps([asdict(each) for each in reports]) if options.json else in_words(reports)
    sys.stdout.write(f"{told}\n")
    names = {OURS.name, UPDATED.name}
    ours = (row for report in reports for row in report.rows if row.store in names)
    return int(any(row.lost or row.phantom or row.wrong for row in ours))


if __name__ == "__main__":
    sys.exit(main())
