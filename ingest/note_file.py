"""One note's bytes, and the text in them."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from pathlib import Path

from ingest.notes import SourceDocument

_ATTEMPTS = 3  # for a file that a sync client writes while we read it
_CONTROL_SHARE = 0.01  # with more control characters than this it is not text
_FOREIGN_SHARE = 0.30  # with more bytes above ASCII than this it is not Western European
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_ABOVE_ASCII = bytes(range(0x80, 0x100))


class FileSkipped(Exception):
    """Why a file is not read, in words for its owner."""


def read_note(path: Path, name: str, max_bytes: int) -> SourceDocument:
    """Read and decode the file at `path`, to be known as `name`.

    Raises:
        FileSkipped: it is empty, too large, binary, unreadable, or keeps changing.
    """
    content = _stable_bytes(path, max_bytes)
    text, encoding = decode(content)
    if not text.strip("\ufeff \t\r\n\f\v"):
        raise FileSkipped("the file is empty" if not content else "the file holds no words")
    return SourceDocument(name, path, text, encoding, hashlib.sha256(content).hexdigest())


def decode(content: bytes) -> tuple[str, str]:
    """The text in `content`, byte-order mark and newlines kept, and its encoding.

    Raises:
        FileSkipped: the bytes are not text, or not in an encoding that can be told.
    """
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same bytes
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            try:
                return _checked(content.decode(encoding)), encoding
            except UnicodeDecodeError:
                continue
    if b"\0" in content:
        raise FileSkipped("a binary file (it holds NUL bytes)")
    try:
        return _checked(content.decode("utf-8")), "utf-8"
    except UnicodeDecodeError as error:
        at = error.start
    above = len(content) - len(content.translate(None, _ABOVE_ASCII))
    if above > _FOREIGN_SHARE * len(content):
        raise FileSkipped(f"not UTF-8 (byte {at}); save it as UTF-8")
    try:
        return _checked(content.decode("cp1252")), "cp1252"
    except UnicodeDecodeError:
        return _checked(content.decode("latin-1")), "latin-1"


def _checked(text: str) -> str:
    controls = sum(1 for _ in _CONTROL.finditer(text))
    if "\0" in text or controls > _CONTROL_SHARE * len(text):
        raise FileSkipped(f"a binary file ({controls} control characters)")
    return text


def _stable_bytes(path: Path, max_bytes: int) -> bytes:
    """The file's bytes, read while nothing changed it."""
    for _ in range(_ATTEMPTS):
        try:
            content, unchanged = _read_once(path, max_bytes)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise FileSkipped(f"cannot read it: {reason}") from error
        if unchanged:
            return content
    raise FileSkipped(f"it changed while being read, {_ATTEMPTS} times; ingest again later")


def _read_once(path: Path, max_bytes: int) -> tuple[bytes, bool]:
    # Neither wait for a pipe's other end nor follow a link that took the file's place.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise FileSkipped("not a regular file")
        if before.st_size > max_bytes:
            raise FileSkipped(
                f"{before.st_size / 1e6:.1f} MB, more than the {max_bytes / 1e6:g} MB of a note; "
                "split it"
            )
        content = file.read(max_bytes + 1)
        after = os.fstat(file.fileno())
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return content, same and len(content) == before.st_size
