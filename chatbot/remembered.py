"""What was said in a conversation so far, as the next question needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chatbot.answer import Answer, Citation, Question, Turn
from chatbot.numbering import cited_so_far

REMEMBERED_TURNS = 10  # earlier questions that a new one can refer to


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last turns of a conversation, and all that was cited in it."""

    turns: tuple[Turn, ...] = ()
    cited: tuple[Citation, ...] = ()

    @classmethod
    def of(cls, answers: Iterable[Answer]) -> Remembered:
        """What is remembered of a whole conversation, its answers in order."""
        given = tuple(answers)
        turns = tuple(Turn(one.question, one.text) for one in given[-REMEMBERED_TURNS:])
        return cls(turns, cited_so_far(given))

    def asked(self, text: str) -> Question:
        """The next question, which may refer to what was said."""
        return Question(text, self.turns, cited=self.cited)

    def with_answer(self, answer: Answer) -> Remembered:
        """The same after one more turn."""
        turns = (*self.turns, Turn(answer.question, answer.text))[-REMEMBERED_TURNS:]
        return Remembered(turns, cited_so_far([answer], self.cited))


NOTHING_SAID = Remembered()
