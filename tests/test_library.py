"""What is opened to answer, and what is said when a part of it is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import NOTES, write_notes

from chatbot.answer import Question
from chatbot.chain import open_chain
from chatbot.library import WITHOUT_RERANKER, open_library, open_reranker
from chatbot.settings import Settings
from ingest.errors import IndexMismatch, IndexNotFound
from ingest.pipeline import ingest_notes
from ingest.weights import RERANKER, PackagedModel


@pytest.fixture
def altered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackagedModel:
    """The reranker's weights with one byte changed, in a package of their own."""
    folder = tmp_path / "altered_weights" / "model"
    shutil.copytree(RERANKER.verified_folder(), folder)
    graph = bytearray((folder / "model.onnx").read_bytes())
    graph[len(graph) // 2] ^= 0xFF
    (folder / "model.onnx").write_bytes(graph)
    monkeypatch.syspath_prepend(str(tmp_path))
    return PackagedModel(
        RERANKER.name, "altered_weights", "model", RERANKER.requirement, RERANKER.digests
    )


MISSING = PackagedModel("toy", "no_such_package_here", "", "toy-weights==1.0", {"a": "0"})


def test_altered_or_missing_weights_are_never_loaded(altered: PackagedModel) -> None:
    assert open_reranker(altered) is None
    assert open_reranker(MISSING) is None
    assert open_reranker(RERANKER) is not None


def test_without_an_index_nothing_is_opened(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound):
        open_library(tmp_path, Settings(index=tmp_path))


def test_an_index_of_another_embedder_is_refused(index_directory: Path) -> None:
    with pytest.raises(IndexMismatch, match="built with 'toy'"):
        open_chain(index_directory, Settings(index=index_directory))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index made with the real weights."""
    folder = tmp_path_factory.mktemp("real")
    ingest_notes([write_notes(folder / "notes", NOTES)], folder / "index")
    return folder / "index"


@pytest.mark.slow
def test_a_reranker_that_is_not_whole_is_said_once_and_done_without(
    real: Path, altered: PackagedModel
) -> None:
    question = Question("How long does a queue keep a message?")
    with open_chain(real, Settings(index=real), store="exact", weights=altered) as chain:
        assert chain.notices == (WITHOUT_RERANKER,)
        assert chain.search(question)[0].source == "queues.md"
        assert chain.notices == (WITHOUT_RERANKER,)
    assert "footnote doctor" in WITHOUT_RERANKER


@pytest.mark.slow
def test_what_is_whole_or_switched_off_needs_no_notice(real: Path) -> None:
    for settings in (Settings(index=real), Settings(index=real, rerank=False)):
        with open_chain(real, settings, store="exact") as chain:
            assert chain.notices == ()
            assert chain.search(Question("How long does a queue keep a message?"))
