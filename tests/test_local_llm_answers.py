"""What Footnote makes of a real small model's answers over the repository's own notes.

Little of what so small a model writes holds, which is what is wanted here: whatever it says, the
answer is sound. `make test-llm` runs these.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from local_llm import MODEL, LocalLLM, running_llm
from worded import answer_of, require_sound, standing

from chatbot.answer import Answer, Question
from chatbot.chain import NotesChain, open_chain
from chatbot.events import Done, Event, Failed, TextDelta, Verdict
from chatbot.settings import Settings
from ingest.pipeline import ingest_notes

pytestmark = pytest.mark.llm

ROOT = Path(__file__).resolve().parent.parent
ROOM = 700  # tokens of prompt: enough for a passage or two, and read in seconds
QUESTIONS = [
    "What is a shard?",
    "What is Kinesis Video Streams for?",
    "What is QuickSight called nowadays?",
    "How much can I save with managed spot training?",
    "Which S3 storage class is for archives?",
    "Who won the football world cup in 1974?",
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the corpus, with the real weights."""
    folder = tmp_path_factory.mktemp("corpus") / "index"
    ingest_notes([ROOT / "corpus"], folder)
    return folder


@contextmanager
def asking(directory: Path, url: str) -> Iterator[NotesChain]:
    settings = Settings(index=directory, model_url=url, model_context=ROOM, model_timeout=300)
    with open_chain(directory, settings, store="exact") as chain:
        yield chain


@pytest.fixture(scope="module")
def chain(directory: Path, local_llm: LocalLLM) -> Iterator[NotesChain]:
    with asking(directory, local_llm.url) as ready:
        yield ready


def own_answer(directory: Path, question: str) -> Answer:
    with open_chain(directory, Settings(index=directory), store="exact") as plain:
        return plain.invoke(Question(question))


@pytest.mark.parametrize("question", QUESTIONS)
def test_whatever_it_writes_every_line_is_cited_to_the_letter(
    chain: NotesChain, local_llm: LocalLLM, question: str
) -> None:
    events = list(chain.events.stream(Question(question)))
    answer = require_sound(events, chain.index.source_text)
    failures = [event.reason for event in events if isinstance(event, Failed)]
    assert all(answer.notice.startswith(reason) for reason in failures)
    assert answer.sentences
    assert answer.model in ("", f"{MODEL} at {local_llm.url}")
    assert 0 < answer.timings.first_token < answer.timings.total


def test_it_is_heard_word_by_word_before_the_answer_is_there(chain: NotesChain) -> None:
    events = list(chain.events.stream(Question(QUESTIONS[0])))
    pieces = [event.text for event in events if isinstance(event, TextDelta)]
    assert len(pieces) > 5
    assert isinstance(events[-1], Done)
    verdicts = [at for at, event in enumerate(events) if isinstance(event, Verdict)]
    words = [at for at, event in enumerate(events) if isinstance(event, TextDelta)]
    assert words[0] < verdicts[0]


def test_killed_in_mid_answer_the_notes_speak_instead(directory: Path, tmp_path: Path) -> None:
    question = "What is Kinesis Video Streams for?"
    own = own_answer(directory, question)
    with running_llm(tmp_path) as server, asking(directory, server.url) as chain:
        events: list[Event] = []
        for event in chain.events.stream(Question(question)):
            events.append(event)
            if sum(isinstance(one, TextDelta) for one in events) == 3:
                server.kill()
        answer = require_sound(events, chain.index.source_text)
        [failure] = [event for event in events if isinstance(event, Failed)]
        assert "broke off" in failure.reason
        assert (answer.text, answer.status, answer.citations) == (
            *(own.text, own.status, own.citations),
        )
        assert answer.notice.startswith(failure.reason)
        assert standing(events)
        again = answer_of(list(chain.events.stream(Question(question))))
        assert f"Nothing answers at {server.url}" in again.notice
        assert again.text == own.text


def test_asked_at_the_command_line_each_of_its_sentences_has_a_ruling(
    directory: Path, local_llm: LocalLLM
) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "FOOTNOTE_INDEX": str(directory),
        "FOOTNOTE_MODEL_URL": local_llm.url,
        "FOOTNOTE_MODEL_CONTEXT": str(ROOM),
        "FOOTNOTE_MODEL_TIMEOUT": "300",
    }
    done = subprocess.run(
        [sys.executable, "-m", "chatbot.cli", "ask", "--json", QUESTIONS[0]],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["sentences"]
    rulings = {sentence["ruling"] for sentence in told["sentences"]}
    assert rulings <= {"verified", "repaired", "unsupported", "uncited"}
    assert told["timings_ms"]["first_token"] > 0
    assert told["citations"]
