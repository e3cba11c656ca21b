"""What the commands are made of, imported when it is first used.

Nothing but the standard library is imported before: `--help` and a question that cannot be asked
cost no model.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chatbot.answer import Answer, Passage, Question

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from chatbot.doctor import Check
    from chatbot.events import Event
    from chatbot.notebooks import Notebook
    from chatbot.settings import Settings
    from chatbot.user_data import UserData
    from chatbot.user_data.archive import Contents
    from chatbot.user_data.backup import Backup
    from chatbot.user_data.manifest import NotebookNotes
    from chatbot.user_data.restore import Restored
    from chatbot.whereabouts import Whereabouts
    from ingest.build import IngestReport
    from ingest.changes import Changes
    from ingest.errors import IngestError
    from ingest.index import Store
    from ingest.notes import SkippedFile
    from ingest.repair import Repair
    from ingest.steps import OnStep

COMMAND_GROUP = "footnote.commands"


class Chain(Protocol):
    """What answers questions: `chatbot.chain.NotesChain`, `chatbot.library.NotesLibrary`."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What is not as it should be, though everything is answered: a line each."""
        ...

    def invoke(self, question: Question, /) -> Answer:
        """Answer a question."""
        ...

    def follow(self, question: Question, /) -> Generator[Event, None, None]:
        """Answer a question, and say what happens on the way; `Done` is the last."""
        ...

    def search(self, question: Question, /, limit: int) -> list[Passage]:
        """Return the best passages, at most `limit`."""
        ...

    def close(self) -> None:
        """Let go of the index."""
        ...


def _ingest_here(
    paths: Sequence[Path], settings: Settings, rebuild: bool, on_step: OnStep
) -> IngestReport:
    from ingest.pipeline import ingest_notes

    return ingest_notes(
        paths,
        settings.index,
        settings.embedder,
        rebuild=rebuild,
        chroma_url=settings.chroma_url,
        on_step=on_step,
    )


def _follow_here(
    paths: Sequence[Path], settings: Settings, rebuild: bool, on_step: OnStep
) -> Iterator[IngestReport | IngestError]:
    from ingest.watch import follow_notes

    return follow_notes(
        paths,
        settings.index,
        settings.embedder,
        rebuild=rebuild,
        chroma_url=settings.chroma_url,
        on_step=on_step,
    )


def _pending_here(
    paths: Sequence[Path], settings: Settings
) -> tuple[Changes, tuple[SkippedFile, ...]]:
    from ingest.pipeline import pending_changes

    return pending_changes(paths, settings.index)


def _paths_here(settings: Settings) -> tuple[Path, ...]:
    from ingest.pipeline import ingested_settings

    return tuple(Path(root) for root in ingested_settings(settings.index).roots)


def _open_here(settings: Settings, store: Store) -> Chain:
    from ingest.weights import RERANKER, hash_ahead

    reranker = RERANKER.paths() if settings.rerank else ()
    hash_ahead([*reranker, *settings.index.glob("models/*/model.onnx")])
    if store == "exact" and not settings.tracing:  # one question, which nobody follows
        from chatbot.library import open_library

        return open_library(settings.index, settings, store=store)
    from chatbot.chain import open_chain

    return open_chain(settings.index, settings, store=store)


def _diagnose_here(settings: Settings, verify: bool) -> list[Check]:
    from chatbot.doctor import diagnose

    return diagnose(settings, verify=verify)


def _repair_here(settings: Settings, on_step: OnStep) -> Repair:
    from ingest.repair import repair

    return repair(
        settings.index, settings.embedder, chroma_url=settings.chroma_url, on_step=on_step
    )


def _notebooks_here(settings: Settings) -> tuple[Notebook, ...]:
    from chatbot.notebooks import list_notebooks

    return list_notebooks(settings.home)


def _user_data_here(settings: Settings) -> UserData:
    from chatbot.user_data import UserData

    return UserData(settings.home)


def _whereabouts_here(settings: Settings, answers: Sequence[Answer]) -> list[list[Whereabouts]]:
    from chatbot.whereabouts import whereabouts
    from ingest.errors import IngestError
    from ingest.index import NotesIndex

    try:
        with NotesIndex.open(settings.index, store="exact") as index:
            return [
                [whereabouts(index, citation) for citation in answer.citations if citation.section]
                for answer in answers
            ]
    except IngestError:  # no notes to look at: the answers are shown as they were
        return [[] for _ in answers]


def _back_up_here(settings: Settings, file: Path) -> Backup:
    from chatbot.user_data.backup import back_up

    return back_up(settings.home, file, _notebook_notes(settings))


def _restore_here(settings: Settings, file: Path, confirm: Callable[[Contents], bool]) -> Restored:
    from chatbot.user_data.restore import restore

    return restore(file, settings.home, _notebook_notes(settings), confirm=confirm)


def _notebook_notes(settings: Settings) -> list[NotebookNotes]:
    from chatbot.user_data.manifest import NotebookNotes

    return [NotebookNotes(found.name, found.notes) for found in _notebooks_here(settings)]


def _commands_here() -> Mapping[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=COMMAND_GROUP)}


@dataclass(frozen=True, slots=True)
class Backend:
    """What the commands are made of: this machine's own, imported when first used.

    Tests bring theirs. `commands` are those of other packages, by name, not loaded.
    """

    ingest: Callable[[Sequence[Path], Settings, bool, OnStep], IngestReport] = _ingest_here
    follow: Callable[
        [Sequence[Path], Settings, bool, OnStep], Iterator[IngestReport | IngestError]
    ] = _follow_here
    pending: Callable[[Sequence[Path], Settings], tuple[Changes, tuple[SkippedFile, ...]]] = (
        _pending_here
    )
    ingested_paths: Callable[[Settings], tuple[Path, ...]] = _paths_here
    open_chain: Callable[[Settings, Store], Chain] = _open_here
    diagnose: Callable[[Settings, bool], list[Check]] = _diagnose_here
    repair: Callable[[Settings, OnStep], Repair] = _repair_here
    notebooks: Callable[[Settings], tuple[Notebook, ...]] = _notebooks_here
    whereabouts: Callable[[Settings, Sequence[Answer]], list[list[Whereabouts]]] = _whereabouts_here
    user_data: Callable[[Settings], UserData] = _user_data_here
    back_up: Callable[[Settings, Path], Backup] = _back_up_here
    restore: Callable[[Settings, Path, Callable[[Contents], bool]], Restored] = _restore_here
    commands: Callable[[], Mapping[str, EntryPoint]] = _commands_here
