"""What a generation says about itself: how it was built, from what, and its files' hashes."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ingest.embedding import EmbedderIdentity
from ingest.errors import IndexDamaged, IndexMismatch
from ingest.schema import SCHEMA_VERSION

# Raise it when the readers or the chunker make something else of the same note.
CHUNKING_VERSION = 1
DEFAULT_DIRECTORY = Path(".footnote/index")


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """How an index was built, and from where. Only other `roots` need no rebuild."""

    embedder: EmbedderIdentity
    window: int  # tokens that the embedder reads
    roots: tuple[str, ...]  # absolute paths of the notes
    chunking_version: int = CHUNKING_VERSION
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of `manifest.json`."""

    settings: IndexSettings
    sources: tuple[tuple[str, str], ...]  # name and SHA-256 of each note, in order
    sections: int
    chunks: int
    catalog_digest: str  # SHA-256 of notes.sqlite
    segments: dict[str, str]  # SHA-256 of Chroma's vector files, by POSIX path
    written: int  # chunks when all files were last written anew, not updated
    replaced: int = 0  # chunks that updates have taken out since

    def write(self, path: Path) -> None:
        """Write the manifest and sync it."""
        with path.open("w", encoding="utf-8") as stream:
            json.dump(asdict(self), stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())

    def with_segments(self, segments: dict[str, str]) -> Manifest:
        """Return the manifest of the same generation with another Chroma directory."""
        return replace(self, segments=segments)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest.

        Raises:
            IndexDamaged: it is missing, or says something else.
            IndexMismatch: it was written by a version with another schema.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            version = values["settings"]["schema_version"]
            if version == SCHEMA_VERSION:
                return _manifest(values)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexDamaged(
                f"The index's manifest {path} cannot be read ({type(error).__name__}: {error})."
                " Ingest the notes again: footnote ingest <notes> --rebuild"
            ) from error
        raise IndexMismatch(
            f"The index in {path.parent} has schema {version}, this version reads schema"
            f" {SCHEMA_VERSION}. Rebuild it: footnote ingest <notes> --rebuild"
        )


def require_same(
    built: IndexSettings, configured: IndexSettings, directory: Path, roots: Sequence[str]
) -> None:
    """Check that an index built one way may be used another way.

    Where the notes lie has no say: an index serves whichever were ingested last. `roots`
    are those that the repairing command names.

    Raises:
        IndexMismatch: naming both values, and the command that rebuilds the index.
    """
    repair = f"Rebuild it: {rebuild_command(roots, directory)}"
    if built.embedder != configured.embedder:
        was, now = _differing(built.embedder, configured.embedder)
        raise IndexMismatch(
            f"The index at {directory} was built with {was} but {now} is configured. {repair}"
        )
    for noun, was, now in (
        ("a window of", f"{built.window} tokens", f"{configured.window} tokens"),
        ("schema", str(built.schema_version), str(configured.schema_version)),
        ("chunking version", str(built.chunking_version), str(configured.chunking_version)),
    ):
        if was != now:
            raise IndexMismatch(
                f"The index at {directory} was built with {noun} {was} but {now} is"
                f" configured. {repair}"
            )


def with_versions_of(settings: IndexSettings, of: IndexSettings) -> IndexSettings:
    """Return the settings with the program's own versions as `of` has them."""
    return replace(settings, chunking_version=of.chunking_version, schema_version=of.schema_version)


def rebuild_command(roots: Sequence[str], directory: Path) -> str:
    """Return the command that builds the index anew from these notes."""
    return shlex.join(["footnote", "ingest", *roots, "--rebuild", *_which(directory)])


def _which(directory: Path) -> list[str]:
    """The option that names an index: a notebook's by the notebook, whose settings then count."""
    home = directory.parent
    if directory.name == "index" and home.parent.name == "notebooks":
        return ["--notebook", home.name]
    is_default = directory == DEFAULT_DIRECTORY or (home / "settings.toml").is_file()
    return [] if directory.name == "index" and is_default else ["--index", str(directory)]


def _differing(built: EmbedderIdentity, configured: EmbedderIdentity) -> tuple[str, str]:
    for field in ("name", "revision", "precision", "dimension", "query_prefix"):
        was, now = getattr(built, field), getattr(configured, field)
        if was != now:
            noun = "" if field == "name" else f"{field} "
            return f"{noun}'{was}'", f"{noun}'{now}'"
    raise AssertionError("equal identities do not differ")


def _manifest(values: dict[str, Any]) -> Manifest:
    settings = values["settings"]
    return Manifest(
        settings=IndexSettings(
            embedder=EmbedderIdentity(**settings["embedder"]),
            window=int(settings["window"]),
            roots=tuple(str(root) for root in settings["roots"]),
            chunking_version=int(settings["chunking_version"]),
            schema_version=int(settings["schema_version"]),
        ),
        sources=tuple((str(name), str(digest)) for name, digest in values["sources"]),
        sections=int(values["sections"]),
        chunks=int(values["chunks"]),
        catalog_digest=str(values["catalog_digest"]),
        segments={str(name): str(digest) for name, digest in values["segments"].items()},
        written=int(values["written"]),
        replaced=int(values["replaced"]),
    )
