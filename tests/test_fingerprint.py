"""What names a run's results: a digest that changes with the code, and the machine."""

from __future__ import annotations

import importlib
import json
import platform
from pathlib import Path

import pytest
from conftest import write_notes

from evals.fingerprint import (
    INSTRUCTIONS,
    TELLING,
    Machine,
    code_digest,
    this_machine,
    workers_wanted,
)

NAME = "a_package_that_is_only_here"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a package that can be imported."""
    folder = tmp_path / NAME
    write_notes(folder, {"__init__.py": "", "part/code.py": "x = 1\n", "part/model.json": "{}"})
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return folder


def test_the_same_code_has_the_same_digest(package: Path) -> None:
    assert code_digest([NAME]) == code_digest([NAME])
    assert len(code_digest([NAME])) == 64


@pytest.mark.parametrize("name", ["part/code.py", "part/model.json", "new.py", "new.sql"])
def test_the_digest_changes_with_whatever_can_change_an_answer(package: Path, name: str) -> None:
    before = code_digest([NAME])
    write_notes(package, {name: "x = 2\n"})
    assert code_digest([NAME]) != before


def test_the_digest_changes_when_a_module_is_moved_or_gone(package: Path) -> None:
    before = code_digest([NAME])
    moved = (package / "part/code.py").rename(package / "part/coda.py")
    after = code_digest([NAME])
    moved.unlink()
    assert len({before, after, code_digest([NAME])}) == 3


@pytest.mark.parametrize("name", ["README.md", "part/__pycache__/code.cpython-311.pyc", "a.css"])
def test_the_digest_stays_with_what_cannot(package: Path, name: str) -> None:
    before = code_digest([NAME])
    write_notes(package, {name: "x = 2\n"})
    assert code_digest([NAME]) == before


def test_the_harness_itself_is_not_part_of_what_is_judged(package: Path) -> None:
    both = code_digest(["ingest", "chatbot"])
    assert code_digest() == both
    assert code_digest(["ingest"]) != both
    assert code_digest(["ingest", "chatbot", NAME]) != both


def test_a_digest_does_not_import_what_it_reads(package: Path) -> None:
    write_notes(package, {"__init__.py": "raise RuntimeError('imported')\n"})
    code_digest([NAME])


def test_this_machine_is_the_same_each_time_and_survives_json() -> None:
    machine = this_machine()
    assert machine == this_machine()
    told = json.loads(json.dumps(machine.to_json()))
    assert told["python"] == ".".join(platform.python_version().split(".")[:2])
    assert told["libraries"] == dict(machine.libraries)
    assert list(told["libraries"]) == list(TELLING)
    assert told["libraries"]["numpy"]
    assert set(told["instructions"]) <= set(INSTRUCTIONS)


def test_a_library_that_is_not_there_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.fingerprint.TELLING", ("numpy", NAME))
    libraries = dict(this_machine().libraries)
    assert libraries[NAME] == ""
    assert libraries["numpy"]


def test_machines_are_equal_when_all_of_them_is() -> None:
    one = Machine("3.11", "Linux", "x86_64", ("avx2",), (("numpy", "2.0"),))
    assert one == Machine("3.11", "Linux", "x86_64", ("avx2",), (("numpy", "2.0"),))
    assert one != Machine("3.11", "Linux", "x86_64", (), (("numpy", "2.0"),))


def test_one_to_four_processes_ask() -> None:
    assert 1 <= workers_wanted() <= 4


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 2), (4, 4), (64, 4)])
def test_a_process_a_core_is_wanted_and_four_at_most(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert workers_wanted() == workers
