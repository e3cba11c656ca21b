"""How each clause affirms: its negations, and how far it says that something goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from chatbot.grounding.sentences import Sentence
from chatbot.grounding.tokens import Token, Word

# Groups of words that bend what a clause says in one way.
_GROUPS = {
    "denying": "not no never without neither nor none nothing nobody nowhere unable lack lacks"
    " lacking absence except unless instead rather hardly rarely seldom barely fail fails wrong"
    " impossible false avoid avoids prevent prevents prohibited forbidden refuse refuses"
    " stop stops less free optional unlike otherwise alternative against exclude excludes"
    " excluded disabled missing miss",
    "only": "only solely sole exclusively just alone exactly single",
    "all": "all every each any always both whatever whenever everything everyone everybody entire"
    " whole throughout regardless",
    "some": "some sometimes partly several many few most often usually normally typically"
    " generally occasionally may might can could about roughly approximately around mostly mainly",
}
_WORDS = {name: frozenset(words.split()) for name, words in _GROUPS.items()}
_BREAKS = frozenset(",;()–—|:")
_JOINTS = frozenset("and but while whereas although though because since so if when which".split())
LIKE_ENOUGH = 0.5  # the share of a clause's weight that makes another one its match


def bent_clauses(
    claim: Sentence, evidence: Iterable[Sentence], weight: Callable[[str], float]
) -> dict[str, float]:
    """By group of words: how often a clause has more of them than its match, and fewer.

    "flips" counts the clauses that deny where their match affirms, or the other way round.
    """
    evidence = list(evidence)
    told = [piece for sentence in evidence for piece in _pieces(sentence)]
    told += [list(sentence.words) for sentence in evidence] if len(told) > 1 else []
    values = {f"{name}_{way}": 0.0 for name in _WORDS for way in ("added", "dropped")}
    values["flips"] = 0.0
    for piece in _pieces(claim):
        wanted = {word.stem for word in piece if word.content}
        total = sum(map(weight, wanted))
        if not total or not told:
            continue

        def share(other: Sequence[Word], wanted: set[str] = wanted) -> tuple[float, int]:
            return sum(map(weight, wanted & {w.stem for w in other})), -len(other)

        match = max(told, key=share)
        if share(match)[0] < LIKE_ENOUGH * total:
            continue
        for name, words in _WORDS.items():
            more = sum(w.folded in words for w in piece) - sum(w.folded in words for w in match)
            values[f"{name}_added"] += max(more, 0)
            values[f"{name}_dropped"] += max(-more, 0)
            if name == "denying":
                values["flips"] += more % 2
    return values


def _pieces(sentence: Sentence) -> list[list[Word]]:
    pieces: list[list[Word]] = [[]]
    for token in sentence.tokens:
        if _ends(token) and any(word.content for word in pieces[-1]):
            pieces.append([])
        if not isinstance(token, str):
            pieces[-1].append(token)
    return [piece for piece in pieces if any(word.content for word in piece)]


def _ends(token: Token) -> bool:
    return token in _BREAKS if isinstance(token, str) else token.folded in _JOINTS
