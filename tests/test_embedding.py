import json
import subprocess
import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest
from conftest import ToyEmbedder

from ingest.embedders import open_embedder
from ingest.embedding import (
    Embedder,
    Precision,
    Preparation,
    Vectors,
    token_batches,
    unit_rows,
)
from ingest.errors import WeightsUnavailable
from ingest.langchain_embeddings import NoteEmbeddings
from ingest.packaged_onnx import BGE_QUERY_PREFIX
from ingest.sentence_models import find_model, packaged_minilm
from ingest.weights import MINILM

TEXTS = [
    "A bucket holds objects.",
    "",
    "An instance is a rented server, and SPOT ones are cheap; cafés, naïve: 42 %.",
    "long " * 400,
    "A queue keeps a message for up to 14 days.",
]
QUESTIONS = [
    "What is a bucket?",
    "how long does a queue keep a message",
    "Ünïcode & CAPITALS — 5 TB?",
    "word " * 300,
]


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return open_embedder("all-MiniLM-L6-v2", tmp_path_factory.mktemp("models"), precision="float32")


@pytest.fixture(scope="module")
def bge(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return open_embedder("bge-small-en-v1.5", tmp_path_factory.mktemp("models"))


def test_batches_hold_every_text_once_within_the_budget() -> None:
    lengths = [5, 200, 256, 3, 3, 90, 256, 256, 17]
    batches = list(token_batches(lengths, budget=512))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[i] for i in batch) <= 512 for batch in batches)
    assert list(token_batches([9999, 1], budget=10)) == [[0], [1]]
    assert list(token_batches([], budget=10)) == []


def test_rows_are_scaled_to_length_one_and_zeros_stay() -> None:
    rows = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert rows.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 0.0]]
    assert rows.dtype == np.float32


def test_the_toy_is_an_embedder(toy_embedder: ToyEmbedder) -> None:
    assert isinstance(toy_embedder, Embedder)


def test_langchain_gets_the_same_vectors(toy_embedder: ToyEmbedder) -> None:
    adapter = NoteEmbeddings(toy_embedder)
    assert np.allclose(adapter.embed_documents(TEXTS), toy_embedder.embed_notes(TEXTS))
    assert np.allclose(adapter.embed_query("a"), toy_embedder.embed_question("a"))


def test_counts_tokens_with_special_ones_and_without_truncation(minilm: Embedder) -> None:
    assert minilm.count_tokens(["", "bucket", "bucket " * 300, "\ud800"]) == [2, 3, 302, 3]
    assert minilm.count_tokens([]) == []
    assert minilm.window == 256


def test_one_spelling_of_a_packaged_models_name_is_remembered(tmp_path: Path) -> None:
    long = open_embedder("sentence-transformers/all-MiniLM-L6-v2", tmp_path, precision="float32")
    assert long.identity.name == "all-MiniLM-L6-v2"
    assert long.identity.revision == MINILM.revision


def test_what_is_pinned_about_minilm_is_what_its_files_say() -> None:
    described = find_model(str(MINILM.verified_folder()))
    packaged = packaged_minilm()
    for field in ("window", "dimension", "pooling", "query_prefix", "note_prefix"):
        assert getattr(described, field) == getattr(packaged, field)


def test_a_model_that_is_not_on_disk_is_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable) as refused:
        open_embedder("nobody/no-such-model-here", tmp_path)
    assert "Download it once yourself" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [None, "{", '{"max_seq_length": 8}'])
def test_a_folder_that_is_no_model_is_refused(tmp_path: Path, content: str | None) -> None:
    model = tmp_path / "model"
    model.mkdir()
    if content is not None:
        (model / "tokenizer.json").write_text("{}")
        (model / "sentence_bert_config.json").write_text(content)
    with pytest.raises(WeightsUnavailable):
        open_embedder(str(model), tmp_path / "models")


def test_reads_prompts_pooling_and_window_of_a_model(tmp_path: Path) -> None:
    files: dict[str, object] = {
        "tokenizer.json": {},
        "config.json": {"hidden_size": 12, "max_position_embeddings": 99},
        "modules.json": [
            {"path": "", "type": "sentence_transformers.models.Transformer"},
            {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
        "1_Pooling/config.json": {"pooling_mode_cls_token": True, "word_embedding_dimension": 12},
        "config_sentence_transformers.json": {"prompts": {"query": "q: ", "passage": "p: "}},
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    model = find_model(str(tmp_path))
    assert (model.window, model.dimension, model.pooling) == (99, 12, "cls")
    assert (model.query_prefix, model.note_prefix) == ("q: ", "p: ")
    before = model.revision
    (tmp_path / "tokenizer.json").write_text('{"other": 1}')
    assert find_model(str(tmp_path)).revision != before


def assert_unit(vectors: Vectors, dimension: int) -> None:
    assert vectors.dtype == np.float32
    assert vectors.shape[-1] == dimension
    assert np.allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)


@pytest.mark.slow
def test_the_export_embeds_questions_as_sentence_transformers_does(minilm: Embedder) -> None:
    expected = minilm.embed_notes(QUESTIONS)
    actual = np.stack([minilm.embed_question(text) for text in QUESTIONS])
    assert_unit(expected, 384)
    assert_unit(actual, 384)
    assert (expected * actual).sum(axis=1).min() >= 0.999


@pytest.mark.slow
def test_minilm_keeps_the_given_order_and_reports_progress(minilm: Embedder) -> None:
    seen: list[tuple[int, int]] = []
    rows = minilm.embed_notes(TEXTS, lambda done, total: seen.append((done, total)))
    assert_unit(rows, 384)
    for row, text in zip(rows, TEXTS, strict=True):
        assert float(row @ minilm.embed_notes([text])[0]) == pytest.approx(1, abs=1e-4)
    assert seen[-1] == (len(TEXTS), len(TEXTS))
    assert minilm.embed_notes([]).shape == (0, 384)


@pytest.mark.slow
def test_batches_that_share_the_cores_keep_their_places(minilm: Embedder) -> None:
    import torch

    threads = torch.get_num_threads()
    texts = [f"{'bucket ' * (7 * (n % 30))}number {n}" for n in range(60)]
    seen: list[int] = []
    rows = minilm.embed_notes(texts, lambda done, _: seen.append(done))
    assert torch.get_num_threads() == threads
    assert len(seen) > 3  # several batches
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, len(texts))
    for row, text in zip(rows[::7], texts[::7], strict=True):
        assert float(row @ minilm.embed_notes([text])[0]) == pytest.approx(1, abs=1e-4)


@pytest.mark.slow
def test_embedding_that_is_stopped_leaves_the_embedder_as_it_was(minilm: Embedder) -> None:
    import torch

    threads = torch.get_num_threads()
    texts = ["bucket " * 200 for _ in range(60)]

    def stop(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minilm.embed_notes(texts, stop)
    assert torch.get_num_threads() == threads
    assert_unit(minilm.embed_notes(texts[:1]), 384)


@pytest.mark.slow
def test_bfloat16_stays_within_a_thousandth(minilm: Embedder, tmp_path: Path) -> None:
    rounded = open_embedder("all-MiniLM-L6-v2", tmp_path, precision="bfloat16")  # no export yet
    assert rounded.identity.precision == "bfloat16"
    cosines = (rounded.embed_notes(TEXTS[:3]) * minilm.embed_notes(TEXTS[:3])).sum(axis=1)
    assert cosines.min() >= 0.999


def test_the_remembered_precision_is_used(tmp_path: Path) -> None:
    note = tmp_path / f"precision-{MINILM.revision}.json"
    for precision in ("bfloat16", "float32"):
        note.write_text(json.dumps({"precision": precision}))
        assert open_embedder("all-MiniLM-L6-v2", tmp_path).identity.precision == precision


@pytest.mark.slow
def test_tells_what_it_prepares(tmp_path: Path) -> None:
    prepared: list[str] = []

    def preparing(what: Preparation) -> AbstractContextManager[None]:
        prepared.append(what)
        return nullcontext()

    embedder = open_embedder("all-MiniLM-L6-v2", tmp_path, precision="float32", preparing=preparing)
    embedder.embed_notes(["a"])
    embedder.embed_notes(["b"])
    assert prepared == ["load", "export"]


@pytest.mark.slow
def test_an_export_that_differs_from_the_model_is_left_to_no_other_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ingest.sentence_embedder.MIN_COSINE", 1.1)
    embedder = open_embedder("all-MiniLM-L6-v2", tmp_path, precision="float32")
    assert np.linalg.norm(embedder.embed_question("What is a bucket?")) == pytest.approx(1)
    assert "differs from the model" in caplog.text
    assert list(tmp_path.glob("*/model.onnx")) == []


@pytest.mark.slow
def test_a_question_imports_no_torch(minilm: Embedder, tmp_path: Path) -> None:
    minilm.embed_question("make the export")
    models = minilm._models_dir  # type: ignore[attr-defined]
    code = """
import sys
from pathlib import Path
from ingest.embedders import open_embedder
for name in ("all-MiniLM-L6-v2", "bge-small-en-v1.5"):
    embedder = open_embedder(name, Path(sys.argv[1]), precision="float32")
    embedder.identity, embedder.count_tokens(["a"]), embedder.embed_question("What is a bucket?")
print(sorted({"torch", "transformers", "sentence_transformers", "chromadb"} & set(sys.modules)))
"""
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(models)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.strip() == "[]"
    assert child.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "cosine"), [("float32", 1 - 1e-5), ("bfloat16", 0.999)])
def test_a_few_changed_notes_import_no_torch_and_get_the_same_vectors(
    minilm: Embedder, precision: Precision, cosine: float
) -> None:
    minilm.embed_question("make the export")
    models = minilm._models_dir  # type: ignore[attr-defined]
    code = """
import json, sys
from pathlib import Path
from ingest.embedders import open_embedder
embedder = open_embedder("all-MiniLM-L6-v2", Path(sys.argv[1]), precision=sys.argv[3])
seen = []
rows = embedder.embed_notes(json.loads(sys.argv[2]), lambda done, total: seen.append([done, total]))
print(json.dumps([rows.tolist(), seen, embedder.identity.precision, "torch" in sys.modules]))
"""
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(models), json.dumps(TEXTS), precision],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    rows, seen, remembered, has_torch = json.loads(child.stdout)
    assert remembered == precision  # the index stays what it is
    assert not has_torch
    assert (seen[0], seen[-1]) == ([0, len(TEXTS)], [len(TEXTS), len(TEXTS)])
    embedder = open_embedder("all-MiniLM-L6-v2", models, precision=precision)
    bulk = embedder.embed_notes([*TEXTS, *(f"many more {n}" for n in range(40))])[: len(TEXTS)]
    assert (np.asarray(rows) * bulk).sum(axis=1).min() >= cosine


@pytest.mark.slow
def test_a_damaged_export_is_made_again(minilm: Embedder) -> None:
    expected = minilm.embed_question("What is a bucket?")
    models = minilm._models_dir  # type: ignore[attr-defined]
    (graph,) = models.glob("*/model.onnx")
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 0xFF
    graph.write_bytes(data)
    again = open_embedder("all-MiniLM-L6-v2", models, precision="float32")
    assert np.allclose(again.embed_question("What is a bucket?"), expected, atol=1e-5)
    assert sorted(path.name for path in models.iterdir()) == [MINILM.revision]


@pytest.mark.slow
def test_questions_do_without_an_export_where_none_can_be_made(
    tmp_path: Path, minilm: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").touch()  # a file: no folder can be made there
    embedder = open_embedder("all-MiniLM-L6-v2", tmp_path / "models", precision="float32")
    vector = embedder.embed_question("What is a bucket?")
    assert float(vector @ minilm.embed_question("What is a bucket?")) >= 0.999
    assert "questions are embedded with torch" in caplog.text


@pytest.mark.slow
def test_bge_needs_no_torch_and_a_vector_depends_on_its_text_alone(bge: Embedder) -> None:
    together = bge.embed_notes(TEXTS)
    assert_unit(together, 384)
    for row, text in zip(together, TEXTS, strict=True):
        assert np.array_equal(row, bge.embed_notes([text])[0])
    assert bge.identity.precision == "int8"
    question = bge.embed_question("What is a bucket?")
    assert np.array_equal(question, bge.embed_notes([BGE_QUERY_PREFIX + "What is a bucket?"])[0])
    assert float(question @ together[0]) > float(question @ together[4])


@pytest.mark.slow
def test_threads_may_share_an_embedder(bge: Embedder) -> None:
    expected = bge.embed_question(QUESTIONS[0])
    found: list[Vectors] = []
    threads = [
        threading.Thread(target=lambda: found.append(bge.embed_question(QUESTIONS[0])))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(vector, expected) for vector in found)
    assert len(found) == 4
