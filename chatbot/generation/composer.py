"""An answer made of a model's sentences: each judged, cited and numbered as it comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from chatbot.answer import Citation, JudgedSentence, Ruling
from chatbot.draft import Line, Span, span_citation, without_foreign_markers
from chatbot.events import Citations, Verdict
from chatbot.generation.material import Material
from chatbot.generation.openings import as_claim, may_open, only_announces
from chatbot.generation.prompt import title_of
from chatbot.generation.refusals import missing_by
from chatbot.generation.subjects import Subject
from chatbot.grounding.claims import claims_nothing, holds_refusal
from chatbot.grounding.judge import Judge, Judgement
from chatbot.grounding.replies import Said
from chatbot.numbering import Numbering

MOST_REPEATS = 3  # sentences said again in a row: a model that runs in circles is stopped
REPEATED = "said before"
CLAIMS_NOTHING = "says nothing of your notes"
NOT_THIS_CODE = "your notes hold no such code"
OF_WHAT_IS_OUT = "what it speaks of was left out"

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
    `missing` says what they lack, each in a short line.
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
        self._opening: Said | None = None  # "They are:", until an item of it is kept
        self._titles = {_folded(title_of(passage)) for passage in material.passages}
        self._subject = Subject()
        self._said: set[tuple[str, str]] = set()
        self._told: set[tuple[str, str]] = set()
        self._quoted: set[tuple[str, int, int]] = set()
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
        folded = _folded(said.text)
        if not folded:
            return
        place = (self._subject.heading, folded)  # the same item may stand under each heading
        if place in self._said:
            self._repeats += 1
            yield from self._left_out(said, Ruling.UNCITED, REPEATED)
            return
        self._said.add(place)
        self._repeats = 0
        if said.is_code:
            yield from self._rule(said, self._code_judged(said))
        elif (missing := missing_by(said.text)) is not None:
            self.declined = True
            self.missing += [missing] if missing else []
            yield from self._left_out(said, Ruling.UNCITED, "")
        elif may_open(said):
            yield from self.finish()
            self._opening = said
            self._subject.open(said.text)
        elif folded in self._titles or claims_nothing(said.text):
            yield from self._left_out(said, Ruling.UNCITED, CLAIMS_NOTHING)
        else:
            yield from self._rule(said, self._judged(said))

    def _judged(self, said: Said) -> Judgement:
        """Rule on a sentence, with the names of what it points back to.

        One that says something beside a refusal is not shown as it is: only claims are judged.
        """
        subject = self._subject.of(said)
        if subject is None:
            return Judgement(Ruling.UNSUPPORTED, (), OF_WHAT_IS_OUT)
        sentence = f"{subject} {said.text}".strip()
        judgement = self._judge.judge(sentence, said.numbers)
        is_repaired = judgement.ruling is Ruling.REPAIRED
        if is_repaired and not self._material.is_about(judgement.places[0], sentence):
            judgement = Judgement(Ruling.UNSUPPORTED, (), judgement.problem)
        if judgement.ruling is Ruling.VERIFIED and holds_refusal(said.text):
            self.declined = True
            judgement = replace(judgement, ruling=Ruling.REPAIRED)
        self._subject.follow(said, stands=judgement.ruling in (Ruling.VERIFIED, Ruling.REPAIRED))
        return judgement

    def finish(self) -> Iterator[Verdict]:
        """Leave out what opened something that did not come."""
        opening, self._opening = self._opening, None
        if opening is not None:
            yield from self._left_out(opening, Ruling.UNCITED, CLAIMS_NOTHING)

    def _rule(self, said: Said, judgement: Judgement) -> Iterator[Citations | Verdict]:
        lines = [self._material.lines[at] for at in judgement.places]
        if judgement.ruling in (Ruling.UNSUPPORTED, Ruling.UNCITED) or not lines:
            yield from self._left_out(said, judgement.ruling, judgement.problem)
            return
        spans = _spans_of(lines)
        text = said.text
        if judgement.ruling is Ruling.REPAIRED:
            if self._quoted.issuperset(span.key for span in spans):
                # The notes' own words for it stand there already, or a right sentence does.
                yield from self._left_out(said, judgement.ruling, judgement.problem or REPEATED)
                return
            text = self._material.own_words(judgement.places[0], said.text).text
        text = without_foreign_markers(text).strip()
        told = (self._subject.heading, text)
        if not text or told in self._told:
            yield from self._left_out(said, judgement.ruling, REPEATED)
            return
        self._told.add(told)
        self._quoted |= {span.key for span in spans}
        yield from self._opened(spans)
        self.lines.append(Line(text, spans, said.bullet))
        yield from self._kept(said, judgement, text, spans)

    def _opened(self, spans: Sequence[Span]) -> Iterator[Citations | Verdict]:
        """What opens the line that is made from these stretches, where it may stand."""
        opening, self._opening = self._opening, None
        if opening is None:
            return
        text = without_foreign_markers(opening.text).strip()
        headings = {title for span in spans for title in span.section.heading}
        if not only_announces(text, headings):
            judgement = self._judge.judge(as_claim(text), opening.numbers)
            if judgement.ruling is not Ruling.VERIFIED:
                yield from self._left_out(opening, Ruling.UNCITED, CLAIMS_NOTHING)
                return
            spans = _spans_of([self._material.lines[at] for at in judgement.places])
        yield from self._kept(opening, Judgement(Ruling.VERIFIED), text, spans)

    def _kept(
        self, said: Said, judgement: Judgement, text: str, spans: Sequence[Span]
    ) -> Iterator[Citations | Verdict]:
        numbers, new = self._cite(spans)
        if new:
            yield Citations(new)
        yield self._told_as(
            JudgedSentence(
                said.text, judgement.ruling, text, numbers, said.bullet, judgement.problem
            )
        )

    def _left_out(self, said: Said, ruling: Ruling, problem: str) -> Iterator[Verdict]:
        yield self._told_as(JudgedSentence(said.text, ruling, "", (), said.bullet, problem))

    def _told_as(self, sentence: JudgedSentence) -> Verdict:
        self.sentences.append(sentence)
        return Verdict(sentence)

    def _cite(self, spans: Sequence[Span]) -> tuple[tuple[int, ...], tuple[Citation, ...]]:
        """The numbers of what a line is made from, and the citations that are new."""
        numbers: list[int] = []
        new: list[Citation] = []
        for span in spans:
            for piece in span.without_comments(self._notes.text(span.section.source)):
                citation = span_citation(0, piece, self._notes.text, self._notes.digest)
                number = self._numbering.number_of(citation)
                if number not in self.citations:
                    self.citations[number] = replace(citation, number=number)
                    new.append(self.citations[number])
                if number not in numbers:
                    numbers.append(number)
        return tuple(numbers), tuple(new)

    def _code_judged(self, said: Said) -> Judgement:
        """Code counts where a block of the passages holds it, white space aside.

        What stands then is the shortest such block, in the notes' own words.
        """
        code = _unspaced(_FENCE.sub("", said.text))
        texts = [_unspaced(quotable.text) for quotable in self._material.quotables]
        holding = [at for at, text in enumerate(texts) if code and code in text]
        if not holding:
            return Judgement(Ruling.UNSUPPORTED, (), NOT_THIS_CODE)
        return Judgement(Ruling.REPAIRED, (min(holding, key=lambda at: (len(texts[at]), at)),))


def _spans_of(lines: Sequence[Line]) -> tuple[Span, ...]:
    return tuple({span.key: span for line in lines for span in line.spans}.values())


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _unspaced(text: str) -> str:
    return "".join(text.split())
