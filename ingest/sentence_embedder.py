"""Embeds with sentence-transformers: the notes with torch, questions with an ONNX export.

torch is imported when notes are first embedded, never to embed a question, unless the
model's export cannot be made. A few changed notes go through the export, too, in float32 whatever
the index's precision: the two differ by what bfloat16 rounds.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from ingest.embedding import (
    EmbedderIdentity,
    Precision,
    Preparing,
    Progress,
    Vectors,
    token_batches,
    unannounced,
    unit_rows,
)
from ingest.errors import WeightsUnavailable
from ingest.onnx_encoder import OnnxEncoder, TokenCounter, encodable
from ingest.onnx_export import open_export, write_export
from ingest.precision import choose_precision, gain, torch_threads
from ingest.sentence_models import SentenceModel

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

BATCH_TOKENS = 2048  # padded tokens in a batch
FEW = 32  # notes' texts that the export embeds in less time than importing torch takes
MIN_COSINE = 0.999  # between a question's export and sentence-transformers in float32

# Short, long, accented and capital: an export must agree on all of them.
_PROBES = (
    "What is it?",
    "Ünïcode CAPITALS and café, 42 GB/s; e-mail: a@b.c",
    "A longer sentence about storage, networks and queues, repeated. " * 12,
)


class SentenceEmbedder:
    """A sentence-transformers model, opened lazily. Safe to share between threads."""

    def __init__(
        self,
        model: SentenceModel,
        models_dir: Path,
        *,
        precision: Precision | Literal["auto"] = "auto",
        device: str = "cpu",
        preparing: Preparing = unannounced,
    ) -> None:
        self.window = model.window
        self._model = model
        self._models_dir = models_dir
        self._precision = precision
        self._device = device
        self._preparing = preparing
        self._lock = threading.RLock()

    @cached_property
    def identity(self) -> EmbedderIdentity:
        """What decides the vectors. With precision 'auto' the first look may measure."""
        with self._lock:
            return EmbedderIdentity(
                name=self._model.name,
                revision=self._model.revision,
                dimension=self._model.dimension,
                precision=self._known_precision(),
                query_prefix=self._model.query_prefix,
            )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, special tokens included, without importing torch."""
        return self._counter.count([self._model.note_prefix + text for text in texts])

    def embed_notes(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """Return one L2-normalised row per text, in the given order: float32 [n, dimension].

        Raises:
            WeightsUnavailable: the model's files are missing, altered or unreadable.
        """
        rows = np.zeros((len(texts), self._model.dimension), dtype=np.float32)
        if not texts:
            return rows
        prefixed = [encodable(self._model.note_prefix + text) for text in texts]
        lengths = [min(n, self.window) for n in self._counter.count(prefixed)]
        with self._lock:
            export = self._export_for(len(texts))
            if export is not None:
                for done, text in enumerate(prefixed):
                    if on_progress is not None:
                        on_progress(done, len(texts))
                    rows[done] = export.encode(text)
                if on_progress is not None:
                    on_progress(len(texts), len(texts))
                return rows
            encoder = self._in_precision(self.identity.precision)
            done = 0
            if on_progress is not None:
                on_progress(0, len(texts))
            batches = list(token_batches(lengths, BATCH_TOKENS))
            with contextlib.closing(_encoded(encoder, prefixed, batches)) as encoded:
                for batch, part in encoded:
                    rows[batch] = part
                    done += len(batch)
                    if on_progress is not None:
                        on_progress(done, len(texts))
            self.prepare_questions()
        return rows

    def _export_for(self, count: int) -> OnnxEncoder | None:
        """The export, where it embeds so few notes before torch would be imported; or None.

        It has the same weights in float32. Its vectors may stand among those of an index in
        bfloat16: a cosine of 0.9999 lies between the two, for chunks of documentation.
        """
        is_loaded = not {"_float32", "_bfloat16"}.isdisjoint(self.__dict__)
        return None if count > FEW or is_loaded else open_export(self._model, self._models_dir)

    def embed_question(self, text: str) -> Vectors:
        """Return the question's L2-normalised vector: float32 [dimension]."""
        prefixed = encodable(self._model.query_prefix + text)
        with self._lock:
            self.prepare_questions()
            encoder = self._question_encoder
        if encoder is not None:
            return encoder.encode(prefixed)
        with self._lock:
            return cast(Vectors, _encode(self._float32, [prefixed])[0])

    def prepare_questions(self) -> None:
        """Make the export that embeds questions without torch, unless it is there."""
        with self._lock:
            _ = self._question_encoder

    @cached_property
    def _counter(self) -> TokenCounter:
        return TokenCounter(self._model.tokenizer_file())

    @cached_property
    def _question_encoder(self) -> OnnxEncoder | None:
        encoder = open_export(self._model, self._models_dir)
        if encoder is not None or self._model.pooling is None:
            return encoder
        transformer: Any = self._float32[0]
        try:
            with self._preparing("export"):
                write_export(self._model, transformer.auto_model, self._models_dir, self._agrees)
                return open_export(self._model, self._models_dir)
        # The exporter raises whatever its inside raises, and a question can do without it.
        except Exception as error:
            logger.warning(
                "No ONNX export of '%s' (%s: %s): questions are embedded with torch,"
                " slower to start",
                self._model.name,
                type(error).__name__,
                str(error).splitlines()[0] if str(error) else "no reason given",
            )
            return None

    def _agrees(self, encoder: OnnxEncoder) -> bool:
        expected = _encode(self._float32, list(_PROBES))
        actual = np.stack([encoder.encode(text) for text in _PROBES])
        worst = float((expected * actual).sum(axis=1).min())
        if worst < MIN_COSINE:
            logger.warning(
                "The ONNX export of '%s' differs from the model (cosine %.4f): questions are"
                " embedded with torch, slower to start",
                self._model.name,
                worst,
            )
        return worst >= MIN_COSINE

    @cached_property
    def _float32(self) -> SentenceTransformer:
        with self._preparing("load"):
            return load_model(self._model, self._device)

    @cached_property
    def _bfloat16(self) -> SentenceTransformer:
        with self._preparing("load"):
            return load_model(self._model, self._device).bfloat16()

    def _in_precision(self, precision: Precision) -> SentenceTransformer:
        return self._bfloat16 if precision == "bfloat16" else self._float32

    def _known_precision(self) -> Precision:
        if self._precision != "auto":
            return self._precision
        note = self._models_dir / f"precision-{self._model.revision}.json"
        return choose_precision(note, self._measure_gain, self._preparing)

    def _measure_gain(self) -> float:
        """Return how many times faster bfloat16 embeds here: one small batch, best of three."""
        texts = [_PROBES[2][:250]] * 8
        exact, rounded = self._float32, self._bfloat16
        return gain(lambda: _encode(exact, texts), lambda: _encode(rounded, texts), turns=3)


def load_model(model: SentenceModel, device: str) -> SentenceTransformer:
    """Load a model from its folder, safetensors only, nothing from the network.

    Raises:
        WeightsUnavailable: its files are missing, altered or unreadable.
    """
    folder = model.folder()
    with _offline_and_quiet():
        from sentence_transformers import SentenceTransformer

        try:
            encoder = SentenceTransformer(
                str(folder),
                device=device,
                local_files_only=True,
                model_kwargs={"use_safetensors": True},
            ).eval()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise WeightsUnavailable(
                f"The model in {folder} cannot be loaded ({str(error).splitlines()[0]})."
                " Download it again, with its safetensors file"
            ) from error
    _tokenize_one_at_a_time(encoder)
    return encoder


def _tokenize_one_at_a_time(encoder: SentenceTransformer) -> None:
    """Let threads share the encoder: its tokenizer refuses to be used by two at once."""
    name = "preprocess" if hasattr(encoder, "preprocess") else "tokenize"
    tokenize, lock = getattr(encoder, name), threading.Lock()

    def one_at_a_time(*arguments: Any, **options: Any) -> Any:
        with lock:
            return tokenize(*arguments, **options)

    setattr(encoder, name, one_at_a_time)


def _encoded(
    encoder: SentenceTransformer, texts: Sequence[str], batches: Sequence[list[int]]
) -> Generator[tuple[list[int], Vectors], None, None]:
    """Yield each batch of positions and its rows, a batch to a core.

    Cores that share a batch wait for each other at every layer, and where another program has
    one of them, nearly all the time.
    """
    import torch

    threads = torch.get_num_threads()
    workers = max(1, min(threads, len(batches))) if encoder.device.type == "cpu" else 1
    if workers == 1:
        for batch in batches:
            yield batch, _encode(encoder, [texts[i] for i in batch])
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="embed")
    with torch_threads(max(1, threads // workers)):
        try:
            waiting = {pool.submit(_encode, encoder, [texts[i] for i in b]): b for b in batches}
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _encode(encoder: SentenceTransformer, texts: list[str]) -> Vectors:
    # An empty prompt keeps a model's default prompt from being added to ours.
    matrix = encoder.encode(
        texts, prompt="", batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True
    )
    return unit_rows(np.asarray(matrix, dtype=np.float32))


@contextlib.contextmanager
def _offline_and_quiet() -> Iterator[None]:
    """Switch the model hub off for this process, and loading bars and import warnings off."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    with warnings.catch_warnings():
        # Deprecations inside the libraries: nothing that the reader of the notes can act on.
        warnings.simplefilter("ignore")
        if "transformers" not in sys.modules:
            os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        from transformers.utils import logging as library

        transformers_logging: Any = library

        transformers_logging.disable_progress_bar()
        transformers_logging.set_verbosity_error()
        yield
