"""A real OpenAI-compatible server of the tests' own, on the loopback interface.

It answers each request with the next of its scripts, and goes on with the last.
"""

from __future__ import annotations

import json
import select
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

AWAY_WITHIN = 30  # seconds in which a client that leaves is noticed


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked; the headers' names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class Stream:
    """The connection to one client that asked for a stream."""

    def __init__(self, handler: BaseHTTPRequestHandler, gone: threading.Event) -> None:
        self._handler = handler
        self._gone = gone

    def refuse(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def begin(self) -> None:
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "text/event-stream")
        self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()

    def raw(self, data: bytes) -> None:
        try:
            self._handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self._handler.wfile.flush()
        except OSError:
            self._gone.set()
            raise

    def say(self, delta: Mapping[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        event = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "tiny"}
        self.raw(b"data: " + json.dumps({**event, "choices": [choice]}).encode() + b"\n\n")

    def end(self) -> None:
        self.raw(b"data: [DONE]\n\n")
        self._handler.wfile.write(b"0\r\n\r\n")

    def await_leaving(self) -> None:
        """Say nothing until the client closes the connection."""
        connection = self._handler.connection
        readable, _, _ = select.select([connection], [], [], AWAY_WITHIN)
        with suppress(OSError):
            if readable and connection.recv(1):
                return
        if readable:
            self._gone.set()


Script = Callable[[Stream], None]


def says(*pieces: str, finish: str | None = "stop") -> Script:
    """Answer with these pieces, as any server does."""

    def run(stream: Stream) -> None:
        stream.begin()
        stream.say({"role": "assistant", "content": ""})
        for piece in pieces:
            stream.say({"content": piece})
        if finish:
            stream.say({}, finish)
        stream.end()

    return run


def refuses(
    status: int, message: str = "No.", headers: Mapping[str, str] | None = None, code: str = ""
) -> Script:
    """Answer with an error as OpenAI's server puts it."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": code}}).encode()
    told = {"Content-Type": "application/json", **(headers or {})}
    return lambda stream: stream.refuse(status, body, told)


def stalls(*pieces: str) -> Script:
    """Say these pieces, then nothing, until the client leaves."""

    def run(stream: Stream) -> None:
        if pieces:
            stream.begin()
        for piece in pieces:
            stream.say({"content": piece})
        stream.await_leaving()

    return run


def breaks_off(*pieces: str) -> Script:
    """Say these pieces, then close the connection where there should be more."""

    def run(stream: Stream) -> None:
        stream.begin()
        for piece in pieces:
            stream.say({"content": piece})
        raise ConnectionAbortedError

    return run


def sends(data: bytes, *before: str) -> Script:
    """Send what is no event of a chat model, after these pieces."""

    def run(stream: Stream) -> None:
        stream.begin()
        for piece in before:
            stream.say({"content": piece})
        stream.raw(data)
        stream.end()

    return run


def never_ends(piece: str, key: str = "content") -> Script:
    """Say the piece until the client leaves."""

    def run(stream: Stream) -> None:
        stream.begin()
        while True:
            stream.say({key: piece})

    return run


class ModelServer:
    """What a test scripts, and what it finds out. `gone` is set once a client went away."""

    def __init__(self, scripts: tuple[Script, ...], models: tuple[str, ...] | None) -> None:
        self.requests: list[Request] = []
        self.gone = threading.Event()
        self.url = ""
        self._scripts = list(scripts)
        self._models = models
        self._lock = threading.Lock()

    @property
    def asked(self) -> int:
        """How often a reply was asked for."""
        return sum(request.path.endswith("/chat/completions") for request in self.requests)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length", 0))
        body = json.loads(handler.rfile.read(length)) if length else {}
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.requests.append(Request(handler.path, headers, body))
            listing = handler.path.endswith("/models") and self._models is not None
            again = listing or len(self._scripts) < 2
            script = self._scripts[0] if again else self._scripts.pop(0)
        stream = Stream(handler, self.gone)
        if listing:
            data = [{"id": name, "object": "model"} for name in self._models or ()]
            listed = json.dumps({"object": "list", "data": data}).encode()
            return stream.refuse(200, listed, {"Content-Type": "application/json"})
        try:
            script(stream)
        except OSError:
            handler.close_connection = True


@contextmanager
def running_model_server(
    *scripts: Script, models: tuple[str, ...] | None = ("tiny",), port: int = 0
) -> Iterator[ModelServer]:
    """Run a server; it is at `url`, which ends in /v1.

    Without `models` it answers with its scripts where it is asked for them, too.
    """
    told = ModelServer(scripts or (says("Yes."),), models)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            told.answer(self)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients come and go."""

    server = Server(("127.0.0.1", port), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
