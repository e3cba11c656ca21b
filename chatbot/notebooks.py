"""Notebooks: several collections of notes side by side, each with its own index and settings.

    <home>/index                       the default notebook's index
           settings.toml               and its settings
           notebooks/<name>/index      those of a named one
                            settings.toml

What is asked of one is never answered from another: they share no file but the program's.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import BadSetting

DEFAULT_NOTEBOOK = "default"
OWN_SETTINGS = ("embedder", "rerank", "unsupported")  # what a notebook's file may say
# The file travels: in a backup, or with notes that somebody shares. Who reads the questions that
# are asked here, and at whose cost, is for this machine's environment to say.
NEVER_OWN = ("model", "model_url")

_NAME = re.compile(r"[^\W_][\w-]{0,63}")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)  # no folder on Windows


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook, and what its index holds; `problem` says why nothing is known of it."""

    name: str
    index: str
    notes: tuple[str, ...] = ()  # the files and folders that were ingested last
    sources: int = 0
    sections: int = 0
    chunks: int = 0
    embedder: str = ""
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """The notebook as `notebooks --json` prints it."""
        return asdict(self)


def notebook_name(text: str) -> str:
    """Return the name as it is stored, or refuse it.

    Raises:
        ValueError: a name has 1 to 64 letters, digits, `-` or `_`, and begins with one of the
            first two.
    """
    name = unicodedata.normalize("NFC", text)
    if not _NAME.fullmatch(name) or _DEVICE.fullmatch(name):
        raise ValueError(
            "a notebook's name has 1 to 64 letters, digits, '-' or '_', and begins with a letter"
            " or digit"
        )
    return name


def is_named_notebook(folder: str) -> bool:
    """Whether a folder of that name is a notebook's; any folder may stand among them."""
    try:
        return notebook_name(folder) == folder and folder != DEFAULT_NOTEBOOK
    except ValueError:
        return False


def notebook_folder(home: Path, name: str) -> Path:
    """Return where a notebook keeps its index and its settings."""
    return home if name == DEFAULT_NOTEBOOK else home / "notebooks" / name


def notebook_settings(home: Path, name: str) -> tuple[Path, dict[str, Any]]:
    """Return a notebook's settings file, and what it says: nothing where it is not there.

    Raises:
        BadSetting: it cannot be read, or says what it has no say in.
    """
    path = notebook_folder(home, name) / "settings.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return path, {}
    except (OSError, ValueError, RecursionError) as error:
        raise BadSetting(f"{path} cannot be read ({error}). Correct it, or remove it.") from error
    for setting in values:
        if setting in NEVER_OWN:
            raise BadSetting(
                f"{path} sets '{setting}'; the file may come from elsewhere, so it has no say in"
                f" who gets your questions. Remove it, and set FOOTNOTE_{setting.upper()} instead."
            )
        if setting not in OWN_SETTINGS:
            known = ", ".join(f"'{own}'" for own in OWN_SETTINGS)
            raise BadSetting(
                f"{path} sets '{setting}'; a notebook's own settings are {known}. Correct it."
            )
    return path, values


def list_notebooks(home: Path) -> tuple[Notebook, ...]:
    """Return the default notebook first, when it has an index, then the others by name."""
    found = [_look(home, DEFAULT_NOTEBOOK)]
    if found[0].problem and not (home / "index").exists():
        found = []
    try:
        folders = sorted((home / "notebooks").iterdir())
    except FileNotFoundError:
        folders = []
    names = [path.name for path in folders if path.is_dir() and is_named_notebook(path.name)]
    return (*found, *(_look(home, name) for name in names))


def _look(home: Path, name: str) -> Notebook:
    from ingest.errors import IndexNotFound, IngestError
    from ingest.pipeline import current_manifest

    index = notebook_folder(home, name) / "index"
    try:
        manifest = current_manifest(index)
    except IndexNotFound:
        return Notebook(name, str(index), problem="nothing was ingested into it yet")
    except IngestError as error:
        return Notebook(name, str(index), problem=str(error))
    return Notebook(
        name=name,
        index=str(index),
        notes=manifest.settings.roots,
        sources=len(manifest.sources),
        sections=manifest.sections,
        chunks=manifest.chunks,
        embedder=manifest.settings.embedder.name,
    )
