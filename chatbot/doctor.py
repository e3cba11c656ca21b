"""What is installed, which weights, which index, and what to do about what is missing."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from chatbot.errors import ChatError
from chatbot.privacy import is_private
from chatbot.terminal import counted
from ingest.chroma.place import LOOPBACK
from ingest.errors import IndexDamaged, IngestError, WeightsUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from chatbot.settings import Settings
    from ingest.changes import Changes

LEAST_PYTHON = (3, 11)
DISTRIBUTION = "footnote-study"
LIBRARIES = (
    "langchain",
    "langchain-chroma",
    "chromadb",
    "sentence-transformers",
    "torch",
    "onnxruntime",
    "tokenizers",
    "markdown-it-py",
    "ftfy",
    "rapidfuzz",
    "streamlit",
)
INSTALL_AGAIN = "In the clone: pip install -c constraints.txt -e ."
SERVER_AWAY = (
    "Answers stay the same without it. Start it again; or unset FOOTNOTE_CHROMA_URL and bring the"
    " vectors back: footnote sync"
)
INGEST_FIRST = "Read your notes: footnote ingest <folder>"


class State(StrEnum):
    """What a check found."""

    FINE = "fine"
    NOTE = "note"  # something is missing that answers can do without
    FAILED = "failed"  # there will be no answer until something is done


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what to do where it is not fine."""

    name: str
    state: State
    finding: str
    advice: str = ""

    def to_json(self) -> dict[str, str]:
        """The check as `doctor --json` prints it."""
        return {
            "name": self.name,
            "state": str(self.state),
            "finding": self.finding,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What an index says about itself."""

    generation: str
    embedder: str
    sources: int
    sections: int
    notices: tuple[str, ...] = ()


class Weights(Protocol):
    """A model's files; `ingest.weights.PackagedModel` is one."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    def verified_folder(self) -> Path:
        """Where the files are, once each was found to be the expected one."""
        ...


def diagnose(settings: Settings, *, verify: bool = False) -> list[Check]:
    """Look at everything that an answer needs, as this process is set up.

    `verify` holds the index against the notes on disk, too.
    """
    from chatbot.user_data.inspection import look_at
    from ingest.sentence_models import find_model
    from ingest.weights import BGE_SMALL, MINILM, RERANKER

    return [
        check_footnote(),
        check_python(sys.version_info[:3]),
        check_libraries(),
        check_embedder(settings.embedder, (MINILM, BGE_SMALL), find_model),
        check_reranker(settings.rerank, RERANKER),
        check_index(settings.index, lambda: look_into_index(settings.index, settings.embedder)),
        *([check_notes(lambda: look_at_notes(settings.index))] if verify else []),
        check_user_data(lambda: look_at(settings.home)),
        check_privacy(settings.tracing, settings.chroma_url),
    ]


def is_healthy(checks: Sequence[Check]) -> bool:
    """Whether questions will be answered."""
    return all(check.state is not State.FAILED for check in checks)


def to_json(checks: Sequence[Check]) -> dict[str, Any]:
    """The diagnosis as `doctor --json` prints it."""
    return {"healthy": is_healthy(checks), "checks": [check.to_json() for check in checks]}


def check_footnote(find: Callable[[str], str] = version) -> Check:
    """Look at which Footnote this is."""
    try:
        return Check("footnote", State.FINE, find(DISTRIBUTION))
    except PackageNotFoundError:
        finding = "runs from its source folder, not installed"
        return Check("footnote", State.NOTE, finding, INSTALL_AGAIN)


def check_python(running: tuple[int, ...]) -> Check:
    """Look at the Python that runs."""
    finding = f"{'.'.join(map(str, running))} on {platform.system()} {platform.machine()}"
    if running[:2] < LEAST_PYTHON:
        least = ".".join(map(str, LEAST_PYTHON))
        return Check("python", State.FAILED, finding, f"Use Python {least} or newer.")
    return Check("python", State.FINE, finding)


def check_libraries(find: Callable[[str], str] = version) -> Check:
    """Look at the installed versions of what we stand on, without importing any of it."""
    found, missing = [], []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {find(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(
            "libraries", State.FAILED, f"not installed: {', '.join(missing)}", INSTALL_AGAIN
        )
    return Check("libraries", State.FINE, ", ".join(found))


def check_embedder(
    name: str, packaged: Sequence[Weights], find_other: Callable[[str], object]
) -> Check:
    """Look at the weights of the configured embedder: found, and what they should be."""
    short = name.removeprefix("sentence-transformers/")
    try:
        for model in packaged:
            if model.name == short:
                folder = model.verified_folder()
                return Check("embedder", State.FINE, f"{name}, every file as expected, in {folder}")
        find_other(name)
    except WeightsUnavailable as error:
        return Check("embedder", State.FAILED, str(error), INSTALL_AGAIN)
    return Check("embedder", State.FINE, f"{name}, found on this machine (no hash is pinned)")


def check_reranker(wanted: bool, model: Weights) -> Check:
    """Look at the weights of the cross-encoder, which answers can do without."""
    without = "answers still come, from the fused rank"
    if not wanted:
        finding = f"switched off: {without}"
        return Check(
            "reranker",
            State.NOTE,
            finding,
            "To use it, let FOOTNOTE_RERANK or the notebook's settings.toml say true.",
        )
    try:
        folder = model.verified_folder()
    except WeightsUnavailable as error:
        return Check("reranker", State.NOTE, f"{error} ({without})", INSTALL_AGAIN)
    return Check("reranker", State.FINE, f"{model.name}, every file as expected, in {folder}")


def check_index(directory: Path, look: Callable[[], IndexFacts]) -> Check:
    """Look at the index: is there one, is it whole, was it built with this embedder."""
    try:
        facts = look()
    except IngestError as error:
        # Each of these messages ends with what to do.
        return Check("index", State.FAILED, str(error))
    except OSError as error:
        return Check("index", State.FAILED, f"{directory}: {error.strerror or error}", INGEST_FIRST)
    finding = (
        f"{directory}, generation {facts.generation}, {facts.embedder}, whole: "
        f"{counted(facts.sources, 'note')}, {counted(facts.sections, 'section')}"
    )
    if facts.notices:
        return Check("index", State.NOTE, f"{finding}. {' '.join(facts.notices)}")
    return Check("index", State.FINE, finding)


def check_notes(look: Callable[[], Changes]) -> Check:
    """Look at whether the index is in step with the notes as they are now."""
    try:
        changes = look()
    except IngestError as error:
        return Check("notes", State.FAILED, str(error))
    if changes:
        finding = f"since the last ingest: {changes}"
        return Check("notes", State.NOTE, finding, "Bring the index up to date: footnote sync")
    return Check("notes", State.FINE, f"{counted(changes.unchanged, 'note')}, all as in the index")


def check_user_data(look: Callable[[], tuple[int, int] | None]) -> Check:
    """Look at what is kept of conversations; answers come without it, too."""
    try:
        found = look()
    except ChatError as error:
        # Each of these messages ends with what to do.
        return Check("own data", State.NOTE, str(error))
    if found is None:
        return Check("own data", State.FINE, "no conversation is kept yet")
    finding = f"{counted(found[0], 'conversation')} with {counted(found[1], 'turn')}, whole"
    return Check("own data", State.FINE, finding)


def check_privacy(
    tracing: bool, chroma_url: str = "", environ: Mapping[str, str] | None = None
) -> Check:
    """Look at whether anything may leave this machine."""
    if is_private(environ) and chroma_url and urlsplit(chroma_url).hostname not in LOOPBACK:
        finding = f"the notes' words and vectors go to the Chroma server at {chroma_url}"
        return Check("privacy", State.NOTE, finding, "Unset FOOTNOTE_CHROMA_URL to keep them here.")
    if is_private(environ):
        finding = "nothing leaves this machine: no tracing, no telemetry, no model hub"
        return Check("privacy", State.FINE, finding)
    if tracing:
        finding = (
            "FOOTNOTE_TRACING is on: LangSmith gets questions and notes if its variables say so"
        )
        return Check("privacy", State.NOTE, finding, "Unset FOOTNOTE_TRACING to keep them here.")
    finding = "tracing or telemetry is not switched off in this process"
    return Check("privacy", State.FAILED, finding, "Start Footnote with its own command.")


def look_at_notes(directory: Path) -> Changes:
    """What became of the notes since the index was made.

    Raises:
        IngestError: there is no index, or its notes are gone.
    """
    from pathlib import Path

    from ingest.pipeline import ingested_settings, pending_changes

    roots = [Path(root) for root in ingested_settings(directory).roots]
    return pending_changes(roots, directory)[0]


def look_into_index(directory: Path, embedder: str) -> IndexFacts:
    """Open the index, read all of it once, and say what it holds.

    Raises:
        IngestError: there is none, it is damaged, or it was built with other settings.
    """
    from ingest.index import NotesIndex

    with NotesIndex.open(directory, embedder_name=embedder) as index:
        if damage := index.damage():
            more = f" and {len(damage) - 1} more" if len(damage) > 1 else ""
            if index.server and index.server in damage[0]:
                raise IndexDamaged(f"{damage[0]}. {SERVER_AWAY}")
            raise IndexDamaged(
                f"The index at {directory} is damaged: {damage[0]}{more}. "
                f"The notes are not. Make it whole: footnote doctor --repair"
            )
        return IndexFacts(
            generation=index.generation,
            embedder=index.settings.embedder.name,
            sources=len(index.sources()),
            sections=len(index.outline()),
            notices=index.notices,
        )
