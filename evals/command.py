"""`footnote eval`: check the answers against a golden set.

Exit codes: 0 passed; 1 a floor was not reached; 2 worse than the baseline; 3 the golden set is
invalid or stale; 4 the evaluation itself failed; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.table import Table

from chatbot.errors import ChatError
from chatbot.privacy import keep_private
from evals import gates
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
        golden = load_golden(options.golden)
        subject = _subject(options, golden)
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
    baseline = None if is_mutating else _existing(options.baseline, options.golden / BASELINE)
    is_blessing = not is_mutating and options.bless
    if is_blessing and options.only:
        raise HarnessFailed(["a part cannot be the baseline: --bless goes without --only"])
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
    for score in report.misses:
        if score.result.error:
            print(f"{score.case.id}: {score.result.error}", file=sys.stderr)
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


def _figures_table(report: Report) -> Table:
    table = Table("metric", "Footnote", "tutorial's chain", "n")
    control = report.control.get("all", {})
    for metric, figure in report.figures["all"].items():
        other = control.get(metric)
        table.add_row(
            metric,
            _number(figure.value),
            _number(other.value) if other else "",
            str(figure.n),
        )
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
