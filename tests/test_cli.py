"""The command line: what may be typed, what comes out where, and how it fails."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from chatbot.answer import Answer, Citation, Passage, Question, Status, Timings
from chatbot.backend import Backend
from chatbot.cli import main
from chatbot.doctor import Check, State
from chatbot.events import Done, Event, Stage, TextDelta
from chatbot.events import Status as Begun
from chatbot.generation.prompt import prompt_text
from chatbot.settings import Settings
from chatbot.terminal import Terminal
from ingest.build import IngestReport
from ingest.changes import Changes
from ingest.errors import (
    IndexMismatch,
    IndexNotFound,
    IngestError,
    NoReadableNotes,
    NotesNotFound,
    WriterBusy,
)
from ingest.notes import SkippedFile
from ingest.repair import Repair
from ingest.steps import OnStep, Step

ROOT = Path(__file__).resolve().parent.parent
Finished: TypeAlias = "subprocess.CompletedProcess[str]"

HEAVY = ("numpy", "torch", "langchain", "langchain_core", "chromadb", "onnxruntime", "pydantic")


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path) -> Iterator[None]:
    """`main` sets the process's environment, and `chat` writes to its folder; leave both alone."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        del os.environ[name]
    os.environ["PYTHONPATH"] = str(ROOT)
    with chdir(tmp_path):
        yield
    os.environ.clear()
    os.environ.update(before)


SKIPPED = (SkippedFile("photo.md", "not text"),)
REPORT = IngestReport("g1", 2, 1, 3, 3, 0, 0, SKIPPED, False, {"read": 0.1, "embed": 1.15})


class Chain:
    """Answers every question with itself; knows what it was asked and whether it was closed."""

    notices: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.limits: list[int] = []
        self.closed = False

    def invoke(self, question: Question, /) -> Answer:
        self.asked.append(question)
        quote = "Amazon S3 stores objects."
        cited = Citation(1, "storage.md", ("Storage", "S3"), "s3", (3, 3), quote, 0, len(quote))
        text = f"{question.text} {quote} [1]"
        return Answer(question.text, Status.ANSWERED, text, (cited,), (), Timings(1, 2, 3))

    def search(self, question: Question, /, limit: int) -> list[Passage]:
        self.asked.append(question)
        self.limits.append(limit)
        found = Passage(
            "storage.md", ("Storage", "S3"), "s3", (3, 4), 0, 9, 0.5, "the words", "s", "c"
        )
        return [found]

    def close(self) -> None:
        self.closed = True


@dataclass
class Run:
    code: int
    out: str
    err: str
    chain: Chain

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def run(*argv: str, stdin: str = "", backend: Backend | None = None) -> Run:
    chain = Chain()
    screen = Terminal(io.StringIO(stdin, newline=""), io.StringIO(), io.StringIO())
    code = main(
        list(argv), backend=backend or Backend(open_chain=lambda *_: chain), terminal=screen
    )
    assert isinstance(screen.stdout, io.StringIO)
    assert isinstance(screen.stderr, io.StringIO)
    return Run(code, screen.stdout.getvalue(), screen.stderr.getvalue(), chain)


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise error

    return fail


def child_environment(**changes: str) -> dict[str, str]:
    """This environment, in which a child finds the packages from any folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


def footnote(*argv: str, env: dict[str, str] | None = None, **options: Any) -> Finished:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "chatbot.cli", *argv]
    environment = env or child_environment()
    return subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", timeout=300, **options
    )


# ask


def test_ask_prints_the_answer_and_its_footnotes() -> None:
    done = run("ask", "What is S3?")
    assert done.code == 0
    assert done.out.startswith("What is S3? Amazon S3 stores objects. [1]\n\n1  Storage › S3 — ")
    assert done.err == ""
    assert done.chain.closed


def test_ask_json_prints_the_contract() -> None:
    done = run("ask", "What is S3?", "--json")
    [answer] = done.objects
    assert answer["question"] == "What is S3?"
    assert answer["status"] == "answered"
    assert answer["citations"][0] == {
        "number": 1,
        "source": "storage.md",
        "heading": ["Storage", "S3"],
        "anchor": "s3",
        "lines": [3, 3],
        "quote": "Amazon S3 stores objects.",
        "start": 0,
        "end": 25,
        "section": "",
        "note": "",
    }
    assert "conversation" not in answer
    assert answer["timings_ms"] == {"understand": 1, "retrieve": 2, "answer": 3, "total": 6}


def test_ask_reads_one_question_a_line() -> None:
    done = run("ask", "-", "--json", stdin="one?\r\ntwo?\nthree?")
    assert [answer["question"] for answer in done.objects] == ["one?", "two?", "three?"]
    assert done.code == 0


def test_ask_prints_one_answer_a_line() -> None:
    done = run("ask", "-", stdin="one?\ntwo?\n")
    assert len(done.out.splitlines()) == 2
    assert done.out.splitlines()[0].endswith("— [1] Storage › S3 — storage.md:3")


def test_ask_writes_each_answer_before_it_reads_the_next_question() -> None:
    heard: list[str] = []
    screen = Terminal(io.StringIO(), io.StringIO(), io.StringIO())

    class Asking(io.StringIO):
        def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
            assert isinstance(screen.stdout, io.StringIO)
            heard.append(screen.stdout.getvalue())
            return super().readline(size)

    screen.stdin = Asking("one?\ntwo?\n")
    main(["ask", "-", "--json"], backend=Backend(open_chain=lambda *_: Chain()), terminal=screen)
    assert [len(text.splitlines()) for text in heard] == [0, 1, 2]


def test_an_empty_line_is_skipped_with_a_notice() -> None:
    done = run("ask", "-", "--json", stdin="one?\n\n  \ntwo?\n")
    assert [answer["question"] for answer in done.objects] == ["one?", "two?"]
    assert done.err == "Line 2 is empty and was skipped.\nLine 3 is empty and was skipped.\n"
    assert done.code == 0


def test_a_long_line_costs_itself_only() -> None:
    done = run("ask", "-", "--json", stdin=f"one?\n{'x' * 100_000}\ntwo?\n")
    assert [answer["question"] for answer in done.objects] == ["one?", "two?"]
    assert done.err.startswith("footnote: Line 2: The question has 100,000 characters;")
    assert done.code == 2


@pytest.mark.parametrize("stdin", ["", "\n", " \n\n"])
def test_no_question_at_all_could_not_run(stdin: str) -> None:
    done = run("ask", "-", stdin=stdin)
    assert done.code == 2
    assert "footnote: The question is empty." in done.err


@pytest.mark.parametrize("question", ["", "  ", "\n"])
@pytest.mark.parametrize("command", ["ask", "search"])
def test_an_empty_question_is_one_line(command: str, question: str) -> None:
    done = run(command, question, backend=Backend(open_chain=failing(AssertionError("opened"))))
    assert (done.code, done.out) == (2, "")
    assert done.err == "footnote: The question is empty. Ask something about your notes.\n"


def test_a_question_of_100_000_characters_is_one_line() -> None:
    done = run("ask", "x" * 100_000, backend=Backend(open_chain=failing(AssertionError("opened"))))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "100,000 characters; 4,000 is the most" in done.err


@pytest.mark.parametrize(
    ("argv", "store"),
    [
        (["ask", "q"], "exact"),
        (["search", "q"], "exact"),
        (["ask", "-"], "chroma"),
        (["search", "-"], "chroma"),
        (["chat"], "chroma"),
    ],
)
def test_a_single_question_does_not_wait_for_chroma(argv: list[str], store: str) -> None:
    stores: list[str] = []

    def open_chain(settings: Settings, store: str) -> Chain:
        stores.append(store)
        return Chain()

    assert run(*argv, stdin="q\n", backend=Backend(open_chain=open_chain)).code == 0
    assert stores == [store]


class TroubledChain(Chain):
    """Answers, though something is wrong; a second thing shows when it is asked."""

    notices = ("The reranker was altered.",)

    def invoke(self, question: Question, /) -> Answer:
        self.notices = ("The reranker was altered.", "Chroma's files are damaged.")
        logging.getLogger("ingest.dense_search").warning("Chroma's %s are damaged.", "files")
        return super().invoke(question)


@pytest.mark.parametrize("argv", [["ask", "one?"], ["ask", "-"], ["chat"]])
def test_each_notice_is_told_once_and_apart_from_the_answers(argv: list[str]) -> None:
    backend = Backend(open_chain=lambda *_: TroubledChain())
    done = run(*argv, stdin="one?\ntwo?\n", backend=backend)
    assert done.code == 0
    assert done.err.count("The reranker was altered.\n") == 1
    assert done.err.count("Chroma's files are damaged.\n") == 1
    assert "reranker" not in done.out
    assert logging.getLogger("ingest").handlers == []


# search


def test_search_json_prints_the_contract() -> None:
    done = run("search", "S3", "--json", "--limit", "7")
    [found] = done.objects
    assert set(found) == {"question", "passages"}
    assert found["passages"][0] == {
        "source": "storage.md",
        "heading": ["Storage", "S3"],
        "anchor": "s3",
        "lines": [3, 4],
        "score": 0.5,
        "text": "the words",
        "words": "",
    }
    assert done.chain.limits == [7]


def test_search_reads_one_question_a_line() -> None:
    assert len(run("search", "-", "--json", stdin="a\nb\n").objects) == 2
    assert len(run("search", "-", stdin="a\nb\n").out.splitlines()) == 2


@pytest.mark.parametrize("limit", ["0", "-1", "51", "many", "1.5", "９", ""])
def test_a_limit_out_of_range_is_one_line(limit: str) -> None:
    done = run("search", "S3", f"--limit={limit}")
    assert done.code == 2
    assert f"{limit!r} is not a number from 1 to 50. See: footnote search --help" in done.err


# ingest


def ingesting(report: IngestReport, seen: list[Any] | None = None) -> Backend:
    def ingest(
        paths: Sequence[Path], settings: Settings, rebuild: bool, on_step: OnStep
    ) -> IngestReport:
        if seen is not None:
            seen.extend([list(paths), settings.index, rebuild])
        on_step(Step("read", 2, 2))
        on_step(Step("embed", 0, 3))
        return report

    return Backend(ingest=ingest)


def test_ingest_says_what_it_did() -> None:
    done = run("ingest", "notes", "--index", "scratch", backend=ingesting(REPORT))
    assert done.code == 0
    assert done.out == (
        "scratch holds 2 notes, 1 section, 3 chunks: 3 embedded, 0 reused, 0 removed, in 1.2 s.\n"
    )
    assert done.err.splitlines() == [
        "Reading 2 notes",
        "Embedding 3 new chunks",
        "Skipped photo.md: not text",
    ]


def test_ingest_of_unchanged_notes_says_so() -> None:
    done = run("ingest", backend=ingesting(replace(REPORT, unchanged=True)))
    assert done.out == (
        f"Nothing has changed: {Path('.footnote/index')} holds 2 notes, 1 section, 3 chunks.\n"
    )


def test_ingest_json_prints_counts_alone_to_stdout() -> None:
    done = run("ingest", "--json", backend=ingesting(REPORT))
    assert done.objects == [json.loads(REPORT.to_json())]
    assert "Embedding 3 new chunks" in done.err


def test_ingest_takes_paths_as_they_are_meant() -> None:
    seen: list[Any] = []
    run("ingest", "a b", "~/notes", "--index=~/i", "--rebuild", backend=ingesting(REPORT, seen))
    assert seen == [[Path("a b"), Path.home() / "notes"], Path.home() / "i", True]


CHANGES = Changes(("new.md",), ("old.md",), (("a.md", "b.md"),), ("gone.md",), unchanged=7)


def following(*reports: IngestReport | IngestError) -> Backend:
    """A backend whose notes change as given, and whose index was made from `notes`."""
    return Backend(
        follow=lambda *_: iter(reports),
        pending=lambda paths, _: (CHANGES, SKIPPED),
        ingested_paths=lambda _: (Path("notes"),),
    )


def test_sync_reads_what_was_read_before() -> None:
    given: list[Sequence[Path]] = []

    def ingest(paths: Sequence[Path], *_: object) -> IngestReport:
        given.append(paths)
        return replace(REPORT, changes=CHANGES)

    done = run("sync", backend=replace(following(), ingest=ingest))
    assert given == [(Path("notes"),)]
    assert done.code == 0
    assert done.err.splitlines()[-4:] == [
        "+ new.md (added)",
        "~ old.md (edited)",
        "→ a.md → b.md (renamed)",
        "− gone.md (removed)",
    ]


def test_a_notebook_without_an_index_says_how_to_make_that_one(tmp_path: Path) -> None:
    backend = Backend(open_chain=failing(IndexNotFound("Make one: footnote ingest <folder>")))
    refused = run("ask", "What?", "--notebook", "law", backend=backend)
    assert refused.err == "footnote: Make one: footnote ingest <folder> --notebook law\n"


@pytest.mark.parametrize("error", [NoReadableNotes("No note is left."), NotesNotFound("Gone.")])
def test_where_no_note_is_left_it_is_said_that_the_index_goes_on(error: IngestError) -> None:
    backend = Backend(ingested_paths=lambda _: (Path("gone"),), ingest=failing(error))
    refused = run("sync", backend=backend)
    assert refused.code == 2
    assert refused.err.startswith(f"footnote: {str(error)[:-1]}. Until other notes are ingested")
    assert refused.err.count("\n") == 1


def test_sync_without_an_index_says_how_to_make_one() -> None:
    nothing = failing(IndexNotFound("There is no index at x. Make one: footnote ingest <folder>"))
    done = run("sync", backend=replace(following(), ingested_paths=nothing))
    assert (done.code, done.out) == (2, "")
    assert "footnote ingest" in done.err


@pytest.mark.parametrize("command", ["ingest", "sync"])
def test_a_dry_run_tells_what_would_change_and_changes_nothing(command: str) -> None:
    never = failing(AssertionError("it ingested"))
    backend = replace(following(), ingest=never, follow=never)
    done = run(command, "--dry-run", backend=backend)
    assert done.code == 0
    assert (
        done.out == "1 added, 1 edited, 1 renamed, 1 removed, 7 unchanged; nothing was written.\n"
    )
    assert "Skipped photo.md: not text" in done.err
    [pending] = run(command, "--dry-run", "--json", backend=backend).objects
    assert pending["changes"]["renamed"] == [["a.md", "b.md"]]
    assert pending["skipped"] == [{"name": "photo.md", "reason": "not text"}]


def test_watching_tells_each_change_and_outlives_an_error() -> None:
    failed = NoReadableNotes("Nothing readable in the folder 'notes'")
    done = run("ingest", "--watch", "--json", backend=following(REPORT, failed, REPORT))
    assert done.code == 0
    assert [report["generation"] for report in done.objects] == ["g1", "g1"]
    assert "Nothing readable in the folder 'notes'" in done.err


def test_watching_and_a_dry_run_exclude_each_other() -> None:
    done = run("sync", "--watch", "--dry-run", backend=following())
    assert (done.code, done.out) == (2, "")
    assert "not allowed with" in done.err


def test_doctor_repairs_when_it_is_asked_to_and_says_what_it_did() -> None:
    found = Repair(("chroma is damaged", "more"), replace(REPORT, embedded=1, reused=2))
    looked: list[bool] = []

    def diagnose(_: Settings, verify: bool) -> list[Check]:
        looked.append(verify)
        return []

    backend = Backend(diagnose=diagnose, repair=lambda *_: found)
    done = run("doctor", "--repair", "--verify", backend=backend)
    assert done.code == 0
    assert looked == [True]
    assert "Found: chroma is damaged (and 1 more)." in done.err
    assert "2 chunks carried over, 1 embedded again" in done.err
    whole = replace(backend, repair=lambda *_: Repair(()))
    assert "nothing was repaired" in run("doctor", "--repair", backend=whole).err
    never = replace(backend, repair=failing(AssertionError("it repaired")))
    assert run("doctor", backend=never).code == 0
    assert looked == [True, False, False]


def test_many_changes_are_counted_not_listed() -> None:
    many = Changes(added=tuple(f"{n:03}.md" for n in range(100)), unchanged=1)
    backend = replace(following(), pending=lambda *_: (many, ()))
    done = run("sync", "--dry-run", backend=backend)
    assert len(done.err.splitlines()) < 12
    assert "… and 92 more added" in done.err


def test_ingest_reads_the_corpus_by_default() -> None:
    seen: list[Any] = []
    run("ingest", backend=ingesting(REPORT, seen))
    assert seen == [[Path("corpus")], Path(".footnote/index"), False]


# With a model


class WordingChain(Chain):
    """Says what happens on the way to each answer."""

    def __init__(self, leaves: int = 3) -> None:
        super().__init__()
        self.left_after = leaves

    def follow(self, question: Question, /) -> Generator[Event, None, None]:
        yield Begun(Stage.WRITE)
        yield TextDelta("It stores")
        if self.left_after == 1:
            raise KeyboardInterrupt
        answer = super().invoke(question)
        yield Done(replace(answer, model="tiny", notice="Left out: 1 sentence."))


@pytest.mark.parametrize("argv", [["ask", "one?"], ["ask", "-"], ["chat", "--private"]])
def test_with_a_model_the_answer_is_followed_and_only_its_end_is_left(
    argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_MODEL_URL", "http://127.0.0.1:9/v1")
    done = run(*argv, stdin="one?\n", backend=Backend(open_chain=lambda *_: WordingChain()))
    assert done.code == 0
    assert "Amazon S3 stores objects. [1]" in done.out
    assert "It stores" not in done.out + done.err
    assert "Left out: 1 sentence." in done.out + done.err


def test_json_holds_who_worded_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_MODEL", "openai:tiny")
    done = run("ask", "one?", "--json", backend=Backend(open_chain=lambda *_: WordingChain()))
    assert json.loads(done.out)["model"] == "tiny"


def test_an_answer_that_is_being_written_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_MODEL", "openai:tiny")
    chain = WordingChain(leaves=1)
    done = run("chat", "--private", stdin="one?\n", backend=Backend(open_chain=lambda *_: chain))
    assert done.code == 0
    assert "Stopped." in done.err


def test_the_prompt_can_be_read() -> None:
    done = run("doctor", "--prompt")
    assert done.code == 0
    assert done.out == prompt_text()


# chat and doctor


@pytest.mark.parametrize("argv", [["chat"], ["chat", "--terminal"]])
def test_chat_talks_until_the_input_ends(argv: list[str]) -> None:
    done = run(*argv, stdin="What is S3?\n/quit\n")
    assert done.code == 0
    assert "Amazon S3 stores objects. [1]" in done.out
    assert done.chain.closed


def test_doctor_fails_when_a_check_failed() -> None:
    checks = [Check("python", State.FINE, "3.11"), Check("index", State.FAILED, "none", "Ingest.")]
    done = run("doctor", backend=Backend(diagnose=lambda *_: checks))
    assert done.code == 1
    assert done.out.splitlines() == [
        "✓ python    3.11",
        "✗ index     none",
        "            → Ingest.",
    ]


def test_doctor_is_content_with_notes() -> None:
    checks = [Check("reranker", State.NOTE, "answers still come")]
    done = run("doctor", "--json", backend=Backend(diagnose=lambda *_: checks))
    assert done.code == 0
    assert done.objects[0]["healthy"] is True


# how it fails


@pytest.mark.parametrize(
    "error",
    [
        IndexNotFound("There is no index at x. Make one: footnote ingest <folder>"),
        IndexMismatch("Built with 'a', but 'b' is configured.\nRebuild it."),
        NoReadableNotes("Nothing readable in x."),
        WriterBusy("Process 12 is ingesting."),
        PermissionError(13, "Permission denied", "/x"),
        OSError(28, "No space left on device"),
        ZeroDivisionError("division by zero"),
    ],
)
@pytest.mark.parametrize("argv", [["ask", "q"], ["search", "q"], ["chat"], ["ask", "-"]])
def test_every_failure_is_one_line_and_exit_2(argv: list[str], error: Exception) -> None:
    done = run(*argv, stdin="q\n", backend=Backend(open_chain=failing(error)))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("footnote: ")
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


def test_a_failure_while_ingesting_is_one_line_and_exit_2() -> None:
    done = run("ingest", backend=Backend(ingest=failing(WriterBusy("Process 12 is ingesting."))))
    assert (done.code, done.err) == (2, "footnote: Process 12 is ingesting.\n")


def test_an_unexpected_error_says_how_to_see_where(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Backend(open_chain=failing(ZeroDivisionError("division by zero")))
    done = run("ask", "q", backend=broken)
    assert "ZeroDivisionError: division by zero" in done.err
    assert "FOOTNOTE_DEBUG=1" in done.err
    monkeypatch.setenv("FOOTNOTE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run("ask", "q", backend=broken)


def test_ctrl_c_is_130_without_a_word() -> None:
    done = run("ask", "q", backend=Backend(open_chain=failing(KeyboardInterrupt())))
    assert (done.code, done.out, done.err) == (130, "", "")


@pytest.mark.parametrize(
    "argv",
    [
        ["ask"],
        ["ask", "what", "is", "S3"],
        ["ask", "q", "--limit", "3"],
        ["search", "q", "--lim", "3"],
        ["ingest", "--index"],
        ["ingest", ""],
        ["--no-such-option"],
        ["chat", "--json"],
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_line(argv: list[str]) -> None:
    done = run(*argv)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("footnote: ")
    assert "--help" in done.err
    assert done.err.count("\n") == 1


def test_a_bad_setting_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_RERANK", "maybe")
    done = run("ask", "q")
    assert done.code == 2
    assert done.err.startswith("footnote: FOOTNOTE_RERANK is 'maybe': ")


def test_help_and_version_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help").code == 0
    assert "ingest" in capsys.readouterr().out
    assert run("ask", "--help").code == 0
    assert run("--version").out.startswith("footnote ")


def test_no_command_shows_the_help_and_could_not_run() -> None:
    done = run()
    assert done.code == 2
    assert "usage: footnote" in done.err


# commands of other packages


def test_another_package_brings_a_command_that_is_loaded_when_named() -> None:
    loaded: list[str] = []

    @dataclass
    class Entry:
        name: str

        def load(self) -> Callable[[list[str]], int]:
            loaded.append(self.name)
            return len

    entries: Mapping[str, Any] = {"count": Entry("count"), "other": Entry("other")}
    backend = Backend(commands=lambda: entries)
    assert run("count", "--x", "y", backend=backend).code == 2
    assert loaded == ["count"]
    assert "more commands: count, other" in run(backend=backend).err
    assert loaded == ["count"]


def test_an_unknown_command_is_one_line() -> None:
    entries: Mapping[str, EntryPoint] = {}
    done = run("aks", "q", backend=Backend(commands=lambda: entries))
    assert done.code == 2
    assert "invalid choice: 'aks'" in done.err


# in a process of its own


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["ask", "--help"], 0),
        (["conversations", "--help"], 0),
        (["restore"], 2),
        (["ask"], 2),
        (["search", "q", "--limit", "x"], 2),
        (["nonsense"], 2),
    ],
)
def test_help_and_argument_errors_import_nothing_heavy(argv: list[str], code: int) -> None:
    check = (
        "import sys; from chatbot.cli import main; code = main(sys.argv[1:])\n"
        f"heavy = sorted(set(sys.modules) & set({HEAVY!r}))\n"
        "print(code, heavy, file=sys.stderr)"
    )
    child = subprocess.run(
        [sys.executable, "-c", check, *argv], capture_output=True, text=True, timeout=60
    )
    assert child.stderr.splitlines()[-1] == f"{code} []"


def test_a_question_that_cannot_be_asked_imports_no_model() -> None:
    check = (
        "import sys; from chatbot.cli import main; code = main(['ask', 'x' * 5000])\n"
        f"heavy = sorted(set(sys.modules) & set({HEAVY!r}) - {{'pydantic'}})\n"
        "print(code, heavy, file=sys.stderr)"
    )
    child = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, timeout=60
    )
    assert child.stderr.splitlines()[-1] == "2 []"


def test_a_reader_that_leaves_is_no_error() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "chatbot.cli", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    errors = child.stderr.read()
    child.stderr.close()
    child.wait(timeout=60)
    assert errors == b""


def test_output_is_utf8_whatever_the_locale() -> None:
    check = (
        "from chatbot.terminal import Terminal\n"
        "Terminal.of_process().line('Storage › S3 \\udcff 🚀')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    child = subprocess.run(
        [sys.executable, "-c", check], env=environment, capture_output=True, timeout=60
    )
    assert child.stdout.decode("utf-8").rstrip() == "Storage › S3 ? 🚀"


NOTES = """\
# Storage

## Amazon S3

Amazon S3 is an object store. It keeps each object in a bucket.

S3 has these storage classes:

- Standard, for data that is read often.
- Glacier Deep Archive, for data that is read once or twice a year.

## Amazon EBS

Amazon EBS gives a virtual machine a disk of its own.
"""


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with notes and their index, made by the real command."""
    folder = tmp_path_factory.mktemp("the house")
    notes = folder / "my notes"
    notes.mkdir()
    (notes / "storage.md").write_text(NOTES, encoding="utf-8")
    (notes / "photo.md").write_bytes(b"\x89PNG\x00\x00\xff\xfe\x00")
    made = footnote("ingest", "my notes", "--json", cwd=folder)
    assert made.returncode == 0, made.stderr
    report = json.loads(made.stdout)
    assert (report["sources"], report["reused"]) == (1, 0)
    assert report["embedded"] == report["chunks"] > 0
    assert [skipped["name"] for skipped in report["skipped"]] == ["photo.md"]
    return folder


@pytest.mark.slow
def test_notes_go_in_and_a_cited_answer_comes_out(indexed: Path) -> None:
    child = footnote("ask", "What is Amazon S3?", "--json", cwd=indexed)
    assert child.returncode == 0, child.stderr
    answer = json.loads(child.stdout)
    assert answer["status"] == "answered"
    assert "object store" in answer["text"]
    text = (indexed / "my notes" / "storage.md").read_text(encoding="utf-8")
    assert answer["citations"]
    for cited in answer["citations"]:
        assert text[cited["start"] : cited["end"]] == cited["quote"]


@pytest.mark.slow
def test_the_same_notes_again_embed_nothing(indexed: Path) -> None:
    again = footnote("ingest", "my notes", "--json", cwd=indexed)
    assert json.loads(again.stdout)["embedded"] == 0


@pytest.mark.slow
def test_another_folder_takes_the_place_of_the_one_before(indexed: Path, tmp_path: Path) -> None:
    (tmp_path / "queues.md").write_text("# Queues\n\nAmazon SQS is a queue.\n", encoding="utf-8")
    shutil.copytree(indexed / ".footnote" / "index", tmp_path / "index")
    other = footnote("ingest", ".", "--index", "index", "--json", cwd=tmp_path)
    assert other.returncode == 0, other.stderr
    assert json.loads(other.stdout)["sources"] == 1


@pytest.mark.slow
def test_search_and_batch_and_chat_answer_from_the_same_index(indexed: Path) -> None:
    found = footnote("search", "virtual machine disk", "--limit", "1", "--json", cwd=indexed)
    [passage] = json.loads(found.stdout)["passages"]
    assert passage["heading"][-1] == "Amazon EBS"
    batch = footnote("ask", "-", "--json", cwd=indexed, input="What is EBS?\n\nWhat is S3?\n")
    assert [json.loads(line)["question"] for line in batch.stdout.splitlines()] == [
        "What is EBS?",
        "What is S3?",
    ]
    chat = footnote("chat", "--terminal", cwd=indexed, input="What is Amazon S3?\n/quit\n")
    assert chat.returncode == 0, chat.stderr
    assert "storage.md:" in chat.stdout
    kept = footnote("conversations", "--show", "1", cwd=indexed)
    assert chat.stdout.strip() in kept.stdout


@pytest.mark.slow
def test_an_index_of_another_embedder_is_refused_with_the_repair(indexed: Path) -> None:
    environment = child_environment(FOOTNOTE_EMBEDDER="bge-small-en-v1.5")
    child = footnote("ask", "What is S3?", cwd=indexed, env=environment)
    assert child.returncode == 2
    assert child.stderr.count("\n") == 1
    assert "--rebuild" in child.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "argv", [["ask", "What is S3?"], ["search", "S3"], ["chat"], ["ingest", "no-such-folder"]]
)
def test_nothing_there_is_one_line_and_exit_2(tmp_path: Path, argv: list[str]) -> None:
    child = footnote(*argv, cwd=tmp_path, input="")
    assert (child.returncode, child.stdout) == (2, "")
    assert child.stderr.startswith("footnote: ")
    assert child.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_folder_without_notes_is_one_line_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    child = footnote("ingest", "empty", cwd=tmp_path)
    assert child.returncode == 2
    assert child.stderr.splitlines()[-1].startswith("footnote: ")
    assert not (tmp_path / ".footnote" / "index" / "current").exists()


@pytest.mark.slow
def test_no_command_opens_a_connection(indexed: Path) -> None:
    check = (
        "import sys\n"
        "def watch(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'):\n"
        "        print('REACHED OUT', event, args[1:], file=sys.stderr)\n"
        "sys.addaudithook(watch)\n"
        "from chatbot.cli import main\n"
        "codes = [main(argv) for argv in (\n"
        "    ['ingest', 'my notes', '--index', 'other index'],\n"
        "    ['ask', 'What is S3?', '--index', 'other index'],\n"
        "    ['doctor', '--index', 'other index'],\n"
        ")]\n"
        "print('codes', codes, file=sys.stderr)\n"
    )
    environment = child_environment(
        LANGSMITH_TRACING="true",
        LANGSMITH_API_KEY="not-a-key",
        ANONYMIZED_TELEMETRY="True",
        HF_HUB_OFFLINE="0",
    )
    child = subprocess.run(
        [sys.executable, "-c", check],
        cwd=indexed,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert "codes [0, 0, 0]" in child.stderr
    assert "REACHED OUT" not in child.stderr
