"""A model's words with the real weights: what the settings name is asked, and held to the notes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import write_notes
from model_server import Script, refuses, running_model_server, says
from worded import BUCKETS, NOTES, QUEUES, require_sound

from chatbot.answer import Answer, Question, Ruling, Status
from chatbot.chain import open_chain
from chatbot.settings import Settings
from ingest.pipeline import ingest_notes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index made with the real weights."""
    folder = tmp_path_factory.mktemp("real")
    ingest_notes([write_notes(folder / "notes", NOTES)], folder / "index")
    return folder / "index"


def answered(real: Path, script: Script, question: Question) -> Answer:
    with running_model_server(script) as server:
        settings = Settings(index=real, model_url=server.url)
        with open_chain(real, settings, store="exact") as chain:
            return require_sound(list(chain.events.stream(question)), NOTES.__getitem__)


def test_the_model_of_the_settings_is_asked_and_what_holds_stands(real: Path) -> None:
    said = "A queue keeps a message for up to 14 days [1].", " Penguins own violins [1]."
    answer = answered(real, says(*said), QUEUES)
    assert answer.text == "A queue keeps a message for up to 14 days. [1]"
    assert answer.model.startswith("tiny at http://127.0.0.1:")
    assert answer.sentences[1].ruling is Ruling.UNSUPPORTED


def test_a_number_that_is_wrong_is_never_shown(real: Path) -> None:
    answer = answered(real, says("A queue keeps a message for up to 30 days [1]."), QUEUES)
    assert "30" not in answer.text
    assert "14 days" in answer.text


def test_what_the_notes_do_not_answer_is_declined(real: Path) -> None:
    unknown = Question("Who painted the ceiling of the chapel?")
    answer = answered(real, says("Michelangelo painted it in 1512 [1]."), unknown)
    assert answer.status is Status.NOT_IN_NOTES
    assert "Michelangelo" not in answer.text


def test_a_model_that_fails_leaves_the_answer_as_it_is_without_one(real: Path) -> None:
    for question in (QUEUES, BUCKETS):
        with open_chain(real, Settings(index=real), store="exact") as chain:
            own = chain.invoke(question)
        answer = answered(real, refuses(401), question)
        assert (answer.text, answer.citations, answer.passages, answer.confidence) == (
            *(own.text, own.citations, own.passages, own.confidence),
        )
        assert "wants a key" in answer.notice
