"""Search questions, each about one passage (ClapNQ): the right sentence, and answer at all?

Each passage is a note of its own under its title, and its question is asked of that note
alone. The passages are published as tokens with blanks between them, which nobody's notes
are: they are joined again before they become notes, and sentences are compared by their
letters and digits alone. Confidence is how sure the answerer is that the note answers; half
of the passages do not answer their questions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from chatbot.answer import Question
from chatbot.chain import NotesChain
from evals.metrics.intervals import Interval
from evals.public.reading import (
    Models,
    OnProgress,
    Row,
    counted,
    is_declined,
    is_within,
    letters,
    mean_row,
    require,
    share_row,
    spread,
    told,
    write_notes,
)
from ingest.sentences import sentence_spans

NAME = "clapnq"
ANSWERABLE = "clapnq/answerable.jsonl"
UNANSWERABLE = "clapnq/unanswerable.jsonl"
# A bare "Yes." stands inside many a sentence; so little is no gold sentence.
LEAST_WORDS = 3
SAMPLES = 2_000  # of the bootstrap

_JOINED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"``\s*|\s*''"), '"'),
    (re.compile(r"\s+(?=[.,;:!?%)\]])"), ""),
    (re.compile(r"(?<=[(\[$])\s+"), ""),
    (re.compile(r"\s+(?=(?:'(?:s|re|ve|ll|d|m)|n't)\b)"), ""),
    (re.compile(r"(?<=\w) - (?=\w)"), "-"),
)


class Passage(BaseModel):
    """A stretch of an encyclopedia article."""

    model_config = ConfigDict(frozen=True)

    title: str
    text: str


class Output(BaseModel):
    """What one annotator wrote, and the sentences that it rests on."""

    model_config = ConfigDict(frozen=True)

    selected_sentences: tuple[str, ...] = ()


class Record(BaseModel):
    """One line of the files: a question, its passage, the annotators' answers."""

    model_config = ConfigDict(frozen=True)

    id: str
    input: str
    passages: tuple[Passage, ...]
    output: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One question, the note that it is asked of, and the sentences that answer it."""

    question: str
    source: str
    title: str
    text: str
    answerable: bool
    gold: tuple[str, ...]

    @property
    def note(self) -> str:
        """What is ingested."""
        return f"# {self.title}\n\n{self.text}\n"

    @property
    def opening(self) -> str:
        """The passage's first sentence."""
        return next((self.text[start:end] for start, end in sentence_spans(self.text)), "")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came.

    `gold_at` is the place of the first gold item, from 1; `opening_is_gold` whether who tells
    the passage's first sentence, whatever is asked, would be right.
    """

    answerable: bool
    confidence: float
    declined: bool
    gold_at: int | None
    first_words: int  # in the first told item
    opening_is_gold: bool


def load(path: Path, *, answerable: bool) -> list[Item]:
    """The questions of one file.

    Raises:
        DataMissing: the file is not there.
    """
    kind = "answerable" if answerable else "unanswerable"
    items = []
    for line in require(path).read_text(encoding="utf-8").splitlines():
        record = Record.model_validate_json(line)
        (passage,) = record.passages
        # Annotators differ; each one's sentences are right.
        selected = [text for output in record.output for text in output.selected_sentences]
        items.append(
            Item(
                question=record.input,
                source=f"{kind}-{record.id}.md",
                title=passage.title,
                text=joined(passage.text),
                answerable=answerable,
                gold=tuple(dict.fromkeys(selected)),
            )
        )
    return items


def joined(text: str) -> str:
    """Tokens with blanks between them as people write them: the same letters and digits.

    A stop that stands alone ends no sentence, so as published a passage would be one.
    """
    for blank, instead in _JOINED:
        text = blank.sub(instead, text)
    return text.strip()


def is_gold(text: str, gold: Sequence[str]) -> bool:
    """Whether `text` holds a gold sentence, or is a part of one, by letters and digits."""
    ours = letters(text)
    is_long_enough = len(text.split()) >= LEAST_WORDS
    return any(letters(one) in ours or (is_long_enough and ours in letters(one)) for one in gold)


def ask(chain: NotesChain, item: Item) -> Asked:
    """Ask one question of its note, and look for its gold sentences in what is told."""
    answer = chain.invoke(Question(item.question, scope=frozenset({item.source})))
    items = told(answer)
    return Asked(
        answerable=item.answerable,
        confidence=answer.confidence,
        declined=is_declined(answer),
        gold_at=next((n for n, text in enumerate(items, 1) if is_gold(text, item.gold)), None),
        first_words=len(items[0].split()) if items else 0,
        opening_is_gold=is_gold(item.opening, item.gold),
    )


def f1(positive: Sequence[bool], chosen: Sequence[bool]) -> float:
    """The harmonic mean of precision and recall of what was chosen; 0 where nothing fits."""
    both = sum(p and c for p, c in zip(positive, chosen, strict=True))
    return 2 * both / (sum(positive) + sum(chosen)) if both else 0.0


def best_f1(positive: Sequence[bool], confidence: Sequence[float]) -> tuple[float, float]:
    """The highest F1 of any least confidence, and the greatest such confidence."""
    return max(
        (f1(positive, [value >= least for value in confidence]), least) for least in set(confidence)
    )


def auroc(positive: Sequence[bool], confidence: Sequence[float]) -> tuple[float, Interval]:
    """The share of pairs of a positive and another whose confidences are in order; ties half.

    The interval is the middle 95 % for samples drawn again from each of the two kinds. Both
    kinds must be there.
    """
    values, kinds = np.asarray(confidence, dtype=np.float64), np.asarray(positive)
    yes, no = values[kinds], values[~kinds]
    in_order = (np.sign(yes[:, None] - no[None, :]) + 1) / 2
    chosen = np.random.default_rng(0)
    # How often each question is drawn, a sample a row.
    yes_drawn, no_drawn = (
        chosen.multinomial(count, np.full(count, 1 / count), size=SAMPLES).astype(np.float64)
        for count in in_order.shape
    )
    means = ((yes_drawn @ in_order) * no_drawn).sum(axis=1) / in_order.size
    low, high = np.quantile(means, [0.025, 0.975])
    return float(in_order.mean()), Interval(float(low), float(high))


def rows(asked: Sequence[Asked]) -> list[Row]:
    """The table's lines; each question stands alone."""
    yes = [one for one in asked if one.answerable]
    no = [one for one in asked if not one.answerable]
    given = [one for one in yes if not one.declined]
    return [
        share_row(NAME, "first sentence is gold", [is_within(a.gold_at, 1) for a in yes]),
        share_row(NAME, "passage's opening is gold, to compare", [a.opening_is_gold for a in yes]),
        share_row(NAME, "gold among the first three", [is_within(a.gold_at, 3) for a in yes]),
        mean_row(
            NAME,
            "words of the first sentence, mean",
            [float(a.first_words) for a in given],
            note="of those answered",
        ),
        share_row(NAME, "answerable, declined", [a.declined for a in yes]),
        share_row(NAME, "unanswerable, declined", [a.declined for a in no]),
        *_decision_rows(asked),
    ]


def _decision_rows(asked: Sequence[Asked]) -> list[Row]:
    positive = [one.answerable for one in asked]
    confidence = [one.confidence for one in asked]
    n = len(asked)
    if all(positive) or not any(positive):  # nothing to tell apart
        return [Row(NAME, "answerable or not, AUROC of confidence", n, None)]
    highest, least = best_f1(positive, confidence)
    area, interval = auroc(positive, confidence)
    return [
        Row(NAME, "answerable or not, AUROC of confidence", n, area, interval=interval),
        Row(
            NAME,
            "answerable or not, best F1",
            n,
            highest,
            note=f"at a confidence of {least:.2f}, chosen on these questions; answering all of"
            f" them has {f1(positive, [True] * n):.2f}",
        ),
        Row(
            NAME,
            "answerable or not, F1 as the product decides",
            n,
            f1(positive, [not one.declined for one in asked]),
        ),
    ]


def measure(
    data: Path, work: Path, *, models: Models, limit: int | None, on_progress: OnProgress
) -> list[Row]:
    """Ask at most `limit` questions of each file, and count.

    Raises:
        DataMissing: one of the two files is not in `data`.
    """
    yes = load(data / ANSWERABLE, answerable=True)
    no = load(data / UNANSWERABLE, answerable=False)
    notes = {item.source: item.note for item in [*yes, *no]}
    items = [*spread(yes, limit), *spread(no, limit)]
    folder = write_notes(work / "notes", notes)
    on_progress(f"{NAME}: reading {len(notes)} notes")
    with models.open_notes(folder, work / "index") as chain:
        return rows([ask(chain, item) for item in counted(items, NAME, on_progress)])
