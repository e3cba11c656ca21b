"""`footnote backup` and `footnote restore`: the user's own data, carried to safety and back."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.commands.call import Call
from chatbot.errors import NotDone
from chatbot.exit_codes import DONE
from chatbot.notebooks import DEFAULT_NOTEBOOK, notebook_folder
from chatbot.terminal import counted

if TYPE_CHECKING:
    from chatbot.user_data.archive import Contents
    from chatbot.user_data.manifest import Manifest


def backup(call: Call) -> int:
    """Make a backup, and say what is in it."""
    file = call.args.file or Path(f"footnote-backup-{datetime.now():%Y-%m-%d-%H%M%S}.zip")
    made = call.backend.back_up(call.settings, file)
    holds = _counts(made.conversations, made.turns, len(made.notebooks))
    _say(call, f"{made.file} holds {holds}, and was read back.")
    call.terminal.notice("Your notes are not in it: keep them safe, too.")
    return DONE


def restore(call: Call) -> int:
    """Restore a backup, once that is confirmed, and say how to get the indexes back."""
    args = call.args

    def confirm(contents: Contents) -> bool:
        made = f"{contents.manifest.created.astimezone():%Y-%m-%d %H:%M}"
        return args.yes or bool(
            call.terminal.confirmed(
                f"Put {_held(contents)} of {args.file}, made {made}, in the place of what is in"
                f" {call.settings.home}?"
            )
        )

    if not (args.yes or call.terminal.stdin.isatty()):
        raise NotDone(
            f"Nobody is here to say yes. To restore without being asked: footnote restore --yes"
            f" {shlex.quote(str(args.file))}"
        )
    restored = call.backend.restore(call.settings, args.file, confirm)
    _say(call, f"Restored {_held(restored.contents)} from {args.file}.")
    if restored.contents.database is None:
        call.terminal.notice("It holds no conversations: those that are here were left.")
    if restored.before is not None:
        call.terminal.notice(f"What was there before is in {restored.before}.")
    commands = _ingest_commands(restored.contents.manifest, call.settings.home)
    if commands:
        call.terminal.notice("To bring the indexes back, where the notes are on this machine:")
    for command in commands:
        _say(call, command)
    return DONE


def _held(contents: Contents) -> str:
    return _counts(contents.conversations, contents.turns, len(contents.manifest.notebooks))


def _counts(conversations: int, turns: int, notebooks: int) -> str:
    return (
        f"{counted(conversations, 'conversation')} ({counted(turns, 'turn')})"
        f" and {counted(notebooks, 'notebook')}"
    )


def _ingest_commands(manifest: Manifest, home: Path) -> list[str]:
    """How to make the index of each notebook that has none here."""
    commands = []
    for notebook in manifest.notebooks:
        if notebook.notes and not (notebook_folder(home, notebook.name) / "index").exists():
            words = ["footnote", "ingest", *notebook.notes]
            if notebook.name != DEFAULT_NOTEBOOK:
                words += ["--notebook", notebook.name]
            commands.append(shlex.join(words))
    return commands


def _say(call: Call, text: str) -> None:
    from chatbot.plain_text import neutral, one_line

    call.terminal.line(one_line(neutral(text)))
