"""What a backup says of itself: `manifest.json`, read as if a stranger had written it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from chatbot.notebooks import DEFAULT_NOTEBOOK, notebook_name
from chatbot.user_data.database import FILE

FORMAT = 1
MANIFEST = "manifest.json"
SETTINGS = "settings.toml"

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a backup."""

    name: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class NotebookNotes:
    """A notebook, and the files and folders that were ingested into it last."""

    name: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup, and who made it when."""

    program: str
    created: datetime  # UTC
    notebooks: tuple[NotebookNotes, ...]
    members: tuple[Member, ...]

    def to_json(self, schema: int) -> str:
        """The manifest as it is stored; `schema` is the version of the database in it."""
        value = {
            "format": FORMAT,
            "program": self.program,
            "schema": schema,
            "created": self.created.isoformat(timespec="seconds"),
            "notebooks": [asdict(notebook) for notebook in self.notebooks],
            "members": [asdict(member) for member in self.members],
        }
        return json.dumps(value, indent=2) + "\n"


def read_manifest(text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: it is none, or one of a newer Footnote; the message says which.
    """
    try:
        value = json.loads(text)
        if int(value["format"]) > FORMAT:
            raise NewerBackup(f"a newer Footnote made it, in format {int(value['format'])}")
        return Manifest(
            program=str(value["program"]),
            created=datetime.fromisoformat(value["created"]),
            notebooks=tuple(
                NotebookNotes(notebook_name(notebook["name"]), _texts(notebook["notes"]))
                for notebook in value["notebooks"]
            ),
            members=tuple(
                Member(str(member["name"]), int(member["size"]), _digest(member["sha256"]))
                for member in value["members"]
            ),
        )
    except NewerBackup:
        raise
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"its manifest cannot be read ({type(error).__name__})") from error


class NewerBackup(ValueError):
    """The backup's format is newer than this program."""


def settings_member(notebook: str) -> str:
    """Under which name a notebook's settings are in a backup, and below the home folder."""
    return SETTINGS if notebook == DEFAULT_NOTEBOOK else f"notebooks/{notebook}/{SETTINGS}"


def notebook_of_member(name: str) -> str:
    """Whose settings are under that name.

    Raises:
        ValueError: nobody's: a backup has no such file.
    """
    if name == SETTINGS:
        return DEFAULT_NOTEBOOK
    parts = name.split("/")
    # Compared whole: a name that only means the same would be another file.
    if len(parts) != 3 or settings_member(notebook_name(parts[1])) != name:
        raise ValueError(f"it holds {name[:80]!r}, which is no part of a backup")
    return parts[1]


def require_expected(names: Sequence[str]) -> None:
    """See that every file is one that a backup has, and is there once.

    Raises:
        ValueError: one is not.
    """
    seen: set[str] = set()
    for name in names:
        if name not in (MANIFEST, FILE):
            try:
                notebook_of_member(name)
            except ValueError:
                raise ValueError(f"it holds {name[:80]!r}, which is no part of a backup") from None
        if name in seen:
            raise ValueError(f"it holds {name[:80]!r} twice")
        seen.add(name)
    if MANIFEST not in names:
        raise ValueError("it has no manifest")


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError("not a list of texts")
    return tuple(value)


def _digest(value: object) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError("not a SHA-256")
    return value
