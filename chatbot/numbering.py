"""The numbers of footnotes through a conversation: the same place has the same number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from re import Match

from chatbot.answer import MARKER, Answer, Citation


class Numbering:
    """Numbers the citations of one answer, after those that earlier answers made.

    A place that was cited before keeps the number that it had last; new ones go on counting
    from the highest. Where several places had a number (conversations were once numbered answer
    by answer), it goes to the first of them that this answer cites: two places of one answer
    never share one.
    """

    def __init__(self, cited: Sequence[Citation] = ()) -> None:
        """`cited` are the earlier citations, the oldest first: see `cited_so_far`."""
        self._cited = cited
        self._highest = max((one.number for one in cited), default=0)
        self._given: dict[tuple[str, int, int, str], int] = {}

    def number_of(self, citation: Citation) -> int:
        """The number of a citation, whichever it carries; the same whenever it is asked for."""
        place = _place(citation)
        if place not in self._given:
            self._given[place] = self._earlier(citation) or self._next()
        return self._given[place]

    def _earlier(self, citation: Citation) -> int:
        """The number that the place had last and that is free; 0 where there is none."""
        free = [one for one in self._cited if one.number not in self._given.values()]
        same = [one for one in free if _place(one) == _place(citation)]
        same = same or [one for one in free if _has_moved(one, citation)]
        return same[-1].number if same else 0

    def _next(self) -> int:
        self._highest += 1
        return self._highest


def numbered_on(answer: Answer, cited: Sequence[Citation]) -> Answer:
    """The answer with its numbers going on after the earlier citations, as `Numbering` says.

    Its citations come in order of first use in the text. A sentence's number that no citation
    has is left out; a bracket in the text that is no marker stays.
    """
    used = [marker[1] for marker in MARKER.finditer(answer.text)]
    by_name = {str(one.number): one for one in answer.citations}
    names = [name for name in dict.fromkeys([*used, *by_name]) if name in by_name]
    numbering = Numbering(cited)
    numbers = {name: numbering.number_of(by_name[name]) for name in names}

    def marker_on(marker: Match[str]) -> str:
        return f"[{numbers[marker[1]]}]" if marker[1] in numbers else marker[0]

    return replace(
        answer,
        text=MARKER.sub(marker_on, answer.text),
        citations=tuple(replace(by_name[name], number=numbers[name]) for name in names),
        sentences=tuple(
            replace(
                sentence,
                numbers=tuple(numbers[str(n)] for n in sentence.numbers if str(n) in numbers),
            )
            for sentence in answer.sentences
        ),
    )


def cited_so_far(
    answers: Iterable[Answer], before: Sequence[Citation] = ()
) -> tuple[Citation, ...]:
    """What the answers cited after `before`: each place once under each number that it had.

    In order of last use, the oldest first.
    """
    cited = {(_place(one), one.number): one for one in before}
    for answer in answers:
        for one in answer.citations:
            key = (_place(one), one.number)
            cited.pop(key, None)
            cited[key] = one
    return tuple(cited.values())


def _place(citation: Citation) -> tuple[str, int, int, str]:
    return (citation.source, citation.start, citation.end, citation.quote)


def _has_moved(before: Citation, now: Citation) -> bool:
    """Whether the same words of the same section stand elsewhere now.

    In a note that is what it was, they stand where they stood, and twice is two places.
    """
    if not before.section or (before.section, before.quote) != (now.section, now.quote):
        return False
    is_as_it_was = bool(before.note) and before.note == now.note
    return not is_as_it_was or before.start == now.start
