"""Whether the chatbot declines what the notes do not answer, and only that.

To decline is the positive decision here: a right one is a true positive, a needless refusal a
false positive, an answer to an unanswerable question a false negative. The cases are those of
SQuAD 2.0 (Rajpurkar et al., "Know What You Don't Know", ACL 2018), read from the answer's status
and never from its words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import TypeAlias

Decision: TypeAlias = tuple[bool, bool]  # answerable, declined
Verdict: TypeAlias = tuple[bool, bool, bool]  # answerable, declined, correct


def decline_precision(decisions: Iterable[Decision]) -> float | None:
    """Return the share of the refusals that were right; None when nothing was declined."""
    count = Counter(decisions)
    right, needless = count[False, True], count[True, True]
    return _ratio(right, right + needless)


def decline_recall(decisions: Iterable[Decision]) -> float | None:
    """Return the share of the unanswerable questions that were declined; None without one."""
    count = Counter(decisions)
    right, answered = count[False, True], count[False, False]
    return _ratio(right, right + answered)


def decline_f1(decisions: Iterable[Decision]) -> float | None:
    """Return the harmonic mean of precision and recall of declining, 2tp / (2tp + fp + fn).

    None when nothing was unanswerable and nothing declined. (Van Rijsbergen, "Information
    Retrieval", 1979.)
    """
    count = Counter(decisions)
    right = 2 * count[False, True]
    return _ratio(right, right + count[True, True] + count[False, False])


def over_refusal_rate(decisions: Iterable[Decision]) -> float | None:
    """Return the share of the answerable questions that were declined; None without one."""
    count = Counter(decisions)
    needless, answered = count[True, True], count[True, False]
    return _ratio(needless, needless + answered)


class Outcome(StrEnum):
    """What became of a question, as CRAG counts it."""

    CORRECT = "correct"
    MISSING = "missing"
    WRONG = "wrong"


def crag_outcome(*, answerable: bool, declined: bool, correct: bool) -> Outcome:
    """Return how CRAG counts one question.

    * correct: an answerable question with a right answer, or an unanswerable one that was declined
    * missing: an answerable question that was declined
    * wrong: an answerable question with a wrong answer, or an unanswerable one with any answer,
      for the notes do not support it

    `correct` is about the answer; it is not looked at where there is none, or none can be right.
    """
    if declined:
        return Outcome.MISSING if answerable else Outcome.CORRECT
    return Outcome.CORRECT if answerable and correct else Outcome.WRONG


def crag_score(verdicts: Iterable[Verdict]) -> float | None:
    """Return (2·correct + missing) / n − 1, in [-1, 1]; None without questions.

    That is the mean of +1 for a correct, 0 for a missing and −1 for a wrong answer (Yang et al.,
    "CRAG: Comprehensive RAG Benchmark", NeurIPS 2024). Always declining scores the share of
    unanswerable questions, since we count a right refusal as correct.
    """
    count = Counter(
        crag_outcome(answerable=answerable, declined=declined, correct=correct)
        for answerable, declined, correct in verdicts
    )
    share = _ratio(2 * count[Outcome.CORRECT] + count[Outcome.MISSING], count.total())
    return None if share is None else share - 1


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
