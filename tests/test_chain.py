"""The chain: LangChain's ways of asking it, and an index that changes under it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Ingest, ToyEmbedder, WordReranker, write_notes

from chatbot.answer import Answer, Question
from chatbot.chain import NotesChain
from chatbot.errors import EmptyQuestion, QuestionTooLong
from chatbot.library import NotesLibrary
from ingest.errors import IndexMismatch
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

QUEUES = Question("How long does a queue keep a message?")
FUNCTIONS = Question("How long does a function run at most?")


def told(answer: Answer) -> dict[str, Any]:
    """An answer as JSON, without the time it took."""
    values = answer.to_json()
    del values["timings_ms"]
    return values


def nearest(answer: Answer) -> str:
    """What was found, whether or not the answerer thinks that it answers."""
    return answer.passages[0].text


def open_with(directory: Path, embedder: ToyEmbedder, reranker: object) -> NotesChain:
    index = NotesIndex.open(directory, store="exact")
    return NotesChain(NotesLibrary(index, embedder, reranker))  # type: ignore[arg-type]


def test_answers_quote_the_notes_to_the_letter(chain: NotesChain, notes_folder: Path) -> None:
    answers = chain.batch([QUEUES, FUNCTIONS, Question("What is an instance?")])
    cited = [citation for answer in answers for citation in answer.citations]
    assert cited
    for citation in cited:
        note = (notes_folder / citation.source).read_bytes().decode("utf-8")
        assert note[citation.start : citation.end] == citation.quote


def test_every_way_of_asking_gets_the_same_answer(chain: NotesChain) -> None:
    expected = told(chain.invoke(QUEUES))

    async def ask() -> list[Answer]:
        streamed = [part async for part in chain.astream(QUEUES)]
        return [await chain.ainvoke(QUEUES), *await chain.abatch([QUEUES]), *streamed]

    answers = [*chain.stream(QUEUES), *chain.batch([QUEUES]), *asyncio.run(ask())]
    assert [told(answer) for answer in answers] == [expected] * 5


def test_a_batch_is_answered_in_its_order(chain: NotesChain) -> None:
    answers = chain.batch([QUEUES, FUNCTIONS] * 4)
    assert [answer.question for answer in answers] == [QUEUES.text, FUNCTIONS.text] * 4


def test_the_library_answers_as_the_chain_does(
    index_directory: Path, toy_embedder: ToyEmbedder, chain: NotesChain
) -> None:
    index = NotesIndex.open(index_directory, store="exact")
    with NotesLibrary(index, toy_embedder, WordReranker()) as library:
        for question in (QUEUES, FUNCTIONS):
            assert told(library.invoke(question)) == told(chain.invoke(question))
            assert library.search(question) == chain.search(question)


def test_chroma_and_the_exact_scan_give_the_same_answer(
    index_directory: Path, toy_embedder: ToyEmbedder, chain: NotesChain
) -> None:
    index = NotesIndex.open(index_directory, store="chroma")
    with NotesLibrary(index, toy_embedder, WordReranker()) as library:
        for question in (QUEUES, FUNCTIONS):
            assert told(library.invoke(question)) == told(chain.invoke(question))


def test_the_same_question_twice_gets_the_same_answer(chain: NotesChain) -> None:
    assert told(chain.invoke(FUNCTIONS)) == told(chain.invoke(FUNCTIONS))


def test_a_question_keeps_to_its_scope(chain: NotesChain) -> None:
    answer = chain.invoke(Question(QUEUES.text, scope=frozenset({"storage.md"})))
    assert {passage.source for passage in answer.passages} <= {"storage.md"}
    assert {cited.source for cited in answer.citations} <= {"storage.md"}


@pytest.mark.parametrize(("text", "error"), [(" ", EmptyQuestion), ("x" * 5000, QuestionTooLong)])
def test_a_bad_question_is_refused(chain: NotesChain, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        chain.invoke(Question(text))
    assert "14 days" in nearest(chain.invoke(QUEUES))


def test_the_next_question_is_answered_from_the_newest_index(
    chain: NotesChain, ingest: Ingest, notes_folder: Path
) -> None:
    assert "14 days" in nearest(chain.invoke(QUEUES))
    before = chain.index
    write_notes(
        notes_folder, {"queues.md": "# Queues\n\nA queue keeps a message for up to 4 days.\n"}
    )
    ingest()
    assert "up to 4 days" in nearest(chain.invoke(QUEUES))
    assert chain.index.generation != before.generation
    assert chain.index is not before


class WaitingReranker(WordReranker):
    """Waits in the middle of the first question until it is told to go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        if not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(30)
        return super().scores(question, texts)


def test_a_question_under_way_keeps_the_index_it_began_with(
    index_directory: Path, ingest: Ingest, notes_folder: Path, toy_embedder: ToyEmbedder
) -> None:
    reranker = WaitingReranker()
    answers: list[Answer] = []
    with open_with(index_directory, toy_embedder, reranker) as chain:
        before = chain.index.generation
        asking = threading.Thread(target=lambda: answers.append(chain.invoke(QUEUES)))
        asking.start()
        assert reranker.reached.wait(30)
        write_notes(
            notes_folder, {"queues.md": "# Queues\n\nA queue keeps a message for up to 4 days.\n"}
        )
        ingest()
        newer = chain.invoke(QUEUES)
        reranker.go_on.set()
        asking.join(30)
        assert "14 days" in nearest(answers[0])
        assert "up to 4 days" in nearest(newer)
        assert chain.index.generation != before
    ingest(rebuild=True)
    left = [path.name for path in (index_directory / "generations").iterdir()]
    assert len(left) == 1  # nobody holds the older ones any more


def test_closing_waits_for_the_question_under_way(
    index_directory: Path, toy_embedder: ToyEmbedder
) -> None:
    reranker = WaitingReranker()
    answers: list[Answer] = []
    chain = open_with(index_directory, toy_embedder, reranker)
    asking = threading.Thread(target=lambda: answers.append(chain.invoke(QUEUES)))
    asking.start()
    assert reranker.reached.wait(30)
    chain.close()
    chain.close()
    reranker.go_on.set()
    asking.join(30)
    assert "14 days" in nearest(answers[0])
    with pytest.raises(RuntimeError, match="closed"):
        chain.invoke(QUEUES)


def test_an_index_that_another_embedder_built_is_refused(
    index_directory: Path, notes_folder: Path, chain: NotesChain
) -> None:
    ingest_notes([notes_folder], index_directory, embedder=ToyEmbedder(dimension=32), rebuild=True)
    with pytest.raises(IndexMismatch, match="dimension"):
        chain.invoke(QUEUES)


def test_without_a_reranker_the_fused_rank_answers(
    index_directory: Path, toy_embedder: ToyEmbedder
) -> None:
    with open_with(index_directory, toy_embedder, None) as chain:
        assert chain.search(QUEUES)[0].source == "queues.md"
