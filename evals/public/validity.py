"""Whether `chatbot.grounding` sees what people see: its agreement with human ratings.

The ratings are MTRAG's (Katsis et al., "MTRAG: A Multi-Turn Conversational Benchmark for
Evaluating Retrieval-Augmented Generation Systems", TACL 2025): answers of chat models to
questions over given documents, each rated for faithfulness from 1 to 4 by two or three people.
The file's third model is a person, whose answers do not count here.

Beside it stand plain k-precision and two judges of that paper whose scores the file holds.
Differences are paired, and their intervals come from a cluster bootstrap over tasks, because
the answers to one task share its documents (Field and Welsh, JRSS B 69(3), 2007).

The score was made while looking at one half of the tasks only; the other was read when it was
done. The split is drawn anew here, by the same seed, and both halves are reported.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from scipy.stats import rankdata

from chatbot.grounding import groundedness
from evals.metrics.intervals import Interval

FILE = "mtrag/human_ratings.json"
PERSON = "reference"  # the model that is none
UNFAITHFUL_BELOW = 3.0  # of a mean rating: 3 is "mostly faithful"
RESAMPLES = 2_000
SPLIT_SEED = 0

OURS, K_PRECISION = "groundedness", "k-precision"
# Measure -> the name in the file. "rl_f" is the faithfulness of RAGAS (Es et al., EACL 2024),
# "rb_llm" a judge after RAD-Bench (Kuo et al., 2024); both ask a language model.
JUDGES: Mapping[str, str] = {"RAGAS faithfulness": "rl_f", "RAD-Bench judge": "rb_llm"}

Vector = npt.NDArray[np.float64]

_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class RatedAnswer:
    """An answer of a model, the documents it was given, and what people and judges made of it.

    `faithfulness` is the mean of the human ratings, from 1 to 4; `scores` in [0, 1] by measure.
    """

    task: str
    answer: str
    passages: tuple[str, ...]
    faithfulness: float
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a measure agrees with people; None where there is nothing to tell apart.

    `spearman` is the rank correlation with the mean rating, `auc` the chance that of an
    unfaithful and a faithful answer the unfaithful one has the lower score (ties count half).
    """

    measure: str
    spearman: float | None
    auc: float | None


@dataclass(frozen=True, slots=True)
class Gain:
    """What our measure has over another, with 95 % intervals of the difference.

    None where there is nothing to compare, or too few resamples in which there was.
    """

    over: str
    spearman: float | None
    spearman_interval: Interval | None
    auc: float | None
    auc_interval: Interval | None


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of one half of the tasks, or of all."""

    name: str
    tasks: int
    answers: int
    unfaithful: int
    agreements: tuple[Agreement, ...]
    gains: tuple[Gain, ...]


@dataclass(frozen=True, slots=True)
class ValidityReport:
    """The development half, the half that was held out, and the whole."""

    parts: tuple[Part, ...]

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The figures as the cells of a table, the header first."""
        return (
            (*("part", "answers", "unfaithful", "measure", "Spearman", "AUC"),
             *("ours − it, Spearman", "ours − it, AUC")),
            *(row for part in self.parts for row in _rows(part)),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON can hold them."""
        return {"parts": [asdict(part) for part in self.parts]}


def measure_validity(data: Path, *, resamples: int = RESAMPLES, seed: int = 0) -> ValidityReport:
    """Score every rated answer in `data`, a folder that holds MTRAG's, and compare with people.

    `seed` is the bootstrap's.

    Raises:
        FileNotFoundError: the ratings are not there.
        pydantic.ValidationError: the file is not of their shape.
    """
    answers = load_rated_answers(data)
    development = development_tasks({answer.task for answer in answers})
    halves = {
        "development": [answer for answer in answers if answer.task in development],
        "held out": [answer for answer in answers if answer.task not in development],
        "whole": answers,
    }
    return ValidityReport(
        tuple(_part(name, part, resamples, seed) for name, part in halves.items())
    )


def development_tasks(tasks: set[str]) -> frozenset[str]:
    """The half of the tasks that the score was developed on."""
    drawn = sorted(tasks)
    random.Random(SPLIT_SEED).shuffle(drawn)
    return frozenset(drawn[: len(drawn) // 2])


def k_precision(answer: str, passages: Sequence[str]) -> float:
    """The share of the answer's tokens that some passage holds; 0 without tokens.

    Tokens are runs of letters, digits and underscores in lower case, and repeats count: the
    plain form of Adlakha et al. (TACL 2024).
    """
    held = {token for passage in passages for token in _tokens(passage)}
    said = _tokens(answer)
    return sum(token in held for token in said) / len(said) if said else 0.0


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())


# --- The file ----------------------------------------------------------------------------------


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Document(_Model):
    document_id: str
    text: str


class _Context(_Model):
    document_id: str


class _Task(_Model):
    task_id: str
    contexts: tuple[_Context, ...]


class _Value(_Model):
    value: float


class _Evaluation(_Model):
    task_id: str
    model_id: str
    model_response: str
    # Annotation -> who made it -> its value; others than ours may not be numbers.
    annotations: Mapping[str, Mapping[str, Any]]

    def values(self, annotation: str) -> list[float]:
        return [_Value.model_validate(made).value for made in self.annotations[annotation].values()]


class _Ratings(_Model):
    documents: tuple[_Document, ...]
    tasks: tuple[_Task, ...]
    evaluations: tuple[_Evaluation, ...]


def load_rated_answers(data: Path) -> tuple[RatedAnswer, ...]:
    """The models' answers in file order, scored by every measure.

    Raises:
        FileNotFoundError: the ratings are not there.
        pydantic.ValidationError: the file is not of their shape.
    """
    ratings = _Ratings.model_validate_json((data / FILE).read_text(encoding="utf-8"))
    texts = {document.document_id: document.text for document in ratings.documents}
    passages = {
        task.task_id: tuple(texts[context.document_id] for context in task.contexts)
        for task in ratings.tasks
    }
    return tuple(
        _rated(evaluation, passages[evaluation.task_id])
        for evaluation in ratings.evaluations
        if evaluation.model_id != PERSON
    )


def _rated(evaluation: _Evaluation, passages: tuple[str, ...]) -> RatedAnswer:
    answer = evaluation.model_response
    return RatedAnswer(
        task=evaluation.task_id,
        answer=answer,
        passages=passages,
        faithfulness=float(np.mean(evaluation.values("faithfulness"))),
        scores={
            OURS: groundedness(answer, passages),
            K_PRECISION: k_precision(answer, passages),
            **{judge: evaluation.values(name)[0] for judge, name in JUDGES.items()},
        },
    )


# --- Agreement ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scores:
    """The ratings of some answers and each measure's scores of them, a row a measure."""

    measures: tuple[str, ...]
    ratings: Vector
    scores: Vector

    @classmethod
    def of(cls, answers: Sequence[RatedAnswer]) -> _Scores:
        measures = (OURS, K_PRECISION, *JUDGES)
        scores = [[answer.scores[measure] for answer in answers] for measure in measures]
        ratings = [answer.faithfulness for answer in answers]
        return cls(measures, np.array(ratings), np.array(scores))

    def drawn(self, items: npt.NDArray[np.intp]) -> _Scores:
        return _Scores(self.measures, self.ratings[items], self.scores[:, items])

    def agreement(self) -> tuple[Vector, Vector]:
        """Spearman and AUC of each measure; NaN where one of two sides does not vary.

        Spearman's is Pearson's correlation of the ranks, the AUC Mann and Whitney's U as a
        share: both need no more than the ranks.
        """
        if not len(self.ratings):
            return np.full(len(self.measures), np.nan), np.full(len(self.measures), np.nan)
        ranks = rankdata(np.vstack([self.ratings, self.scores]), axis=1)
        centred = ranks - ranks.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).sum(axis=1))
        faithful = self.ratings >= UNFAITHFUL_BELOW
        many, few = int(faithful.sum()), int((~faithful).sum())
        won = ranks[1:, faithful].sum(axis=1) - many * (many + 1) / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            spearman = (centred[1:] @ centred[0]) / (spread[1:] * spread[0])
            return spearman, won / np.float64(many * few)


def _part(name: str, answers: Sequence[RatedAnswer], resamples: int, seed: int) -> Part:
    scores = _Scores.of(answers)
    spearman, auc = scores.agreement()
    draws = [scores.drawn(items).agreement() for items in _resampled(answers, resamples, seed)]
    gains = []
    for row, measure in enumerate(scores.measures[1:], 1):
        gains.append(
            Gain(
                over=measure,
                spearman=_number(spearman[0] - spearman[row]),
                spearman_interval=_interval([drawn[0] - drawn[row] for drawn, _ in draws]),
                auc=_number(auc[0] - auc[row]),
                auc_interval=_interval([drawn[0] - drawn[row] for _, drawn in draws]),
            )
        )
    return Part(
        name=name,
        tasks=len({answer.task for answer in answers}),
        answers=len(answers),
        unfaithful=int((scores.ratings < UNFAITHFUL_BELOW).sum()),
        agreements=tuple(
            Agreement(measure, _number(spearman[row]), _number(auc[row]))
            for row, measure in enumerate(scores.measures)
        ),
        gains=tuple(gains),
    )


def _resampled(
    answers: Sequence[RatedAnswer], resamples: int, seed: int
) -> Iterator[npt.NDArray[np.intp]]:
    """Places of answers: as many tasks as there are, drawn with replacement, all of each."""
    places: dict[str, list[int]] = {}
    for place, answer in enumerate(answers):
        places.setdefault(answer.task, []).append(place)
    clusters = [np.array(places[task], dtype=np.intp) for task in sorted(places)]
    generator = np.random.default_rng(seed)
    for _ in range(resamples if clusters else 0):
        drawn = generator.integers(len(clusters), size=len(clusters))
        yield np.concatenate([clusters[number] for number in drawn])


def _interval(differences: Sequence[float]) -> Interval | None:
    """The middle 95 %; None where in more than one of ten draws there was nothing to compare."""
    values = np.array(differences)
    finite = values[np.isfinite(values)]
    if not len(values) or len(finite) < 0.9 * len(values):
        return None
    low, high = np.quantile(finite, [0.025, 0.975])
    return Interval(float(low), float(high))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rows(part: Part) -> Iterator[tuple[str, ...]]:
    gains = {gain.over: gain for gain in part.gains}
    for agreement in part.agreements:
        gain = gains.get(agreement.measure)
        yield (
            part.name,
            str(part.answers),
            str(part.unfaithful),
            agreement.measure,
            _written(agreement.spearman),
            _written(agreement.auc),
            _difference(gain.spearman, gain.spearman_interval) if gain else "",
            _difference(gain.auc, gain.auc_interval) if gain else "",
        )


def _written(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"


def _difference(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "n/a"
    ends = f" [{interval.low:+.3f}, {interval.high:+.3f}]" if interval else ""
    return f"{value:+.3f}{ends}"
