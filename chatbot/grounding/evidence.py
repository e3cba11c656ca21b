"""Passages that sentences and answers are held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chatbot.grounding.claims import read_claims
from chatbot.grounding.contradictions import flipped_denials, swapped_numbers
from chatbot.grounding.coverage import Coverage
from chatbot.grounding.known_names import KnownNames
from chatbot.grounding.known_numbers import KnownNumbers
from chatbot.grounding.problems import Kind, Problem, Support
from chatbot.grounding.sentences import Sentence, read_sentence, split_sentences

FULL = 0.75  # the coverage that is full support
THIN = 0.4  # a coverage below this is a problem of its own
NO_CLAIM = 0.5  # of an answer that claims nothing: nothing is shown, and nothing is wrong

# What is left of the score when there are problems of a kind, one or many. Thin coverage
# takes nothing more away: it is the score already.
_LEFT = {Kind.NUMBER: 0.5, Kind.NEGATION: 0.5, Kind.NAME: 0.8, Kind.COVERAGE: 1.0}


def support(sentence: str, passages: Sequence[str]) -> Support:
    """How well the passages, taken together, support the sentence.

    A sentence that claims nothing needs no support and gets 1. Of several, the score is the
    mean, and the problems are those of all. Keep an `Evidence` to hold many sentences against
    the same passages.
    """
    return Evidence(passages).support(sentence)


def groundedness(answer: str, passages: Sequence[str]) -> float:
    """How well the passages support the whole answer, in [0, 1].

    The mean support of its sentences, each weighing as many as it has content words. Sentences
    that claim nothing do not count. An answer of such sentences alone gets `NO_CLAIM`: whether
    it was right to decline cannot be seen from its words.
    """
    return Evidence(passages).groundedness(answer)


class Evidence:
    """Passages, read once, to hold sentences against.

    Reading takes time in proportion to the passages, and a sentence to its own length.
    """

    def __init__(self, passages: Iterable[str]) -> None:
        read = [read_sentence(text) for passage in passages for text in split_sentences(passage)]
        self._keep(read)

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Evidence:
        """Evidence that is read already."""
        evidence = cls(())
        evidence._keep(sentences)
        return evidence

    def _keep(self, read: Iterable[Sentence]) -> None:
        sentences = [sentence for sentence in read if sentence.words]
        self._coverage = Coverage(sentences)
        self._names = KnownNames(sentences)
        self._numbers = KnownNumbers(sentences)

    def support(self, sentence: str) -> Support:
        """How well the passages, taken together, support the sentence."""
        return self._support_claims(read_claims(sentence)) or Support(1.0)

    def groundedness(self, answer: str) -> float:
        """How well the passages support the whole answer, in [0, 1]."""
        found = self._support_claims(read_claims(answer))
        return NO_CLAIM if found is None else found.score

    def _support_claims(self, claims: Sequence[Sentence]) -> Support | None:
        """The mean of the claims' support, and all problems; None without a claim."""
        if not claims:
            return None
        lengths = [len(claim.content) for claim in claims]
        found = [self._support_claim(claim) for claim in claims]
        total = sum(n * one.score for n, one in zip(lengths, found, strict=True))
        problems = {(p.kind, p.said): p for one in found for p in one.problems}
        return Support(total / sum(lengths), tuple(problems.values()))

    def _support_claim(self, claim: Sentence) -> Support:
        coverage = self._coverage.share(claim)
        likest = self._coverage.likest(claim)
        problems = (
            *self._numbers.missing(claim),
            # Where it finds the same, it knows better what it should be.
            *swapped_numbers(claim, likest),
            *flipped_denials(claim, likest),
            *self._names.missing(claim),
            *self._thin(claim, coverage),
        )
        score = min(1.0, coverage / FULL)
        for kind in {problem.kind for problem in problems}:
            score *= _LEFT[kind]
        return Support(score, problems)

    def _thin(self, claim: Sentence, coverage: float) -> Iterator[Problem]:
        if coverage < THIN:
            yield Problem(Kind.COVERAGE, ", ".join(self._coverage.lacking(claim)))
