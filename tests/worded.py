"""Answers that a model words: chains with a scripted one, and what every such answer must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from conftest import ToyEmbedder, WordReranker, write_notes
from scripted_model import Content, ScriptedModel

from chatbot.answer import MARKER, Answer, Citation, JudgedSentence, Question, Ruling, Status
from chatbot.chain import NotesChain
from chatbot.chat_models import ChatModel
from chatbot.events import Citations, Done, Event, Failed, Verdict
from chatbot.extractive.answerer import REST_MISSING
from chatbot.generation.decision import REST
from chatbot.library import NotesLibrary
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

LABEL = "toy:parrot"
NOTES = {
    "storage.md": (
        "# Storage\n\n"
        "Notes on where data rests.\n\n"
        "## Buckets\n\n"
        "A bucket holds objects. The largest object has 5 TB. Bucket names are unique in the"
        " whole world.\n\n"
        "- Standard is for data in daily use\n"
        "- Glacier is for archives that nobody reads\n\n"
        "<!-- A bucket costs nothing on Sundays. -->\n\n"
        "Make one from the shell:\n\n"
        "```sh\naws s3 mb s3://lantern\n```\n\n"
        "## Volumes\n\n"
        "| type | speed |\n|---|---|\n| gp3 | 16000 IOPS |\n| io2 | 64000 IOPS |\n"
    ),
    "queues.md": "# Queues\n\nA queue keeps a message for up to 14 days. It holds no objects.\n",
    "servers.md": "# Servers\n\nSpot instances are cheap and can be taken away at any time.\n",
}
QUEUES = Question("How long does a queue keep a message?")
BUCKETS = Question("What does a bucket hold?")
LANTERNS = Question("Who invented the paraffin lantern?")


def scripted(*pieces: Content, **options: object) -> tuple[ChatModel, ScriptedModel]:
    script = ScriptedModel.of(*pieces, **options)
    return ChatModel.of(script, LABEL), script


def built(folder: Path, notes: dict[str, str] = NOTES) -> Path:
    """An index of the notes, with the toy embedder."""
    ingest_notes([write_notes(folder / "notes", notes)], folder / "index", embedder=ToyEmbedder())
    return folder / "index"


@contextmanager
def chain_over(directory: Path, model: object = None, **options: object) -> Iterator[NotesChain]:
    index = NotesIndex.open(directory, store="exact")
    embedder = options.pop("embedder", None) or ToyEmbedder()
    library = NotesLibrary(index, embedder, WordReranker(), model=model, **options)  # type: ignore[arg-type]
    with NotesChain(library) as chain:
        yield chain


def events_with(directory: Path, question: Question, *pieces: Content) -> list[Event]:
    """What happens where a model says these pieces."""
    with chain_over(directory, scripted(*pieces)[0]) as chain:
        return list(chain.events.stream(question))


def answer_with(directory: Path, question: Question, *pieces: Content) -> Answer:
    return answer_of(events_with(directory, question, *pieces))


def answer_of(events: Sequence[Event]) -> Answer:
    last = events[-1]
    assert isinstance(last, Done)
    return last.answer


def standing(events: Sequence[Event]) -> list[JudgedSentence]:
    """The sentences that stand: nothing does that comes before a failure."""
    kept: list[JudgedSentence] = []
    for event in events:
        if isinstance(event, Failed):
            kept = []
        elif isinstance(event, Verdict) and event.sentence.text:
            kept.append(event.sentence)
    return kept


def cited_by(events: Sequence[Event]) -> dict[int, Citation]:
    """The citations that were announced; fail where a verdict cites what was not yet."""
    known: dict[int, Citation] = {}
    for event in events:
        if isinstance(event, Failed):
            known = {}
        elif isinstance(event, Citations):
            assert event.citations
            for citation in event.citations:
                assert citation.number not in known
                known[citation.number] = citation
        elif isinstance(event, Verdict):
            assert set(event.sentence.numbers) <= set(known), event
    return known


def without_rest(answer: Answer) -> str:
    """The text without the last line of a partial answer, which says what is missing."""
    if answer.status is not Status.PARTIAL:
        return answer.text
    told, _, last = answer.text.rpartition("\n")
    assert last == REST or last.startswith(REST_MISSING.partition("{")[0]), last
    assert MARKER.search(last) is None
    return told


def require_sound(events: Sequence[Event], source_text: Callable[[str], str]) -> Answer:
    """Fail unless what happened leads to an answer of which every line is cited to the letter."""
    answer = answer_of(events)
    assert [type(event) for event in events].count(Done) == 1
    by_number = {citation.number: citation for citation in answer.citations}
    assert len(by_number) == len(answer.citations)
    for citation in answer.citations:
        assert source_text(citation.source)[citation.start : citation.end] == citation.quote
        assert citation.quote.strip()
    known = cited_by(events)
    if answer.status is Status.NOT_IN_NOTES:
        assert not answer.citations
        assert not answer.model
        assert not standing(events)
        assert all(not one.text and not one.numbers for one in answer.sentences)
        return answer
    assert known == by_number
    stands = standing(events)
    assert without_rest(answer) == "\n".join(sentence.line for sentence in stands)
    used: list[int] = []
    for sentence in stands:
        assert sentence.numbers
        assert set(sentence.numbers) <= set(by_number)
        assert [int(n) for n in MARKER.findall(sentence.line)] == list(sentence.numbers)
        used += sentence.numbers
    assert list(dict.fromkeys(used)) == [citation.number for citation in answer.citations]
    said = [event.sentence for event in after_failure(events) if isinstance(event, Verdict)]
    if answer.model:
        assert tuple(said) == answer.sentences
        for one in answer.sentences:
            kept = one.ruling in (Ruling.VERIFIED, Ruling.REPAIRED)
            assert kept or not one.text
    else:
        assert all(not one.text and not one.numbers for one in answer.sentences)
    return answer


def after_failure(events: Sequence[Event]) -> list[Event]:
    failed = [at for at, event in enumerate(events) if isinstance(event, Failed)]
    return list(events[failed[-1] + 1 if failed else 0 :])


def lines_of(answer: Answer) -> list[str]:
    """The lines of an answer without their markers."""
    return [re.sub(r"(?: \[\d+\])+$", "", line) for line in answer.text.split("\n")]
