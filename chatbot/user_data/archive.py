"""The file of a backup: written whole, and read with nothing believed before it is checked."""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from chatbot.errors import BadBackup
from chatbot.user_data.database import FILE
from chatbot.user_data.inspection import inspect
from chatbot.user_data.manifest import (
    MANIFEST,
    Manifest,
    Member,
    NotebookNotes,
    read_manifest,
    require_expected,
)
from chatbot.user_data.schema import VERSION

MOST_MEMBERS = 1_000
MOST_MANIFEST = 4 * 2**20  # bytes
MOST_SETTINGS = 64 * 2**10
MOST_DATABASE = 4 * 2**30
# Text is packed to a tenth or so, zeros to a thousandth: what unpacks to much more is a trap.
MOST_GROWTH, FREE_GROWTH = 100, 16 * 2**20

_BLOCK = 2**20
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(RuntimeError, OverflowError, ValueError, IndexError, KeyError),
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds, all of it checked. `database` is a file that was unpacked."""

    manifest: Manifest
    database: Path | None
    settings: Mapping[str, bytes]  # by the name below the home folder
    conversations: int = 0
    turns: int = 0


def write_archive(
    path: Path,
    database: Path | None,
    settings: Mapping[str, bytes],
    *,
    program: str,
    created: datetime,
    notebooks: Sequence[NotebookNotes],
) -> None:
    """Write a backup to `path`, where nothing is yet, synced and private to its user."""
    members = [
        Member(name, len(data), hashlib.sha256(data).hexdigest())
        for name, data in sorted(settings.items())
    ]
    if database is not None:
        with database.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        members.insert(0, Member(FILE, database.stat().st_size, digest))
    manifest = Manifest(program, created, tuple(notebooks), tuple(members))
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    with os.fdopen(descriptor, "w+b") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(MANIFEST, manifest.to_json(VERSION))
            if database is not None:
                archive.write(database, FILE)
            for name, data in sorted(settings.items()):
                archive.writestr(name, data)
        stream.flush()
        os.fsync(stream.fileno())


def unpack(file: Path, folder: Path) -> Contents:
    """Read a backup, checking everything; its database is unpacked into the folder.

    Raises:
        BadBackup: something in it is not as it should be.
        OSError: the folder cannot be written.
    """
    with open_packed(file) as packed:
        try:
            return _unpack(packed, folder)
        except (*_BROKEN, OSError) as error:
            # zipfile seeks where the file says, and the system refuses a place before its start.
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            raise BadBackup(
                f"{file} cannot be restored: {error}. Nothing was changed. Try another backup"
            ) from error


def open_packed(file: Path) -> IO[bytes]:
    """Open a file that may be a backup.

    Raises:
        BadBackup: it cannot be read.
    """
    try:
        return file.open("rb")
    except OSError as error:
        raise BadBackup(
            f"{file} cannot be read ({error.strerror}). Name a file that `footnote backup` made"
        ) from error


def _unpack(packed: IO[bytes], folder: Path) -> Contents:
    with zipfile.ZipFile(packed) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_MEMBERS:
            raise ValueError(f"it holds {len(entries):,} files; {MOST_MEMBERS:,} is the most")
        require_expected([entry.orig_filename for entry in entries])
        for entry in entries:
            _require_size(entry)
        by_name = {entry.filename: entry for entry in entries}
        manifest = read_manifest(archive.read(by_name.pop(MANIFEST)))
        require_expected([MANIFEST, *(member.name for member in manifest.members)])
        if {member.name for member in manifest.members} != set(by_name):
            raise ValueError("its manifest names other files than it holds")
        settings: dict[str, bytes] = {}
        database: Path | None = None
        for member in manifest.members:
            entry = by_name[member.name]
            if entry.file_size != member.size:
                raise ValueError(f"its {member.name} has another size than its manifest says")
            with archive.open(entry) as stream:
                if member.name == FILE:
                    database = folder / FILE
                    digest = _copy(stream, database, member.size)
                else:
                    settings[member.name] = data = stream.read(member.size + 1)
                    digest = hashlib.sha256(data).hexdigest()
            if digest != member.sha256:
                raise ValueError(f"its {member.name} is not what was backed up")
    conversations, turns = inspect(database) if database else (0, 0)
    return Contents(manifest, database, settings, conversations, turns)


def _require_size(entry: zipfile.ZipInfo) -> None:
    most = {MANIFEST: MOST_MANIFEST, FILE: MOST_DATABASE}.get(entry.filename, MOST_SETTINGS)
    most = min(most, entry.compress_size * MOST_GROWTH + FREE_GROWTH)
    if entry.file_size > most:
        raise ValueError(
            f"its {entry.filename} would unpack to {entry.file_size:,} bytes; {most:,} is the most"
        )
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"its {entry.filename} is packed in a way that no backup is")


def _copy(stream: IO[bytes], path: Path, size: int) -> str:
    """Write what the stream holds, never more than `size` bytes; return its SHA-256."""
    digest, left = hashlib.sha256(), size
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        while block := stream.read(min(_BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise ValueError(f"its {path.name} is larger than it says")
            digest.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()
