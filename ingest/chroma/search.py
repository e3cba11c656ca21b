"""Searches a written vector store."""

from __future__ import annotations

from typing import Any

import numpy as np

from ingest.catalog import Catalog
from ingest.chroma.place import Place, as_damage
from ingest.embedding import Vectors
from ingest.errors import IndexDamaged
from ingest.ranking import ExactScan, rank

WIDEST_SCOPE = 1_000  # notes: a filter by more is slow, and by very many refused
_MARGIN = 32  # candidates beyond the limit, to be ranked exactly


class VectorStore:
    """A written store, searched. Safe to share between threads.

    Only one process may have a directory open at a time: its opener sees to that.
    """

    def __init__(self, place: Place, catalog: Catalog) -> None:
        """Open the store.

        Raises:
            IndexDamaged: Chroma cannot open it.
        """
        self._place = place
        self._catalog = catalog
        self._exact = ExactScan(catalog)
        self._holder = place.open()
        self._client = self._holder.__enter__()
        try:
            with as_damage(place):
                self._collection = self._client.get_collection(
                    place.collection, embedding_function=None
                )
                self._count = self._collection.count()
        except IndexDamaged:
            self.close()
            raise

    def close(self) -> None:
        """Give it back."""
        self._holder.__exit__(None, None, None)

    def nearest(
        self, question: Vectors, limit: int, sources: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return (chunk id, cosine) of the closest chunks, best first.

        Chroma finds the candidates; the catalog's own vectors rank them. `question` is a
        unit vector.

        Raises:
            IndexDamaged: Chroma fails, or returns a chunk that the catalog does not hold.
        """
        if limit <= 0 or self._count == 0 or sources == frozenset():
            return []
        if sources is not None and len(sources) > WIDEST_SCOPE:
            return self._exact.nearest(question, limit, sources)
        wanted = min(self._count, limit * 2 + _MARGIN)
        while True:
            ids = self._candidates(question, wanted, sources)
            if len(ids) < wanted:
                # The scope holds no more, or (among many equal vectors) the graph has parts that
                # no search reaches: either way an exact look gives what is there.
                return self._exact.nearest(question, limit, sources)
            try:
                ranked = rank(ids, self._catalog.vectors_of(ids), question, len(ids))
            except KeyError as error:
                raise IndexDamaged(
                    f"The vector store in {self._place} holds the chunk {error}, which the"
                    " index does not"
                ) from error
            # Equal scores across the cut: more of them may be waiting outside.
            undecided = limit < len(ranked) and ranked[limit - 1][1] == ranked[-1][1]
            if not undecided or wanted == self._count:
                return ranked[:limit]
            wanted = min(self._count, wanted * 4)

    def _candidates(
        self, question: Vectors, wanted: int, sources: frozenset[str] | None
    ) -> list[str]:
        scope: Any = None if sources is None else {"source": {"$in": sorted(sources)}}
        with as_damage(self._place):
            found = self._collection.query(
                query_embeddings=question[np.newaxis], n_results=wanted, where=scope, include=[]
            )
        return list(found["ids"][0])
