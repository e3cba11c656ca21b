"""What a person reads at the terminal: answers to stdout, notices and progress to stderr.

Notes are shown as plain text. Whatever they hold, they move no cursor, set no title, turn no
text around and are never read as markup.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from chatbot.answer import MARKER, Answer, Passage, Status
from chatbot.errors import QUESTION_LIMIT
from chatbot.plain_text import Line, neutral, one_line, place, read_lines, readable, to_json_line
from chatbot.since import changes_told, edits_told

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status as Spinner
    from rich.text import Text

    from chatbot.live_answer import LiveAnswer
    from chatbot.notebooks import Notebook
    from chatbot.user_data import Conversation
    from chatbot.whereabouts import Whereabouts
    from ingest.build import IngestReport
    from ingest.changes import Changes
    from ingest.notes import SkippedFile

PROMPT = "? "
QUOTE_WIDTH = 96  # characters of a quote shown under an answer
PASSAGE_WIDTH = 240  # characters of a passage shown by `search`
MOST_NAMED = 8  # changed notes of a kind that are named

STATUS_LINES = {
    Status.ANSWERED: "",
    Status.PARTIAL: "Your notes answer this in part.",
    Status.NOT_IN_NOTES: "Not in your notes.",
}

# What each step of an ingest does, and to what; the steps are `ingest.steps.STEPS`.
STEP_LINES = {
    "read": ("Reading", "note"),
    "split": ("Finding the sections of", "note"),
    "chunk": ("Dividing", "section"),
    "embed": ("Embedding", "new chunk"),
    "store": ("Storing", "chunk"),
    "verify": ("Checking", "chunk"),
    "flip": ("Switching over", ""),
    "measure": ("Measuring precision", ""),
    "load": ("Loading the embedding model", ""),
    "export": ("Exporting the model for questions", ""),
}


class Step(Protocol):
    """How far a step of an ingest has come; `ingest.steps.Step` is one."""

    @property
    def name(self) -> str:
        """One of the steps."""
        ...

    @property
    def done(self) -> int:
        """How many are done."""
        ...

    @property
    def total(self) -> int:
        """Of how many."""
        ...


class Terminal:
    """Three streams and how to write to them."""

    def __init__(self, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.strikes = False  # shows what a model wrote and the notes do not hold, struck out
        self._spinner: Spinner | None = None
        self._step = ""

    @classmethod
    def of_process(cls) -> Terminal:
        """This process's streams, in UTF-8 whatever the console's code page."""
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="replace")
        return cls(sys.stdin, sys.stdout, sys.stderr)

    @cached_property
    def _out(self) -> Console:
        return _console(self.stdout)

    @cached_property
    def _err(self) -> Console:
        return _console(self.stderr)

    # Answers, to stdout

    def json(self, value: dict[str, Any]) -> None:
        """One object on one line, at once."""
        self.line(to_json_line(value))

    def line(self, text: str) -> None:
        """One plain line, at once."""
        self.stdout.write(text + "\n")
        self.stdout.flush()

    def answer(self, answer: Answer) -> None:
        """The answer, its status when it is not a full one, and its footnotes."""
        status = STATUS_LINES[answer.status]
        text = readable(answer.text).strip()
        if answer.corrections:
            read = ", ".join(f"“{c.asked}” as “{c.taken}”" for c in answer.corrections)
            self._print(_styled(one_line(readable(f"Read {read}.")), "dim"))
        if status and not text.startswith(status):
            self._print(_styled(status, "yellow"))
        if self.strikes and any(sentence.problem for sentence in answer.sentences):
            self._struck(answer, text)
        elif text:
            self._print(_with_markers(text))
        if answer.notice:
            self._print(_styled(one_line(readable(answer.notice)), "yellow"))
        if answer.model:
            worded = f"Worded by {answer.model}; each sentence was held against your notes."
            self._print(_styled(one_line(readable(worded)), "dim"))
        if answer.citations:
            self._print("")
        width = max((len(str(citation.number)) for citation in answer.citations), default=0)
        for citation in answer.citations:
            margin = " " * (width + 2)
            number = f"{citation.number:>{width}}"
            self._print(_styled(number, "bold cyan").append(f"  {place(citation)}", "default"))
            quote = one_line(readable(citation.quote), QUOTE_WIDTH)
            self._print(_styled(f"{margin}“{quote}”", "dim"))

    def _struck(self, answer: Answer, text: str) -> None:
        """All that the model wrote, in its order, what does not stand struck out; then the rest."""
        for sentence in answer.sentences:
            line = readable(sentence.line).strip()
            if line and line in text:
                self._print(_with_markers(line))
                text = text.replace(line, "", 1)
            if sentence.problem and sentence.text != sentence.said:
                said = f"{sentence.bullet}{one_line(readable(sentence.said))}"
                why = one_line(readable(sentence.problem))
                self._print(
                    _styled("✗ ", "red").append(said, "strike dim").append(f" ({why})", "dim")
                )
        for line in text.strip().splitlines():
            if line.strip():
                self._print(_with_markers(line))

    def live(self) -> LiveAnswer:
        """What shows an answer while it is being written."""
        from chatbot.live_answer import LiveAnswer

        return LiveAnswer(self._err)

    def answer_line(self, answer: Answer) -> None:
        """The answer and where it stands, on one line."""
        notes = "; ".join(f"[{cited.number}] {place(cited)}" for cited in answer.citations)
        text = one_line(readable(answer.text)) or STATUS_LINES[answer.status]
        self.line(f"{text} — {notes}" if notes else text)

    def passages(self, passages: Sequence[Passage]) -> None:
        """Passages, best first, with their scores."""
        for rank, passage in enumerate(passages, start=1):
            head = _styled(f"{rank:>2}", "bold cyan").append(f"  {place(passage)}", "default")
            self._print(head.append(f"  {passage.score:.2f}", "dim"))
            self._print(
                _styled(
                    f"    {one_line(readable(passage.words or passage.text), PASSAGE_WIDTH)}", "dim"
                )
            )

    def passages_line(self, passages: Sequence[Passage]) -> None:
        """Where the passages stand, best first, on one line."""
        self.line("; ".join(f"{place(found)} {found.score:.2f}" for found in passages))

    def report(self, report: IngestReport, index: Path) -> None:
        """What an ingest did, and which files it left out."""
        for repaired in report.repaired:
            self.notice(repaired, "yellow")
        for skipped in report.skipped:
            self.notice(f"Skipped {skipped.name}: {skipped.reason}", "yellow")
        if report.changes.unchanged:  # else every note is new
            self._changes(report.changes)
        holds = (
            f"{counted(report.sources, 'note')}, {counted(report.sections, 'section')}, "
            f"{counted(report.chunks, 'chunk')}"
        )
        if report.unchanged:
            self.line(neutral(f"Nothing has changed: {index} holds {holds}."))
            return
        self.line(
            neutral(
                f"{index} holds {holds}: {report.embedded} embedded, {report.reused} reused, "
                f"{report.removed} removed, in {sum(report.seconds.values()):.1f} s."
            )
        )

    def pending(self, changes: Changes, skipped: Sequence[SkippedFile]) -> None:
        """What an ingest would find changed, and which files it would leave out."""
        for file in skipped:
            self.notice(f"Skipped {file.name}: {file.reason}", "yellow")
        self._changes(changes)
        if not changes:
            self.line(f"Nothing has changed: {counted(changes.unchanged, 'note')}.")
            return
        self.line(f"{changes}, {changes.unchanged} unchanged; nothing was written.")

    def _changes(self, changes: Changes) -> None:
        """A line for each note that changed, while they are few."""
        renamed = [f"{before} → {now}" for before, now in changes.renamed]
        for mark, what, names in (
            ("+", "added", changes.added),
            ("~", "edited", changes.edited),
            ("→", "renamed", renamed),
            ("−", "removed", changes.removed),
        ):
            for name in names[:MOST_NAMED]:
                self.notice(f"{mark} {name} ({what})")
            if len(names) > MOST_NAMED:
                self.notice(f"{mark} … and {len(names) - MOST_NAMED} more {what}")

    def notebooks(self, found: Sequence[Notebook], current: str) -> None:
        """A line for each notebook; the one that commands use when they name none is marked."""
        if not found:
            self.notice("No notebook yet. Make one: footnote ingest <notes> --notebook <name>")
        width = max((len(notebook.name) for notebook in found), default=0)
        for notebook in found:
            mark = "*" if notebook.name == current else " "
            line = _styled(f"{mark} {notebook.name:<{width}}", "bold")
            holds = (
                f"{counted(notebook.sources, 'note')}, {counted(notebook.sections, 'section')},"
                f" {notebook.embedder}, from {', '.join(notebook.notes)}"
            )
            self._print(line.append(f"  {neutral(notebook.problem or holds)}", "default"))

    def finding(self, good: bool | None, name: str, text: str, advice: str) -> None:
        """One finding of a diagnosis: fine, failed, or (None) only worth knowing."""
        mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("•", "yellow")}[good]
        shown = _styled(f"{mark} {name:<10}", style).append(neutral(text), "default")
        self._out.print(shown, soft_wrap=True)
        if advice:
            self._out.print(_styled(f"{'':<12}→ {neutral(advice)}", "default"), soft_wrap=True)

    def conversations(self, found: Sequence[Conversation]) -> None:
        """A line for each conversation: its number, when, about what, how long."""
        width = max((len(str(kept.id)) for kept in found), default=0)
        for kept in found:
            when = f"{kept.updated.astimezone():%Y-%m-%d %H:%M}"
            line = _styled(f"{kept.id:>{width}}", "bold cyan").append(f"  {when}  ", "dim")
            title = one_line(readable(kept.title))
            about = f"  ({one_line(neutral(kept.notebook))}, {counted(kept.turns, 'turn')})"
            self._print(line.append(title, "default").append(about, "dim"))

    def turn(self, question: str, answer: Answer, since: Sequence[Whereabouts] = ()) -> None:
        """A question that was asked before, its answer, and what became of what it cites."""
        self._print(_styled(f"{PROMPT}{one_line(readable(question))}", "bold"))
        self.answer(answer)
        for line in changes_told(since):
            self._print(_styled(line, "yellow"))
        for line in edits_told(since):
            self._print(_styled(line, "dim"))
        self.line("")

    # Notices and progress, to stderr

    def notice(self, message: str, style: str = "dim") -> None:
        """Something worth knowing."""
        self._err.print(_styled(neutral(message), style), soft_wrap=True)

    def error(self, message: str) -> None:
        """Why the command could not run: one line, `footnote: …`."""
        self.stderr.write(f"footnote: {one_line(neutral(message))}\n")
        self.stderr.flush()

    def progress(self, step: Step) -> None:
        """What an ingest is doing: a line per step, which counts up on a terminal."""
        doing, noun = STEP_LINES.get(step.name, (step.name.capitalize(), ""))
        counting = noun and self._err.is_terminal and 0 < step.done < step.total
        of = f"{step.done} of " if counting else ""
        line = f"{doing} {of}{counted(step.total, noun)}" if noun else doing
        if step.name != self._step:
            self.settle()
            self._step = step.name
            if self._err.is_terminal:
                self._spinner = self._err.status(_styled(line, "default"))
                self._spinner.start()
            else:
                self._err.print(line, soft_wrap=True)
        elif self._spinner is not None:
            self._spinner.update(_styled(line, "default"))

    def settle(self, done: bool = True) -> None:
        """End the running step's display; its line stays."""
        spinner, self._spinner, self._step = self._spinner, None, ""
        if spinner is not None:
            spinner.stop()
            mark = _styled("✓ ", "green") if done else _styled("✗ ", "red")
            self._err.print(mark.append_text(_as_text(spinner.status)))

    # Questions, from stdin

    def confirmed(self, question: str) -> bool | None:
        """Whether a person says yes; None where nobody is there to be asked."""
        if not self.stdin.isatty():
            return None
        self.stderr.write(f"{one_line(neutral(question))} [y/N] ")
        self.stderr.flush()
        return self.stdin.readline().strip().casefold() in ("y", "yes")

    def prompt(self) -> Line | None:
        """The next line that is typed, or None at the end of the input."""
        if self.stdin is sys.stdin and self.stdin.isatty() and self.stdout.isatty():
            with suppress(ImportError):  # Windows has none, and edits lines by itself
                import readline  # noqa: F401 - input() then edits and remembers lines
            try:
                text = input(PROMPT)
            except EOFError:
                self.line("")
                return None
            return Line(0, text, len(text))
        return next(read_lines(self.stdin, QUESTION_LIMIT), None)

    def _print(self, text: Text | str) -> None:
        # Piped output is not cut into lines of a width nobody chose.
        self._out.print(text, soft_wrap=not self._out.is_terminal)


def counted(number: int, noun: str) -> str:
    """A number and its noun: `1 source`, `2 sources`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, markup=False, emoji=False, highlight=False)


def _styled(text: str, style: str) -> Text:
    from rich.text import Text

    # Built from parts, so that what is appended later does not inherit this style.
    return Text().append(text, style)


def _as_text(renderable: object) -> Text:
    from rich.text import Text

    return renderable if isinstance(renderable, Text) else Text(str(renderable))


def _with_markers(text: str) -> Text:
    shown = _styled(text, "default")
    shown.highlight_regex(MARKER, "bold cyan")
    return shown
