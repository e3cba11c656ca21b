"""`footnote notebooks`: which collections of notes there are, and what each holds."""

from __future__ import annotations

from chatbot.commands.call import Call
from chatbot.exit_codes import DONE


def notebooks(call: Call) -> int:
    """Tell each notebook, with its notes."""
    found = call.backend.notebooks(call.settings)
    if call.args.json:
        for notebook in found:
            call.terminal.json(notebook.to_json())
    else:
        call.terminal.notebooks(found, call.settings.notebook)
    return DONE
