"""Negations in a sentence, with what they deny."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.grounding.tokens import MARKS, Token, folded_at

# The next content stems of the clause behind a negation. The first of them is what is denied;
# the others, what it is said of. Empty where the words are left out: "the lantern does not".
Denial = tuple[str, ...]

_REACH = 8  # tokens after a negation that it may deny
_CUES = frozenset(
    "not cannot no never without neither nor none nothing nobody unable lack lacks".split()
)
# After a cue, these make it no plain denial: "not only", "no more than 5", "not all of them".
_NO_DENIAL = frozenset(
    "only just merely simply necessarily all every always each both matter doubt more less fewer"
    " later earlier least most to".split()
)
_CLAUSE_ENDS = frozenset(
    "but although though however while whereas because since so unless until if when which that"
    " who whose where than as".split()
)
_SKIPPED = _CUES.union("longer yet ever even".split())  # "no longer available": "available"
_INSIDE = frozenset('-/"“”')  # marks that end no clause


def read_denials(tokens: Sequence[Token]) -> list[Denial]:
    """What each negation of a sentence denies."""
    return [
        _denied(tokens[at + 1 : at + 1 + _REACH])
        for at, token in enumerate(tokens)
        if not isinstance(token, str) and token.folded in _CUES and _denies(tokens, at)
    ]


def _denies(tokens: Sequence[Token], at: int) -> bool:
    """Whether the cue at a place is a plain denial."""
    following = folded_at(tokens, at + 1)
    if following in _NO_DENIAL or following[:1].isdigit():  # "not only", "no. 5"
        return False
    return at > 0 or following not in MARKS  # "No, …"


def _denied(tokens: Sequence[Token]) -> Denial:
    denied = []
    for token in tokens:
        if _ends_clause(token):
            break
        if not isinstance(token, str) and token.content and token.folded not in _SKIPPED:
            denied.append(token.stem)
    return tuple(denied)


def _ends_clause(token: Token) -> bool:
    return token not in _INSIDE if isinstance(token, str) else token.folded in _CLAUSE_ENDS
