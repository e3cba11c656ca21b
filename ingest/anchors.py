"""Heading anchors as GitHub makes them.

The rule is that of the `github-slugger` library: lower case; keep letters, marks, decimal
digits, letter numbers, connector punctuation and hyphens; spaces become hyphens; a repeated
slug gets `-1`, `-2`, … appended, skipping what is already taken.
"""

from __future__ import annotations

import unicodedata

LONGEST_ANCHOR = 500  # characters: it is in the name of every chunk below the heading

_KEPT_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "Pc"})


def slug(heading: str) -> str:
    """The anchor of a heading's plain text, before repeats are told apart.

    Of a heading longer than any, its beginning: an anchor that only we know.
    """
    kept = (
        character
        for character in heading.strip().lower()
        if character in " -" or unicodedata.category(character) in _KEPT_CATEGORIES
    )
    return "".join(kept).replace(" ", "-")[:LONGEST_ANCHOR]


class Slugger:
    """Hands out the distinct anchors of one document, in document order."""

    def __init__(self) -> None:
        self._last_suffix: dict[str, int] = {}

    def slug(self, heading: str) -> str:
        """The next free anchor for `heading`.

        Linear over a document: the last suffix tried is remembered per slug.
        """
        base = slug(heading)
        anchor = base
        while anchor in self._last_suffix:
            self._last_suffix[base] += 1
            anchor = f"{base}-{self._last_suffix[base]}"
        self._last_suffix[anchor] = 0
        return anchor
