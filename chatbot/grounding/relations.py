"""Who does what to whom: relations that a claim has the other way round than the notes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from chatbot.grounding.sentences import Sentence

_REACH = 7  # words that carry meaning from one side of a relation to the other
_RELATE = frozenset(
    "into from to before after over than below above against for instead behind under by".split()
)
_VERBS = frozenset("call calls called use uses used make makes made give gives given".split())
Relation = tuple[str, str, str]  # one side, what relates them, the other side


def turned_relations(claim: Sentence, evidence: Iterable[Sentence], names: Container[str]) -> float:
    """The share of the claim's relations that the evidence has the other way round, in [0, 1].

    Of those that it has in any way. A passive ("is called by") is read from behind.
    """
    told = {relation for sentence in evidence for relation in _relations(sentence, names)}
    said = set(_relations(claim, names))
    kept = said & told
    turned = [r for r in said - kept if r[::-1] in told and r[::-1] not in said]
    return len(turned) / (len(turned) + len(kept)) if turned else 0.0


def _relations(sentence: Sentence, names: Container[str]) -> Iterator[Relation]:
    words = [
        word.folded if word.folded in _RELATE else word.stem
        for word in sentence.words
        if word.content or word.folded in _RELATE or word.folded in _VERBS
    ]
    for first, one in enumerate(words):
        if one in _RELATE:
            continue
        reach = words[first + 1 : first + 1 + _REACH]
        for at in range(1, len(reach)):
            other = reach[at]
            if other in _RELATE or other == one or (one in names) != (other in names):
                continue
            between = reach[:at]
            for verb in between:
                if verb not in (one, other, "by"):
                    passive = "by" in between
                    yield (other, verb, one) if passive else (one, verb, other)
