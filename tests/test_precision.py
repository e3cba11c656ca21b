import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.precision import choose_precision, gain, has_bfloat16_instructions


def gaining(times: float) -> Callable[[], float]:
    return lambda: times


def never() -> float:
    raise AssertionError("measured")


def test_nothing_is_measured_where_the_cpu_cannot_gain(tmp_path: Path) -> None:
    note = tmp_path / "models" / "precision.json"
    chosen = choose_precision(note, never, measure_products=never, can_gain=lambda: False)
    assert chosen == "float32"
    assert not note.exists()


@pytest.mark.parametrize(
    ("products", "model", "chosen"),
    [(2.0, 1.5, "bfloat16"), (2.0, 1.1, "float32"), (0.5, None, "float32")],
)
def test_the_model_must_gain_as_well_as_the_products(
    tmp_path: Path, products: float, model: float | None, chosen: str
) -> None:
    note = tmp_path / "models" / "precision.json"
    measure = never if model is None else gaining(model)
    found = choose_precision(
        note, measure, measure_products=gaining(products), can_gain=lambda: True
    )
    assert found == chosen
    assert json.loads(note.read_text())["precision"] == chosen


def test_what_was_measured_is_remembered(tmp_path: Path) -> None:
    note = tmp_path / "precision.json"
    note.write_text('{"precision": "bfloat16"}')
    assert choose_precision(note, never, measure_products=never) == "bfloat16"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"precision": "int4"}'])
def test_a_damaged_memory_is_measured_again(tmp_path: Path, damage: str) -> None:
    note = tmp_path / "precision.json"
    note.write_text(damage)
    chosen = choose_precision(
        note, gaining(3.0), measure_products=gaining(3.0), can_gain=lambda: True
    )
    assert chosen == "bfloat16"


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ("flags\t\t: fpu sse2 avx2 avx512f\n", False),
        ("flags\t\t: fpu avx512f avx512_bf16\n", True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("Features\t: fp asimd i8mm bf16\n", True),
        ("", False),
    ],
)
def test_reads_what_the_kernel_says_of_the_cpu(
    tmp_path: Path, features: str, expected: bool
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(features)
    assert has_bfloat16_instructions(file) is expected


@pytest.mark.slow
def test_asks_torch_where_the_kernel_says_nothing(tmp_path: Path) -> None:
    assert has_bfloat16_instructions(tmp_path / "none") in (True, False)


@pytest.mark.slow
def test_a_gain_is_measured_in_turns_on_one_core() -> None:
    import torch

    threads = torch.get_num_threads()
    seen: list[tuple[str, int]] = []

    def work(name: str) -> None:
        seen.append((name, torch.get_num_threads()))

    assert gain(lambda: work("slow"), lambda: work("fast"), turns=2) > 0
    assert seen == [("slow", 1), ("fast", 1)] * 2
    assert torch.get_num_threads() == threads
