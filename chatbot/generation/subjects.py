"""What a sentence speaks of where it does not say so itself: "It is kept for 90 days."."""

from __future__ import annotations

import re

from chatbot.grounding.known_names import named
from chatbot.grounding.replies import Said
from chatbot.grounding.sentences import read_sentence

_POINTS_BACK = re.compile(
    r"\W*(?:it|its|they|their|them|this|these|that|those|he|she|his|her|both"
    r"|the (?:former|latter|service))\b",
    re.IGNORECASE,
)


class Subject:
    """Follows a reply, and knows what its next sentence may leave out.

    `heading` is the line that the items which come now stand under; "" where none does.
    """

    def __init__(self) -> None:
        self.heading = ""
        self._before: str | None = ""  # the names before; None where they were not let stand

    def open(self, text: str) -> None:
        """A heading or lead-in: what follows is of it."""
        self.heading = text
        self._before = names_in(text)

    def of(self, said: Said) -> str | None:
        """The names that a sentence leaves out and means, maybe none; None if they are out."""
        if said.bullet and self.heading:
            return names_in(self.heading)
        return self._before if _POINTS_BACK.match(said.text) else ""

    def follow(self, said: Said, *, stands: bool) -> None:
        """A sentence was judged; the next may speak of the same."""
        if not said.bullet:
            self.heading = ""
        if not stands:
            self._before = None
        elif not _POINTS_BACK.match(said.text):
            self._before = names_in(said.text)


def names_in(text: str) -> str:
    """The names that a text holds, in order; its first word where a name follows at once."""
    tokens = read_sentence(text).tokens
    names = [word.surface for _, word in named(tokens)]
    words = read_sentence(text).words
    if names and len(words) > 1 and words[1].surface == names[0] and words[0].content:
        names = [words[0].surface, *names]
    return " ".join(dict.fromkeys(names))
