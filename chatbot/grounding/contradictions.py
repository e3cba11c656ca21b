"""What the sentences likest a claim say otherwise: another number, or the opposite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from decimal import Decimal

from chatbot.grounding.denials import Denial
from chatbot.grounding.problems import Kind, Problem
from chatbot.grounding.sentences import Sentence
from chatbot.grounding.tokens import spell
from chatbot.grounding.units import Amount
from chatbot.words import distinct, stem

_MOST_NUMBERS = 20  # of a kind in one sentence
# These deny or limit in ways that are not followed here: what is affirmed with one of them may
# be what the other denies.
_HALF_DENIALS = frozenset(
    "only except unless until instead rather avoid avoids prevent prevents block blocks deny denies"
    " denied forbid forbidden prohibit prohibited prohibits fail fails failed stop stops stopped"
    " disable disables disabled exclude excludes excluded excluding few rarely hardly seldom"
    " barely missing absent free impossible lacking otherwise false refuse refuses refused"
    " reject rejects rejected ignore ignores ignored".split()
)
_OPPOSITE_PREFIXES = ("un", "in", "im", "ir", "il", "non", "dis")


def swapped_numbers(claim: Sentence, likest: Sequence[Sentence]) -> Iterator[Problem]:
    """A number of the claim where every sentence like it has another of the same kind.

    For a number that some passage holds: "5 TB", which is said of a bucket, in a sentence
    about uploads, whose limit is 5 GB.
    """
    spares = [_spare(sentence, claim.amounts) for sentence in likest]
    for quantity in claim.quantities:
        amount, kind = quantity.amount, quantity.kind
        held = any(amount in sentence.amounts for sentence in likest)
        if spares and kind and not held and all(kind in spare for spare in spares):
            said, _ = min(spares[0][kind], key=lambda other: abs(other[1] - amount.size))
            yield Problem(Kind.NUMBER, quantity.said, said)


def _spare(
    sentence: Sentence, claimed: Container[Amount]
) -> Mapping[str, list[tuple[str, Decimal]]]:
    """The first numbers of a sentence that were not claimed, as written and by size, by kind."""
    spare: defaultdict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for amount, said in sentence.amounts.items():
        if amount not in claimed and len(spare[amount.kind]) < _MOST_NUMBERS:
            spare[amount.kind].append((said, amount.size))
    return spare


def flipped_denials(claim: Sentence, likest: Sequence[Sentence]) -> Iterator[Problem]:
    """A negation that the claim has and no sentence like it has, or the other way round."""
    flips = [_flip(claim, sentence) for sentence in likest]
    if flips and all(flips):
        yield Problem(Kind.NEGATION, flips[0], spell(likest[0].tokens))


def _flip(claim: Sentence, sentence: Sentence) -> str:
    """What one of the two denies and the other affirms, in the claim's words; or "".

    Counted are denials of words that both hold, unless the other denies the like. An odd
    number is one too many. Two may be none: "cannot be read without a key" is "can be read
    with a key".
    """
    said, told = _lone_denials(claim, sentence), _lone_denials(sentence, claim)
    if (len(said) + len(told)) % 2 == 0:
        return ""
    denied = {denial[0] for denial in (*said, *told)}
    denying, affirming = (claim, sentence) if said else (sentence, claim)
    words = {w.folded for w in affirming.words}.difference(w.folded for w in denying.words)
    if any(word in _HALF_DENIALS or _is_opposite(word, denied) for word in words):
        return ""
    return " ".join(distinct(word.surface for word in claim.content if word.stem in denied))


def _lone_denials(one: Sentence, other: Sentence) -> list[Denial]:
    """What `one` denies of what the other speaks of and does not deny.

    Nothing where the other denies in words that `one` lacks: it may be the same denial.
    """
    if any(not denial or denial[0] not in one.stems for denial in other.denials):
        return []
    denied = {term for denial in other.denials for term in denial}
    return [
        denial
        for denial in one.denials
        if denial
        and denial[0] in other.stems
        and denied.isdisjoint(denial)
        # "not allowed by night" is no denial of "allowed by day".
        and 2 * sum(term in other.stems for term in denial) > len(denial)
    ]


def _is_opposite(word: str, denied: Container[str]) -> bool:
    """Whether a word says no by its first letters: "unavailable" for "not available"."""
    return any(
        word.startswith(prefix) and stem(word[len(prefix) :]) in denied
        for prefix in _OPPOSITE_PREFIXES
    )
