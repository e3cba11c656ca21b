"""What a model thinks aloud before it answers, as several local ones do: left out."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


class ThinkingFilter:
    """Passes a reply on piece by piece, without the `<think>` block that it may begin with."""

    def __init__(self) -> None:
        self._held = ""  # what may yet turn out to be of the block
        self._place = "before"  # then "inside", then "after"

    def pass_on(self, piece: str) -> str:
        """Return what of the reply is known to be the answer, now that this piece is there."""
        if self._place == "after":
            return piece
        self._held += piece
        if self._place == "before":
            begun = self._held.lstrip()
            if begun.startswith(OPEN):
                self._place = "inside"
            elif OPEN.startswith(begun):  # nothing yet, or a part of the tag
                return ""
            else:
                return self.rest()
        end = self._held.find(CLOSE)
        if end < 0:
            self._held = self._held[-len(OPEN + CLOSE) :]
            return ""
        self._held, self._place = self._held[end + len(CLOSE) :].lstrip(), "after"
        return self.rest()

    def rest(self) -> str:
        """Return what was held back; a block that did not end is none of the answer."""
        held = "" if self._place == "inside" else self._held
        self._held, self._place = "", "after"
        return held
