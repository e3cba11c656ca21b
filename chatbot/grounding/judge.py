"""Whether a sentence that a model wrote counts: it is held against what the notes say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from chatbot.answer import Ruling
from chatbot.grounding.alignment import Alignment
from chatbot.grounding.claims import read_claims
from chatbot.grounding.clauses import clauses_of
from chatbot.grounding.numerals import in_digits
from chatbot.grounding.problems import Kind, Problem
from chatbot.grounding.quotables import Quotable
from chatbot.grounding.remembered import Remembered
from chatbot.grounding.sentences import Sentence
from chatbot.grounding.signs import Likeness, signs

# A sentence that is not supported is replaced by a block that holds this share of its weight.
LIKE_ENOUGH = 0.5
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


_Places = list[tuple[int, ...]]  # for each clause of a sentence, where its blocks stand


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence as it is held against blocks: with its numbers in digits, whole and by clause."""

    sentence: str
    claim: Sentence
    clauses: tuple[Sentence, ...]

    @classmethod
    def read(cls, sentence: str) -> _Said:
        sentence = in_digits(sentence)
        return cls(sentence, _whole(sentence), tuple(map(_whole, clauses_of(sentence))))


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
        self._relevance = Remembered(relevance)
        self._closeness = closeness
        self._supported = supported
        self._threshold = threshold

    def judge(self, sentence: str, cited: Collection[int]) -> Judgement:
        """Rule on one sentence that cites these passages; others than there are count as none.

        What the cited passages do not support may stand in another one: then that is cited.
        """
        if not read_claims(sentence):
            return Judgement(Ruling.UNCITED)
        said = _Said.read(sentence)
        quotables = self._alignment.quotables
        own = [at for at, quotable in enumerate(quotables) if quotable.passage in cited]
        problem = ""
        tried: list[_Places] = []
        for among in (own, range(len(quotables))):
            places = self._places(said, among)
            if places in tried:
                continue  # what is best of the cited passages is best of all: weighed already
            tried.append(places)
            weighed = self._weigh(said, places)
            if weighed.probability >= self._threshold:
                return Judgement(Ruling.VERIFIED, weighed.places)
            problem = problem or told(weighed.problems)
        problem = problem or NOT_HELD
        for among in (own, range(len(quotables))):
            likest = self._likest(said.claim, among)
            if likest is not None:
                return Judgement(Ruling.REPAIRED, (likest,), problem)
        return Judgement(Ruling.UNSUPPORTED if own else Ruling.UNCITED, (), problem)

    def weigh(self, sentence: str, among: Collection[int]) -> Weighed:
        """How well the blocks at these places support the sentence.

        A sentence may say several things: each clause is looked for by itself.
        """
        said = _Said.read(sentence)
        return self._weigh(said, self._places(said, among))

    def _places(self, said: _Said, among: Collection[int]) -> _Places:
        return [self._alignment.best(clause, among) for clause in said.clauses]

    def _weigh(self, said: _Said, found: _Places) -> Weighed:
        places = tuple(dict.fromkeys(at for chosen in found for at in chosen))
        if not places:
            return Weighed(0.0)
        shares = [
            self._alignment.share(clause, chosen)
            for clause, chosen in zip(said.clauses, found, strict=True)
        ]
        values, problems = signs(
            said.sentence,
            said.claim,
            places,
            min(shares),
            self._alignment,
            relevance=self._relevance,
            closeness=self._closeness,
        )
        return Weighed(self._supported(values), places, problems, values)

    def _likest(self, claim: Sentence, among: Collection[int]) -> int | None:
        """The block that speaks of the same, if there is one."""
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
