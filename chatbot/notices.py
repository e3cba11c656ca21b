"""What is not as it should be, told once, beside the answers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from chatbot.terminal import Terminal


class Notices(logging.Handler):
    """Tells each notice once, whether it is logged or handed over."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal
        self._said: set[str] = set()

    def say(self, *messages: str) -> None:
        """Tell those that were not told before."""
        for message in messages:
            if message not in self._said:
                self._said.add(message)
                self._terminal.notice(message, "yellow")

    def emit(self, record: logging.LogRecord) -> None:
        """Tell what was logged."""
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
