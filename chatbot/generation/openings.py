"""Lines that open what follows: "The four are:", "## Storage classes"."""

from __future__ import annotations

from collections.abc import Iterable

from chatbot.grounding.claims import claims_nothing
from chatbot.grounding.replies import Said
from chatbot.words import content_stems, stem

# With these and no other words a line announces, whatever the notes say.
_ANNOUNCING = frozenset(
    stem(word)
    for word in "follow following below here include includes including list listed item example"
    " step way point reason option answer summary overview those each".split()
)


def may_open(said: Said) -> bool:
    """Whether a sentence is a heading, or a line that announces what follows."""
    return said.is_heading or (said.text.rstrip().endswith(":") and claims_nothing(said.text))


def only_announces(text: str, headings: Iterable[str]) -> bool:
    """Whether an opening says no more than that something follows, or repeats a heading.

    "Buckets are free:" looks like an opening and is a claim: it has words of its own.
    """
    own = set(content_stems(text)) - _ANNOUNCING
    return not own or any(own == set(content_stems(heading)) for heading in headings)


def as_claim(text: str) -> str:
    """The opening as a sentence that can be held against the notes."""
    return text.rstrip(": ")
