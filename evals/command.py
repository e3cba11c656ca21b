"""`footnote eval`: check the answers against a golden set.

Exit codes: 0 passed; 1 a floor was not reached; 2 worse than the baseline; 3 the golden set is
invalid or stale; 4 the evaluation itself failed, or its model cannot be had; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from chatbot.errors import ChatError
from chatbot.pipeline import MODEL_CONTEXT
from chatbot.plain_text import neutral, one_line
from chatbot.privacy import keep_private
from evals import gates
from evals.asked_model import SILENCE, AskedModel, named_model
from evals.errors import EvalError, GoldenInvalid, HarnessFailed
from evals.evaluation import Plan, Subject, evaluate, make_index
from evals.gates import Exit
from evals.golden_set import GoldenSet, ItemType, load_golden
from evals.lint import lint, stale_evidence
from evals.mutations import TARGET, caught_share, mutate_all
from evals.progress import Progress
from evals.reports.markdown import markdown
from evals.reports.report import Report
from evals.reports.write import write_reports
from ingest.embedding import DEFAULT_EMBEDDER
from ingest.errors import IngestError
from ingest.index import NotesIndex

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
FLOORS, BASELINE = "floors.yml", "baseline.json"  # in the golden folder; *.yaml are items
NOTES = Path("corpus")
WORKSPACE = Path(".footnote/evals")
INTERRUPTED = 130
ACTIONS = ("run", "lint", "mutate", "public")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code. Each problem is one line on standard error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    action = arguments.pop(0) if arguments and arguments[0] in ACTIONS else "run"
    if action == "public":
        from evals.public.run import main as public  # imports scipy, which takes seconds

        return public(arguments)
    try:
        options = build_parser(action).parse_args(arguments)
        keep_private(tracing=False)
        model = None if action == "lint" else _model(options)
        golden = load_golden(options.golden)
        subject = replace(_subject(options, golden), model=model)
        if action == "lint":
            return _lint(options, golden, subject)
        return _run(action, options, golden, subject)
    except KeyboardInterrupt:
        print("Interrupted. What was answered is kept: run it again to go on.", file=sys.stderr)
        return INTERRUPTED
    except GoldenInvalid as error:
        return _refuse(error.problems, Exit.GOLDEN_INVALID)
    except EvalError as error:
        return _refuse(error.problems, Exit.HARNESS_FAILED)
    except (IngestError, ChatError, OSError) as error:
        return _refuse([str(error)], Exit.HARNESS_FAILED)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and the harness's exit code."""

    def error(self, message: str) -> NoReturn:
        raise HarnessFailed([f"{message}. See: {self.prog} --help"])


def build_parser(action: str = "run") -> argparse.ArgumentParser:
    """The parser of one action: "run", "lint" or "mutate"."""
    parser = _Parser(
        prog="footnote eval" if action == "run" else f"footnote eval {action}",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="also: footnote eval lint | mutate | public DATA" if action == "run" else None,
        allow_abbrev=False,
    )
    parser.add_argument("--golden", type=Path, default=GOLDEN, metavar="DIR",
                        help="the golden set (default: Footnote's own)")  # fmt: skip
    over = parser.add_mutually_exclusive_group()
    over.add_argument("--notes", type=Path, default=NOTES, metavar="DIR",
                      help=f"the notes that it is about (default: {NOTES})")  # fmt: skip
    over.add_argument("--index", type=Path, metavar="DIR", help="an index of them that exists")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    if action == "lint":
        return parser
    parser.add_argument("--no-rerank", action="store_true", help="judge it without the reranker")
    worded = parser.add_argument_group(
        "a chat model",
        "Answers are in the notes' own words unless a model is named here; FOOTNOTE_MODEL and its"
        " like are not heard, so that no check asks a model by accident. Keys are.",
    )
    worded.add_argument("--model", metavar="NAME",
                        help="have this model word the answers, as provider:name, or as its"
                        " server calls it")  # fmt: skip
    worded.add_argument("--model-url", metavar="URL", help="its OpenAI-compatible server")
    worded.add_argument("--model-context", type=_count, metavar="N",
                        help=f"tokens of prompt at most (default: {MODEL_CONTEXT})")  # fmt: skip
    worded.add_argument("--model-timeout", type=float, metavar="SECONDS",
                        help=f"how long it may be silent (default: {SILENCE:g})")  # fmt: skip
    parser.add_argument("--sample", type=_count, metavar="N",
                        help="ask only N, of every kind, always the same; nothing gates then"
                        if action == "run" else
                        "ask only N, of every kind, always the same")  # fmt: skip
    if action == "run":
        parser.add_argument("--report", type=Path, default=WORKSPACE / "report", metavar="DIR",
                            help="where to write the reports (default: %(default)s)")  # fmt: skip
        parser.add_argument("--floors", type=Path, metavar="FILE",
                            help=f"what must be reached (default: its {FLOORS})")  # fmt: skip
        parser.add_argument("--baseline", type=Path, metavar="FILE",
                            help=f"what passed before (default: its {BASELINE})")  # fmt: skip
        parser.add_argument("--bless", action="store_true",
                            help="make this run the baseline, on purpose")  # fmt: skip
        parser.add_argument("--only", action="append", default=[], metavar="KIND",
                            choices=[kind.value for kind in ItemType],
                            help="ask only items of this kind; nothing gates then")  # fmt: skip
        parser.add_argument("--no-control", action="store_true",
                            help="leave the tutorial's chain out")  # fmt: skip
    return parser


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return number


def _model(options: argparse.Namespace) -> AskedModel | None:
    model = named_model(
        options.model,
        options.model_url,
        context=options.model_context,
        silence=options.model_timeout,
    )
    limits = (options.model_context, options.model_timeout)
    if model is None and limits != (None, None):
        raise HarnessFailed(
            ["--model-context and --model-timeout are of a model: name it, --model"]
        )
    return model


def _subject(options: argparse.Namespace, golden: GoldenSet) -> Subject:
    rerank = not getattr(options, "no_rerank", False)
    if options.index is not None:
        with NotesIndex.open(options.index) as index:
            embedder = index.settings.embedder.name
        return Subject(options.index, embedder, rerank)
    made = make_index(options.notes, golden, WORKSPACE / "index", DEFAULT_EMBEDDER)
    return Subject(made.index, made.embedder, rerank, made.notes)


def _run(action: str, options: argparse.Namespace, golden: GoldenSet, subject: Subject) -> int:
    is_mutating = action == "mutate"
    floors = None if is_mutating else _existing(options.floors, options.golden / FLOORS)
    has_baseline = not is_mutating and subject.model is None
    baseline = _existing(options.baseline, options.golden / BASELINE) if has_baseline else None
    is_blessing = not is_mutating and options.bless
    if is_blessing and (options.only or options.sample):
        raise HarnessFailed(
            ["a part cannot be the baseline: --bless goes without --only and --sample"]
        )
    if subject.model and not is_mutating and (is_blessing or options.baseline):
        raise HarnessFailed(
            ["the baseline is of the notes' own words: --bless and --baseline go without --model"]
        )
    with NotesIndex.open(subject.index) as index:
        stale = stale_evidence(golden, index)
    if stale:  # answers cannot be held against what the notes no longer say
        raise GoldenInvalid(stale)
    plan = Plan(
        golden_folder=options.golden,
        golden=golden,
        subject=subject,
        workspace=WORKSPACE / "results",
        floors=gates.read_floors(floors) if floors else {},
        baseline=gates.read_baseline(baseline) if baseline and not is_blessing else None,
        only=frozenset(ItemType(kind) for kind in ([] if is_mutating else options.only)),
        sample=options.sample,
        with_own_words=not is_mutating,
        with_control=not is_mutating and not options.no_control,
    )
    with Progress(sys.stderr) as progress:
        report = evaluate(plan, progress.stage)
    if is_mutating:
        return _mutate(options, report)
    if is_blessing and report.exit is not Exit.HARNESS_FAILED:
        path = options.baseline or options.golden / BASELINE
        gates.write_baseline(path, report.scores, report.machine)
    write_reports(report, options.report)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown(report))
    _tell(report, options)
    return int(report.exit)


def _existing(given: Path | None, default: Path) -> Path | None:
    """The file to read: one that was named must be there, the default one need not."""
    if given is not None:
        return given
    return default if default.is_file() else None


def _tell(report: Report, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(report.to_json(), ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(_figures_table(report))
    for check in report.floors:
        if check.holds is not True:
            console.print(
                str(check), markup=False, style="red" if check.holds is False else "yellow"
            )
    for flip in report.comparison.flips if report.comparison else ():
        state = "better" if flip.now_passes else "tolerated" if flip.tolerated else "WORSE"
        critical = " critical" if flip.critical else ""
        console.print(f"{state}{critical}: {flip.case_id}: {flip.question} ({flip.cause})",
                      style="red" if flip.is_regression else "", markup=False)  # fmt: skip
    for case_id in report.comparison.gone if report.comparison else ():
        console.print(f"gone: {case_id} passed in the baseline", style="red", markup=False)
    for score in (*report.misses, *report.own):
        if score.result.error:
            print(f"{score.case.id}: {score.result.error}", file=sys.stderr)
    for line in _of_the_model(report):
        console.print(line, markup=False, soft_wrap=True)
    causes = ", ".join(f"{count} {cause}" for cause, count in report.causes.items())
    cached = len(report.scores) - report.asked
    console.print(
        f"{len(report.scores)} askings, {len(report.misses)} missed"
        + (f" ({causes})" if causes else "")
        + f"; {report.seconds:.1f} s, {cached} remembered"
    )
    console.print(f"{_verdict(report)} Look: {options.report / 'index.html'}", markup=False)


def _verdict(report: Report) -> str:
    return {
        Exit.PASSED: "Passed.",
        Exit.FLOOR_FAILED: "A floor was not reached.",
        Exit.REGRESSED: "Worse than the baseline.",
        Exit.HARNESS_FAILED: "Some questions could not be asked.",
    }[report.exit]


def _of_the_model(report: Report) -> Iterator[str]:
    if report.model is None:
        return
    yield f"Worded by {neutral(report.model.label)}"
    if report.own:
        yield (
            f"{len(report.gained)} pass only in its words, {len(report.lost)} only in the notes'"
            " own"
        )
    counts: dict[str, int] = {}
    for score in report.scores:
        writing = score.result.writing
        if score.case.counts and writing and writing.fell_back and not score.result.declined:
            notice = one_line(neutral(writing.notice))
            counts[notice] = counts.get(notice, 0) + 1
    for notice, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count} fell back: {notice}"


def _figures_table(report: Report) -> Table:
    """Every metric, ours beside the others'; below them what a model did, if one was asked."""
    beside = [("own words", report.own_figures), ("tutorial's chain", report.control)]
    beside = [(title, slices) for title, slices in beside if slices]
    ours = f"with {report.model.choice.name}" if report.model else "Footnote"
    # As text: a name may hold brackets, which would be markup.
    table = Table(
        Column("metric", no_wrap=True),
        Column(Text(neutral(ours))),
        *(title for title, _ in beside),
        "n",
    )
    for metric, figure in report.figures["all"].items():
        others = [slices.get("all", {}).get(metric) for _, slices in beside]
        table.add_row(
            metric,
            _number(figure.value),
            *(_number(other.value) if other else "" for other in others),
            str(figure.n),
        )
    if report.writing:
        table.add_section()
    for metric, figure in report.writing.items():
        table.add_row(metric, _number(figure.value), *("" for _ in beside), str(figure.n))
    return table


def _number(value: float | None) -> str:
    if value is None:
        return "n/a"
    return f"{value:.3f}" if abs(value) <= 1 else f"{value:.0f}"


def _mutate(options: argparse.Namespace, report: Report) -> int:
    errors = [f"{s.case.id}: {s.result.error}" for s in report.scores if s.result.error]
    if errors:
        raise HarnessFailed(errors)
    rows = mutate_all(report.scores)
    total = caught_share(rows)
    if total is None:
        raise HarnessFailed(["no case passed, so there is no good answer to corrupt"])
    if options.json:
        print(json.dumps({"caught": total, "mutations": [asdict(row) for row in rows]}))
    else:
        table = Table("mutation", "made", "caught", "share", "by")
        for row in rows:
            by = ", ".join(f"{cause} {n}" for cause, n in row.by_cause.items())
            table.add_row(row.name, str(row.made), str(row.caught), _number(row.share), by)
        Console(highlight=False).print(table)
        print(f"mutation score {total:.3f}, at least {TARGET:.2f} wanted")
    return int(Exit.PASSED if total >= TARGET else Exit.FLOOR_FAILED)


def _lint(options: argparse.Namespace, golden: GoldenSet, subject: Subject) -> int:
    with NotesIndex.open(subject.index) as index:
        report = lint(golden, index)
    if options.json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        for row in report.coverage:
            print(row)
        covered = sum(row.is_covered for row in report.coverage)
        print(
            f"{len(golden.items)} items, {len(golden.drafts)} drafts;"
            f" {covered} of {len(report.coverage)} sections covered"
        )
    return _refuse(report.problems, Exit.GOLDEN_INVALID) if report.problems else Exit.PASSED


def _refuse(problems: Sequence[str], code: Exit) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
