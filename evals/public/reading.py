"""What the public sets have in common: notes to ask, what an answer tells, a line of the table."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

from chatbot.answer import Answer, Status
from chatbot.chain import NotesChain, open_chain
from chatbot.settings import Settings
from evals.metrics.intervals import (
    Interval,
    bootstrap_difference,
    bootstrap_interval,
    wilson_interval,
)
from evals.naive_chain import NaiveChain, Piece, pieces_of
from ingest.embedding import DEFAULT_EMBEDDER
from ingest.pipeline import ingest_notes
from ingest.sentences import sentence_spans

T = TypeVar("T")

OnProgress: TypeAlias = Callable[[str], None]

TOLD_EVERY = 50  # questions between two lines of progress

# `chatbot.draft.cite` puts a line's markers at its end, so "[0]" within it is the note's own.
_MARKERS = re.compile(r"(?:\s\[\d+\])+\s*$")


class DataMissing(Exception):
    """A set's file is not in the data folder.

    Attributes:
        path: where it was looked for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"There is no '{path}'. Put the set there, or leave it out.")

    def __reduce__(self) -> tuple[type[DataMissing], tuple[Path]]:
        return type(self), (self.path,)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    `ours` and `naive` are shares in [0, 1] unless `measure` names another unit; None where
    there was nothing to count, or the tutorial's chain was not asked. `interval` is that of
    `ours` at 95 %, None where there is too little to say. A set that was skipped is a row
    without a number, and `note` says why.
    """

    dataset: str
    measure: str
    n: int
    ours: float | None
    naive: float | None = None
    interval: Interval | None = None
    note: str = ""


class Nearest(Protocol):
    """A chain that only retrieves."""

    def nearest(self, question: str, limit: int) -> Sequence[Piece]:
        """The pieces nearest to the question, best first, at most `limit`."""
        ...


class Models(Protocol):
    """What opens a folder of notes to be asked: the packaged weights, or fakes."""

    def open_notes(self, notes: Path, index: Path) -> NotesChain:
        """Our chain over the notes, its index in `index`; the caller closes it."""
        ...

    def open_naive(self, notes: Path, store: Path) -> Nearest:
        """The tutorial's chain over the same notes, its store under `store`."""
        ...


class Packaged:
    """The product as it is shipped, whatever the environment says, and the tutorial's chain.

    What an earlier run left in `index` or `store` is used where the notes are the same.
    """

    def open_notes(self, notes: Path, index: Path) -> NotesChain:
        """Ingest what is new, and open the default embedder with the reranker.

        Raises:
            IngestError, WeightsUnavailable: as `ingest_notes` and `open_chain` do.
        """
        ingest_notes([notes], index, embedder_name=DEFAULT_EMBEDDER)
        settings = Settings(index=index, embedder=DEFAULT_EMBEDDER, rerank=True, tracing=False)
        return open_chain(index, settings)

    def open_naive(self, notes: Path, store: Path) -> NaiveChain:
        """Embed the notes, unless a whole store of just these pieces is there already."""
        pieces = pieces_of(notes)
        folder = store / hashlib.sha256(repr(pieces).encode()).hexdigest()[:16]
        whole = folder / "whole"
        if whole.exists():
            return NaiveChain(folder)
        shutil.rmtree(folder, ignore_errors=True)  # an earlier run was interrupted
        chain = NaiveChain(folder)
        chain.add(pieces)
        whole.touch()
        return chain


def require(path: Path) -> Path:
    """The path itself.

    Raises:
        DataMissing: nothing is there.
    """
    if not path.exists():
        raise DataMissing(path)
    return path


def write_notes(folder: Path, notes: Mapping[str, str]) -> Path:
    """Make `folder` hold these notes, by file name, and nothing else; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in sorted(folder.iterdir()):
        if stale.name not in notes:
            stale.unlink()
    for name, text in notes.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def spread(items: Sequence[T], limit: int | None) -> Sequence[T]:
    """At most `limit` of the items, evenly from first to last; all of them with None."""
    if limit is None or limit >= len(items):
        return items
    return [items[number * len(items) // limit] for number in range(limit)]


def counted(items: Sequence[T], what: str, on_progress: OnProgress) -> Iterator[T]:
    """The items in order, with a line of progress now and then and after the last."""
    for number, item in enumerate(items, 1):
        yield item
        if number % TOLD_EVERY == 0 or number == len(items):
            on_progress(f"{what}: {number} of {len(items)}")


def is_declined(answer: Answer) -> bool:
    """Whether the answer says that the notes do not answer."""
    return answer.status is Status.NOT_IN_NOTES


def told(answer: Answer) -> tuple[str, ...]:
    """The sentences, list items and rows of an answer, without markers; none when declined."""
    if is_declined(answer):
        return ()
    items: list[str] = []
    for line in answer.text.splitlines():
        plain = _MARKERS.sub("", line).removeprefix("- ")
        items += [plain[start:end] for start, end in sentence_spans(plain)]
    return tuple(items)


def letters(text: str) -> str:
    """The letters and digits of `text` alone, in lower case.

    Markup and the blanks of tokenised text make no difference then.
    """
    return re.sub(r"[\W_]+", "", text.casefold())


def is_within(rank: int | None, most: int) -> bool:
    """Whether something was found (ranks count from 1), and among the first `most`."""
    return rank is not None and rank <= most


def share_row(
    dataset: str,
    measure: str,
    hits: Sequence[bool],
    *,
    naive: Sequence[bool] | None = None,
    clusters: Sequence[str] | None = None,
) -> Row:
    """The share of hits, with Wilson's interval, or that of whole clusters drawn again."""
    values = [float(hit) for hit in hits]
    if clusters is not None:
        return mean_row(dataset, measure, values, clusters=clusters)
    return Row(
        dataset,
        measure,
        len(hits),
        _mean(values),
        naive=None if naive is None else _mean([float(hit) for hit in naive]),
        interval=wilson_interval(sum(hits), len(hits)),
    )


def mean_row(
    dataset: str,
    measure: str,
    values: Sequence[float],
    *,
    naive: Sequence[float] | None = None,
    clusters: Sequence[str] | None = None,
    note: str = "",
) -> Row:
    """The mean of the values, whose interval draws whole clusters; each its own by default."""
    if clusters is None:
        clusters = [str(number) for number in range(len(values))]
    return Row(
        dataset,
        measure,
        len(values),
        _mean(values),
        naive=None if naive is None else _mean(naive),
        interval=bootstrap_interval(values, clusters),
        note=note,
    )


def difference_row(
    dataset: str,
    measure: str,
    one: Sequence[float],
    other: Sequence[float],
    *,
    clusters: Sequence[str],
) -> Row:
    """The mean difference one − other of the same items, in pairs."""
    return Row(
        dataset,
        measure,
        len(one),
        _mean([a - b for a, b in zip(one, other, strict=True)]),
        interval=bootstrap_difference(one, other, clusters),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
