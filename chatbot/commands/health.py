"""`footnote doctor`: what is installed, what is wrong, and what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatbot.commands.call import Call
from chatbot.exit_codes import CHECK_FAILED, DONE
from chatbot.notices import Notices

if TYPE_CHECKING:
    from ingest.repair import Repair


def doctor(call: Call) -> int:
    """Tell the finding of each check, after a repair where one was asked for."""
    from chatbot.doctor import State, is_healthy, to_json

    args, terminal = call.args, call.terminal
    if args.prompt:
        from chatbot.generation.prompt import prompt_text

        terminal.stdout.write(prompt_text())
        return DONE
    if args.repair:
        with Notices(terminal).from_loggers():
            repaired = call.backend.repair(call.settings, terminal.progress)
        terminal.settle()
        terminal.notice(_repair_told(repaired))
    checks = call.backend.diagnose(call.settings, args.verify)
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
