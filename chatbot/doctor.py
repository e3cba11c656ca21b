"""What is installed, which weights, which index, and what to do about what is missing."""

from __future__ import annotations

import os
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

    from chatbot.chat_models.choice import ModelChoice
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
OWN_WORDS = "answers are in the notes' own words"
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
    from chatbot.chat_models.choice import choose_model
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
        check_model(lambda: choose_model(settings)),
        check_prompt(),
        check_privacy(settings.tracing, settings.chroma_url, model=chosen_model(settings)),
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


def check_model(
    choose: Callable[[], ModelChoice | None], environ: Mapping[str, str] | None = None
) -> Check:
    """Look at the model that words the answers: named well, installed, with a key, there.

    Answers come without it, too, when it is only not there just now.
    """
    from chatbot.chat_models.choice import COMPATIBLE
    from chatbot.chat_models.opening import ignored_variables, key_variable, require_package
    from chatbot.chat_models.providers import PROVIDERS
    from chatbot.chat_models.served import list_models, only_model

    environ = os.environ if environ is None else environ
    try:
        choice = choose()
        if choice is None:
            return Check("model", State.FINE, f"none: {OWN_WORDS}")
        provider = PROVIDERS[choice.provider]
        require_package(provider, choice.label)
    except ChatError as error:
        # Each of these messages ends with what to do.
        return Check("model", State.FAILED, str(error))
    key = key_variable(choice, environ)
    told = f"{key} is {'set' if environ.get(key) else 'not set'}" if key else "needs no key"
    if choice.provider != COMPATIBLE and not key and not choice.is_local:
        told = "finds its credentials by itself"
    finding = f"{choice.label}, its package is installed, {told}"
    if choice.url:
        try:
            names = list_models(choice.url, environ) if choice.name else ()
            name = choice.name or only_model(choice.url, environ)
        except ChatError as error:
            return Check("model", State.NOTE, f"{finding}. {error} Until then {OWN_WORDS}")
        if names and name not in names:
            advice = f"Set FOOTNOTE_MODEL to one that it lists: {', '.join(names[:8])}"
            return Check("model", State.NOTE, f"{finding}; the server does not list it", advice)
        return Check("model", State.FINE, f"{name} at {choice.url}, which answers, {told}")
    if key and not environ.get(key):
        return Check("model", State.FAILED, finding, f"Set {' or '.join(provider.keys)}.")
    if ignored := ignored_variables(choice, environ):
        advice = "To use another server, name it in FOOTNOTE_MODEL_URL."
        return Check("model", State.NOTE, f"{finding}; not heeded: {', '.join(ignored)}", advice)
    return Check("model", State.FINE, finding)


def chosen_model(settings: Settings) -> ModelChoice | None:
    """The model that would be asked; None where there is none, or the settings name none well."""
    from chatbot.chat_models.choice import choose_model

    try:
        return choose_model(settings)
    except ChatError:  # which `check_model` tells
        return None


def check_prompt() -> Check:
    """Look at which prompt a model would be given."""
    from chatbot.generation.prompt import packaged_prompt

    prompt = packaged_prompt()
    finding = f"version {prompt.version} ({prompt.digest}); to read it: footnote doctor --prompt"
    return Check("prompt", State.FINE, finding)


def check_privacy(
    tracing: bool,
    chroma_url: str = "",
    environ: Mapping[str, str] | None = None,
    model: ModelChoice | None = None,
) -> Check:
    """Look at whether anything may leave this machine."""
    findings, switches = [], []
    if chroma_url and urlsplit(chroma_url).hostname not in LOOPBACK:
        findings.append(f"the notes' words and vectors go to the Chroma server at {chroma_url}")
        switches.append("FOOTNOTE_CHROMA_URL")
    if model and not model.is_local:
        findings.append(f"questions, and the passages found for them, go to {model.label}")
        switches.append("FOOTNOTE_MODEL_URL" if model.url else "FOOTNOTE_MODEL")
    if is_private(environ) and findings:
        advice = f"Unset {' and '.join(switches)} to keep them here."
        return Check("privacy", State.NOTE, "; ".join(findings), advice)
    if is_private(environ):
        finding = "nothing leaves this machine: no tracing, no telemetry, no model hub"
        return Check("privacy", State.FINE, finding)
    if tracing:
        findings.append(
            "FOOTNOTE_TRACING is on: LangSmith gets questions and notes if its variables say so"
        )
        switches.append("FOOTNOTE_TRACING")
        advice = f"Unset {' and '.join(switches)} to keep them here."
        return Check("privacy", State.NOTE, "; ".join(findings), advice)
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
