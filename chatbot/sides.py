"""The two things that a question compares, or asks the same of."""

from __future__ import annotations

import re

from chatbot.words import content_words, words

_NAME = r"[\w .()/'’&-]+?"
_PATTERNS = (
    r"\b(?:differences?|distinction|comparison|differs?|different|choose|decide|distinguish"
    r"|switch)\b.*?\bbetween (?P<a>.+?) (?:and|vs\.?|versus|or) (?P<b>.+)",
    r"\bcompare(?:d|s)? (?P<a>.+?) (?:and|with|to|vs\.?|versus|against) (?P<b>.+)",
    r"\bhow (?:do|does|is|are) (?P<a>.+?) (?:and (?P<b1>.+?) )?(?:differ|compare|different)\b"
    r"(?: (?:from|to|with) (?P<b2>.+))?",
    rf"\bis (?P<a>{_NAME}) the same (?:thing )?as (?P<b>.+)",
    rf"\b(?:mix up|confuse|tell apart|keep apart|distinguish) (?P<a>{_NAME}) (?:and|with|from)"
    r" (?P<b>.+)",
    r"(?P<a>.+?) (?:vs\.?|versus|compared (?:to|with)|differs? from) (?P<b>.+)",
    r"\b(?:better|prefer|choose|pick|use|using|faster|cheaper|slower|recommended)\b[^,:]*?[,:]?"
    r" (?P<a>[\w .()/-]+?),? or (?P<b>.+)",
    r"^(?P<a>[\w .()/-]+?) or (?P<b>[^,:?]+)[,:?]",
    r"\bwhen (?:do|does|should|would|to) (?:(?:i|you|we) )?(?:take|use|choose|pick|prefer)"
    r" (?P<a>[\w .()/-]+?),? and when (?P<b>.+)",
    r"(?P<a>[\w .()/-]+) against (?P<b>.+)",
    r"\bwhich\b[^,:]*[,:] (?P<a>[\w .()/-]+?),? or (?P<b>.+)",
    rf"\bboth (?P<a>{_NAME}) and (?P<b>.+)",
    rf"\b(?:do|does|did|are|were|can|will) (?P<a>{_NAME}) and (?P<b>{_NAME}) (?:each|both)\b",
)
_COMPILED = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS)
# "… for training data" says what the comparison is for; "FSx for Lustre" is a name.
_TRAILING_PURPOSE = re.compile(
    r"\b(?:for (?=[a-z])|when\b|in terms of\b|if\b|as a\b|with respect to"
    r"|deal\b|handle\b|treat\b|use for\b|in the exam\b|in (?:where|how|what|which)\b).*$"
)
# "the payload limit of real-time vs …": what is compared stands behind the preposition.
_BEFORE_A_SIDE = re.compile(r"^.*\b(?:of|between)\s+(?=\w)", re.IGNORECASE)
_ARTICLE = re.compile(
    r"^(?:(?:an?|the|using|use|how|what|which|when|how do|how does) )+", re.IGNORECASE
)
_CLAUSE_END = re.compile(
    r"[,:;?!]|\. | [-–—] | (?=(?:what|what['’]?s|whats|how|which|who|when) )", re.I
)
# "Who looks after the keys in SSE-S3 …": the side is what the question's last preposition or
# verb leads to.
_ASKING = re.compile(
    r"^(?:who|what|which|when|where|why|how|do|does|did|is|are|can|could|should|would|will)\b",
    re.IGNORECASE,
)
_LEADS_TO_A_SIDE = re.compile(
    r"^.*\b(?:in|of|for|with|by|from|to|at|on|does|do|is|are|take|use|choose|pick|allow) (?=\w)",
    re.IGNORECASE,
)
_NO_THING = re.compile(
    r"(?:before|after|above|below|to|not|than|yes|no)\b|.* (?:before|after)$", re.IGNORECASE
)
# A longer question compares nothing that a pattern could find, and would keep it busy.
LONGEST_COMPARISON = 400
LONGEST_SIDE = 7  # in words; what is longer is a clause, not a thing


def sides_of(text: str) -> tuple[str, ...]:
    """The two sides as the question words them, in order; none where it has no two sides."""
    if len(text) > LONGEST_COMPARISON:
        return ()
    for pattern in _COMPILED:
        match = pattern.search(text)
        if not match:
            continue
        groups = match.groupdict()
        first = groups.get("a") or ""
        second = groups.get("b") or groups.get("b1") or groups.get("b2") or ""
        second = _TRAILING_PURPOSE.sub("", _CLAUSE_END.split(second)[0])
        first = _trimmed(_BEFORE_A_SIDE.sub("", _CLAUSE_END.split(first)[-1]))
        sides = tuple(_ARTICLE.sub("", side.strip(" .'\"")) for side in (first, second))
        if all(map(_is_a_thing, sides)) and words(sides[0]) != words(sides[1]):
            return sides
    return ()


def _trimmed(first: str) -> str:
    """The first side without the question that leads to it."""
    return _LEADS_TO_A_SIDE.sub("", first) if _ASKING.search(first.strip()) else first


def _is_a_thing(side: str) -> bool:
    is_short = len(side.split()) <= LONGEST_SIDE
    return is_short and bool(content_words(side)) and not _NO_THING.match(side)


def beside(sides: tuple[str, ...], at: int) -> str:
    """One side in full: what only the second one says of both is added to the first.

    "cached vs stored volumes" compares "cached volumes" with "stored volumes".
    """
    if at:
        return sides[at]
    own, other = sides[0].split(), sides[1].split()
    return " ".join([*own, *(word for word in other[len(own) :] if word not in own)])


# "What does each of them do?" asks it of one side as well as of the other.
_EACH = re.compile(
    r"\b(?:each(?: one)?(?: of (?:them|these|the two))?|they(?: each| both)?|both(?: of them)?"
    r"|either(?: one)?|the two)\b",
    re.IGNORECASE,
)
_ASKS_OF_EACH = re.compile(r"\b(?:who|what|which|when|where|why|how)\b", re.IGNORECASE)


def asked_of(text: str, sides: tuple[str, ...], at: int) -> str:
    """What the question asks of each side behind their names, put to one side; else empty.

    "Polly or Textract: what does each do?" asks "what does Polly do?".
    """
    start = text.casefold().rfind(sides[1].casefold())
    rest = text[start + len(sides[1]) :].strip(" ,.:;?!-–—'\"") if start >= 0 else ""
    if not _ASKS_OF_EACH.search(rest):
        return ""
    side = beside(sides, at)
    own, count = _EACH.subn(lambda _: side, rest, count=1)
    return f"{own}?" if count else f"{side}: {rest}?"
