"""Texts as sentences, and sentences as what is compared of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property

from chatbot.grounding.denials import Denial, read_denials
from chatbot.grounding.quantities import Quantity, read_quantities
from chatbot.grounding.tokens import Token, tokenise
from chatbot.grounding.units import Amount
from ingest.mojibake import repair
from ingest.sentences import sentence_spans

_CITATION = re.compile(r"\s?\[\d{1,4}(?:\s?[,–-]\s?\d{1,4}){0,8}\](?!\()")
_DETACHED = re.compile(r"(?<=\S) (?=[.,;:!?](?:\s|\Z))")  # "in 1960 .", as some corpora have it
_NINES = re.compile(r"(?<=\d )9'?s\b")  # "11 9's" of durability
_SHORT_NOT = re.compile(r"\b(ca|wo|sha)n't\b|n't\b|\bcannot\b", re.IGNORECASE)
_LONG_NOT = {"ca": "can not", "wo": "will not", "sha": "shall not"}
_POSSESSIVE = re.compile(r"'s\b")
# A list item, table row or heading is a sentence of its own, with a stop or without.
_ITEM = re.compile(r"\n(?=[ \t]{0,40}(?:[-*+•>#|]|\d{1,3}[.)](?:\s|\Z)))")


class Sentence:
    """A sentence as tokens: all its words, those that carry meaning, and the stems of these."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.words = [token for token in tokens if not isinstance(token, str)]
        self.content = [word for word in self.words if word.content]
        self.stems = dict.fromkeys([word.stem for word in self.content])  # a set, in order

    @cached_property
    def denials(self) -> list[Denial]:
        """What each of its negations denies."""
        return read_denials(self.tokens)

    @cached_property
    def quantities(self) -> list[Quantity]:
        """Its numbers, in order."""
        return read_quantities(self.tokens)

    @cached_property
    def amounts(self) -> dict[Amount, str]:
        """What is measured or counted, and how much of it -> as it is said."""
        return {quantity.amount: quantity.said for quantity in self.quantities}


def read_sentence(text: str) -> Sentence:
    """The sentence that a text is, whatever stops it holds."""
    return Sentence(tokenise(text))


def split_sentences(text: str) -> Iterator[str]:
    """The sentences of a text, made plain; an item of a list or a row of a table is one."""
    text = _plain(repair(text))
    for start, end in sentence_spans(text):
        yield from _ITEM.split(text[start:end])


def _plain(text: str) -> str:
    """The text without citation markers, its contractions of "not" spelled out."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.replace("’", "'"))
    if "[" in text:
        text = _CITATION.sub("", text)
    if any(detached in text for detached in (" .", " ,", " ;", " :", " !", " ?")):
        text = _DETACHED.sub("", text)
    if "9" in text:
        text = _NINES.sub("nines", text)
    if "'" in text or "annot" in text:
        text = _POSSESSIVE.sub("", _SHORT_NOT.sub(_spell_not, text))
    return text


def _spell_not(short: re.Match[str]) -> str:
    if short.group().lower() == "cannot":
        return "can not"
    return _LONG_NOT.get((short.group(1) or "").lower(), " not")
