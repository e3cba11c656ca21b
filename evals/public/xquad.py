"""Encyclopedia articles and their questions (XQuAD's English part): found, and said at once?

An article is a note, each paragraph a section of it. A question counts as answered by a
sentence that holds one of its gold answers, compared like key facts. The answers are the
product's own: a declined question told nothing, so it is a miss where the answer is looked
for, though not where the paragraph is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.answer import Answer, Question
from chatbot.chain import NotesChain
from evals.metrics.key_facts import holds, normalised
from evals.public.reading import (
    Models,
    OnProgress,
    Row,
    counted,
    is_declined,
    is_within,
    mean_row,
    require,
    share_row,
    spread,
    told,
    write_notes,
)
from evals.study_notes.questions import StudyQuestion
from evals.study_notes.split_squad import split

NAME = "xquad"
FILE = "xquad/xquad.en.part.json"
RANKS = (1, 3, 5)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: what was found for it and what was told.

    `paragraph_rank` is that of the first passage of the right paragraph, from 1; `answer_at`
    the place of the first told item that holds a gold answer, from 1.
    """

    article: str
    paragraph_rank: int | None
    answer_at: int | None
    declined: bool
    first_words: int  # in the first told item


def load(path: Path) -> tuple[dict[str, str], list[StudyQuestion]]:
    """The notes by file name, and every question.

    Raises:
        DataMissing: the file is not there.
    """
    articles = json.loads(require(path).read_text(encoding="utf-8"))["data"]
    notes, questions = split(articles, keep_every=1)
    return notes, [StudyQuestion.model_validate(question) for question in questions]


def ask(chain: NotesChain, item: StudyQuestion) -> Asked:
    """Ask one question, and hold what comes against what is known.

    The answer's own passages are ranked: they are what `chain.search` finds.
    """
    return judge(item, chain.invoke(Question(item.question)))


def judge(item: StudyQuestion, answer: Answer) -> Asked:
    """Find the right paragraph among the passages, and a gold answer in what is told."""
    (section,) = item.sections
    right = normalised(section)
    items = told(answer)
    gold = [text for fact in item.key_facts for text in fact]
    return Asked(
        article=section.rpartition(", part ")[0],
        paragraph_rank=next(
            (n for n, p in enumerate(answer.passages, 1) if right in map(normalised, p.heading)),
            None,
        ),
        answer_at=next(
            (n for n, text in enumerate(items, 1) if any(holds(text, one) for one in gold)), None
        ),
        declined=is_declined(answer),
        first_words=len(items[0].split()) if items else 0,
    )


def rows(asked: Sequence[Asked]) -> list[Row]:
    """The table's lines; whole articles are drawn for the intervals."""
    articles = [one.article for one in asked]

    def share(measure: str, hits: Sequence[bool]) -> Row:
        return share_row(NAME, measure, hits, clusters=articles)

    given = [one for one in asked if not one.declined]
    return [
        *(
            share(f"right paragraph @{most}", [is_within(a.paragraph_rank, most) for a in asked])
            for most in RANKS
        ),
        share("gold answer in the first sentence", [is_within(a.answer_at, 1) for a in asked]),
        share("gold answer in the first three", [is_within(a.answer_at, 3) for a in asked]),
        share("declined", [a.declined for a in asked]),
        mean_row(
            NAME,
            "words of the first sentence, mean",
            [float(a.first_words) for a in given],
            clusters=[a.article for a in given],
            note="of those answered",
        ),
    ]


def measure(
    data: Path, work: Path, *, models: Models, limit: int | None, on_progress: OnProgress
) -> list[Row]:
    """Ask at most `limit` questions of all the articles, and count.

    Raises:
        DataMissing: the set is not in `data`.
    """
    notes, questions = load(data / FILE)
    items = spread([question for question in questions if question.answerable], limit)
    folder = write_notes(work / "notes", notes)
    on_progress(f"{NAME}: reading {len(notes)} notes")
    with models.open_notes(folder, work / "index") as chain:
        return rows([ask(chain, item) for item in counted(items, NAME, on_progress)])
