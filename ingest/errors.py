"""What can go wrong between the notes folder and the index.

    IngestError
    ├── NotesNotFound        no such file or folder
    ├── NoReadableNotes      the folder holds nothing that a reader can read
    ├── IndexNotFound        nothing was ingested into this directory yet
    ├── IndexDamaged         the generation on disk does not hold what it says
    ├── IndexMismatch        the index was built with other settings
    ├── WriterBusy           another process is ingesting into this index
    └── WeightsUnavailable   a model's files are missing or are not the expected ones

Every message says what happened, with its values, and what to do next, in one line.
"""

from __future__ import annotations


class IngestError(Exception):
    """Base of every error that `ingest` raises for a reason a user can act on."""


class NotesNotFound(IngestError):
    """The path that should hold notes does not exist."""


class NoReadableNotes(IngestError):
    """None of the given paths holds a note that a reader can read."""


class IndexNotFound(IngestError):
    """The directory holds no index."""


class IndexDamaged(IngestError):
    """The index on disk is incomplete or altered."""


class IndexMismatch(IngestError):
    """The index was built with settings other than the configured ones."""


class WriterBusy(IngestError):
    """Another process holds the writer's lock."""


class WeightsUnavailable(IngestError):
    """A model's files are missing, or differ from what was pinned."""
