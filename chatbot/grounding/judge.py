"""Whether a sentence that a model wrote counts: it is held against what the notes say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from chatbot.answer import Ruling
from chatbot.grounding.alignment import Alignment
from chatbot.grounding.claims import read_claims
from chatbot.grounding.clauses import clauses_of
from chatbot.grounding.problems import Kind, Problem
from chatbot.grounding.quotables import Quotable
from chatbot.grounding.sentences import Sentence
from chatbot.grounding.signs import Likeness, signs

# A sentence that is not supported is replaced by a block that holds this share of its weight.
LIKE_ENOUGH = 0.5
HELD_AS_A_WHOLE = 0.8  # the share from which on a sentence is not taken apart
Supported = Callable[[Mapping[str, float]], float]  # the probability that these signs give


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of a sentence.

    `places` are the blocks, in the order of the judge's quotables, that support it; of one that
    is repaired, the block whose words take its place. `problem` says what is wrong with it.
    """

    ruling: Ruling
    places: tuple[int, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """How likely it is, in [0, 1], that the blocks at `places` support a sentence, and why."""

    probability: float
    places: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    signs: Mapping[str, float] = field(default_factory=dict)


class Judge:
    """Holds sentences against the blocks of the passages that their writer was handed.

    Args:
        quotables: the blocks.
        relevance: how well each text answers a sentence, as a logit (the cross-encoder).
        closeness: how near each text is to a sentence in meaning, a cosine.
        supported: the probability, in [0, 1], that signs are those of a supported sentence.
        threshold: the least probability at which a sentence counts.
    """

    def __init__(
        self,
        quotables: Sequence[Quotable],
        *,
        relevance: Likeness,
        closeness: Likeness,
        supported: Supported,
        threshold: float = 0.5,
    ) -> None:
        self._alignment = Alignment(quotables)
        self._relevance = relevance
        self._closeness = closeness
        self._supported = supported
        self._threshold = threshold

    def judge(self, sentence: str, cited: Collection[int]) -> Judgement:
        """Rule on one sentence that cites these passages; others than there are count as none.

        What the cited passages do not support may stand in another one: then that is cited.
        """
        if not read_claims(sentence):
            return Judgement(Ruling.UNCITED)
        quotables = self._alignment.quotables
        own = [at for at, quotable in enumerate(quotables) if quotable.passage in cited]
        problem = ""
        for among in (own, range(len(quotables))):
            weighed = self.weigh(sentence, among)
            if weighed.probability >= self._threshold:
                return Judgement(Ruling.VERIFIED, weighed.places)
            problem = problem or told(weighed.problems)
        problem = problem or NOT_HELD
        for among in (own, range(len(quotables))):
            likest = self._likest(sentence, among)
            if likest is not None:
                return Judgement(Ruling.REPAIRED, (likest,), problem)
        return Judgement(Ruling.UNSUPPORTED if own else Ruling.UNCITED, (), problem)

    def weigh(self, sentence: str, among: Collection[int]) -> Weighed:
        """How well the blocks at these places support the sentence.

        A sentence that one place does not hold may say several things: then it is as well
        supported as the worst supported of them.
        """
        whole = self._weigh(sentence, among)
        if whole.signs.get("held", 1.0) >= HELD_AS_A_WHOLE:
            return whole
        clauses = clauses_of(sentence)
        if len(clauses) < 2:
            return whole
        parts = [self._weigh(clause, among) for clause in clauses]
        if min(part.signs.get("held", 0.0) for part in parts) <= whole.signs.get("held", 0.0):
            return whole
        worst = min(parts, key=lambda part: part.probability)
        places = tuple(dict.fromkeys(at for part in parts for at in part.places))
        return Weighed(worst.probability, places, worst.problems, worst.signs)

    def _weigh(self, sentence: str, among: Collection[int]) -> Weighed:
        claim = _whole(sentence)
        places = self._alignment.best(claim, among)
        if not places:
            return Weighed(0.0)
        values, problems = signs(
            sentence,
            claim,
            places,
            self._alignment,
            relevance=self._relevance,
            closeness=self._closeness,
        )
        return Weighed(self._supported(values), places, problems, values)

    def _likest(self, sentence: str, among: Collection[int]) -> int | None:
        """The block that speaks of the same, if there is one."""
        claim = _whole(sentence)
        places = self._alignment.best(claim, among)
        if not places or self._alignment.share(claim, places[:1]) < LIKE_ENOUGH:
            return None
        return places[0]


NOT_HELD = "your notes don't say this"
_TOLD = {
    Kind.NUMBER: "“{said}” is not in the cited place",
    Kind.NEGATION: "it turns “{said}” round",
    Kind.NAME: "“{said}” is not named there",
}


def told(problems: Sequence[Problem]) -> str:
    """What is wrong with a sentence, for its reader; "" where words alone don't tell."""
    for problem in problems:
        if problem.kind in _TOLD:
            line = _TOLD[problem.kind].format(said=problem.said)
            is_other = problem.passage and problem.kind is Kind.NUMBER
            return f"{line}, which says {problem.passage}" if is_other else line
    return ""


def _whole(sentence: str) -> Sentence:
    """All that a sentence claims, as one."""
    return Sentence([token for claim in read_claims(sentence) for token in claim.tokens])
