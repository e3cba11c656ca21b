"""What an embedder is.

An embedder turns texts into unit vectors whose dot product is the cosine. Notes and
questions may go through different machinery (notes in bulk, questions one by one), but
always through the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

Vectors: TypeAlias = npt.NDArray[np.float32]
Precision: TypeAlias = Literal["float32", "bfloat16", "int8"]
Progress: TypeAlias = Callable[[int, int], None]  # texts done, texts in all
# What takes an embedder seconds, once, before or after it embeds notes; and who is to know.
Preparation: TypeAlias = Literal["measure", "load", "export"]
Preparing: TypeAlias = Callable[[Preparation], AbstractContextManager[None]]


def unannounced(_: Preparation) -> AbstractContextManager[None]:
    """Prepare without telling anybody."""
    return nullcontext()


DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True)
class EmbedderIdentity:
    """Everything that decides an embedder's vectors: equal identities may be mixed."""

    name: str
    revision: str  # hash of the weights, or the commit they were downloaded at
    dimension: int
    precision: Precision  # that the notes are embedded in
    query_prefix: str = ""


@runtime_checkable
class Embedder(Protocol):
    """Turns notes and questions into vectors of one space."""

    @property
    def identity(self) -> EmbedderIdentity:
        """What decides this embedder's vectors."""
        ...

    @property
    def window(self) -> int:
        """How many tokens it reads, special tokens included; what follows is not embedded."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, special tokens included, without loading the weights."""
        ...

    def embed_notes(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """Return one L2-normalised row per text, in the given order: float32 [n, dimension].

        `on_progress` hears of 0 texts done when the first is about to be embedded.
        """
        ...

    def embed_question(self, text: str) -> Vectors:
        """Return the question's L2-normalised vector: float32 [dimension]."""
        ...


def plain_name(name: str) -> str:
    """Return the name that an index remembers for an embedder's name: one for two spellings."""
    return DEFAULT_EMBEDDER if name == f"sentence-transformers/{DEFAULT_EMBEDDER}" else name


def unit_rows(matrix: npt.NDArray[Any]) -> Vectors:
    """Scale each row to length 1; a row of zeros stays zero."""
    rows = np.asarray(matrix, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def token_batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield positions in batches of similar length, longest first.

    A batch, padded to its longest text, holds at most `budget` tokens, or a single text.
    Longest first: a machine short of memory fails at once, and the time left only shrinks.
    """
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch
