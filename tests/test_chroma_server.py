"""Vectors on a Chroma server that several processes share: never lost, never waited for.

That a server gives what a directory gives is told by the tests that use `each_place`, and by
`pytest --chroma-server`, which sends there whatever a test ingests in its own process.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from chroma_server import free_port, running_server
from conftest import ToyEmbedder

from chatbot.doctor import look_into_index
from chatbot.errors import BadSetting
from chatbot.settings import read_settings
from ingest.build import IngestReport
from ingest.chroma import place
from ingest.chroma.place import Server, place_of
from ingest.errors import IngestError
from ingest.generations import Generation, Generations
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes
from ingest.repair import find_damage, repair

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parent
QUESTION = "How long does a queue keep a message?"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server of the test's own, with nothing on it."""
    with running_server(tmp_path) as url:
        yield url


Sync = Callable[..., IngestReport]


@pytest.fixture
def sync(notes_folder: Path, tmp_path: Path, toy_embedder: ToyEmbedder) -> Sync:
    def run(url: str) -> IngestReport:
        toy_embedder.embedded.clear()
        return ingest_notes(
            [notes_folder], tmp_path / "index", chroma_url=url, embedder=toy_embedder
        )

    return run


def collections(url: str) -> set[str]:
    with Server(url, "none").open() as client:
        return {found.name for found in client.list_collections()}


def current(index: Path) -> Generation:
    found = Generations(index).current()
    assert found is not None
    return found


def nearest(index: Path, store: Any = "chroma") -> tuple[list[tuple[str, float]], tuple[str, ...]]:
    with NotesIndex.open(index, store=store) as opened:
        found = opened.nearest(ToyEmbedder().embed_question(QUESTION), 3)
        return found, opened.notices


def test_the_vectors_are_on_the_server_and_nowhere_else(
    sync: Sync, server: str, tmp_path: Path
) -> None:
    sync(server)
    generation = current(tmp_path / "index")
    assert not generation.chroma.exists()
    stored = place_of(generation)
    assert isinstance(stored, Server)
    assert collections(server) == {stored.collection}
    found, notices = nearest(tmp_path / "index")
    assert (found, notices) == nearest(tmp_path / "index", "exact")
    assert notices == ()
    assert find_damage(tmp_path / "index") == ()


def test_a_server_keeps_one_collection_however_often_is_synced(
    sync: Sync, server: str, notes_folder: Path, tmp_path: Path
) -> None:
    for number in range(4):
        (notes_folder / "new.md").write_text(f"# New\n\nWord{number}.\n")
        sync(server)
    assert len(collections(server)) == 1
    assert sync(server).unchanged


def test_a_reader_keeps_its_collection_until_it_is_done(
    sync: Sync, server: str, notes_folder: Path, tmp_path: Path
) -> None:
    sync(server)
    with NotesIndex.open(tmp_path / "index") as reader:
        question = ToyEmbedder().embed_question(QUESTION)
        before = reader.nearest(question, 3)
        (notes_folder / "queues.md").unlink()
        sync(server)
        assert reader.nearest(question, 3) == before
        assert reader.notices == ()
        assert len(collections(server)) == 2
    sync(server)
    assert len(collections(server)) == 1


def test_the_vectors_move_to_a_server_and_back_and_nothing_is_embedded_again(
    sync: Sync, server: str, toy_embedder: ToyEmbedder, tmp_path: Path
) -> None:
    here = sync("")
    for url in (server, ""):
        moved = sync(url)
        assert (moved.unchanged, moved.embedded, toy_embedder.embedded) == (False, 0, [])
        assert moved.chunks == here.chunks
        assert nearest(tmp_path / "index") == nearest(tmp_path / "index", "exact")
    assert collections(server) == set()


def test_a_server_that_is_gone_costs_a_notice_and_no_answer(
    sync: Sync, notes_folder: Path, tmp_path: Path
) -> None:
    with running_server(tmp_path) as url:
        sync(url)
        expected, _ = nearest(tmp_path / "index")
        during = NotesIndex.open(tmp_path / "index")
        question = ToyEmbedder().embed_question(QUESTION)
        assert during.nearest(question, 3) == expected
    with during:  # it went while the index was open
        assert during.nearest(question, 3) == expected
        assert "Every vector is compared instead" in during.notices[0]
    found, notices = nearest(tmp_path / "index")
    assert found == expected
    assert url in notices[0]
    (notes_folder / "queues.md").unlink()
    before = current(tmp_path / "index")
    with pytest.raises(IngestError, match=rf"could not be written: .*{url}.* The old one is as"):
        sync(url)
    assert current(tmp_path / "index") == before
    # And the notes can be read without it again.
    assert sync("").embedded == 0
    assert nearest(tmp_path / "index") == nearest(tmp_path / "index", "exact")


def test_the_doctor_tells_a_server_that_is_away_from_damage(sync: Sync, tmp_path: Path) -> None:
    with running_server(tmp_path) as url:
        sync(url)
    with pytest.raises(IngestError, match=rf"{url}.* Start it again; or unset FOOTNOTE_CHROMA_URL"):
        look_into_index(tmp_path / "index", "toy")


def test_what_a_server_could_not_remove_is_removed_when_it_is_back(
    sync: Sync, notes_folder: Path, tmp_path: Path
) -> None:
    port = free_port()
    with running_server(tmp_path, port) as url:
        sync(url)
    sync("")
    generations = tmp_path / "index" / "generations"
    assert len(list(generations.iterdir())) == 2  # it says what is still to be removed
    with running_server(tmp_path, port) as url:
        assert len(collections(url)) == 1
        (notes_folder / "new.md").write_text("# New\n\nA word.\n")
        sync("")
        assert collections(url) == set()
    assert len(list(generations.iterdir())) == 1


def change_a_text(collection: Any) -> None:
    name = "queues.md#queues/0"
    rows = collection.get(ids=[name], include=["embeddings"])["embeddings"]
    collection.update(ids=[name], embeddings=rows, documents=["A queue is a snake."])


HARM: dict[str, Callable[[Any, str], object]] = {
    "the collection is deleted": lambda client, name: client.delete_collection(name),
    "a record is lost": lambda client, name: client.get_collection(
        name, embedding_function=None
    ).delete(ids=["queues.md#queues/0"]),
    "a vector is another": lambda client, name: client.get_collection(
        name, embedding_function=None
    ).update(ids=["queues.md#queues/0"], embeddings=[[1.0] * 64]),
    "a text is another": lambda client, name: change_a_text(
        client.get_collection(name, embedding_function=None)
    ),
}


@pytest.mark.parametrize("kind", HARM)
def test_damage_on_the_server_is_found_and_mended_without_embedding(
    sync: Sync, server: str, toy_embedder: ToyEmbedder, tmp_path: Path, kind: str
) -> None:
    sync(server)
    stored = place_of(current(tmp_path / "index"))
    with stored.open() as client:
        HARM[kind](client, stored.collection)
    assert find_damage(tmp_path / "index")
    assert nearest(tmp_path / "index")[0] == nearest(tmp_path / "index", "exact")[0]
    toy_embedder.embedded.clear()
    mended = repair(tmp_path / "index", "toy", chroma_url=server, embedder=toy_embedder)
    assert mended.report is not None
    assert (mended.report.embedded, toy_embedder.embedded) == (0, [])
    assert find_damage(tmp_path / "index") == ()
    assert len(collections(server)) == 1


CHILD = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import ToyEmbedder
from ingest.chroma import write
from ingest.pipeline import ingest_notes

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def die_at(step):
    if step.name == sys.argv[5] and step.done == step.total:
        die()

if sys.argv[5] == "upload":
    write.BATCH = 3
    import langchain_chroma
    add, left = langchain_chroma.Chroma.add_texts, [2]
    def add_and_die(self, *given, **named):
        left[0] -= 1
        return add(self, *given, **named) if left[0] else die()
    langchain_chroma.Chroma.add_texts = add_and_die
ingest_notes([Path(sys.argv[2])], Path(sys.argv[3]), chroma_url=sys.argv[4],
             embedder=ToyEmbedder(), on_step=die_at)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("step", ["embed", "upload", "store", "verify", "flip"])
def test_a_killed_ingest_leaves_the_old_or_the_new_and_no_collection_behind(
    sync: Sync, server: str, notes_folder: Path, tmp_path: Path, step: str
) -> None:
    sync(server)
    before, _ = nearest(tmp_path / "index")
    (notes_folder / "new.md").write_text("# New\n\nA queue keeps a message for a week.\n")
    job = [str(TESTS), str(notes_folder), str(tmp_path / "index"), server, step]
    child = subprocess.run([sys.executable, "-c", CHILD, *job], cwd=TESTS.parent)
    assert child.returncode == -signal.SIGKILL
    found, notices = nearest(tmp_path / "index")
    assert (found == before) == (step != "flip")
    assert notices == ()
    assert find_damage(tmp_path / "index") == ()
    sync(server)
    assert len(collections(server)) == 1
    assert any(chunk.startswith("new.md") for chunk, _ in nearest(tmp_path / "index")[0])


READER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import ToyEmbedder
from ingest.index import NotesIndex

index = NotesIndex.open(Path(sys.argv[2]))
question = ToyEmbedder().embed_question(sys.argv[3])
for line in sys.stdin:
    newer = index.refreshed()
    if newer is not index:
        index.close()
    index = newer
    found = index.nearest(question, 3)
    exact = NotesIndex.open(Path(sys.argv[2]), store="exact")
    same = exact.generation != index.generation or found == exact.nearest(question, 3)
    exact.close()
    print("same" if same and not index.notices else f"differs {index.notices}", flush=True)
index.close()
"""


def test_several_processes_search_one_server_while_notes_are_synced(
    sync: Sync, server: str, notes_folder: Path, tmp_path: Path
) -> None:
    sync(server)
    job = [sys.executable, "-c", READER, str(TESTS), str(tmp_path / "index"), QUESTION]
    readers = [
        subprocess.Popen(
            job, cwd=TESTS.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    answers: list[str] = []

    def ask(reader: subprocess.Popen[str]) -> None:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for _ in range(25):
            reader.stdin.write("\n")
            reader.stdin.flush()
            answers.append(reader.stdout.readline().strip())

    threads = [threading.Thread(target=ask, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for number in range(6):
        (notes_folder / "new.md").write_text(f"# New\n\nA queue keeps message {number}.\n")
        sync(server)
    for thread in threads:
        thread.join()
    for reader in readers:
        reader.communicate()
    assert answers == ["same"] * 50


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections, and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_never_answers_is_not_waited_for(
    sync: Sync, silent_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(place, "GREETING", 0.2)
    with pytest.raises(IngestError, match=f"{silent_server}.*timed out"):
        sync(silent_server)
    sync("")
    (current(tmp_path / "index").path / "server.json").write_text(
        f'{{"url": "{silent_server}", "collection": "notes"}}'
    )
    found, notices = nearest(tmp_path / "index")
    assert found == nearest(tmp_path / "index", "exact")[0]
    assert "timed out" in notices[0]


def create_collections(stored: Server) -> None:
    with stored.open() as client:
        for number in range(50):
            client.create_collection(f"slow-{number}")


def test_a_server_that_falls_silent_is_not_waited_for(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "PATIENCE", 0.001)
    with pytest.raises(IngestError, match="timed out"):
        create_collections(Server(server, "x"))


class Proxy(BaseHTTPRequestHandler):
    """Answers nothing; remembers what it was asked to pass on."""

    passed: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.passed.append(self.path)
        self.send_error(502)

    do_POST = do_GET  # noqa: N815 - http.server's name
    do_DELETE = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_what_is_for_this_machine_goes_through_no_proxy(
    sync: Sync, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{proxy.server_address[1]}"
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, address)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with httpx.Client() as client:  # whoever obeys the variables does go through it
            assert client.get(f"{server}/api/v2/heartbeat").status_code == 502
        assert len(Proxy.passed) == 1
        sync(server)
        assert nearest(tmp_path / "index") == nearest(tmp_path / "index", "exact")
        proxy.shutdown()
    assert len(Proxy.passed) == 1
    assert "NO_PROXY" not in os.environ


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_a_server_may_have_any_address(tmp_path: Path) -> None:
    with running_server(tmp_path, host="::1") as url:
        assert url.startswith("http://[::1]:")
        assert collections(url) == set()


def test_an_ingest_that_failed_properly_is_not_told_as_interrupted_again_and_again(
    sync: Sync, notes_folder: Path
) -> None:
    sync("")
    (notes_folder / "new.md").write_text("# New\n\nA word.\n")
    with pytest.raises(IngestError):
        sync(f"http://127.0.0.1:{free_port()}")
    assert sync("").repaired == ()
    assert sync("").repaired == ()


@pytest.mark.parametrize(
    "url",
    [
        *("127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://x:99999", "http://x:y"),
        *("http://x/path", "http://x?a=b", "file:///etc", "http://user:secret@x:8000"),
        "http://user:secret\u2100x@host:8000",
    ],
)
def test_what_is_no_servers_address_is_refused_without_telling_a_password(url: str) -> None:
    with pytest.raises(BadSetting, match=r"FOOTNOTE_CHROMA_URL: .*address") as raised:
        read_settings({"FOOTNOTE_CHROMA_URL": url})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "https://x", "http://[::1]:80/"])
def test_a_servers_address_is_kept_as_it_is(url: str) -> None:
    assert read_settings({"FOOTNOTE_CHROMA_URL": url}).chroma_url == url.rstrip("/")
