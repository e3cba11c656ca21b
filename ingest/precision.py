"""Whether notes are embedded in bfloat16: only where this machine is faster at it.

Measured once, and only on a CPU that has instructions for it; the others are never faster.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import cast

from ingest.embedding import Precision, Preparing, unannounced

BFLOAT16_GAIN = 1.2  # how many times faster it must be to be worth its rounding
CPU_FEATURES = Path("/proc/cpuinfo")  # on Linux
# As the kernel names them: of x86 the first two, of ARM the third.
_INSTRUCTIONS = frozenset({"amx_bf16", "avx512_bf16", "bf16"})


def choose_precision(
    note: Path,
    measure_model: Callable[[], float],
    preparing: Preparing = unannounced,
    *,
    measure_products: Callable[[], float] | None = None,
    can_gain: Callable[[], bool] | None = None,
) -> Precision:
    """Return the precision that `note` remembers, or find out and write it there.

    `measure_model` returns how many times faster bfloat16 embeds here. It can take seconds,
    so it is asked only where the CPU `can_gain` and `measure_products` did gain.
    """
    known = _remembered(note)
    if known is not None:
        return known
    if not (can_gain or has_bfloat16_instructions)():
        return "float32"
    with preparing("measure"):
        measured = (measure_products or measure_product_gain)()
        if measured >= BFLOAT16_GAIN:
            measured = measure_model()
    decided: Precision = "bfloat16" if measured >= BFLOAT16_GAIN else "float32"
    # A folder that cannot be written only costs the measurement again.
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        partial = note.with_suffix(".part")
        partial.write_text(
            json.dumps({"precision": decided, "bfloat16_gain": round(measured, 2)}),
            encoding="utf-8",
        )
        partial.replace(note)
    return decided


def has_bfloat16_instructions(cpu_features: Path = CPU_FEATURES) -> bool:
    """Whether this CPU multiplies bfloat16 by itself: without importing torch on Linux."""
    with contextlib.suppress(OSError):
        text = cpu_features.read_text(encoding="ascii", errors="replace")
        return not _INSTRUCTIONS.isdisjoint(text.split())
    import torch.cpu

    probes = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    answers = [getattr(torch.cpu, probe)() for probe in probes if hasattr(torch.cpu, probe)]
    # A version of torch that cannot say leaves it to the measurement.
    return any(answers) or not answers


def measure_product_gain() -> float:
    """Return how many times faster this CPU multiplies matrices in bfloat16: milliseconds."""
    import torch

    def product(dtype: torch.dtype) -> Callable[[], object]:
        left = torch.ones(128, 384, dtype=dtype)
        right = torch.ones(384, 1536, dtype=dtype)
        return lambda: torch.mm(left, right)

    return gain(product(torch.float32), product(torch.bfloat16))


def gain(slower: Callable[[], object], faster: Callable[[], object], turns: int = 4) -> float:
    """Return how many times less the second takes than the first: the best of each, in turn.

    On one core: where another program has the other, two would mostly wait for each other.
    """
    best = [float("inf"), float("inf")]
    with torch_threads(1):
        for _ in range(turns):
            for number, work in enumerate((slower, faster)):
                start = perf_counter()
                work()
                best[number] = min(best[number], perf_counter() - start)
    return best[0] / max(best[1], 1e-9)


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Have torch use so many cores for one operation, also in threads that begin meanwhile."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _remembered(note: Path) -> Precision | None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(note.read_text(encoding="utf-8"))["precision"]
        if known in ("float32", "bfloat16"):
            return cast(Precision, known)
    return None
