"""Where a generation's vectors are kept: in a directory of its own, or on a Chroma server.

A LangChain program opens a directory as `Chroma(persist_directory=…,
collection_name=COLLECTION, embedding_function=NoteEmbeddings(embedder))`, while nothing else
has it open.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from ingest.errors import IndexDamaged
from ingest.generations import Generation

if TYPE_CHECKING:
    from chromadb.api.client import Client

COLLECTION = "notes"  # in a directory; on a server each generation has a name of its own
LOOPBACK = ("127.0.0.1", "::1", "localhost")
PATIENCE = 30.0  # seconds that a server may take for one answer
GREETING = 5.0  # seconds in which it must say that it is there
_NOTE = "server.json"  # in a generation's directory: where else it has something

_clients_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Directory:
    """A Chroma directory. Only one process may have it open at a time."""

    path: Path

    @property
    def collection(self) -> str:
        """The collection's name."""
        return COLLECTION

    @property
    def advice(self) -> str:
        """What mends it."""
        return "To repair it, ingest the notes again: footnote sync"

    def __str__(self) -> str:
        return str(self.path)

    @contextmanager
    def open(self) -> Iterator[Client]:
        """Open it, and close it on leaving. One client is created at a time.

        Raises:
            IndexDamaged: Chroma cannot open or use it.
        """
        import chromadb

        with as_damage(self):
            with _clients_lock:
                client: Any = chromadb.PersistentClient(str(self.path), settings=_quiet())
            try:
                yield client
            finally:
                with _clients_lock:
                    client.close()


@dataclass(frozen=True, slots=True)
class Server:
    """A collection on a `chroma run` server, which any number of processes share."""

    url: str
    collection: str

    @property
    def advice(self) -> str:
        """What mends it."""
        return "Start it again, or if it runs, ingest the notes again: footnote sync"

    def __str__(self) -> str:
        return f"the Chroma server at {self.url}"

    @contextmanager
    def open(self) -> Iterator[Client]:
        """Connect, and disconnect on leaving. A server that stalls fails; it is not waited for.

        Raises:
            IndexDamaged: it is not there, or fails.
        """
        import chromadb
        import httpx

        address = f"{self.url}/api/v2"
        here = urlsplit(self.url).hostname in LOOPBACK
        with as_damage(self):
            # Chroma's client waits for ever: so it is asked first whether anybody is there, and
            # then given a limit. Both are its own client's; it offers no setting.
            with httpx.Client(timeout=GREETING, trust_env=not here) as asking:
                asking.get(f"{address}/heartbeat").raise_for_status()
            with _clients_lock, _without_proxies() if here else contextlib.nullcontext():
                # A whole address is used as it is; of its parts it makes another, at times.
                client: Any = chromadb.HttpClient(host=address, settings=_quiet())
                sessions = (client._server._session, client._admin_client._server._session)
            for session in sessions:
                session.timeout = httpx.Timeout(PATIENCE)
            try:
                yield client
            finally:
                with _clients_lock:
                    client.close()
                for session in sessions:  # it forgets to
                    session.close()


Place: TypeAlias = Directory | Server


@contextmanager
def _without_proxies() -> Iterator[None]:
    """Have a client that is made meanwhile send what is for this machine to no proxy.

    Chroma's client reads the environment, and asks nobody.
    """
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    os.environ.update(dict.fromkeys(before, "*"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def new_place(generation: Generation, url: str) -> Place:
    """Choose where a new generation's vectors go: on the server at `url`, or beside its notes.

    A server's collection is noted down before there is one, so that whoever removes the
    generation finds it.
    """
    if not url:
        return Directory(generation.chroma)
    place = Server(url, f"footnote-{uuid.uuid4().hex}")
    with (generation.path / _NOTE).open("w", encoding="utf-8") as stream:
        json.dump({"url": place.url, "collection": place.collection}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    return place


def place_of(generation: Generation) -> Place:
    """Return where a generation's vectors are.

    Raises:
        IndexDamaged: its note of that cannot be read.
    """
    note = generation.path / _NOTE
    try:
        values = json.loads(note.read_text(encoding="utf-8"))
        return Server(str(values["url"]), str(values["collection"]))
    except FileNotFoundError:
        return Directory(generation.chroma)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(f"{note} cannot be read ({error})") from error


def clear(generation: Generation) -> bool:
    """Remove what a generation has outside of its directory, and say whether that is done.

    A server that does not answer keeps it; ask again later.
    """
    try:
        place = place_of(generation)
    except IndexDamaged:  # nobody knows what to remove
        return True
    if isinstance(place, Server):
        try:
            _delete(place)
        except IndexDamaged:
            return False
    return True


def _delete(place: Server) -> None:
    import chromadb.errors

    with place.open() as client, contextlib.suppress(chromadb.errors.NotFoundError):
        client.delete_collection(place.collection)


@contextmanager
def as_damage(place: Place) -> Iterator[None]:
    """Turn whatever Chroma raises into `IndexDamaged`."""
    import chromadb.errors
    import httpx

    try:
        yield
    except (
        chromadb.errors.ChromaError,
        httpx.HTTPError,
        ValueError,
        RuntimeError,
        OSError,
    ) as error:
        raise IndexDamaged(f"Chroma cannot use {place} ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _quiet() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)
