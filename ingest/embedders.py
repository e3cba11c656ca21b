"""Opens an embedder by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ingest import weights
from ingest.embedding import (
    DEFAULT_EMBEDDER,
    Embedder,
    Precision,
    Preparing,
    plain_name,
    unannounced,
)
from ingest.packaged_onnx import PackagedOnnxEmbedder
from ingest.sentence_embedder import SentenceEmbedder
from ingest.sentence_models import find_model, packaged_minilm


def open_embedder(
    name: str,
    models_dir: Path,
    *,
    precision: Precision | Literal["auto"] = "auto",
    preparing: Preparing = unannounced,
) -> Embedder:
    """Return the embedder of that name; no weights are loaded until it embeds.

    `name` is 'all-MiniLM-L6-v2', 'bge-small-en-v1.5', the path of a sentence-transformers
    model, or the name of one that was downloaded before. `models_dir` keeps what is derived
    from the weights. `precision` says how notes are embedded; 'auto' measures once, where
    the CPU knows bfloat16, and remembers. It has no say over 'bge-small-en-v1.5', which is
    packaged as int8. Whatever takes seconds before or after the embedding is done within
    `preparing(…)`.

    Raises:
        WeightsUnavailable: no such model on this machine, or its files are not as expected.
    """
    name = plain_name(name)
    if name == weights.BGE_SMALL.name:
        return PackagedOnnxEmbedder(weights.BGE_SMALL)
    model = packaged_minilm() if name == DEFAULT_EMBEDDER else find_model(name)
    return SentenceEmbedder(model, models_dir, precision=precision, preparing=preparing)
