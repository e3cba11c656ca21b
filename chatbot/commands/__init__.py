"""What each command does, by its name: a file for those that belong together."""

from __future__ import annotations

from collections.abc import Callable

from chatbot.commands.call import Call
from chatbot.commands.collections import notebooks
from chatbot.commands.health import doctor
from chatbot.commands.notes import ingest, sync
from chatbot.commands.questions import ask, chat, search

COMMANDS: dict[str, Callable[[Call], int]] = {
    "ingest": ingest,
    "sync": sync,
    "ask": ask,
    "search": search,
    "chat": chat,
    "notebooks": notebooks,
    "doctor": doctor,
}
