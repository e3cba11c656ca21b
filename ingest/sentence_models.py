"""Where a sentence-transformers model lies on this machine, and what its files say.

Only JSON files are read here: no torch, no network.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import WeightsUnavailable
from ingest.onnx_encoder import Pooling
from ingest.weights import MINILM, file_digest

DEFAULT_WINDOW = 512


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """A sentence-transformers model on disk, described without loading it."""

    name: str
    revision: str
    folder: Callable[[], Path]  # checks the files on the first call, where they are pinned
    tokenizer_file: Callable[[], Path]
    window: int
    dimension: int
    pooling: Pooling | None  # None: a pipeline that only sentence-transformers can run
    query_prefix: str = ""
    note_prefix: str = ""


def packaged_minilm() -> SentenceModel:
    """Return the packaged all-MiniLM-L6-v2: described by what is pinned, no file is read."""
    return SentenceModel(
        name=MINILM.name,
        revision=MINILM.revision,
        folder=MINILM.verified_folder,
        tokenizer_file=lambda: MINILM.file("tokenizer.json"),
        window=256,
        dimension=384,
        pooling="mean",
    )


def find_model(name: str) -> SentenceModel:
    """Find a model by local path, or by the name it was downloaded under before.

    Raises:
        WeightsUnavailable: it is not on this machine, or lacks a file that is needed.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        revision = _folder_digest(folder)
    else:
        folder = _cached_folder(name)
        revision = folder.name  # the cache names a snapshot by its commit
    return _describe(name, folder, revision)


def _cached_folder(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        raise WeightsUnavailable(
            f"The model '{name}' is not on this machine, and nothing is downloaded for you."
            " Download it once yourself and give its folder's path instead of its name,"
            " or use 'all-MiniLM-L6-v2', which is installed with the program"
        ) from error


def _folder_digest(folder: Path) -> str:
    """Hash what decides the vectors: every weight, tokenizer and settings file."""
    import hashlib

    kinds = {".safetensors", ".json", ".txt", ".model", ".bin"}
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in kinds and path.is_file():
            whole.update(f"{path.relative_to(folder).as_posix()}:{file_digest(path)}\n".encode())
    return whole.hexdigest()


def _describe(name: str, folder: Path, revision: str) -> SentenceModel:
    tokenizer_file = folder / "tokenizer.json"
    if not tokenizer_file.is_file():
        raise WeightsUnavailable(
            f"The model in {folder} holds no tokenizer.json. Save it with its fast tokenizer"
            " (AutoTokenizer(…).save_pretrained) and try again"
        )
    modules = _read_json(folder / "modules.json", default=[])
    steps = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
    pooling = _read_pooling(folder, modules)
    plain = steps in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
    transformer = _read_json(folder / "config.json", default={})
    prompts = _read_json(folder / "config_sentence_transformers.json", default={}).get("prompts")
    prompts = prompts or {}
    return SentenceModel(
        name=name,
        revision=revision,
        folder=lambda: folder,
        tokenizer_file=lambda: tokenizer_file,
        window=_read_window(folder, transformer),
        dimension=_read_dimension(folder, modules, transformer),
        pooling=pooling if plain else None,
        query_prefix=str(prompts.get("query", "")),
        note_prefix=str(prompts.get("document", prompts.get("passage", ""))),
    )


def _read_window(folder: Path, transformer: dict[str, Any]) -> int:
    settings = _read_json(folder / "sentence_bert_config.json", default={})
    for value in (settings.get("max_seq_length"), transformer.get("max_position_embeddings")):
        if isinstance(value, int) and value > 0:
            return value
    return DEFAULT_WINDOW


def _read_dimension(
    folder: Path, modules: list[dict[str, Any]], transformer: dict[str, Any]
) -> int:
    """Return the width of the vectors that leave the last module that changes it."""
    for module in reversed(modules):
        settings = _read_json(folder / str(module["path"]) / "config.json", default={})
        for key in ("out_features", "word_embedding_dimension", "embedding_dimension"):
            if isinstance(settings.get(key), int):
                return int(settings[key])
    if isinstance(transformer.get("hidden_size"), int):
        return int(transformer["hidden_size"])
    raise WeightsUnavailable(
        f"The model in {folder} does not say how wide its vectors are (no pooling settings,"
        " no hidden_size). Give the folder of a sentence-transformers model"
    )


def _read_pooling(folder: Path, modules: list[dict[str, Any]]) -> Pooling | None:
    """Return the pooling, or None where it is not plainly the mean or the first token."""
    for module in modules:
        if not str(module["type"]).endswith("Pooling"):
            continue
        settings = _read_json(folder / str(module["path"]) / "config.json", default={})
        named = settings.get("pooling_mode")
        if named in ("mean", "cls"):
            return "mean" if named == "mean" else "cls"
        on = {key for key, value in settings.items() if key.startswith("pooling_mode_") and value}
        if on == {"pooling_mode_mean_tokens"}:
            return "mean"
        if on == {"pooling_mode_cls_token"}:
            return "cls"
    return None


def _read_json(path: Path, default: Any) -> Any:
    if not path.is_file():
        return default
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WeightsUnavailable(
            f"The file {path} is not valid JSON ({error}). Download the model again"
        ) from error
