"""What each command does, by its name: a file for those that belong together."""

from __future__ import annotations

from collections.abc import Callable

from chatbot.commands.call import Call
from chatbot.commands.chat import chat
from chatbot.commands.collections import notebooks
from chatbot.commands.conversations import conversations
from chatbot.commands.health import doctor
from chatbot.commands.notes import ingest, sync
from chatbot.commands.questions import ask, search
from chatbot.commands.safekeeping import backup, restore

COMMANDS: dict[str, Callable[[Call], int]] = {
    "ingest": ingest,
    "sync": sync,
    "ask": ask,
    "search": search,
    "chat": chat,
    "conversations": conversations,
    "backup": backup,
    "restore": restore,
    "notebooks": notebooks,
    "doctor": doctor,
}
