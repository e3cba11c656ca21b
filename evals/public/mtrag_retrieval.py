"""Conversations about documents (MTRAG's human-rated tasks): is the last turn understood?

All the set's documents are notes, one file each. A task is asked three ways: its last turn
alone, the last turn with the conversation as `Question.history`, and the conversation and
the last turn as one text. Recall@k is the share of the task's documents that the first k
passages come from, so it cannot be 1 for more documents than k. Documents with the same text
count as one. Only tasks with a history and with documents are asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from chatbot.answer import Question, Turn
from chatbot.chain import NotesChain
from chatbot.query import LONGEST_QUESTION
from evals.public.reading import (
    Models,
    OnProgress,
    Row,
    counted,
    difference_row,
    mean_row,
    require,
    spread,
    write_notes,
)

NAME = "mtrag"
FILE = "mtrag/human_ratings.json"
RANKS = (1, 3, 5)
ALONE, WITH_HISTORY, JOINED = "last turn alone", "with history", "all turns as one text"


class Utterance(BaseModel):
    """What one side said."""

    model_config = ConfigDict(frozen=True)

    speaker: str
    text: str


class Document(BaseModel):
    """A document that some task rests on."""

    model_config = ConfigDict(frozen=True)

    document_id: str
    text: str
    title: str = ""


class Context(BaseModel):
    """A task's reference to a document."""

    model_config = ConfigDict(frozen=True)

    document_id: str


class Task(BaseModel):
    """A conversation that ends with a user's turn, and the documents that answer it."""

    model_config = ConfigDict(frozen=True)

    task_id: str
    input: tuple[Utterance, ...]
    contexts: tuple[Context, ...]


class Ratings(BaseModel):
    """The parts of the file that are used here."""

    model_config = ConfigDict(frozen=True)

    documents: tuple[Document, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One task: what was said, and the files of each document that answers it."""

    conversation: str
    history: tuple[Turn, ...]
    last: str
    right: tuple[frozenset[str], ...]

    def ways(self) -> dict[str, Question]:
        """The same question, asked three ways."""
        said = [text for turn in self.history for text in (turn.question, turn.answer)]
        joined = "\n".join([*said, self.last])
        return {
            ALONE: Question(self.last),
            WITH_HISTORY: Question(self.last, history=self.history),
            # No question may be longer; the end of the conversation matters most.
            JOINED: Question(joined[-LONGEST_QUESTION:]),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """One task: how many documents are right, and each way's recall of them, by rank."""

    conversation: str
    documents: int
    recall: Mapping[str, Mapping[int, float]]


def load(path: Path) -> tuple[dict[str, str], list[Item]]:
    """The notes by file name, and the tasks that have a history and documents.

    Raises:
        DataMissing: the file is not there.
    """
    ratings = Ratings.model_validate_json(require(path).read_text(encoding="utf-8"))
    names = {doc.document_id: f"{n:04}.md" for n, doc in enumerate(ratings.documents)}
    same: dict[str, set[str]] = {}
    for doc in ratings.documents:
        same.setdefault(doc.text, set()).add(names[doc.document_id])
    files = {doc.document_id: frozenset(same[doc.text]) for doc in ratings.documents}
    notes = {names[doc.document_id]: _note(doc) for doc in ratings.documents}
    return notes, [
        _item(task, files) for task in ratings.tasks if len(task.input) > 1 and task.contexts
    ]


def _note(document: Document) -> str:
    """The text under its title; the set repeats the title as the text's first line."""
    text = document.text.strip()
    if not document.title:
        return f"{text}\n"
    return f"# {document.title}\n\n{text.removeprefix(document.title).strip()}\n"


def _item(task: Task, files: Mapping[str, frozenset[str]]) -> Item:
    *before, last = task.input
    return Item(
        conversation=task.task_id.split("<::>")[0],
        history=tuple(
            Turn(asked.text, told.text)
            for asked, told in zip(before[::2], before[1::2], strict=True)
        ),
        last=last.text,
        right=tuple(dict.fromkeys(files[context.document_id] for context in task.contexts)),
    )


def recall(found: Sequence[str], right: Sequence[frozenset[str]]) -> float:
    """The share of the right documents of which some file was found."""
    return sum(not document.isdisjoint(found) for document in right) / len(right)


def ask(chain: NotesChain, item: Item) -> Asked:
    """Search each way."""
    found = {
        way: [passage.source for passage in chain.search(question, max(RANKS))]
        for way, question in item.ways().items()
    }
    return Asked(
        item.conversation,
        len(item.right),
        {
            way: {most: recall(sources[:most], item.right) for most in RANKS}
            for way, sources in found.items()
        },
    )


def rows(asked: Sequence[Asked]) -> list[Row]:
    """The table's lines; whole conversations are drawn for the intervals."""
    conversations = [one.conversation for one in asked]

    def at(way: str, most: int) -> list[float]:
        return [one.recall[way][most] for one in asked]

    def ceiling(most: int) -> str:
        best = [min(most, one.documents) / one.documents for one in asked]
        return f"at best {sum(best) / len(best):.2f}" if asked else ""

    return [
        *(
            mean_row(
                NAME,
                f"recall@{most}, {way}",
                at(way, most),
                clusters=conversations,
                note=ceiling(most),
            )
            for way in (ALONE, WITH_HISTORY, JOINED)
            for most in RANKS
        ),
        *(
            difference_row(
                NAME,
                f"recall@{most}, {WITH_HISTORY} − {ALONE}",
                at(WITH_HISTORY, most),
                at(ALONE, most),
                clusters=conversations,
            )
            for most in RANKS
        ),
    ]


def measure(
    data: Path, work: Path, *, models: Models, limit: int | None, on_progress: OnProgress
) -> list[Row]:
    """Ask at most `limit` tasks of all the documents, and count.

    Raises:
        DataMissing: the set is not in `data`.
    """
    notes, items = load(data / FILE)
    folder = write_notes(work / "notes", notes)
    on_progress(f"{NAME}: reading {len(notes)} notes")
    with models.open_notes(folder, work / "index") as chain:
        chosen = spread(items, limit)
        return rows([ask(chain, item) for item in counted(chosen, NAME, on_progress)])
