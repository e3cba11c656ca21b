"""The command `footnote`: what becomes of what was typed, and of every way it can fail.

Only the standard library is imported until a command has its arguments and its questions
are known to be answerable; what a command needs is imported when it runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatbot.arguments import build_parser
from chatbot.backend import Backend
from chatbot.commands import COMMANDS
from chatbot.commands.call import Call
from chatbot.errors import ChatError
from chatbot.exit_codes import COULD_NOT_RUN, DONE, INTERRUPTED, PIPE_CLOSED
from chatbot.privacy import keep_private
from chatbot.terminal import Terminal
from ingest.errors import IndexNotFound, IngestError

if TYPE_CHECKING:
    from chatbot.settings import Settings

DISTRIBUTION = "footnote-study"


def main(
    argv: Sequence[str] | None = None,
    *,
    backend: Backend | None = None,
    terminal: Terminal | None = None,
) -> int:
    """Run one command and return its exit code. A user's mistake is one line, no traceback."""
    terminal = terminal or Terminal.of_process()
    try:
        return _run(sys.argv[1:] if argv is None else list(argv), backend or Backend(), terminal)
    except KeyboardInterrupt:
        terminal.settle(done=False)
        return INTERRUPTED
    except BrokenPipeError:
        _leave_pipe()
        return PIPE_CLOSED
    except (IngestError, ChatError) as error:
        return _refuse(terminal, str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _refuse(terminal, f"{where}{error.strerror or error}.")
    except Exception as error:
        if os.environ.get("FOOTNOTE_DEBUG", "") not in ("", "0"):
            raise
        what = f"{type(error).__name__}: {error}"
        return _refuse(
            terminal,
            f"Something is wrong inside Footnote, not with your notes ({what}). "
            "Set FOOTNOTE_DEBUG=1 and run it again to see where.",
        )


def _refuse(terminal: Terminal, message: str) -> int:
    terminal.settle(done=False)
    terminal.error(message)
    return COULD_NOT_RUN


def _leave_pipe() -> None:
    # The reader is gone. Without this the interpreter complains at exit, flushing stdout.
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a real stream
        return


def _run(argv: list[str], backend: Backend, terminal: Terminal) -> int:
    if argv and not argv[0].startswith("-") and argv[0] not in COMMANDS:
        command = backend.commands().get(argv[0])
        if command is not None:
            keep_private(_settings().tracing)
            return int(command.load()(argv[1:]) or DONE)
    parser = build_parser()
    try:
        args = parser.parse_args(argv)
    except SystemExit as leaving:  # --help has printed itself
        return int(leaving.code or DONE)
    if args.version:
        terminal.line(f"footnote {_version()}")
        return DONE
    if args.command is None:
        more = ", ".join(backend.commands())
        terminal.notice(parser.format_help() + (f"more commands: {more}\n" if more else ""))
        return COULD_NOT_RUN
    which = {name: getattr(args, name, None) for name in ("notebook", "index")}
    settings = _settings(**which)
    keep_private(settings.tracing)
    terminal.strikes = settings.unsupported == "strike"
    try:
        return COMMANDS[args.command](Call(args, settings, backend, terminal))
    except IndexNotFound as error:
        named = getattr(args, "notebook", None)
        raise IndexNotFound(f"{error} --notebook {named}" if named else str(error)) from error


def _settings(**overrides: object) -> Settings:
    from chatbot.settings import read_settings

    return read_settings(None, **overrides)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
