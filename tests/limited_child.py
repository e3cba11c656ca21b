"""A process of its own, with limits, for what may never come back or may take its process along."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from crash_harness import child, hear


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take: 0 is no limit. `megabytes` come on top of what it has."""

    cpu_seconds: int = 0
    wall_seconds: int = 0
    megabytes: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: with a value, an exception's name, or a signal's."""

    value: Any = None
    raised: str = ""
    killed_by: str = ""


def in_child(limits: Limits, function: Callable[..., Any], *arguments: object) -> Ended:
    """Run a function of some module in a child process, and say how it ended."""
    with child(_run, limits, function, arguments) as (process, heard):
        said = hear(heard)
        process.join()
        code = process.exitcode
    if isinstance(said, Ended):
        return said
    return Ended(killed_by=signal.Signals(-code).name if code and code < 0 else f"exit {code}")


def _run(
    limits: Limits, function: Callable[..., Any], arguments: Sequence[object], said: Connection
) -> None:
    import resource

    if limits.wall_seconds:
        signal.alarm(limits.wall_seconds)
    if limits.cpu_seconds:
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime) + limits.cpu_seconds
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    if limits.megabytes:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + limits.megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        ended = Ended(function(*arguments))
    except Exception as error:  # whatever it is: the test compares it
        ended = Ended(raised=type(error).__name__)
    said.send(ended)
