"""Whether notes are embedded in bfloat16: only where this machine is faster at it.

Measured once, and only on a CPU that has instructions for it; the others are never faster.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
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
        gain = (measure_products or measure_product_gain)()
        if gain >= BFLOAT16_GAIN:
            gain = measure_model()
    decided: Precision = "bfloat16" if gain >= BFLOAT16_GAIN else "float32"
    # A folder that cannot be written only costs the measurement again.
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        partial = note.with_suffix(".part")
        partial.write_text(
            json.dumps({"precision": decided, "bfloat16_gain": round(gain, 2)}), encoding="utf-8"
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

    seconds = []
    for dtype in (torch.float32, torch.bfloat16):
        left = torch.ones(128, 384, dtype=dtype)
        right = torch.ones(384, 1536, dtype=dtype)
        runs = []
        for _ in range(4):
            start = perf_counter()
            torch.mm(left, right)
            runs.append(perf_counter() - start)
        seconds.append(min(runs))
    return seconds[0] / max(seconds[1], 1e-9)


def _remembered(note: Path) -> Precision | None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(note.read_text(encoding="utf-8"))["precision"]
        if known in ("float32", "bfloat16"):
            return cast(Precision, known)
    return None
