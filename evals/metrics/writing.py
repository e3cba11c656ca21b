"""What became of a model's sentences, and how often its words were not the answer.

Reported only: whoever judges the sentences must not be judged by its own verdicts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evals.results import Writing


@dataclass(frozen=True, slots=True)
class Sentences:
    """How many sentences were written, and what became of each.

    What a model says of the notes having no answer is no sentence here. A sentence that was
    `verified` or `repaired` was let stand; one that was dropped, for being `unsupported`,
    `uncited` or `repeated`, was not. `in_answers` are those that the reader got: all that were
    let stand, but where the question was declined after all.
    """

    written: int
    verified: int
    repaired: int
    unsupported: int
    uncited: int
    repeated: int
    in_answers: int

    @property
    def dropped(self) -> int:
        """How many were left out."""
        return self.unsupported + self.uncited + self.repeated


def sentences_of(writings: Sequence[Writing]) -> Sentences:
    """Count the sentences."""
    rulings: Counter[str] = Counter()
    in_answers = 0
    for writing in writings:
        for sentence in writing.sentences:
            if sentence.is_refusal:
                continue
            stood = bool(sentence.text)
            is_let_stand = sentence.ruling in ("verified", "repaired")
            rulings["repeated" if is_let_stand and not stood else sentence.ruling] += 1
            in_answers += stood and bool(writing.model)
    return Sentences(
        written=rulings.total(),
        verified=rulings["verified"],
        repaired=rulings["repaired"],
        unsupported=rulings["unsupported"],
        uncited=rulings["uncited"],
        repeated=rulings["repeated"],
        in_answers=in_answers,
    )
