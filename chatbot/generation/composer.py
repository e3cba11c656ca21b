"""An answer made of a model's sentences: each judged, cited and numbered as it comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chatbot.answer import Citation, JudgedSentence, Ruling
from chatbot.draft import Line, span_citation, without_foreign_markers
from chatbot.events import Citations, Verdict
from chatbot.generation.material import Material
from chatbot.grounding.claims import claims_nothing, declines
from chatbot.grounding.judge import Judge, Judgement
from chatbot.grounding.replies import Said
from chatbot.numbering import Numbering

MOST_REPEATS = 3  # sentences said again: a model that runs in circles is stopped
REPEATED = "said before"
CLAIMS_NOTHING = "says nothing of your notes"
NOT_THIS_CODE = "your notes hold no such code"

# What the prompt asks a model to write where the passages do not answer.
_NOT_IN_NOTES = re.compile(
    r"\W*not in (?:the|your|these|my) (?:notes|passages)\b\W*", re.IGNORECASE
)
_FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Notes:
    """Where quotes are cut from: a source's text, and its digest, by its name."""

    text: Callable[[str], str]
    digest: Callable[[str], str]


class Composer:
    """Takes one sentence after another; says what becomes of each.

    `sentences` are all that came, `lines` those that stand in the answer, `citations` what they
    cite in order of use. `declined` is set where the model says that the notes do not answer,
    `missing` says what they lack.
    """

    def __init__(
        self, judge: Judge, material: Material, numbering: Numbering, notes: Notes
    ) -> None:
        self.sentences: list[JudgedSentence] = []
        self.lines: list[Line] = []
        self.citations: dict[int, Citation] = {}
        self.missing: list[str] = []
        self.declined = False
        self._judge = judge
        self._material = material
        self._numbering = numbering
        self._notes = notes
        self._opening: Said | None = None  # "The four are:", until an item of it is kept
        self._said: set[str] = set()
        self._told: set[str] = set()
        self._repeats = 0

    @property
    def runs_in_circles(self) -> bool:
        """Whether the model has begun to repeat itself, and will say nothing new."""
        return self._repeats >= MOST_REPEATS

    @property
    def claims_left_out(self) -> int:
        """How many sentences claimed what the notes do not hold."""
        return sum(
            not sentence.text and sentence.problem not in ("", REPEATED, CLAIMS_NOTHING)
            for sentence in self.sentences
        )

    @property
    def text(self) -> str:
        """The answer so far."""
        return "\n".join(sentence.line for sentence in self.sentences if sentence.text)

    def add(self, said: Said) -> Iterator[Citations | Verdict]:
        """Judge a sentence; a line that only opens what follows waits for it."""
        folded = " ".join(said.text.casefold().split())
        if not folded:
            return
        if folded in self._said:
            self._repeats += 1
            yield from self._left_out(said, Ruling.UNCITED, REPEATED)
            return
        self._said.add(folded)
        if _declines(said):
            self._decline(said)
            yield from self._left_out(said, Ruling.UNCITED, "")
        elif said.is_code:
            yield from self._rule(said, self._code_judged(said))
        elif said.is_heading or (said.text.rstrip().endswith(":") and claims_nothing(said.text)):
            yield from self.finish()
            self._opening = said
        elif claims_nothing(said.text):
            yield from self._left_out(said, Ruling.UNCITED, CLAIMS_NOTHING)
        else:
            yield from self._rule(said, self._judge.judge(said.text, said.numbers))

    def finish(self) -> Iterator[Verdict]:
        """Leave out what opened something that did not come."""
        opening, self._opening = self._opening, None
        if opening is not None:
            yield from self._left_out(opening, Ruling.UNCITED, CLAIMS_NOTHING)

    def _rule(self, said: Said, judgement: Judgement) -> Iterator[Citations | Verdict]:
        if judgement.ruling in (Ruling.UNSUPPORTED, Ruling.UNCITED):
            yield from self._left_out(said, judgement.ruling, judgement.problem)
            return
        lines = [self._material.lines[at] for at in judgement.places]
        is_repaired = judgement.ruling is Ruling.REPAIRED
        text = without_foreign_markers(lines[0].text if is_repaired else said.text)
        if text in self._told:
            yield from self._left_out(said, judgement.ruling, REPEATED)
            return
        self._told.add(text)
        spans = tuple({span.key: span for line in lines for span in line.spans}.values())
        line = Line(text, spans, said.bullet)
        numbers, new = self._cite(line)
        if new:
            yield Citations(new)
        opening, self._opening = self._opening, None
        if opening is not None:
            yield from self._kept(
                JudgedSentence(opening.text, Ruling.VERIFIED, opening.text, numbers)
            )
        self.lines.append(line)
        yield from self._kept(
            JudgedSentence(
                said.text, judgement.ruling, text, numbers, said.bullet, judgement.problem
            )
        )

    def _cite(self, line: Line) -> tuple[tuple[int, ...], tuple[Citation, ...]]:
        """The numbers of what the line is made from, and the citations that are new."""
        numbers: list[int] = []
        new: list[Citation] = []
        for span in line.spans:
            for piece in span.without_comments(self._notes.text(span.section.source)):
                citation = span_citation(0, piece, self._notes.text, self._notes.digest)
                number = self._numbering.number_of(citation)
                if number not in self.citations:
                    self.citations[number] = replace(citation, number=number)
                    new.append(self.citations[number])
                if number not in numbers:
                    numbers.append(number)
        return tuple(numbers), tuple(new)

    def _kept(self, sentence: JudgedSentence) -> Iterator[Verdict]:
        self.sentences.append(sentence)
        yield Verdict(sentence)

    def _left_out(self, said: Said, ruling: Ruling, problem: str) -> Iterator[Verdict]:
        yield from self._kept(JudgedSentence(said.text, ruling, "", (), said.bullet, problem))

    def _decline(self, said: Said) -> None:
        self.declined = True
        rest = _NOT_IN_NOTES.sub("", said.text, count=1) if _NOT_IN_NOTES.match(said.text) else ""
        if rest:
            self.missing.append(rest)

    def _code_judged(self, said: Said) -> Judgement:
        """Code counts where a block of the passages holds it, white space aside."""
        code = "".join(_FENCE.sub("", said.text).split())
        for at, quotable in enumerate(self._material.quotables):
            if code and code in "".join(quotable.text.split()):
                return Judgement(Ruling.REPAIRED, (at,))
        return Judgement(Ruling.UNSUPPORTED, (), NOT_THIS_CODE)


def _declines(said: Said) -> bool:
    return _NOT_IN_NOTES.match(said.text) is not None or declines(said.text)
