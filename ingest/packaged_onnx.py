"""The packaged bge-small-en-v1.5: an int8 ONNX graph, run without torch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ingest.embedding import EmbedderIdentity, Progress, Vectors
from ingest.onnx_encoder import OnnxEncoder, TokenCounter
from ingest.weights import PackagedModel

# Asked for by the model's authors, for questions only.
BGE_QUERY_PREFIX = "Represent this sentence for searching relevant passages: "
BGE_DIMENSION = 384
BGE_WINDOW = 512


class PackagedOnnxEmbedder:
    """bge-small from its packaged int8 graph: CLS pooling, questions carry a prefix.

    Each text runs alone. The graph scales its integers by what is in the batch, so a text's
    vector would otherwise depend on its neighbours.
    """

    window = BGE_WINDOW

    def __init__(self, model: PackagedModel) -> None:
        self._model = model
        self._lock = threading.Lock()
        self.identity = EmbedderIdentity(
            name=model.name,
            revision=model.revision,
            dimension=BGE_DIMENSION,
            precision="int8",
            query_prefix=BGE_QUERY_PREFIX,
        )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, special tokens included."""
        return self._counter.count(texts)

    def embed_notes(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """Return one L2-normalised row per text, in the given order: float32 [n, 384]."""
        rows = np.zeros((len(texts), BGE_DIMENSION), dtype=np.float32)
        if not texts:
            return rows
        encoder = self._open_encoder()
        if on_progress is not None:
            on_progress(0, len(texts))
        for position, text in enumerate(texts):
            rows[position] = encoder.encode(text)
            if on_progress is not None:
                on_progress(position + 1, len(texts))
        return rows

    def embed_question(self, text: str) -> Vectors:
        """Return the question's L2-normalised vector: float32 [384]."""
        return self._open_encoder().encode(BGE_QUERY_PREFIX + text)

    def _open_encoder(self) -> OnnxEncoder:
        with self._lock:
            return self._encoder

    @cached_property
    def _counter(self) -> TokenCounter:
        return TokenCounter(self._model.file("tokenizer.json"))

    @cached_property
    def _encoder(self) -> OnnxEncoder:
        folder = self._model.verified_folder()
        return OnnxEncoder(
            folder / "model.onnx",
            folder / "tokenizer.json",
            window=BGE_WINDOW,
            pooling="cls",
        )
