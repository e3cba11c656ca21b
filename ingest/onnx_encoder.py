"""Runs a text encoder's ONNX graph with onnxruntime and tokenizers alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.embedding import Vectors, unit_rows

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

Pooling: TypeAlias = Literal["mean", "cls"]

# The graphs are small: beyond a few threads they only wait for each other.
MAX_THREADS = 4


class TokenCounter:
    """Counts tokens as the model's own tokenizer sees them; nothing else is loaded."""

    def __init__(self, tokenizer_file: Path) -> None:
        self._tokenizer = read_tokenizer(tokenizer_file, window=None)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return each text's length in tokens, special tokens included, never truncated."""
        encodings = self._tokenizer.encode_batch_fast([encodable(text) for text in texts])
        return [len(encoding.ids) for encoding in encodings]


class OnnxEncoder:
    """Embeds one text at a time: no padding, so a text's vector never depends on others.

    Safe to share between threads.
    """

    def __init__(self, graph: Path, tokenizer_file: Path, *, window: int, pooling: Pooling) -> None:
        self._session = open_session(graph)
        self._inputs = frozenset(node.name for node in self._session.get_inputs())
        self._tokenizer = read_tokenizer(tokenizer_file, window=window)
        self._pooling = pooling

    def encode(self, text: str) -> Vectors:
        """Return the text's L2-normalised vector: float32 [dimension]."""
        hidden = self._hidden(self._tokenizer.encode(encodable(text)))
        pooled = hidden[0] if self._pooling == "cls" else hidden.mean(axis=0)
        return unit_rows(pooled)

    def _hidden(self, encoding: Encoding) -> npt.NDArray[np.float32]:
        ids = np.asarray([encoding.ids], dtype=np.int64)
        inputs: dict[str, npt.NDArray[np.int64]] = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        wanted = {name: value for name, value in inputs.items() if name in self._inputs}
        return np.asarray(self._session.run(None, wanted)[0][0], dtype=np.float32)


def open_session(graph: Path) -> Any:
    """Open an ONNX graph on the CPU, few threads, the same result every time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, min(MAX_THREADS, _cores()))
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3  # errors only
    onnxruntime.disable_telemetry_events()  # a Windows build reports usage otherwise
    return onnxruntime.InferenceSession(
        str(graph), sess_options=options, providers=["CPUExecutionProvider"]
    )


def _cores() -> int:
    """How many cores this process may run on, where the system says so; else how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_tokenizer(path: Path, window: int | None) -> Tokenizer:
    """Read a tokenizer.json; truncate to `window` tokens, and never pad, whatever it says."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    if window is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(window)
    return tokenizer


def encodable(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
