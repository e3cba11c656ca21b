"""A real `chroma run` server of the tests' own, on the loopback interface."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STARTS_WITHIN = 60  # seconds


def free_port(host: str = "127.0.0.1") -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        return int(listener.getsockname()[1])


@contextmanager
def running_server(folder: Path, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Run a server that stores in `folder`; yield its URL, once it answers."""
    port = port or free_port(host)
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--host", host]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--path", str(folder / "data")],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
        try:
            _await(url, process)
            yield url
        finally:
            process.kill()
            process.wait()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=5):
            return
        assert process.poll() is None, "the Chroma server ended"
        time.sleep(0.05)
    raise AssertionError("the Chroma server does not answer")
