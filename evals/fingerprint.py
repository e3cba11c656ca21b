"""What decides a run's results: the code, the notes, the settings, and the machine."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Libraries whose version can change a score, or a text.
TELLING = ("onnxruntime", "numpy", "torch", "tokenizers", "snowballstemmer", "rapidfuzz",
           "markdown-it-py", "ftfy")  # fmt: skip
# Instructions of the processor that change how integers and small floats are multiplied.
INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8",
                "amx_bf16", "asimddp", "i8mm")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run was made: equal machines give equal results, byte for byte."""

    python: str
    system: str
    processor: str
    instructions: tuple[str, ...]
    libraries: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """The machine as one JSON object."""
        return asdict(self) | {"libraries": dict(self.libraries)}


def this_machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        python=".".join(platform.python_version_tuple()[:2]),
        system=platform.system(),
        processor=platform.machine(),
        instructions=tuple(sorted(set(INSTRUCTIONS) & _instructions())),
        libraries=tuple((name, _version(name)) for name in TELLING),
    )


def code_digest(packages: Iterable[str] = ("ingest", "chatbot")) -> str:
    """A digest of the code, models and schemas of these packages, and of how they are asked.

    The same digest gives the same answers.
    """
    digest = hashlib.sha256()
    for name in ("systems.py", "naive_chain.py", "asked_model.py"):
        digest.update(Path(__file__).with_name(name).read_bytes())
    for package in packages:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for file in sorted(Path(folder).rglob("*")):
                if file.suffix in (".py", ".json", ".sql"):
                    digest.update(file.relative_to(folder).as_posix().encode())
                    digest.update(file.read_bytes())
    return digest.hexdigest()


def _instructions() -> set[str]:
    """What the processor says it can do; empty where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    telling = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return set(next(telling, "").split())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def workers_wanted() -> int:
    """How many processes ask at once: one a core, four at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(4, cores or 1))
