"""An answer that is there already, as the events that lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.answer import Answer, JudgedSentence, Ruling, Status
from chatbot.events import Citations, Verdict

BULLET = "- "
_ENDS_LINE = re.compile(r"((?: \[\d+\])+)(?:\n|\Z)")  # a line of code may run over several
_NUMBER = re.compile(r"\d+")


def events_of(answer: Answer) -> Iterator[Citations | Verdict]:
    """What a surface that shows verdicts alone needs of an answer in the notes' own words.

    Nothing of one that declines: that is no sentence of the notes, and `Done` carries it. Nor of
    the line that says what is missing in a partial one.
    """
    if answer.status is Status.NOT_IN_NOTES:
        return
    by_number = {citation.number: citation for citation in answer.citations}
    shown: set[int] = set()
    pieces = _ENDS_LINE.split(answer.text)
    for text, markers in zip(pieces[:-1:2], pieces[1::2], strict=True):
        numbers = tuple(int(number) for number in _NUMBER.findall(markers))
        new = tuple(by_number[n] for n in numbers if n in by_number and n not in shown)
        if new:
            shown.update(citation.number for citation in new)
            yield Citations(new)
        bullet = BULLET if text.startswith(BULLET) else ""
        words = text.removeprefix(BULLET)
        yield Verdict(JudgedSentence(words, Ruling.VERIFIED, words, numbers, bullet))
