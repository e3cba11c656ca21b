"""Chroma for the first process that reads a generation, the exact scan for all others.

Both give the same results, to the last digit. Where Chroma's would only be close to exact,
in a very large index, every process scans: 100,000 dot products take some 10 ms.
Chroma lets one process at a time use a directory, so its owner holds `chroma.lock`; a server is
every process's. Within a process all indexes of the generation share one client.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ingest.catalog import Catalog
from ingest.chroma.place import Directory, Place, place_of
from ingest.embedding import Vectors
from ingest.errors import IndexDamaged
from ingest.generations import Generation
from ingest.manifest import Manifest
from ingest.ranking import ExactScan

if TYPE_CHECKING:
    from ingest.chroma.search import VectorStore

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Shared:
    """This process's hold on one vector store."""

    store: VectorStore
    catalog: Catalog  # of its own: an index that is closed must not close the others'
    lock: FileLock | None  # a server needs none
    users: int


_shared: dict[Place, _Shared] = {}
_shared_lock = threading.Lock()


class DenseSearch:
    """Finds the chunks nearest to a vector; opens what it needs on the first search."""

    def __init__(
        self, generation: Generation, manifest: Manifest, catalog: Catalog, *, use_chroma: bool
    ) -> None:
        self._generation = generation
        self._manifest = manifest
        self._exact = ExactScan(catalog)
        self._lock = threading.Lock()
        self._untried = use_chroma
        self._held: Place | None = None
        self._store: VectorStore | None = None
        self._notices: tuple[str, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """Why Chroma is not used, where that is a fault."""
        return self._notices

    def nearest(
        self, question: Vectors, limit: int, sources: frozenset[str] | None
    ) -> list[tuple[str, float]]:
        """Return (chunk id, cosine) of the closest chunks, best first."""
        store = self._opened()
        if store is not None:
            try:
                return store.nearest(question, limit, sources)
            except IndexDamaged as error:
                self._give_up(error)
        return self._exact.nearest(question, limit, sources)

    def close(self) -> None:
        """Give Chroma back. More than once does no harm."""
        with self._lock:
            self._untried = False
            self._store = None
            held, self._held = self._held, None
            if held is not None:
                _release(held)

    def _opened(self) -> VectorStore | None:
        with self._lock:
            if self._untried:
                self._untried = False
                try:
                    place = _resolved(place_of(self._generation))
                    self._store = _acquire(place, self._generation, self._manifest)
                    self._held = place if self._store is not None else None
                except IndexDamaged as error:
                    self._note(error)
            return self._store

    def _give_up(self, error: IndexDamaged) -> None:
        self._note(error)
        with self._lock:
            self._store = None  # `close` closes it: another thread may still be searching

    def _advice(self) -> str:
        try:
            return place_of(self._generation).advice
        except IndexDamaged:
            return Directory(self._generation.chroma).advice

    def _note(self, error: IndexDamaged) -> None:
        notice = (
            f"{error}. Every vector is compared instead, with the same results. {self._advice()}"
        )
        if notice not in self._notices:
            self._notices = (*self._notices, notice)
            logger.warning("%s", notice)


def _resolved(place: Place) -> Place:
    """The same place under one name, however it was reached."""
    return Directory(place.path.resolve()) if isinstance(place, Directory) else place


def _acquire(place: Place, generation: Generation, manifest: Manifest) -> VectorStore | None:
    """Return this process's store, or None where another process has it, or nobody may.

    Raises:
        IndexDamaged: it is damaged, or the server does not answer.
    """
    from ingest.chroma.check import check_place
    from ingest.chroma.search import VectorStore
    from ingest.chroma.write import WIDEST_SEARCH

    if manifest.chunks > WIDEST_SEARCH:
        return None
    with _shared_lock:
        if place in _shared:
            _shared[place].users += 1
            return _shared[place].store
        lock: FileLock | None = None
        if isinstance(place, Directory):
            lock = FileLock(generation.path / "chroma.lock", thread_local=False)
            try:
                lock.acquire(timeout=0)
            except (Timeout, OSError):  # another process has it, or the folder is read-only
                return None
        catalog: Catalog | None = None
        try:
            wrong = check_place(place, manifest.segments, manifest.chunks)
            if wrong is not None:
                raise IndexDamaged(wrong)
            catalog = Catalog(generation.catalog)
            store = VectorStore(place, catalog)
        except BaseException:
            if catalog is not None:
                catalog.close()
            if lock is not None:
                lock.release()
            raise
        _shared[place] = _Shared(store, catalog, lock, users=1)
        return store


def _release(place: Place) -> None:
    with _shared_lock:
        shared = _shared[place]
        shared.users -= 1
        if shared.users == 0:
            del _shared[place]
            shared.store.close()
            shared.catalog.close()
            if shared.lock is not None:
                shared.lock.release()
