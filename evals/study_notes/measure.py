"""How well the chatbot answers study questions.

Run it as `python -m evals.study_notes.measure QUESTIONS.yaml --notes FILE_OR_FOLDER [--misses]`.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.answer import Answer, Question, Status
from chatbot.chain import NotesChain, open_chain
from chatbot.privacy import keep_private
from chatbot.settings import Settings
from evals.study_notes.questions import StudyQuestion, load_questions
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKER = re.compile(r"\s*\[\d+\]")


@dataclass(frozen=True, slots=True)
class Judged:
    """One question, its answer, and what was right about it."""

    item: StudyQuestion
    answer: Answer
    section_rank: int | None  # of the first right passage, from 1
    missing_facts: tuple[tuple[str, ...], ...]
    cites_right_section: bool
    quotes_exact: bool

    @property
    def declined(self) -> bool:
        """Whether the answer says that the notes do not answer."""
        return self.answer.status is Status.NOT_IN_NOTES

    @property
    def words(self) -> int:
        """The length of the answer, markers left out."""
        return len(_MARKER.sub("", self.answer.text).split())


def normalised(text: str) -> str:
    """`text` as key facts are compared: markup dropped, white space collapsed, lower case."""
    text = _LINK.sub(r"\1", text)
    text = re.sub(r"[*`_]", "", text)
    return re.sub(r"\s+", " ", text).strip().casefold()


def judge(item: StudyQuestion, answer: Answer, source_text: Callable[[str], str]) -> Judged:
    """Hold `answer` against what a right answer must hold."""
    raw = _MARKER.sub("", answer.text)
    text = normalised(raw) + "\n" + re.sub(r"\s+", " ", raw).casefold()
    missing = tuple(
        fact
        for fact in item.key_facts
        if not any(normalised(option) in text or option.casefold() in text for option in fact)
    )
    right = {normalised(heading) for heading in item.sections}

    def is_right(heading: Iterable[str]) -> bool:
        return any(normalised(part) in right for part in heading)

    rank = next((n for n, p in enumerate(answer.passages, 1) if is_right(p.heading)), None)
    return Judged(
        item=item,
        answer=answer,
        section_rank=rank,
        missing_facts=missing,
        cites_right_section=any(is_right(c.heading) for c in answer.citations),
        quotes_exact=all(
            source_text(c.source)[c.start : c.end] == c.quote for c in answer.citations
        ),
    )


def share(values: Sequence[bool]) -> float | None:
    """The share of true values; None where there are none to count."""
    return round(sum(values) / len(values), 4) if values else None


def summarise(judged: Sequence[Judged]) -> dict[str, object]:
    """The figures of one run over answerable and unanswerable questions."""
    yes = [j for j in judged if j.item.answerable]
    no = [j for j in judged if not j.item.answerable]
    given = [j for j in yes if not j.declined]
    lengths = sorted(j.words for j in given)
    return {
        "questions": len(judged),
        "section_recall_at_3": share([(j.section_rank or 99) <= 3 for j in yes]),
        "section_recall_at_1": share([j.section_rank == 1 for j in yes]),
        "all_key_facts": share([not j.missing_facts and not j.declined for j in yes]),
        "cites_right_section": share([j.cites_right_section for j in given]),
        "quotes_exact": share([j.quotes_exact for j in judged]),
        "refused_answerable": share([j.declined for j in yes]),
        "declined_unanswerable": share([j.declined for j in no]),
        "declined_by_kind": {
            kind: share([j.declined for j in no if j.item.kind == kind])
            for kind in sorted({j.item.kind for j in no})
        },
        "words_median": statistics.median(lengths) if lengths else None,
        "words_p95": lengths[int(0.95 * (len(lengths) - 1))] if lengths else None,
        "citations_max": max((len(j.answer.citations) for j in given), default=0),
        "citations_over_6": sum(len(j.answer.citations) > 6 for j in given),
        "ms_median": (
            round(statistics.median(j.answer.timings.total for j in judged), 1) if judged else None
        ),
    }


def run(chain: NotesChain, index: NotesIndex, items: Iterable[StudyQuestion]) -> list[Judged]:
    """Ask every question, in order, and judge each answer."""
    return [judge(i, chain.invoke(Question(i.question)), index.source_text) for i in items]


def _print_misses(judged: Sequence[Judged]) -> None:
    for j in judged:
        wrong = []
        if j.item.answerable:
            if j.declined:
                wrong.append("REFUSED")
            if (j.section_rank or 99) > 3:
                wrong.append(f"SECTION rank {j.section_rank}")
            if j.missing_facts and not j.declined:
                wrong.append(f"FACTS {[fact[0] for fact in j.missing_facts]}")
            if not j.declined and not j.cites_right_section:
                wrong.append("CITES ELSEWHERE")
        elif not j.declined:
            wrong.append("ANSWERED")
        if wrong:
            print(f"\n{j.item.id} [{j.item.kind}] {j.item.question}\n   {' | '.join(wrong)}")
            print(f"   ({j.answer.confidence:.2f}) {j.answer.text[:600]}")
    print(Counter(j.item.kind for j in judged if j.item.answerable and j.missing_facts))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--embedder", default="all-MiniLM-L6-v2")
    parser.add_argument("--index", type=Path, help="kept between runs; default: a scratch one")
    parser.add_argument("--misses", action="store_true", help="print what went wrong")
    options = parser.parse_args(arguments)
    keep_private(tracing=False)
    items = load_questions(options.questions)
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.index or Path(scratch)
        ingest_notes([options.notes], directory, embedder_name=options.embedder)
        settings = Settings(index=directory, embedder=options.embedder)
        with NotesIndex.open(directory) as index, open_chain(directory, settings) as chain:
            judged = run(chain, index, items)
    if options.misses:
        _print_misses(judged)
    json.dump(summarise(judged), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
