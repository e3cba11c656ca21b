"""How fast a large folder is read, beside the tutorial's chain, and what bfloat16 costs it.

Run it as `python -m evals.ingest_rate DATA [--pages N] [--pairs N] [--json]`. DATA holds the
folder `awsdocs`, as for `footnote eval public`.

In one run, each in a process of its own and one after the other: our ingest in the precision
that it chooses by itself and the tutorial's chain (`evals.naive_chain`, the same weights in
float32), `--pairs` times in turn, and once our ingest in float32. Chunks differ in size, so
every rate stands beside what does not depend on that: the tokens that the model read, and the
seconds for the whole folder. Rates leave out loading libraries and weights, and what is
prepared once for an embedder; the seconds "with loading" have them in.

Then both of our indexes are asked the set's questions, and every page's headings as questions:
the set is small, and one question of 31 that changes places with its neighbour is three points;
a thousand headings tell a tenth of one. All is printed; of less than 200 nothing is judged.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, redirect_stderr
from dataclasses import asdict, dataclass, field
from io import StringIO
from pathlib import Path
from time import perf_counter, process_time
from typing import Literal, Protocol, TypeVar

import numpy as np

from chatbot.answer import Question
from chatbot.chain import open_chain
from chatbot.privacy import keep_private
from chatbot.settings import Settings
from evals.naive_chain import NaiveChain, Piece, pieces_of
from evals.public.awsdocs import PAGES, QUESTIONS, Item, holds, load
from evals.public.reading import DataMissing, OnProgress, require, spread
from ingest.catalog import Catalog
from ingest.embedders import open_embedder
from ingest.embedding import DEFAULT_EMBEDDER, Embedder, Precision, Vectors
from ingest.errors import IngestError
from ingest.generations import Generation, Generations
from ingest.index import NotesIndex
from ingest.manifest import Manifest
from ingest.pipeline import ingest_notes

T = TypeVar("T")

Asking = Precision | Literal["auto"]
DEEPEST = 10  # passages looked at for each question
MOST_HEADINGS = 1000
WANTED_RATIO = 2.0  # of our chunks a second and the tutorial's
MOST_LOST = 0.005  # of any share, in bfloat16 against float32


@dataclass(frozen=True, slots=True)
class Reading:
    """One folder read into one store, in a process of its own; seconds of wall-clock."""

    chunks: int
    characters: int  # of all chunks
    tokens: int  # that the model read: of each text that it embedded, what its window holds
    precision: str
    loading: float  # libraries and weights, and what is prepared once for them
    working: float  # from the folder to a store that is complete
    cpu_working: float  # of all threads, while working: what others do lengthens it less
    steps: Mapping[str, float] = field(default_factory=dict)  # of the work

    @property
    def seconds(self) -> float:
        """All of it, from nothing loaded."""
        return self.loading + self.working

    @property
    def chunks_a_second(self) -> float:
        """Chunks stored in a second of work."""
        return self.chunks / self.working

    @property
    def tokens_a_second(self) -> float:
        """Tokens read by the model in a second of work."""
        return self.tokens / self.working

    @property
    def characters_a_second(self) -> float:
        """Characters of chunks in a second of work."""
        return self.characters / self.working


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one index found for one question; ranks are None beyond `DEEPEST`."""

    page: int | None
    passage: int | None  # always None where no answer is given
    found: tuple[str, ...]  # ids of chunks, best first


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What one index found for every question, and every heading."""

    dense: tuple[Ranked, ...]  # by meaning alone
    fused: tuple[Ranked, ...]  # as the product finds: words too, reranked
    headings: tuple[Ranked, ...]  # by meaning alone


@dataclass(frozen=True, slots=True)
class Quality:
    """One share or mean of both precisions, each in [0, 1]."""

    measure: str
    n: int
    chosen: float
    float32: float

    @property
    def lost(self) -> float:
        """How much the chosen precision finds less."""
        return self.float32 - self.chosen

    @property
    def judges(self) -> bool:
        """Whether so many questions can tell what may be lost: one of them is no more."""
        return self.n * MOST_LOST >= 1


@dataclass(frozen=True, slots=True)
class Report:
    """All of one run."""

    pages: int
    page_characters: int
    ours: tuple[Reading, ...]
    naive: tuple[Reading, ...]
    float32: Reading
    quality: tuple[Quality, ...]
    cosines: tuple[float, float]  # of a chunk's vector in both precisions: least, mean

    def ratios(self) -> dict[str, float]:
        """Ours against the tutorial's, of medians; above 1 is ours the better."""
        return {
            "chunks a second": _ratio(self.ours, self.naive, _chunks_rate),
            "tokens a second": _ratio(self.ours, self.naive, _tokens_rate),
            "characters a second": _ratio(self.ours, self.naive, _characters_rate),
            "whole folder, work": _ratio(self.naive, self.ours, _working),
            "whole folder, with loading": _ratio(self.naive, self.ours, _seconds),
            "whole folder, CPU seconds of the work": _ratio(self.naive, self.ours, _cpu),
        }

    def passed(self) -> bool:
        """Whether the rate is reached, and no share that can tell lost more than it may."""
        return self.ratios()["chunks a second"] >= WANTED_RATIO and all(
            row.lost <= MOST_LOST for row in self.quality if row.judges
        )

    def to_json(self) -> str:
        """The report as one JSON object."""
        fields = asdict(self) | {"ratios": self.ratios(), "passed": self.passed()}
        return json.dumps(fields, ensure_ascii=False)

    def __str__(self) -> str:
        kinds = {
            f"ours, {self.ours[0].precision}": self.ours,
            "ours, float32": (self.float32,),
            "tutorial's chain, float32": self.naive,
        }
        lines = [
            f"{self.pages} pages, {self.page_characters:,} characters;"
            f" medians of {len(self.ours)} in turn",
            "",
            "| | chunks | chunks/s | tokens/s | characters/s | work, s | with loading | CPU, s |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for name, runs in kinds.items():
            rates = (_chunks_rate, _tokens_rate, _characters_rate, _working, _seconds, _cpu)
            first, *others = (_median(runs, rate) for rate in rates)
            cells = (f"{runs[0].chunks:,}", f"{first:.1f}", *(f"{n:,.0f}" for n in others))
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines += ["", *(f"{name}: {value:.2f} times" for name, value in self.ratios().items())]
        for name, runs in kinds.items():
            steps = runs[len(runs) // 2].steps.items()
            told = ", ".join(f"{step} {spent:.1f}" for step, spent in steps)
            if told:
                lines += ["", f"{name}, seconds of the work: {told}"]
        lines += ["", "| retrieval | n | chosen | float32 | lost |", "|---|---|---|---|---|"]
        lines += [
            f"| {row.measure} | {row.n} | {row.chosen:.4f} | {row.float32:.4f} | {row.lost:.4f} |"
            for row in self.quality
        ]
        least, mean = self.cosines
        return "\n".join(
            [*lines, "", f"cosine of a chunk's two vectors: least {least:.5f}, mean {mean:.5f}"]
        )


def _chunks_rate(run: Reading) -> float:
    return run.chunks_a_second


def _tokens_rate(run: Reading) -> float:
    return run.tokens_a_second


def _characters_rate(run: Reading) -> float:
    return run.characters_a_second


def _working(run: Reading) -> float:
    return run.working


def _seconds(run: Reading) -> float:
    return run.seconds


def _cpu(run: Reading) -> float:
    return run.cpu_working


def _median(runs: Sequence[Reading], value: Callable[[Reading], float]) -> float:
    return statistics.median(value(run) for run in runs)


def _ratio(
    over: Sequence[Reading], under: Sequence[Reading], value: Callable[[Reading], float]
) -> float:
    return _median(over, value) / _median(under, value)


def read_ours(
    pages: Path, index: Path, precision: Asking, embedder: Embedder | None = None
) -> Reading:
    """Ingest the pages into a new index, and say what it took.

    `embedder` takes the place of the default one.
    """
    keep_private(tracing=False)
    watch = Stopwatch()
    if embedder is None:
        embedder = open_embedder(DEFAULT_EMBEDDER, index / "models", precision=precision)
    embedder.embed_notes(["Load the weights."])
    watch.split("load")
    report = ingest_notes([pages], index, embedder=embedder)
    watch.split("ingest")
    texts = _chunk_texts(index)
    return Reading(
        chunks=report.chunks,
        characters=sum(map(len, texts)),
        tokens=_tokens_read(embedder, sorted(set(texts))),
        precision=embedder.identity.precision,
        loading=watch.seconds["load"],
        working=watch.seconds["ingest"],
        cpu_working=watch.cpu_seconds["ingest"],
        steps=report.seconds,
    )


class Stopwatch:
    """Seconds of wall-clock and of all threads' CPU, between one split and the next."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_seconds: dict[str, float] = {}
        self._since, self._cpu_since = perf_counter(), process_time()

    def split(self, name: str) -> None:
        """Name what was done since the last split."""
        now, cpu_now = perf_counter(), process_time()
        self.seconds[name] = now - self._since
        self.cpu_seconds[name] = cpu_now - self._cpu_since
        self._since, self._cpu_since = now, cpu_now


class Store(Protocol):
    """What the pieces are added to."""

    def add(self, pieces: Sequence[Piece]) -> None:
        """Embed and keep them."""
        ...


def read_naive(
    pages: Path,
    store: Path,
    opening: Callable[[Path], Store] = NaiveChain,
    embedder: Embedder | None = None,
) -> Reading:
    """Read the pages into the tutorial's store, and say what it took.

    `embedder` counts tokens; the weights are those of `opening`.
    """
    keep_private(tracing=False)
    watch = Stopwatch()
    with redirect_stderr(StringIO()):  # a bar for the weights
        chain = opening(store)
    watch.split("load")
    pieces = pieces_of(pages)
    chain.add(pieces)
    watch.split("read")
    texts = [piece.text for piece in pieces]
    counter = embedder or open_embedder(DEFAULT_EMBEDDER, store, precision="float32")
    return Reading(
        chunks=len(pieces),
        characters=sum(map(len, texts)),
        tokens=_tokens_read(counter, texts),
        precision="float32",
        loading=watch.seconds["load"],
        working=watch.seconds["read"],
        cpu_working=watch.cpu_seconds["read"],
    )


def _tokens_read(embedder: Embedder, texts: Sequence[str]) -> int:
    return sum(min(count, embedder.window) for count in embedder.count_tokens(texts))


def _chunk_texts(index: Path) -> list[str]:
    with closing(Catalog(_current(index).catalog)) as catalog:
        return [chunk.text for chunk in catalog.chunks()]


def _current(index: Path) -> Generation:
    generation = Generations(index).current()
    assert generation is not None  # it was just made
    return generation


def retrieve(index: Path, items: Sequence[Item], embedder: Embedder | None = None) -> Retrieved:
    """Ask an index the questions and its own headings.

    `embedder` takes the place of the default one, and then nothing is fused.
    """
    keep_private(tracing=False)
    precision = Manifest.read(_current(index).manifest).settings.embedder.precision
    encoder = embedder or open_embedder(DEFAULT_EMBEDDER, index / "models", precision=precision)
    with NotesIndex.open(index) as opened:

        def dense(question: str, page: str, answer: str | None) -> Ranked:
            near = opened.nearest(encoder.embed_question(question), DEEPEST)
            chunks = [opened.chunk(name) for name, _ in near]
            found = [
                (opened.section(chunk.section_id).source, chunk.id, chunk.text) for chunk in chunks
            ]
            return rank(found, page, answer)

        asked = tuple(dense(item.question, item.page, item.answer) for item in items)
        sections = [s for s in opened.sections() if s.heading and not s.navigation]
        headings = tuple(
            dense(section.heading[-1], section.source, None)
            for section in spread(sections, MOST_HEADINGS)
        )
    fused: tuple[Ranked, ...] = ()
    if embedder is None:
        settings = Settings(index=index, embedder=DEFAULT_EMBEDDER, rerank=True, tracing=False)
        with open_chain(index, settings) as chain:
            fused = tuple(
                rank(
                    [
                        (passage.source, passage.chunk_id, passage.text)
                        for passage in chain.search(Question(item.question), DEEPEST)
                    ],
                    item.page,
                    item.answer,
                )
                for item in items
            )
    return Retrieved(asked, fused, headings)


def rank(found: Sequence[tuple[str, str, str]], page: str, answer: str | None) -> Ranked:
    """Where the right page first is, and the passage on it that holds the answer's words.

    `found` are a page, a chunk's id and a text each, best first.
    """
    on_page = [(number, text) for number, (at, _, text) in enumerate(found, 1) if at == page]
    return Ranked(
        page=on_page[0][0] if on_page else None,
        passage=next(
            (n for n, text in on_page if answer is not None and holds(text, answer)), None
        ),
        found=tuple(chunk for _, chunk, _ in found),
    )


def compare(chosen: Retrieved, float32: Retrieved) -> tuple[Quality, ...]:
    """The shares of both, and how much of what they find is the same."""
    rows: list[Quality] = []
    for how in ("dense", "fused", "headings"):
        one: Sequence[Ranked] = getattr(chosen, how)
        other: Sequence[Ranked] = getattr(float32, how)
        if not one:
            continue
        nouns = [("page", 1), ("page", 5), ("passage", 5)]
        for noun, most in nouns[: 2 if how == "headings" else 3]:
            rows.append(
                Quality(
                    f"{how}: right {noun} @{most}",
                    len(one),
                    _share(one, noun, most),
                    _share(other, noun, most),
                )
            )
        rows.append(
            Quality(f"{how}: page, reciprocal rank", len(one), _reciprocal(one), _reciprocal(other))
        )
    return tuple(rows)


def _share(ranked: Sequence[Ranked], noun: str, most: int) -> float:
    ranks: list[int | None] = [getattr(one, noun) for one in ranked]
    return sum(at is not None and at <= most for at in ranks) / len(ranks)


def _reciprocal(ranked: Sequence[Ranked]) -> float:
    return sum(1 / one.page if one.page else 0.0 for one in ranked) / len(ranked)


def cosines(one: Path, other: Path) -> tuple[float, float]:
    """The least and the mean cosine between the vectors that two indexes have of a text."""
    first, second = (_vectors(index) for index in (one, other))
    same = sorted(first.keys() & second.keys())
    products = [float(np.dot(first[digest], second[digest])) for digest in same]
    return min(products), statistics.fmean(products)


def _vectors(index: Path) -> dict[str, Vectors]:
    with closing(Catalog(_current(index).catalog)) as catalog:
        return catalog.vectors_by_digest()


def in_a_process(function: Callable[..., T], *arguments: object) -> T:
    """Call a function in a process of its own, which ends with it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as process:
        return process.submit(function, *arguments).result()


class Run(Protocol):
    """Calls a function, here or elsewhere."""

    def __call__(self, function: Callable[..., T], *arguments: object) -> T:
        """Return what it returns."""
        ...


@dataclass(frozen=True, slots=True)
class Readers:
    """What reads the folder both ways and what asks; fakes in tests."""

    ours: Callable[[Path, Path, Asking], Reading] = read_ours
    naive: Callable[[Path, Path], Reading] = read_naive
    retrieve: Callable[[Path, Sequence[Item]], Retrieved] = retrieve
    run: Run = in_a_process


def measure(
    data: Path,
    work: Path,
    *,
    pages: int | None = None,
    pairs: int = 1,
    readers: Readers | None = None,
    on_progress: OnProgress = lambda _: None,
) -> Report:
    """Read the pages in turn, `pairs` times both ways, then in float32; then ask.

    `pages` reads so many, first those that questions are about; the others' are not asked.

    Raises:
        DataMissing: the set is not in `data`.
        IngestError: an index could not be made.
    """
    readers = readers or Readers()
    items = load(data / QUESTIONS)
    folder = require(data / PAGES)
    if pages is not None:
        folder = choose_pages(folder, {item.page for item in items}, pages, work / "pages")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = {path.relative_to(folder).as_posix() for path in files}
    items = [item for item in items if item.page in names]
    index = work / "index"
    ours: list[Reading] = []
    naive: list[Reading] = []
    for pair in range(1, pairs + 1):
        shutil.rmtree(index, ignore_errors=True)
        shutil.rmtree(work / "naive", ignore_errors=True)
        ours.append(readers.run(readers.ours, folder, index, "auto"))
        on_progress(_told(f"pair {pair}, ours", ours[-1]))
        naive.append(readers.run(readers.naive, folder, work / "naive"))
        on_progress(_told(f"pair {pair}, tutorial's chain", naive[-1]))
    exact = work / "index-float32"
    float32 = readers.run(readers.ours, folder, exact, "float32")
    on_progress(_told("ours in float32", float32))
    on_progress(f"asking {len(items)} questions and the headings, of both indexes")
    chosen = readers.run(readers.retrieve, index, items)
    return Report(
        pages=len(files),
        page_characters=sum(len(path.read_text("utf-8", "replace")) for path in files),
        ours=tuple(ours),
        naive=tuple(naive),
        float32=float32,
        quality=compare(chosen, readers.run(readers.retrieve, exact, items)),
        cosines=cosines(index, exact),
    )


def _told(name: str, run: Reading) -> str:
    return (
        f"{name} ({run.precision}): {run.chunks:,} chunks, {run.chunks_a_second:.1f} a second;"
        f" {run.seconds:.0f} s in all"
    )


def choose_pages(folder: Path, first: set[str], most: int, target: Path) -> Path:
    """Copy at most `most` pages of a folder to `target`, those named in `first` before others."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    target.mkdir(parents=True)
    for name in sorted(names, key=lambda name: name not in first)[:most]:
        shutil.copyfile(folder / name, target / name)
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when done, 1 where what is wanted was not reached, 2 without data."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--pages", type=int, metavar="N", help="read so many pages, not all")
    parser.add_argument("--pairs", type=int, default=1, metavar="N", help="readings of each kind")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(arguments)
    for name in ("pages", "pairs"):
        if (value := getattr(options, name)) is not None and value < 1:
            parser.error(f"--{name}: {value} measures nothing. Give 1 or more")
    keep_private(tracing=False)
    try:
        with tempfile.TemporaryDirectory(prefix="ingest-rate-") as work:
            report = measure(
                options.data,
                Path(work),
                pages=options.pages,
                pairs=options.pairs,
                on_progress=lambda line: print(line, file=sys.stderr, flush=True),
            )
    except (DataMissing, IngestError) as error:
        print(error, file=sys.stderr)
        return 2
    print(report.to_json() if options.json else report)
    return 0 if report.passed() else 1


if __name__ == "__main__":
    sys.exit(main())
