"""The real weights over the repository's own notes: ten kinds of question, and no network."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from grounding import require_grounded

from chatbot.answer import Answer, Question, Status
from chatbot.chain import NotesChain, open_chain
from chatbot.settings import Settings
from ingest.pipeline import ingest_notes

pytestmark = pytest.mark.slow

CORPUS = Path(__file__).resolve().parent.parent / "corpus"


class NetworkUsed(Exception):
    """Somebody tried to reach another machine."""


class Gate:
    """Ends every attempt to connect, or to look a name up, while it is closed."""

    # An audit hook stays for as long as the process does: there is one, and it can be opened.
    _instance: Gate | None = None

    def __init__(self) -> None:
        self.is_closed = False

    @classmethod
    def installed(cls) -> Gate:
        if cls._instance is None:
            cls._instance = cls()
            sys.addaudithook(cls._instance._hear)
        return cls._instance

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_closed and event in {
            "socket.connect",
            "socket.getaddrinfo",
            "socket.gethostbyname",
            "socket.sendto",
            "urllib.Request",
        }:
            raise NetworkUsed(f"{event} {arguments!r}")


@contextmanager
def network_closed() -> Iterator[None]:
    gate = Gate.installed()
    gate.is_closed = True
    try:
        yield
    finally:
        gate.is_closed = False


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotesChain]:
    """The corpus, ingested and opened without a network."""
    directory = tmp_path_factory.mktemp("corpus") / "index"
    with network_closed():
        ingest_notes([CORPUS], directory)
        with open_chain(directory, Settings(index=directory), store="exact") as opened:
            yield opened


def ask(chain: NotesChain, question: str) -> Answer:
    with network_closed():
        answer = chain.invoke(Question(question))
    require_grounded(answer, chain.index.source_text)
    return answer


@pytest.mark.parametrize(
    ("question", "phrases", "section"),
    [
        pytest.param(
            "Which four kinds of destination can S3 send events to?",
            ["SNS topic", "SQS queue", "EventBridge", "Lambda function"],
            "S3 Events",
            id="list by its lead-in",
        ),
        pytest.param(
            "What is the minimum storage duration of S3 Glacier Deep Archive?",
            ["180 days"],
            "S3 storage classes",
            id="table cell",
        ),
        pytest.param(
            "What is the difference between SSE-S3 and SSE-KMS?",
            ["SSE-KMS", "keys that AWS handles and manages"],
            "S3 encryption for objects",
            id="comparison",
        ),
        pytest.param(
            "Which AWS service converts text to speech?",
            ["Amazon Polly"],
            "Amazon Polly",
            id="which service",
        ),
        pytest.param(
            "Can an EBS volume shrink?",
            ["never shrink"],
            "Amazon Elastic Block Store (Amazon EBS)",
            id="yes or no",
        ),
        pytest.param(
            "what is the minimun storrage duraton of S3 Glacier Deep Archve",
            ["180 days"],
            "S3 storage classes",
            id="misspelt",
        ),
        pytest.param(
            "Is there a diagram of the Kinesis data stream?",
            ["Yes, there is a figure:", "streams/latest/dev/images/architecture.png"],
            "Kinesis Data Streams",
            id="figure",
        ),
        pytest.param(
            "What is AWS Lake Formation?",
            ["central place to govern, secure and"],
            "AWS Lake Formation",
            id="definition of what has subsections",
        ),
        pytest.param(
            "What is Amazon EMR?",
            ["managed cluster platform for big data frameworks"],
            "Amazon EMR",
            id="definition",
        ),
    ],
)
def test_answers_from_the_right_section(
    chain: NotesChain, question: str, phrases: list[str], section: str
) -> None:
    answer = ask(chain, question)
    assert answer.status is Status.ANSWERED
    assert answer.confidence >= 0.5
    for phrase in phrases:
        assert phrase in answer.text
    assert section in {citation.heading[-1] for citation in answer.citations}
    assert section in {passage.heading[-1] for passage in answer.passages[:3]}


def test_a_mended_word_is_told(chain: NotesChain) -> None:
    answer = ask(chain, "what is the minimun storage duration of S3 Glaciar Deep Archive")
    assert answer.to_json()["corrections"] == [
        {"asked": "minimun", "taken": "minimum"},
        {"asked": "glaciar", "taken": "glacier"},
    ]
    assert ask(chain, "Can an EBS volume shrink?").corrections == ()


@pytest.mark.parametrize(
    ("question", "nearest"),
    [
        pytest.param(
            "How much does Amazon EFS cost per GB?", "Amazon EFS", id="near miss: a price"
        ),
        pytest.param("Who won the football world cup in 2018?", "", id="off topic"),
    ],
)
def test_declines_what_the_notes_do_not_say(chain: NotesChain, question: str, nearest: str) -> None:
    answer = ask(chain, question)
    assert answer.status is Status.NOT_IN_NOTES
    assert answer.confidence < 0.5
    assert answer.citations == ()
    assert nearest in answer.text


def test_a_volume_that_cannot_shrink_gets_no_yes(chain: NotesChain) -> None:
    assert not ask(chain, "Can an EBS volume shrink?").text.startswith("Yes")


def test_the_same_question_gets_the_same_answer(chain: NotesChain) -> None:
    first, second = (ask(chain, "What is Amazon EMR?").to_json() for _ in range(2))
    del first["timings_ms"], second["timings_ms"]
    assert first == second


def test_a_question_takes_no_longer_than_a_person_waits(chain: NotesChain) -> None:
    ask(chain, "What is Amazon EMR?")  # the weights are loaded by now
    # Ten times what it takes on two cores.
    assert ask(chain, "What is Amazon FSx?").timings.total < 15_000


def test_the_gate_holds() -> None:
    with network_closed(), pytest.raises(NetworkUsed):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    with network_closed(), pytest.raises(NetworkUsed):
        socket.getaddrinfo("footnote.invalid", 80)
