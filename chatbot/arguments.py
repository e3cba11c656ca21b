"""What can be typed after `footnote`. Nothing but the standard library is imported."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import NoReturn

from chatbot.errors import ChatError

DEFAULT_NOTES = "corpus"
DEFAULT_LIMIT = 5  # passages
MOST_PASSAGES = 50
NEW, NEW_CONVERSATION = "new", 0  # as it is typed, and the number that no conversation has

EPILOG = """\
exit codes: 0 done, 1 a check failed, 2 could not run
settings:   FOOTNOTE_HOME, FOOTNOTE_NOTEBOOK, FOOTNOTE_INDEX, FOOTNOTE_EMBEDDER,
            FOOTNOTE_RERANK, FOOTNOTE_CHROMA_URL, FOOTNOTE_MODEL, FOOTNOTE_MODEL_URL,
            FOOTNOTE_MODEL_TIMEOUT, FOOTNOTE_MODEL_CONTEXT, FOOTNOTE_UNSUPPORTED,
            FOOTNOTE_TRACING; a notebook's own in its settings.toml; a model's key in its
            provider's own variable, that of FOOTNOTE_MODEL_URL in FOOTNOTE_MODEL_KEY;
            FOOTNOTE_DEBUG=1 shows the traceback of an unexpected error
"""


class UsageError(ChatError):
    """The command line cannot be read."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line of ours, not a page of usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See: {self.prog} --help")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(
        prog="footnote",
        description="Ask your own notes; every sentence of the answer carries a footnote.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    add = partial(commands.add_parser, allow_abbrev=False)

    one = add("ingest", help="read notes into the index")
    one.add_argument("paths", nargs="*", type=_path, metavar="PATH", default=None,
                     help=f"files and folders of notes (default: {DEFAULT_NOTES})")  # fmt: skip
    one.add_argument("--rebuild", action="store_true", help="start anew, embedding everything")
    _add_sync(one)
    _add_common(one)

    one = add("sync", help="bring the index up to date with the notes it was made from")
    _add_sync(one)
    _add_common(one)

    one = add("ask", help="answer a question, with footnotes")
    _add_question(one)
    one.add_argument("--conversation", type=_number_or_new, metavar="N",
                     help="ask in conversation N, and keep it there; 'new' begins one")  # fmt: skip
    _add_common(one)

    one = add("search", help="show the passages nearest to a question")
    _add_question(one)
    one.add_argument("--limit", type=_limit, default=DEFAULT_LIMIT, metavar="N",
                     help=f"how many passages (default: {DEFAULT_LIMIT})")  # fmt: skip
    _add_common(one)

    one = add("chat", help="ask one question after another")
    one.add_argument("--terminal", action="store_true", help="in the terminal")
    one.add_argument("--continue", dest="continued", nargs="?", const=0, type=_number, metavar="N",
                     help="go on with conversation N, or with the newest")  # fmt: skip
    one.add_argument("--private", action="store_true", help="keep nothing of it")
    _add_common(one, with_json=False)

    one = add("conversations", help="list, show, rename, export or delete what was asked before")
    one.add_argument("words", nargs="*", metavar="WORD",
                     help="only those that hold all of these; the title to --rename")  # fmt: skip
    which = one.add_mutually_exclusive_group()
    which.add_argument("--show", type=_number, metavar="N", help="conversation N, with its answers")
    which.add_argument("--delete", type=_number, metavar="N", help="throw conversation N away")
    which.add_argument("--rename", type=_number, metavar="N",
                       help="give conversation N the title that the WORDs are")  # fmt: skip
    which.add_argument("--undo", action="store_true", help="bring back what was deleted last")
    how = one.add_mutually_exclusive_group()
    how.add_argument("--export", type=_path, metavar="FILE",
                     help="write them to FILE as Markdown, or as JSON where it ends in .json;"
                          " - prints them")  # fmt: skip
    how.add_argument("--json", action="store_true", help="one JSON object a line")

    one = add("backup", help="put conversations and settings into one file")
    one.add_argument("file", nargs="?", type=_path, metavar="FILE",
                     help="a new file (default: one named by date and time, here)")  # fmt: skip

    one = add("restore", help="put what is in a backup in the place of what is here")
    one.add_argument("file", type=_path, metavar="FILE", help="which backup made")
    one.add_argument("--yes", action="store_true", help="without asking")

    one = add("notebooks", help="list the notebooks: each has notes, an index and settings")
    one.add_argument("--json", action="store_true", help="one JSON object a line")

    one = add("doctor", help="say what is installed, which weights, which index, what to do")
    one.add_argument("--verify", action="store_true", help="also hold the index against the notes")
    one.add_argument("--repair", action="store_true", help="make a damaged index whole again")
    one.add_argument("--prompt", action="store_true", help="print what a model would be told")
    _add_common(one)
    return parser


def _add_sync(parser: argparse.ArgumentParser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="then follow every change, until Ctrl-C")
    how.add_argument("--dry-run", action="store_true", help="only say what would change")


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", metavar="QUESTION", help="in quotes; - reads one a line")


def _add_common(parser: argparse.ArgumentParser, with_json: bool = True) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--notebook", metavar="NAME",
                       help="which collection of notes (default: default)")  # fmt: skip
    which.add_argument("--index", type=_path, metavar="DIR",
                       help="where the index is (default: .footnote/index)")  # fmt: skip
    if with_json:
        parser.add_argument("--json", action="store_true", help="one JSON object a line")


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"not a path: {text!r}")
    # A shell leaves the tilde alone in `--index=~/x`, and so does make in `NOTES=~/x`.
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def _number(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text[:15]) >= 1 and len(text) < 16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not the number of a conversation")


def _number_or_new(text: str) -> int:
    if text == NEW:
        return NEW_CONVERSATION
    try:
        return _number(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, nor '{NEW}'") from None


def _limit(text: str) -> int:
    if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_PASSAGES:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_PASSAGES}")
