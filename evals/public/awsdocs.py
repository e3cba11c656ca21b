"""A large folder of documentation and customers' questions: ours and the tutorial's chain.

The right page is the one that the set names. The right passage stands on it and holds nine
tenths of the answer's content words, inflection and Markdown's backslashes aside; another
page that says the same does not count. The same words are looked for in the quotes of our
answer, whichever page they are from; a declined question quotes nothing. The set is small:
one question is three points.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from chatbot.answer import Question
from chatbot.chain import NotesChain
from chatbot.words import content_stems, stems
from evals.public.reading import (
    Models,
    Nearest,
    OnProgress,
    Row,
    counted,
    difference_row,
    is_declined,
    is_within,
    mean_row,
    require,
    share_row,
    spread,
)

NAME = "awsdocs"
PAGES = "awsdocs/pages"
QUESTIONS = "awsdocs/questions.jsonl"
RANKS = (1, 5, 10)
COMPARED_AT = 5
ENOUGH = 0.9  # of the answer's content words

_ESCAPE = re.compile(r"\\(?=[^\w\s])")  # "ml\.eia2\.large", as these pages are written


class Item(BaseModel):
    """One line of the file: a question, its answer's words and the page they stand on."""

    model_config = ConfigDict(frozen=True)

    id: str
    question: str
    answer: str
    page: str


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where the first passage of the right page came, and the first right passage; from 1."""

    page: int | None
    passage: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, asked of both chains."""

    page: str
    ours: Ranks
    naive: Ranks
    quoted: bool  # our answer's quotes hold the answer's words
    declined: bool
    our_words: int  # in the first `COMPARED_AT` passages
    naive_words: int


def load(path: Path) -> list[Item]:
    """The questions.

    Raises:
        DataMissing: the file is not there.
    """
    lines = require(path).read_text(encoding="utf-8").splitlines()
    return [Item.model_validate_json(line) for line in lines]


def holds(text: str, answer: str) -> bool:
    """Whether `text` holds enough of the distinct content words of `answer`."""
    wanted = set(content_stems(_plain(answer))) or set(stems(_plain(answer)))
    held = wanted & set(stems(_plain(text)))
    return bool(wanted) and len(held) >= ENOUGH * len(wanted)


def _plain(text: str) -> str:
    return _ESCAPE.sub("", text)


def ranks(item: Item, found: Sequence[tuple[str, str]]) -> Ranks:
    """The ranks among what was found: pages and texts, best first."""
    on_page = [(n, text) for n, (page, text) in enumerate(found, 1) if page == item.page]
    return Ranks(
        page=on_page[0][0] if on_page else None,
        passage=next((n for n, text in on_page if holds(text, item.answer)), None),
    )


def ask(chain: NotesChain, naive: Nearest, item: Item) -> Asked:
    """Ask both chains."""
    question = Question(item.question)
    answer = chain.invoke(question)
    ours = [(p.source, p.text) for p in chain.search(question, max(RANKS))]
    theirs = [(p.source, p.text) for p in naive.nearest(item.question, max(RANKS))]
    return Asked(
        page=item.page,
        ours=ranks(item, ours),
        naive=ranks(item, theirs),
        quoted=holds("\n".join(citation.quote for citation in answer.citations), item.answer),
        declined=is_declined(answer),
        our_words=_words(ours),
        naive_words=_words(theirs),
    )


def _words(found: Sequence[tuple[str, str]]) -> int:
    return sum(len(text.split()) for _, text in found[:COMPARED_AT])


def rows(asked: Sequence[Asked]) -> list[Row]:
    """The table's lines; differences are paired, and whole pages are drawn for them."""
    table = []
    for most in RANKS:
        for noun in ("page", "passage"):
            ours = [is_within(getattr(a.ours, noun), most) for a in asked]
            naive = [is_within(getattr(a.naive, noun), most) for a in asked]
            table.append(share_row(NAME, f"right {noun} @{most}", ours, naive=naive))
            if most == COMPARED_AT:
                table.append(
                    difference_row(
                        NAME,
                        f"right {noun} @{most}, ours − naive",
                        [float(hit) for hit in ours],
                        [float(hit) for hit in naive],
                        clusters=[a.page for a in asked],
                    )
                )
    return [
        *table,
        share_row(NAME, "answer's words in our quotes", [a.quoted for a in asked]),
        share_row(NAME, "declined", [a.declined for a in asked]),
        mean_row(
            NAME,
            f"words of the first {COMPARED_AT} passages, mean",
            [float(a.our_words) for a in asked],
            naive=[float(a.naive_words) for a in asked],
        ),
    ]


def measure(
    data: Path, work: Path, *, models: Models, limit: int | None, on_progress: OnProgress
) -> list[Row]:
    """Ask at most `limit` questions of all the pages, and count.

    Raises:
        DataMissing: the set is not in `data`.
    """
    items = spread(load(data / QUESTIONS), limit)
    pages = require(data / PAGES)
    on_progress(f"{NAME}: reading the pages into the tutorial's store")
    naive = models.open_naive(pages, work / "naive")
    on_progress(f"{NAME}: reading the pages into our index")
    with models.open_notes(pages, work / "index") as chain:
        return rows([ask(chain, naive, item) for item in counted(items, NAME, on_progress)])
