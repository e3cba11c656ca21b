"""How well a text answers a question: the cross-encoder, run by onnxruntime."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ingest.onnx_encoder import encodable, open_session, read_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# A pair longer than this is cut at the end: cost grows with tokens, and a block that needs
# more than this to say what it says is not a short answer.
MAX_PAIR_TOKENS = 192
# A longer question is cut, so that there is room for the text that is judged.
MAX_QUESTION_TOKENS = 128
# Pairs are run in batches of similar length, so that little is spent on padding.
BATCH_PAIRS = 8


class Reranker(Protocol):
    """Judges texts against a question."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """A relevance logit for each text, in the given order; higher answers better."""
        ...


class CrossEncoder:
    """ms-marco-MiniLM-L-12-v2 (int8 ONNX), read from `folder` (model.onnx, tokenizer.json).

    Scores are logits, about -11 (unrelated) to +11 (answers the question), rounded to four
    decimals. The quantised model's activations depend on the batch they run in, so each
    distinct (question, text) pair is batched by a rule that depends on the texts alone.
    Safe to share between threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Tokenizer] | None = None

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """A relevance logit for each text, in the given order; higher answers better."""
        if not texts:
            return []
        session, tokenizer = self._load()
        asked = self._cut(encodable(question))
        encodings = tokenizer.encode_batch([(asked, encodable(text)) for text in texts])
        order = sorted(range(len(texts)), key=lambda i: (len(encodings[i].ids), texts[i]))
        scores = [0.0] * len(texts)
        for at in range(0, len(order), BATCH_PAIRS):
            batch = order[at : at + BATCH_PAIRS]
            width = max(len(encodings[i].ids) for i in batch)
            inputs = {
                name: np.zeros((len(batch), width), dtype=np.int64)
                for name in ("input_ids", "attention_mask", "token_type_ids")
            }
            for row, i in enumerate(batch):
                encoding = encodings[i]
                length = len(encoding.ids)
                inputs["input_ids"][row, :length] = encoding.ids
                inputs["attention_mask"][row, :length] = encoding.attention_mask
                inputs["token_type_ids"][row, :length] = encoding.type_ids
            logits = session.run(None, inputs)[0]
            for row, i in enumerate(batch):
                scores[i] = round(float(logits[row][0]), 4)
        return scores

    def _load(self) -> tuple[Any, Tokenizer]:
        with self._lock:
            if self._loaded is None:
                tokenizer = read_tokenizer(self._folder / "tokenizer.json", window=None)
                tokenizer.enable_truncation(MAX_PAIR_TOKENS, strategy="only_second")
                self._loaded = (open_session(self._folder / "model.onnx"), tokenizer)
            return self._loaded

    def _cut(self, question: str) -> str:
        if len(question) <= MAX_QUESTION_TOKENS:  # a token is a character at least
            return question
        offsets = self._question_tokenizer.encode(question, add_special_tokens=False).offsets
        return question[: offsets[-1][1]] if len(offsets) == MAX_QUESTION_TOKENS else question

    @cached_property
    def _question_tokenizer(self) -> Tokenizer:
        return read_tokenizer(self._folder / "tokenizer.json", window=MAX_QUESTION_TOKENS)
