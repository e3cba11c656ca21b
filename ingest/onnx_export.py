"""An ONNX export of a sentence-transformers model, kept beside the index.

Made once per set of weights; a question is then embedded without importing torch.

    <models>/<revision>/model.onnx
                        tokenizer.json
                        meta.json       window, pooling, SHA-256 of both files
"""

from __future__ import annotations

import contextlib
import inspect
import json
import shutil
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.onnx_encoder import OnnxEncoder
from ingest.weights import digest_once, file_digest

if TYPE_CHECKING:
    from ingest.sentence_models import SentenceModel

EXPORT_VERSION = 1
OPSET = 17
PARTIAL = ".part-"  # an export that is being written, or whose process died
_FILES = ("model.onnx", "tokenizer.json")


def open_export(model: SentenceModel, models_dir: Path) -> OnnxEncoder | None:
    """Return the encoder of an intact export, or None where there is none."""
    folder = models_dir / model.revision
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        expected = _describe(model, {name: digest_once(folder / name) for name in _FILES})
    except (OSError, ValueError):
        return None
    if meta != expected:
        return None
    return _encoder(model, folder)


def _encoder(model: SentenceModel, folder: Path) -> OnnxEncoder | None:
    if model.pooling is None:
        return None
    return OnnxEncoder(
        folder / "model.onnx",
        folder / "tokenizer.json",
        window=model.window,
        pooling=model.pooling,
    )


def write_export(
    model: SentenceModel,
    transformer: Any,
    models_dir: Path,
    agrees: Callable[[OnnxEncoder], bool],
) -> None:
    """Export the transformer's weights, in float32, and put the folder in place at once.

    One whose encoder `agrees` does not accept is never in place: the next process would use it.

    Raises:
        Exception: whatever torch's exporter raises; nothing is left behind.
        OSError: `models_dir` cannot be written.
    """
    models_dir.mkdir(parents=True, exist_ok=True)
    partial = models_dir / f"{PARTIAL}{uuid.uuid4().hex}"
    partial.mkdir()
    try:
        _export_graph(transformer, partial / "model.onnx")
        shutil.copyfile(model.tokenizer_file(), partial / "tokenizer.json")
        digests = {name: file_digest(partial / name) for name in _FILES}
        meta = json.dumps(_describe(model, digests), indent=2)
        (partial / "meta.json").write_text(meta, encoding="utf-8")
        encoder = _encoder(model, partial)
        if encoder is not None and agrees(encoder):
            _move_into_place(partial, models_dir / model.revision)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _describe(model: SentenceModel, digests: dict[str, str]) -> dict[str, Any]:
    return {
        "export_version": EXPORT_VERSION,
        "name": model.name,
        "revision": model.revision,
        "window": model.window,
        "pooling": model.pooling,
        "sha256": digests,
    }


def _move_into_place(partial: Path, folder: Path) -> None:
    if folder.exists():  # a damaged export: a whole one would have been used
        folder.rename(partial.with_name(f"{partial.name}-old"))
        shutil.rmtree(partial.with_name(f"{partial.name}-old"), ignore_errors=True)
    partial.replace(folder)


def _export_graph(transformer: Any, target: Path) -> None:
    import torch

    accepted = inspect.signature(transformer.forward).parameters
    names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in accepted]

    class HiddenStates(torch.nn.Module):
        """Takes its inputs by position, as the exporter hands them over."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *values: torch.Tensor) -> torch.Tensor:
            output = self.transformer(**dict(zip(names, values, strict=True)))
            return output.last_hidden_state  # type: ignore[no-any-return]

    ones = torch.ones(2, 8, dtype=torch.long)
    axes = {0: "texts", 1: "tokens"}
    module = HiddenStates().eval()
    with torch.no_grad(), _quiet():
        torch.onnx.export(
            module,
            tuple(ones for _ in names),
            str(target),
            input_names=names,
            output_names=["last_hidden_state"],
            dynamic_axes=dict.fromkeys([*names, "last_hidden_state"], axes),
            opset_version=OPSET,
            dynamo=False,
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's warnings off: they tell developers of its future, not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
