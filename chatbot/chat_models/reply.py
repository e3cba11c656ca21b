"""A reply on its way from the loop that asks a model to the thread that reads it."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue

from chatbot.errors import ModelFailed


class Reply:
    """Pieces of text, then an end or a failure.

    `heard` is when the model last gave a sign of life, also one without text.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.heard = self.began
        self.has_text = False  # something was put, blank or not
        self.has_words = False
        self._pieces: SimpleQueue[str | ModelFailed | None] = SimpleQueue()

    def put(self, text: str) -> None:
        """Add text."""
        self.has_text = True
        self.has_words = self.has_words or not text.isspace()
        self._pieces.put(text)

    def end(self) -> None:
        """Say that this is all."""
        self._pieces.put(None)

    def fail(self, failure: ModelFailed) -> None:
        """Say that there will be no more, and why."""
        self._pieces.put(failure)

    def wake(self) -> None:
        """Have a reader that waits look up."""
        self._pieces.put("")

    def get(self, seconds: float) -> str | None:
        """Return the next piece, "" for none as yet, None for the end.

        Raises:
            ModelFailed: there is no more, though it is not the end.
        """
        try:
            piece = self._pieces.get(timeout=max(seconds, 0))
        except Empty:
            return ""
        if isinstance(piece, ModelFailed):
            raise piece
        return piece
