"""Keeps an index in step with its notes while they are edited.

The one home of watchfiles. Every look at the notes is a whole ingest: what changed is told by
the notes' content, never by the events, which only say when to look.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic

from ingest.build import IngestReport
from ingest.embedders import open_embedder
from ingest.embedding import Embedder
from ingest.errors import IngestError, WriterBusy
from ingest.folder import SUFFIXES
from ingest.ignore import FILE as IGNORE_FILE
from ingest.pipeline import ingest_notes, ingested_settings
from ingest.steps import OnStep

SETTLE = 300  # ms without a change: an editor that saves in several steps is then done
GATHER = 3_000  # ms of unbroken changes, after which they are taken as they are
PAUSE = 2_000  # ms without events, after which it is looked again where that is due
LOOK_AGAIN = 60.0  # seconds after which it is due: an event that was lost is made up for


def follow_notes(
    paths: Sequence[Path],
    index: Path,
    embedder_name: str,
    *,
    rebuild: bool = False,
    chroma_url: str = "",
    on_step: OnStep | None = None,
    stop: threading.Event | None = None,
) -> Iterator[IngestReport | IngestError]:
    """Ingest the notes now and after every change, until `stop` is set; as `follow` yields.

    The embedder is loaded once. `rebuild` starts afresh, once.
    """
    embedder: Embedder | None = None

    def ingest() -> IngestReport:
        nonlocal embedder
        anew = rebuild and embedder is None
        report = ingest_notes(
            paths,
            index,
            embedder_name,
            rebuild=anew,
            chroma_url=chroma_url,
            embedder=embedder,
            on_step=on_step,
        )
        if embedder is None:
            precision = ingested_settings(index).embedder.precision
            embedder = open_embedder(embedder_name, index / "models", precision=precision)
        return report

    return follow(paths, ingest, stop or threading.Event())


def follow(
    paths: Sequence[Path],
    ingest: Callable[[], IngestReport],
    stop: threading.Event,
) -> Iterator[IngestReport | IngestError]:
    """Call `ingest` now and after every change of the notes, until `stop` is set.

    Yields what it returned; of an error that may pass (no readable note is left, the disk is
    full) the error, once, and goes on: the index is as it was, and the next change may mend it.
    While another writer is at work it waits. Reports of unchanged notes are not yielded, but for
    the first.

    Raises:
        IngestError: the very first look failed: there is nothing to follow.
    """
    from watchfiles import watch

    yield ingest()
    last_error = ""
    next_look = 0.0  # at once: what changed before the events began was not heard of
    for events in watch(
        *(path.resolve() for path in paths),
        watch_filter=lambda _, path: may_matter(path),
        debounce=GATHER,
        step=SETTLE,
        stop_event=stop,
        rust_timeout=PAUSE,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    ):
        if not events and monotonic() < next_look:
            continue
        next_look = monotonic() + LOOK_AGAIN
        try:
            report = ingest()
        except WriterBusy:
            next_look = 0.0
        except IngestError as error:
            if str(error) != last_error:
                yield error
            last_error = str(error)
        else:
            last_error = ""
            if not report.unchanged:
                yield report


def may_matter(path: str) -> bool:
    """Whether a change of this path may change the notes that are read.

    A path without a suffix may be a folder that came or went.
    """
    name = Path(path).name
    if name == IGNORE_FILE:
        return True
    return not name.startswith(".") and Path(name).suffix.lower() in {"", *SUFFIXES}
