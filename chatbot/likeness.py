"""How alike the words of two texts are in context."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from chatbot.words import content_words, fold, stems
from ingest.embedding import Embedder, TokenVectors

_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")


def word_likeness(embedder: Embedder, question: str, text: str) -> Mapping[str, float]:
    """For each content word of the question, its cosine with the likest token of `text`.

    A word's vector is the embedder's, in context; a word of several tokens takes their
    mean. After "late interaction" (Khattab and Zaharia, ColBERT, SIGIR 2020), over a
    bi-encoder's own token vectors. Where the embedder gives no token vectors: 1 for a word
    that the text holds, by its stem, and 0 for any other.
    """
    wanted = dict.fromkeys(content_words(question))
    asked, told = embedder.embed_tokens(question), embedder.embed_tokens(text)
    if asked is None or told is None or not len(told.vectors):
        held = set(stems(text))
        return {word: float(stems(word)[0] in held) for word in wanted}
    nearest = (asked.vectors @ told.vectors.T).max(axis=1)
    found: dict[str, float] = {}
    for match in _WORD.finditer(question):
        at = _tokens_in(asked, match.start(), match.end())
        word = fold(match.group())
        if word in wanted and at:
            found[word] = round(float(np.mean(nearest[at])), 6)
    return found


def _tokens_in(tokens: TokenVectors, start: int, end: int) -> list[int]:
    return [
        at
        for at, (first, last) in enumerate(tokens.places)
        if last > first and first >= start and last <= end
    ]
