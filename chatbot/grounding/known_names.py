"""Names that the passages know, and those of a claim that they do not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from chatbot.grounding.problems import Kind, Problem
from chatbot.grounding.sentences import Sentence
from chatbot.grounding.tokens import Token, Word, folded_at, is_link

# A digit, a capital behind another letter, or a stop inside, as in an address.
_LOOKS_LIKE_A_NAME = re.compile(r"\d|\w[A-Z]|\w\.\w{2}")
_BEFORE_A_NAME = frozenset("-/$€£,;")  # behind any other mark, every word has a capital


class KnownNames:
    """The words of the passages, and the ways in which a claim may write their names."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._sentences = sentences
        words = {word for sentence in sentences for word in sentence.words}
        self._folded = {word.folded for word in words}
        self._stems = {word.stem for word in words}

    def missing(self, claim: Sentence) -> Iterator[Problem]:
        """The names of the claim that no passage holds."""
        for at, word in named(claim.tokens):
            if not self._holds(claim.tokens, at, word):
                yield Problem(Kind.NAME, word.surface)

    def _holds(self, tokens: Sequence[Token], at: int, word: Word) -> bool:
        if word.folded in self._folded or word.stem in self._stems:
            return True
        name = word.folded.replace(".", "")
        return (
            self._holds_otherwise(name)
            or self._holds_otherwise(name.removesuffix("s"))
            or self._holds_as_one(tokens, at)
            or self._abbreviates(tokens, at)
        )

    def _holds_otherwise(self, name: str) -> bool:
        """Whether the passages write the name in two words, with stops, or in full."""
        letters = _all_letters(name)
        return name in self._joined or (len(letters) > 2 and letters in self._initials)

    def _holds_as_one(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether the passages write the word and its neighbour as one."""
        before = folded_at(tokens, at - 1) if at else ""
        here = folded_at(tokens, at)
        return before + here in self._folded or here + folded_at(tokens, at + 1) in self._folded

    def _abbreviates(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether the word is part of a name whose first letters stand in the passages."""
        here = _capital(tokens[at])
        if not here:
            return False
        before = "".join(map(_capital, tokens[max(0, at - 6) : at]))
        letters = before + here + "".join(map(_capital, tokens[at + 1 : at + 7]))
        return any(
            letters[start:end] in self._abbreviations
            for start in range(len(before) + 1)
            for end in range(max(len(before) + 1, start + 3), len(letters) + 1)
        )

    # Other spellings are made when a name is first not found as it stands.

    @cached_property
    def _joined(self) -> set[str]:
        joined = {word.replace(".", "") for word in self._folded}
        for sentence in self._sentences:
            joined |= {one.folded + other.folded for one, other in pairwise(sentence.words)}
        return joined

    @cached_property
    def _initials(self) -> str:
        """The first letters of each sentence's words, with the function words and without."""
        return " ".join(
            "".join(word.folded[0] for word in words)
            for sentence in self._sentences
            for words in (sentence.words, sentence.content)
        )

    @cached_property
    def _abbreviations(self) -> set[str]:
        return {_all_letters(word) for word in self._folded if len(word) <= 6}


def _capital(token: Token) -> str:
    """The first letter, folded, of a word with a capital; "" of any other token."""
    if isinstance(token, str) or not token.surface[0].isupper():
        return ""
    return token.folded[0]


def _all_letters(short: str) -> str:
    """An abbreviation with its numeral spelled out: "s3" stands for three words in S."""
    return re.sub(r"([a-z])([2-9])\b", lambda found: found[1] * int(found[2]), short)


def named(tokens: Sequence[Token]) -> Iterator[tuple[int, Word]]:
    """The words that are names by their looks, with their places."""
    label = tokens.index(":") if ":" in tokens[:10] else -1  # "Key Features: …"
    for at, token in enumerate(tokens):
        if isinstance(token, str):
            continue
        if is_link(token.surface):
            yield at, token
        elif token.content and token.value is None:
            plain = at <= label or _is_capital_by_place(tokens, at)
            if _LOOKS_LIKE_A_NAME.search(token.surface) or (
                token.surface[0].isupper() and not plain
            ):
                yield at, token


def _is_capital_by_place(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word has its capital from where it stands: first, behind a mark, as a label."""
    before = tokens[at - 1] if at else "."
    if isinstance(before, str) and before not in _BEFORE_A_NAME:
        return True
    return folded_at(tokens, at + 1) == ":"
