"""Tiny made-up files in the shape of the public question sets, and models without weights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conftest import ToyEmbedder, WordReranker

from chatbot.answer import Answer, Passage, Status, Timings
from chatbot.chain import NotesChain
from chatbot.library import NotesLibrary
from evals.naive_chain import Piece, pieces_of
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

LAMPS = "A lamp gives light. The brass lamp burns seed oil for 30 hours. It was lit in 1871."
KEEPERS = "Each keeper climbs the stairs twice a night. The keepers were paid in coal."
BREAD = "Rye bread needs a sour starter. The loaf rests for two days before it is cut."

SQUAD = {
    "data": [
        {
            "title": "Harbour_light",
            "paragraphs": [
                {
                    "context": LAMPS,
                    "qas": [
                        {
                            "id": "q1",
                            "question": "How many hours does the brass lamp burn oil?",
                            "answers": [{"text": "30 hours", "answer_start": 50}],
                        },
                        {
                            "id": "q2",
                            "question": "When was the brass lamp lit?",
                            "answers": [{"text": "1871", "answer_start": 77}],
                        },
                    ],
                },
                {
                    "context": KEEPERS,
                    "qas": [
                        {
                            "id": "q3",
                            "question": "What were the keepers paid in?",
                            "answers": [{"text": "coal", "answer_start": 70}],
                        }
                    ],
                },
            ],
        },
        {
            "title": "Rye bread",
            "paragraphs": [
                {
                    "context": BREAD,
                    "qas": [
                        {
                            "id": "q4",
                            "question": "How long does the loaf rest?",
                            "answers": [{"text": "two days", "answer_start": 49}],
                        }
                    ],
                }
            ],
        },
    ]
}


def clapnq_record(number: int, question: str, text: str, *gold: Sequence[str]) -> dict[str, Any]:
    """One question about one passage; `gold` are the sentences that each annotator chose."""
    return {
        "id": str(number),
        "input": question,
        "passages": [{"title": f"Passage {number}", "text": text, "sentences": []}],
        "output": [
            {"answer": " ".join(chosen), "selected_sentences": list(chosen), "meta": {}}
            for chosen in gold or [()]
        ],
    }


ANSWERABLE = [
    clapnq_record(
        1,
        "how long does the brass lamp burn",
        "A `` lamp '' gives light . The brass lamp burns seed oil for 30 hours . ",
        ["The brass lamp burns seed oil for 30 hours ."],
    ),
    clapnq_record(
        2,
        "what were the keepers paid in",
        "Each keeper climbs twice a night . The keepers were paid in coal . ",
        ["Each keeper climbs twice a night ."],
        ["The keepers were paid in coal ."],
    ),
]
UNANSWERABLE = [
    clapnq_record(1, "who invented the telescope", "Rye bread needs a sour starter . "),
    clapnq_record(2, "where is the longest bridge", "The loaf rests for two days . "),
]

MTRAG = {
    "name": "made up",
    "documents": [
        {"document_id": "lamps", "text": f"Lamps\n{LAMPS}", "title": "Lamps"},
        {"document_id": "keepers", "text": f"\n{KEEPERS}"},
        {"document_id": "keepers-again", "text": f"\n{KEEPERS}"},
        {"document_id": "bread", "text": BREAD},
    ],
    "tasks": [
        {
            "task_id": "first<::>1",
            "input": [{"speaker": "user", "text": "What does a lamp give?"}],
            "contexts": [{"document_id": "lamps"}],
        },
        {
            "task_id": "first<::>2",
            "input": [
                {"speaker": "user", "text": "What burns in the brass lamp?"},
                {"speaker": "agent", "text": "Seed oil."},
                {"speaker": "user", "text": "And when was it lit?"},
            ],
            "contexts": [{"document_id": "lamps"}, {"document_id": "keepers"}],
        },
        {
            "task_id": "second<::>2",
            "input": [
                {"speaker": "user", "text": "Hello?"},
                {"speaker": "agent", "text": "Yes?"},
                {"speaker": "user", "text": "Who sings?"},
            ],
            "contexts": [],
        },
        {
            "task_id": "third<::>3",
            "input": [
                {"speaker": "user", "text": "What does rye bread need?"},
                {"speaker": "agent", "text": "A sour starter."},
                {"speaker": "user", "text": "How long does the loaf rest?"},
                {"speaker": "agent", "text": "Two days."},
                {"speaker": "user", "text": "What are the keepers paid in?"},
            ],
            "contexts": [{"document_id": "keepers-again"}, {"document_id": "keepers"}],
        },
    ],
}

PAGES = {
    "lamps.md": f'# Lamps<a name="lamps"></a>\n\n{LAMPS}\n\nThe lamp\\-v2\\.1 burns gas\\.\n',
    "keepers.md": f"# Keepers\n\n{KEEPERS}\n",
    "bread.md": f"# Bread\n\n{BREAD}\n",
}
QUESTIONS = [
    {
        "id": "1",
        "question": "How many hours does the brass lamp burn?",
        "answer": "30 hours",
        "yes_no": "None",
        "page": "lamps.md",
    },
    {
        "id": "2",
        "question": "What were the keepers paid in?",
        "answer": "paid in silver",
        "yes_no": "None",
        "page": "keepers.md",
    },
]


def lines(records: Iterable[object]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


SETS: dict[str, dict[str, str]] = {
    "xquad": {"xquad/xquad.en.part.json": json.dumps(SQUAD)},
    "clapnq": {
        "clapnq/answerable.jsonl": lines(ANSWERABLE),
        "clapnq/unanswerable.jsonl": lines(UNANSWERABLE),
    },
    "mtrag": {"mtrag/human_ratings.json": json.dumps(MTRAG)},
    "awsdocs": {
        "awsdocs/questions.jsonl": lines(QUESTIONS),
        **{f"awsdocs/pages/{name}": text for name, text in PAGES.items()},
    },
}


def write_sets(folder: Path, *names: str) -> Path:
    """Write the named sets, all of them without a name, as they are published."""
    for name in names or SETS:
        for file, text in SETS[name].items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class ToyNearest:
    """Finds pieces by the number of words that they share with the question."""

    pieces: Sequence[Piece]

    def nearest(self, question: str, limit: int) -> list[Piece]:
        asked = set(re.findall(r"\w+", question.casefold()))

        def shared(piece: Piece) -> int:
            return len(asked & set(re.findall(r"\w+", piece.text.casefold())))

        return sorted(self.pieces, key=lambda piece: -shared(piece))[:limit]


@dataclass(frozen=True)
class ToyModels:
    """Opens notes without weights; `opened` records the folders."""

    opened: list[Path] = field(default_factory=list)

    def open_notes(self, notes: Path, index: Path) -> NotesChain:
        embedder = ToyEmbedder()
        self.opened.append(notes)
        ingest_notes([notes], index, embedder=embedder)
        library = NotesLibrary(NotesIndex.open(index, store="exact"), embedder, WordReranker())
        return NotesChain(library)

    def open_naive(self, notes: Path, store: Path) -> ToyNearest:
        return ToyNearest(pieces_of(notes))


def passage(source: str, *heading: str, text: str = "#") -> Passage:
    return Passage(source, heading, "x", (1, 1), 0, 1, 0.5, text, "section", "chunk")


def answer(text: str, *passages: Passage, confidence: float = 0.9) -> Answer:
    """An answer that tells `text`; one that declines where there is none."""
    status = Status.ANSWERED if text else Status.NOT_IN_NOTES
    told = text or "Your notes don't answer this. The nearest sections: Lamps."
    return Answer("?", status, told, (), passages, Timings(), confidence)
