"""`footnote ingest` and `footnote sync`: bring the index up to date with the notes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.arguments import DEFAULT_NOTES
from chatbot.commands.call import Call
from chatbot.exit_codes import DONE
from chatbot.notices import Notices
from ingest.errors import IngestError, NoReadableNotes, NotesNotFound

if TYPE_CHECKING:
    from ingest.build import IngestReport


def ingest(call: Call) -> int:
    """Read the notes that are named."""
    paths = call.args.paths or [Path(DEFAULT_NOTES)]
    return _bring_up_to_date(call, paths, call.args.rebuild)


def sync(call: Call) -> int:
    """Read the notes that were read before.

    Where none of them is there any more (a drive that is not mounted, a folder that moved) the
    index is kept, and that is said: it may be all that is left of them.
    """
    try:
        return _bring_up_to_date(call, call.backend.ingested_paths(call.settings), False)
    except (NotesNotFound, NoReadableNotes) as error:
        raise type(error)(
            f"{str(error).rstrip('.')}. Until other notes are ingested the index goes on answering"
            f" from the old ones; to forget them, remove {call.settings.index}"
        ) from error


def _bring_up_to_date(call: Call, paths: Sequence[Path], rebuild: bool) -> int:
    settings, backend, terminal = call.settings, call.backend, call.terminal
    if call.args.dry_run:
        return _say_what_would_change(call, paths)
    with Notices(terminal).from_loggers():
        if not call.args.watch:
            _tell(call, backend.ingest(paths, settings, rebuild, terminal.progress))
            return DONE
        for report in backend.follow(paths, settings, rebuild, terminal.progress):
            _tell(call, report)
            terminal.notice("Following the notes; Ctrl-C ends it.")
    return DONE


def _say_what_would_change(call: Call, paths: Sequence[Path]) -> int:
    changes, skipped = call.backend.pending(paths, call.settings)
    if call.args.json:
        left_out = [{"name": file.name, "reason": file.reason} for file in skipped]
        call.terminal.json({"changes": asdict(changes), "skipped": left_out})
    else:
        call.terminal.pending(changes, skipped)
    return DONE


def _tell(call: Call, report: IngestReport | IngestError) -> None:
    terminal = call.terminal
    terminal.settle(done=not isinstance(report, IngestError))
    if isinstance(report, IngestError):
        terminal.error(str(report))
    elif call.args.json:
        terminal.json(json.loads(report.to_json()))
    else:
        terminal.report(report, call.settings.index)
