"""Shared fakes: an embedder without weights, and a small folder of notes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from chroma_server import running_server
from local_llm import LocalLLM, running_llm, what_is_missing

from chatbot.chain import NotesChain
from chatbot.library import NotesLibrary
from ingest.build import IngestReport
from ingest.embedding import EmbedderIdentity, Progress, Vectors, unit_rows
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes
from ingest.steps import OnStep


class ToyEmbedder:
    """Hashes each word into one of a few dimensions: equal words, equal directions.

    `embedded` records every text that was embedded as a note.
    """

    def __init__(self, dimension: int = 64, window: int = 64, name: str = "toy") -> None:
        self.identity = EmbedderIdentity(name, "1", dimension, "float32")
        self.window = window
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(words(text)) + 2 for text in texts]

    def embed_notes(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        self.embedded += texts
        rows = np.zeros((len(texts), self.identity.dimension), dtype=np.float32)
        for position, text in enumerate(texts):
            rows[position] = self._embed(text)
            if on_progress is not None:
                on_progress(position + 1, len(texts))
        return rows

    def embed_question(self, text: str) -> Vectors:
        return self._embed(text)

    def _embed(self, text: str) -> Vectors:
        row = np.zeros(self.identity.dimension, dtype=np.float32)
        row[0] = 0.1  # a text without words has a direction too
        for word in words(text):
            digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
            row[digest[0] % self.identity.dimension] += 1 if digest[1] % 2 else -1
        return unit_rows(row)


class WordReranker:
    """Scores a text by the share of the question's longer words that it holds: -11 to 11."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        asked = {word[:4] for word in words(question) if len(word) > 4}
        return [
            22 * len(asked & {word[:4] for word in words(text)}) / max(1, len(asked)) - 11
            for text in texts
        ]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


NOTES = {
    "storage.md": (
        "# Storage\n\n"
        "Notes on where data rests.\n\n"
        "## Buckets\n\n"
        "A bucket holds objects. The largest object has 5 TB. Caf\u00e9s store recipes.\n\n"
        "- Standard is for data in daily use\n"
        "- Glacier is for archives\n\n"
        "## Volumes\n\n"
        "| type | speed |\n|---|---|\n| gp3 | 16000 IOPS |\n| io2 | 64000 IOPS |\n"
    ),
    "compute/servers.md": (
        "# Servers\n\n"
        "An instance is a rented server. Spot instances are cheap and can be taken away.\n\n"
        "![The life of an instance](img/instanceLifeCycle_v2.png)\n\n"
        "## Functions\n\n"
        "A function runs for at most 15 minutes.\n\n"
        "```python\nprint('a bucket in code')\n```\n"
    ),
    "queues.md": "# Queues\n\nA queue keeps a message for up to 14 days.\n",
}


def write_notes(folder: Path, notes: dict[str, str]) -> Path:
    for name, text in notes.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    return folder


@pytest.fixture
def toy_embedder() -> ToyEmbedder:
    """A deterministic embedder that needs no weights."""
    return ToyEmbedder()


@pytest.fixture
def notes_folder(tmp_path: Path) -> Path:
    """A folder of three notes, ten sections or so: change it freely."""
    return write_notes(tmp_path / "notes", NOTES)


Ingest = Callable[..., IngestReport]


@pytest.fixture
def ingest(notes_folder: Path, tmp_path: Path, toy_embedder: ToyEmbedder) -> Ingest:
    """Ingest `notes_folder` into `index_directory` with the toy embedder."""

    def run(*, rebuild: bool = False, on_step: OnStep | None = None) -> IngestReport:
        return ingest_notes(
            [notes_folder],
            tmp_path / "index",
            embedder=toy_embedder,
            rebuild=rebuild,
            on_step=on_step,
        )

    return run


@pytest.fixture
def index_directory(ingest: Ingest, tmp_path: Path) -> Path:
    """The directory of an index of `notes_folder`."""
    ingest()
    return tmp_path / "index"


@pytest.fixture
def chain(index_directory: Path, toy_embedder: ToyEmbedder) -> Iterator[NotesChain]:
    """A chain over an index of `notes_folder`, with the toy embedder and a toy reranker."""
    opened = NotesIndex.open(index_directory, store="exact")
    with NotesChain(NotesLibrary(opened, toy_embedder, WordReranker())) as ready:
        yield ready


@pytest.fixture
def index(index_directory: Path):  # type: ignore[no-untyped-def]
    """An open index of `notes_folder`, searched without Chroma."""
    with NotesIndex.open(index_directory, store="exact") as opened:
        yield opened


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Chroma server, shared by all tests that ask for it."""
    with running_server(tmp_path_factory.mktemp("chroma-server")) as url:
        yield url


@pytest.fixture(scope="session")
def local_llm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLLM]:
    """A real small chat model, shared by all tests that ask for it: who kills one runs its own."""
    with running_llm(tmp_path_factory.mktemp("local-llm")) as server:
        yield server


@pytest.fixture(params=["directory", pytest.param("server", marks=pytest.mark.slow)])
def each_place(request: pytest.FixtureRequest) -> str:
    """Run a test twice: vectors in the index's own directory, and on a Chroma server."""
    if request.param == "server":
        request.getfixturevalue("on_server")
    return str(request.param)


@pytest.fixture
def on_server(chroma_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have every ingest of a test keep its vectors on the server."""
    monkeypatch.setitem(ingest_notes.__kwdefaults__, "chroma_url", chroma_server)
    return chroma_server


@pytest.fixture(autouse=True)
def _place(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--chroma-server"):
        request.getfixturevalue("on_server")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--chroma-server", action="store_true", help="keep all vectors on a Chroma server"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for, and what has nothing to look at."""
    _leave_out_the_model(config, items)
    _leave_out_the_directory(config, items)


def _leave_out_the_model(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test of the real chat model runs where `-m` names its mark, and skips without the model."""
    of_model = [item for item in items if item.get_closest_marker("llm")]
    if "llm" in config.option.markexpr:
        missing = what_is_missing()
        for item in of_model if missing else ():
            item.add_marker(pytest.mark.skip(reason=missing))
    elif of_model:
        config.hook.pytest_deselected(items=of_model)
        items[:] = [item for item in items if item not in set(of_model)]


def _leave_out_the_directory(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is about the files of Chroma's own directory has nothing to look at on a server."""
    everywhere = config.getoption("--chroma-server")

    def has_place(item: pytest.Item) -> bool:
        call = getattr(item, "callspec", None)
        return everywhere or (call is not None and call.params.get("each_place") == "server")

    without = [i for i in items if i.get_closest_marker("directory") and has_place(i)]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in set(without)]
