"""What a model says before its answer: its thinking, and the name of the role it plays."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"  # emoji and several scripts are written with them
_THINKING = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<reasoning>": "</reasoning>",
    "<|channel|>analysis": "<|channel|>final<|message|>",
    "<|start|>assistant<|channel|>analysis": "<|channel|>final<|message|>",
}
_FORMS = ("{}:", "**{}:**", "**{}**:", "## {}:", "### {}:", "## {}\n", "### {}\n", "**{}**\n")
_ROLES = ("assistant", "answer", "final answer", "response", "ai", "chatbot")
_HEADERS = frozenset(form.format(role) for role in _ROLES for form in _FORMS) | {
    "<|channel|>final<|message|>",
    "<|start|>assistant<|channel|>final<|message|>",
}
_KNOWN = _HEADERS | frozenset(_THINKING)


class Characters:
    """The characters of a reply that mean something to a reader, one newline for a line's end.

    Controls, overrides of the writing direction and whatever takes no room are dropped; a joiner
    stays between two characters that are not ASCII.
    """

    def __init__(self) -> None:
        self._before = ""
        self._joiner = ""
        self._after_return = False

    def feed(self, piece: str) -> str:
        """What of the piece is read."""
        if piece.isascii() and piece.isprintable() and not self._joiner and piece:
            self._before, self._after_return = piece[-1], False
            return piece
        return "".join([self._read(character) for character in piece])

    def _read(self, character: str) -> str:
        after_return, self._after_return = self._after_return, character == "\r"
        if character in "\r\n\u2028\u2029":
            read = "" if after_return and character == "\n" else "\n"
        elif character in _JOINERS:
            self._joiner = "" if self._before.isascii() else character
            return ""
        elif unicodedata.category(character) in ("Cc", "Cf", "Cs"):
            read = " " if character.isspace() else ""
        else:
            read = character
        if not read:
            return ""
        joiner = "" if read.isascii() else self._joiner
        self._joiner, self._before = "", read
        return joiner + read


class Preamble:
    """Lets a reply pass but for what stands before the answer.

    Dropped are `<think>…</think>` and the like, unclosed too, and one "Assistant:". Where a
    server swallows the opening tag, what was thought cannot be told from what is said.
    """

    def __init__(self) -> None:
        self._head = ""
        self._closer = ""
        self._is_over = False

    def feed(self, character: str) -> str:
        """What of the reply is the answer's, now that this character is known."""
        if self._is_over:
            return character
        if self._closer:
            self._head = (self._head + character.lower())[-len(self._closer) :]
            if self._head == self._closer:
                self._head = self._closer = ""
            return ""
        if not self._head and character.isspace():
            return ""
        self._head += character
        head = self._head.lower()
        if head in _THINKING:
            self._closer, self._head = _THINKING[head], ""
        elif head in _HEADERS:
            self._is_over, self._head = True, ""
        elif not any(known.startswith(head) for known in _KNOWN):
            return self.end()
        return ""

    def end(self) -> str:
        """What was held back, and is the answer's after all."""
        held = "" if self._closer else self._head
        self._is_over, self._head = True, ""
        return held
