"""What a command is given when it is run."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.backend import Backend
from chatbot.terminal import Terminal

if TYPE_CHECKING:
    from chatbot.settings import Settings


@dataclass(frozen=True, slots=True)
class Call:
    """One command as it was typed, and what it runs with."""

    args: argparse.Namespace
    settings: Settings
    backend: Backend
    terminal: Terminal
