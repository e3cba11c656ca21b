"""How alike a question's words are to a text's, with token vectors and without."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from conftest import ToyEmbedder

from chatbot.likeness import word_likeness
from ingest.embedding import Embedder, TokenVectors, open_embedder, unit_rows

# Directions by token; "data" and "##base" are two tokens of one word.
MEANINGS = {
    "efs": (1.0, 0.0, 0.0),
    "nfs": (0.8, 0.6, 0.0),
    "data": (0.0, 1.0, 0.0),
    "base": (0.0, 0.0, 1.0),
    "cost": (0.0, -1.0, 0.0),
}


class TokenEmbedder(ToyEmbedder):
    """Knows a few tokens; a word may be several. Every other word has a direction of its own."""

    def embed_tokens(self, text: str) -> TokenVectors | None:
        pieces = [m.span() for m in re.finditer(r"data|base|[^\W_]+", text, re.IGNORECASE)]
        rows = [MEANINGS.get(text[a:b].casefold(), (0.0, 0.0, -1.0)) for a, b in pieces]
        return TokenVectors(tuple(pieces), unit_rows(np.array(rows).reshape(-1, 3)))


@pytest.fixture
def tokens() -> TokenEmbedder:
    return TokenEmbedder()


def test_a_word_is_as_alike_as_the_likest_token(tokens: TokenEmbedder) -> None:
    assert word_likeness(tokens, "EFS?", "cost, NFS") == {"efs": pytest.approx(0.8)}
    assert word_likeness(tokens, "EFS?", "NFS and EFS") == {"efs": pytest.approx(1.0)}


def test_a_word_of_several_tokens_takes_their_mean(tokens: TokenEmbedder) -> None:
    assert word_likeness(tokens, "database", "data") == {"database": pytest.approx(0.5)}
    assert word_likeness(tokens, "database", "base data") == {"database": pytest.approx(1.0)}


def test_only_words_that_carry_meaning_are_compared(tokens: TokenEmbedder) -> None:
    found = word_likeness(tokens, "What does the EFS cost?", "EFS")
    assert list(found) == ["efs", "cost"]


def test_a_question_without_such_words_is_alike_to_nothing(tokens: TokenEmbedder) -> None:
    assert word_likeness(tokens, "What is it?", "EFS") == {}
    assert word_likeness(tokens, "?!", "EFS") == {}


def test_a_text_without_tokens_holds_no_word(tokens: TokenEmbedder) -> None:
    assert word_likeness(tokens, "EFS", "…") == {"efs": 0.0}


def test_likeness_is_rounded_so_that_it_does_not_depend_on_the_machine(
    tokens: TokenEmbedder,
) -> None:
    (value,) = word_likeness(tokens, "database", "nfs").values()
    assert value == round(value, 6)


def test_without_token_vectors_a_word_is_held_or_not() -> None:
    found = word_likeness(ToyEmbedder(), "Do buckets cost money?", "A bucket costs nothing.")
    assert found == {"buckets": 1.0, "cost": 1.0, "money": 0.0}


@pytest.mark.parametrize(
    "question",
    [
        "Caf\u00e9: EFS",  # as one character
        pytest.param(
            "Cafe\u0301: EFS",
        ),
        pytest.param(
            "so\u2026 EFS",  # an ellipsis folds to three stops,
        ),
        pytest.param(
            "Gro\u00dfe EFS",  # a sharp s folds to two letters,
        ),
    ],
)
def test_a_word_is_found_after_characters_that_fold(tokens: TokenEmbedder, question: str) -> None:
    assert word_likeness(tokens, question, "EFS")["efs"] == pytest.approx(1.0)


@pytest.mark.xfail(
    strict=True,
    reason="a decomposed accent is no letter: the word is found in two pieces, of which neither"
    " is the word that is wanted, and it is left out of the comparison",
)
def test_a_word_with_a_decomposed_accent_is_compared(tokens: TokenEmbedder) -> None:
    assert list(word_likeness(tokens, "Cafe\u0301s?", "EFS")) == ["cafes"]


@pytest.mark.slow
def test_the_real_embedder_tells_alike_from_unlike(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    models = tmp_path_factory.mktemp("models")
    embedder: Embedder = open_embedder("all-MiniLM-L6-v2", models, precision="float32")
    texts = ("The volume is a disk.", "A hard drive.", "Sourdough bread needs time.")
    values = [word_likeness(embedder, "disk", text)["disk"] for text in texts]
    assert all(better > worse for better, worse in pairwise(values))
