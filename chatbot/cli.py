"""The command `footnote`: what can be typed, and what becomes of every way it can fail.

Exit codes: 0 done, 1 a check failed, 2 could not run; 130 after Ctrl-C.

Only the standard library is imported until a command has its arguments and its questions
are known to be answerable; what a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chatbot.answer import Answer, Passage, Question
from chatbot.arguments import DEFAULT_NOTES, build_parser
from chatbot.errors import (
    QUESTION_LIMIT,
    BadQuestion,
    ChatError,
    EmptyQuestion,
    QuestionTooLong,
    check_question,
)
from chatbot.plain_text import Line, read_lines
from chatbot.privacy import keep_private
from chatbot.terminal import Terminal, converse
from ingest.errors import IngestError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from chatbot.doctor import Check
    from chatbot.settings import Settings
    from ingest.build import IngestReport
    from ingest.changes import Changes
    from ingest.index import Store
    from ingest.notes import SkippedFile
    from ingest.repair import Repair
    from ingest.steps import OnStep

DONE, CHECK_FAILED, COULD_NOT_RUN = 0, 1, 2
INTERRUPTED, PIPE_CLOSED = 130, 141  # as a shell reports SIGINT and SIGPIPE

DISTRIBUTION = "footnote-study"
COMMAND_GROUP = "footnote.commands"
FROM_STDIN = "-"


class Chain(Protocol):
    """What answers questions: `chatbot.chain.NotesChain`, `chatbot.library.NotesLibrary`."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What is not as it should be, though everything is answered: a line each."""
        ...

    def invoke(self, question: Question, /) -> Answer:
        """Answer a question."""
        ...

    def search(self, question: Question, /, limit: int) -> list[Passage]:
        """Return the best passages, at most `limit`."""
        ...

    def close(self) -> None:
        """Let go of the index."""
        ...


def _ingest_here(
    paths: Sequence[Path], settings: Settings, rebuild: bool, on_step: OnStep
) -> IngestReport:
    from ingest.pipeline import ingest_notes

    return ingest_notes(paths, settings.index, settings.embedder, rebuild=rebuild, on_step=on_step)


def _follow_here(
    paths: Sequence[Path], settings: Settings, rebuild: bool, on_step: OnStep
) -> Iterator[IngestReport | IngestError]:
    from ingest.watch import follow_notes

    return follow_notes(paths, settings.index, settings.embedder, rebuild=rebuild, on_step=on_step)


def _pending_here(
    paths: Sequence[Path], settings: Settings
) -> tuple[Changes, tuple[SkippedFile, ...]]:
    from ingest.pipeline import pending_changes

    return pending_changes(paths, settings.index)


def _paths_here(settings: Settings) -> tuple[Path, ...]:
    from ingest.pipeline import ingested_settings

    return tuple(Path(root) for root in ingested_settings(settings.index).roots)


def _open_here(settings: Settings, store: Store) -> Chain:
    from ingest.weights import RERANKER, hash_ahead

    reranker = RERANKER.paths() if settings.rerank else ()
    hash_ahead([*reranker, *settings.index.glob("models/*/model.onnx")])
    if store == "exact" and not settings.tracing:  # one question, which nobody follows
        from chatbot.library import open_library

        return open_library(settings.index, settings, store=store)
    from chatbot.chain import open_chain

    return open_chain(settings.index, settings, store=store)


def _diagnose_here(settings: Settings, verify: bool) -> list[Check]:
    from chatbot.doctor import diagnose

    return diagnose(settings, verify=verify)


def _repair_here(settings: Settings, on_step: OnStep) -> Repair:
    from ingest.repair import repair

    return repair(settings.index, settings.embedder, on_step=on_step)


def _commands_here() -> Mapping[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=COMMAND_GROUP)}


@dataclass(frozen=True, slots=True)
class Backend:
    """What the commands are made of: this machine's own, imported when first used.

    Tests bring theirs. `commands` are those of other packages, by name, not loaded.
    """

    ingest: Callable[[Sequence[Path], Settings, bool, OnStep], IngestReport] = _ingest_here
    follow: Callable[
        [Sequence[Path], Settings, bool, OnStep], Iterator[IngestReport | IngestError]
    ] = _follow_here
    pending: Callable[[Sequence[Path], Settings], tuple[Changes, tuple[SkippedFile, ...]]] = (
        _pending_here
    )
    ingested_paths: Callable[[Settings], tuple[Path, ...]] = _paths_here
    open_chain: Callable[[Settings, Store], Chain] = _open_here
    diagnose: Callable[[Settings, bool], list[Check]] = _diagnose_here
    repair: Callable[[Settings, OnStep], Repair] = _repair_here
    commands: Callable[[], Mapping[str, EntryPoint]] = _commands_here


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
    settings = _settings(index=args.index)
    keep_private(settings.tracing)
    run: Callable[..., int] = COMMANDS[args.command]
    return run(args, settings, backend, terminal)


def _settings(**overrides: object) -> Settings:
    from chatbot.settings import read_settings

    return read_settings(**overrides)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "(not installed)"


def _ingest(
    args: argparse.Namespace, settings: Settings, backend: Backend, terminal: Terminal
) -> int:
    paths = args.paths or [Path(DEFAULT_NOTES)]
    return _bring_up_to_date(paths, args.rebuild, args, settings, backend, terminal)


def _sync(
    args: argparse.Namespace, settings: Settings, backend: Backend, terminal: Terminal
) -> int:
    paths = backend.ingested_paths(settings)
    return _bring_up_to_date(paths, False, args, settings, backend, terminal)


def _bring_up_to_date(
    paths: Sequence[Path],
    rebuild: bool,
    args: argparse.Namespace,
    settings: Settings,
    backend: Backend,
    terminal: Terminal,
) -> int:
    if args.dry_run:
        changes, skipped = backend.pending(paths, settings)
        if args.json:
            left_out = [{"name": file.name, "reason": file.reason} for file in skipped]
            terminal.json({"changes": asdict(changes), "skipped": left_out})
        else:
            terminal.pending(changes, skipped)
        return DONE

    def tell(report: IngestReport | IngestError) -> None:
        terminal.settle(done=not isinstance(report, IngestError))
        if isinstance(report, IngestError):
            terminal.error(str(report))
        elif args.json:
            terminal.json(json.loads(report.to_json()))
        else:
            terminal.report(report, settings.index)

    with _Notices(terminal).from_loggers():
        if not args.watch:
            tell(backend.ingest(paths, settings, rebuild, terminal.progress))
            return DONE
        for report in backend.follow(paths, settings, rebuild, terminal.progress):
            tell(report)
            terminal.notice("Following the notes; Ctrl-C ends it.")
    return DONE


def _ask(args: argparse.Namespace, settings: Settings, backend: Backend, terminal: Terminal) -> int:
    def reply(chain: Chain, question: Question) -> None:
        answer = chain.invoke(question)
        if args.json:
            terminal.json(answer.to_json())
        elif args.question == FROM_STDIN:
            terminal.answer_line(answer)
        else:
            terminal.answer(answer)

    return _each_question(args.question, settings, backend, terminal, reply)


def _search(
    args: argparse.Namespace, settings: Settings, backend: Backend, terminal: Terminal
) -> int:
    def reply(chain: Chain, question: Question) -> None:
        passages = chain.search(question, limit=args.limit)
        if args.json:
            found = [passage.to_json() for passage in passages]
            terminal.json({"question": question.text, "passages": found})
        elif args.question == FROM_STDIN:
            terminal.passages_line(passages)
        else:
            terminal.passages(passages)

    return _each_question(args.question, settings, backend, terminal, reply)


def _each_question(
    given: str,
    settings: Settings,
    backend: Backend,
    terminal: Terminal,
    reply: Callable[[Chain, Question], None],
) -> int:
    if given != FROM_STDIN:
        check_question(given)
        # The same answer, without the time that Chroma takes to start.
        with _opened(backend, settings, "exact", terminal) as chain:
            reply(chain, Question(given))
        return DONE
    asked, result = 0, DONE
    with _opened(backend, settings, "chroma", terminal) as chain:
        for line in read_lines(terminal.stdin, QUESTION_LIMIT):
            if not line.text.strip() and line.length <= QUESTION_LIMIT:
                terminal.notice(f"Line {line.number} is empty and was skipped.")
                continue
            asked += 1
            try:
                reply(chain, _question(line))
            except BadQuestion as error:  # this line is lost, the others are not
                terminal.error(f"Line {line.number}: {error}")
                result = COULD_NOT_RUN
    if not asked:
        raise EmptyQuestion
    return result


def _question(line: Line) -> Question:
    if line.length > QUESTION_LIMIT:
        raise QuestionTooLong(line.length)
    check_question(line.text)
    return Question(line.text)


def _chat(
    args: argparse.Namespace, settings: Settings, backend: Backend, terminal: Terminal
) -> int:
    with _opened(backend, settings, "chroma", terminal) as chain:
        converse(chain.invoke, terminal)
    return DONE


@contextmanager
def _opened(
    backend: Backend, settings: Settings, store: Store, terminal: Terminal
) -> Iterator[Chain]:
    """A chain, closed at the end; each of its notices is told once, when it is known."""
    notices = _Notices(terminal)
    with notices.from_loggers(), closing(backend.open_chain(settings, store)) as chain:
        notices.say(*chain.notices)
        yield chain
        notices.say(*chain.notices)


class _Notices(logging.Handler):
    """Tells each notice once, whether it is logged or handed over."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal
        self._said: set[str] = set()

    def say(self, *messages: str) -> None:
        for message in messages:
            if message not in self._said:
                self._said.add(message)
                self._terminal.notice(message, "yellow")

    def emit(self, record: logging.LogRecord) -> None:
        self.say(record.getMessage())

    @contextmanager
    def from_loggers(self) -> Iterator[None]:
        """Tell what our packages log, too."""
        loggers = [logging.getLogger(package) for package in ("ingest", "chatbot")]
        for logger in loggers:
            logger.addHandler(self)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(self)


def _doctor(
    args: argparse.Namespace, settings: Settings, backend: Backend, terminal: Terminal
) -> int:
    from chatbot.doctor import State, is_healthy, to_json

    if args.repair:
        with _Notices(terminal).from_loggers():
            repaired = backend.repair(settings, terminal.progress)
        terminal.settle()
        terminal.notice(_repair_told(repaired))
    checks = backend.diagnose(settings, args.verify)
    if args.json:
        terminal.json(to_json(checks))
    else:
        good = {State.FINE: True, State.NOTE: None, State.FAILED: False}
        for check in checks:
            terminal.finding(good[check.state], check.name, check.finding, check.advice)
    return DONE if is_healthy(checks) else CHECK_FAILED


def _repair_told(repaired: Repair) -> str:
    if repaired.report is None:
        return "The index is whole: nothing was repaired."
    more = f" (and {len(repaired.found) - 1} more)" if len(repaired.found) > 1 else ""
    return (
        f"Found: {repaired.found[0]}{more}. Repaired: {repaired.report.reused} chunks carried over,"
        f" {repaired.report.embedded} embedded again."
    )


COMMANDS: dict[str, Callable[..., int]] = {
    "ingest": _ingest,
    "sync": _sync,
    "ask": _ask,
    "search": _search,
    "chat": _chat,
    "doctor": _doctor,
}


if __name__ == "__main__":
    sys.exit(main())
