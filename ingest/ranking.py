"""Exact cosine ranking, the same to the last digit however the candidates were found."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ingest.catalog import Catalog
from ingest.embedding import Vectors, unit_rows

COSINE_DECIMALS = 6
# Two float32 products of one pair of unit vectors differ by far less than this.
_FLOAT32_SLACK = 1e-5


def rank(
    chunk_ids: Sequence[str], matrix: Vectors, question: Vectors, limit: int
) -> list[tuple[str, float]]:
    """Return (chunk id, cosine) best first; equal to six decimals is equal, then by id.

    Computed in float64, where no difference in the order of additions reaches the sixth
    decimal: every way of finding the candidates gives the same scores.
    """
    if not chunk_ids:
        return []
    scores = matrix.astype(np.float64) @ question.astype(np.float64)
    # Adding 0.0 turns -0.0 into 0.0.
    rounded = [round(float(score), COSINE_DECIMALS) + 0.0 for score in scores]
    best = sorted(zip(chunk_ids, rounded, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return best[:limit]


def unit_question(vector: Vectors, dimension: int) -> Vectors:
    """Return the vector at length 1.

    Raises:
        ValueError: it is not `dimension` finite numbers, or all of them are 0.
    """
    question = np.asarray(vector, dtype=np.float32)
    if question.shape != (dimension,) or not np.isfinite(question).all() or not question.any():
        raise ValueError(
            f"a question's vector is {dimension} finite numbers, not all 0;"
            f" this one has the shape {question.shape}"
        )
    return unit_rows(question)


class ExactScan:
    """The dot product with every vector of the catalog, read into memory on first use."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()

    def nearest(
        self, question: Vectors, limit: int, sources: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return (chunk id, cosine) of the closest chunks, best first.

        `question` is a unit vector. `sources` keeps to those notes.
        """
        with self._lock:
            ids, names, matrix = self._loaded
        if limit <= 0 or not ids:
            return []
        scores = matrix @ question
        if sources is not None:
            inside = np.fromiter((name in sources for name in names), dtype=bool, count=len(names))
            scores = np.where(inside, scores, -np.inf)
        if limit < len(ids):
            cut = np.partition(scores, len(ids) - limit)[len(ids) - limit]
        else:
            cut = -np.inf
        if np.isneginf(cut):
            kept = np.flatnonzero(np.isfinite(scores))
        else:
            kept = np.flatnonzero(scores >= cut - _FLOAT32_SLACK)
        return rank([ids[i] for i in kept], matrix[kept], question, limit)

    @cached_property
    def _loaded(self) -> tuple[tuple[str, ...], tuple[str, ...], Vectors]:
        return self._catalog.vectors()
