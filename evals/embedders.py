"""Two embedders side by side, on study notes and on encyclopedia paragraphs.

Run it as `python -m evals.embedders --set QUESTIONS.yaml NOTES [--set …] [--squad FILE.json]`.

For each embedder and set: the share of answerable questions whose right section is the
first, or among the first three, passages by the dense ranking alone and after fusion and
reranking; seconds to ingest; median milliseconds to embed a question.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from chatbot.answer import Question
from chatbot.chain import open_chain
from chatbot.privacy import keep_private
from chatbot.settings import Settings
from evals.study_notes.measure import normalised
from evals.study_notes.questions import StudyQuestion, load_questions
from evals.study_notes.split_squad import split
from ingest.embedders import open_embedder
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

EMBEDDERS = ("all-MiniLM-L6-v2", "bge-small-en-v1.5")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; shares in [0, 1]."""

    embedder: str
    questions: int
    dense_at_1: float
    dense_at_3: float
    reranked_at_1: float
    reranked_at_3: float
    ingest_seconds: float
    question_ms: float


def compare(embedder: str, items: Sequence[StudyQuestion], notes: Path) -> Row:
    """Ingest `notes` afresh with `embedder`, ask the answerable items, and count."""
    asked = [item for item in items if item.answerable]
    with tempfile.TemporaryDirectory() as scratch:
        index_directory = Path(scratch)
        started = perf_counter()
        ingest_notes([notes], index_directory, embedder_name=embedder)
        ingest_seconds = perf_counter() - started
        settings = Settings(index=index_directory, embedder=embedder)
        encoder = open_embedder(embedder, index_directory / "models")
        encoder.embed_question("ready?")
        dense, fused, spent = [], [], []
        with (
            NotesIndex.open(index_directory) as index,
            open_chain(index_directory, settings) as chain,
        ):
            for item in asked:
                started = perf_counter()
                vector = encoder.embed_question(item.question)
                spent.append((perf_counter() - started) * 1000)
                chunks = [index.chunk(name) for name, _ in index.nearest(vector, 3)]
                dense.append(_rank(item, [index.section(c.section_id).heading for c in chunks]))
                passages = chain.search(Question(item.question), 3)
                fused.append(_rank(item, [p.heading for p in passages]))
    return Row(
        embedder=embedder,
        questions=len(asked),
        dense_at_1=_share(dense, 1),
        dense_at_3=_share(dense, 3),
        reranked_at_1=_share(fused, 1),
        reranked_at_3=_share(fused, 3),
        ingest_seconds=round(ingest_seconds, 1),
        question_ms=round(statistics.median(spent), 1),
    )


def _rank(item: StudyQuestion, headings: Sequence[Sequence[str]]) -> int:
    right = {normalised(heading) for heading in item.sections}
    return next(
        (n for n, path in enumerate(headings, 1) if any(normalised(h) in right for h in path)), 99
    )


def _share(ranks: Sequence[int], most: int) -> float:
    return round(sum(rank <= most for rank in ranks) / len(ranks), 3)


@contextmanager
def _squad(path: Path) -> Iterator[tuple[Sequence[StudyQuestion], Path]]:
    """All paragraphs of a SQuAD-format file as notes, each under a heading of its own."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    notes, questions = split(articles, keep_every=1)
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in notes.items():
            (Path(scratch) / name).write_text(text, encoding="utf-8")
        yield [StudyQuestion.model_validate(question) for question in questions], Path(scratch)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print one JSON object a row; 0 when done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", nargs=2, action="append", default=[], dest="sets", type=Path)
    parser.add_argument("--squad", type=Path)
    options = parser.parse_args(arguments)
    keep_private(tracing=False)
    for embedder in EMBEDDERS:
        for questions, notes in options.sets:
            _print(str(notes.name), compare(embedder, load_questions(questions), notes))
        if options.squad:
            with _squad(options.squad) as (items, notes):
                _print(options.squad.name, compare(embedder, items, notes))
    return 0


def _print(name: str, row: Row) -> None:
    print(json.dumps({"notes": name, **asdict(row)}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
