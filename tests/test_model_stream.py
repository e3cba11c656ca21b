"""What is made of a model's stream: its words, its end, and every way in which it can fail."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGenerationChunk
from scripted_model import ScriptedModel

from chatbot.cancellation import Cancellation, Cancelled
from chatbot.chat_models import LONGEST_REPLY, ChatModel, Message, Patience
from chatbot.errors import ModelFailed

ASKED = [Message("system", "Be brief."), Message("user", "Who?"), Message("assistant", "Me.")]
EAGER = Patience(pauses=(0, 0))
place: ContextVar[str] = ContextVar("place", default="nowhere")


def stream(model: ScriptedModel, patience: Patience = EAGER) -> Iterator[str]:
    return ChatModel.of(model, "scripted", patience=patience).stream(ASKED)


def test_pieces_come_one_by_one_as_they_were_said() -> None:
    model = ScriptedModel.of("Yes", ", ", "", "it is.")
    assert list(stream(model)) == ["Yes", ", ", "it is."]


def test_the_model_is_asked_in_langchains_own_messages() -> None:
    model = ScriptedModel.of("Yes.")
    list(stream(model))
    kinds = [SystemMessage, HumanMessage, AIMessage]
    assert [type(message) for message in model.asked[0]] == kinds
    assert [message.content for message in model.asked[0]] == [one.text for one in ASKED]


def test_nothing_is_asked_before_the_first_piece_is_wanted() -> None:
    model = ScriptedModel.of("Yes.")
    pieces = stream(model)
    assert model.asked == []
    assert next(pieces) == "Yes."


def test_of_blocks_only_the_text_is_passed_on() -> None:
    model = ScriptedModel.of(
        [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Yes"}],
        [{"type": "reasoning", "summary": [{"text": "Hm."}]}, {"type": "tool_use", "id": "1"}],
        [", it is.", {"type": "text_delta", "text": " Indeed."}],
    )
    assert "".join(stream(model)) == "Yes, it is. Indeed."


@pytest.mark.parametrize(
    "pieces",
    [
        ["<think>Hm. What?</think>Yes."],
        ["\n<thi", "nk>Hm. </", "thi", "nk>", "\n\n", "Yes."],
        list("<think>\nHm.\n</think>\n\nYes."),
    ],
)
def test_what_is_thought_aloud_is_left_out(pieces: list[str]) -> None:
    assert "".join(stream(ScriptedModel(replies=[pieces]))).strip() == "Yes."


@pytest.mark.parametrize("text", ["<thin ice>", "<th", "a <think>b</think> c", "x < y"])
def test_what_only_looks_like_thinking_is_passed_on(text: str) -> None:
    assert "".join(stream(ScriptedModel.of(*text))) == text


def test_thinking_that_never_ends_is_an_empty_answer() -> None:
    with pytest.raises(ModelFailed, match="empty answer"):
        list(stream(ScriptedModel.of("<think>", "Hm.", "Hm.")))


def test_what_could_write_over_a_terminal_is_left_out() -> None:
    assert "".join(stream(ScriptedModel.of("a\x1b[2J\x07\tb\r\n", "c\x9b\x00"))) == "a[2J\tb\nc"


def test_halves_of_characters_can_be_written() -> None:
    text = "".join(stream(ScriptedModel.of("a\ud83d\ude00", "b\ud83d")))
    assert text.encode("utf-8").decode("utf-8") == "a\U0001f600b\ufffd"


@pytest.mark.parametrize("pieces", [[], ["", ""], [" ", "\n"]])
def test_an_empty_answer_is_a_failure(pieces: list[str]) -> None:
    with pytest.raises(ModelFailed, match="scripted gave an empty answer"):
        list(stream(ScriptedModel(replies=[pieces])))


def test_an_answer_without_an_end_is_cut_off_after_it_was_delivered() -> None:
    got, model = [], ScriptedModel.of(*("0123456789" * 100 for _ in range(1_000)))
    with pytest.raises(ModelFailed, match="cut off after 20,000 characters"):
        got.extend(stream(model))  # keeps what came before the failure
    assert len("".join(got)) <= LONGEST_REPLY
    got = []
    with pytest.raises(ModelFailed):  # noqa: PT012 - what came before it counts
        for piece in stream(model):
            got.append(piece)
    assert "".join(got) == "0123456789" * 2_000


def test_an_error_before_the_first_word_is_tried_again() -> None:
    class Flaky(ScriptedModel):
        def _fail(self, given: int) -> None:
            if len(self.asked) < 3:
                raise ConnectionResetError

    model = Flaky.of("Yes.")
    assert list(stream(model)) == ["Yes."]
    assert len(model.asked) == 3


def test_tries_come_to_an_end() -> None:
    model = ScriptedModel.of("Yes.", error=ConnectionResetError())
    with pytest.raises(ModelFailed, match="broke off"):
        list(stream(model))
    assert len(model.asked) == 3


def test_an_error_that_would_come_again_is_not_tried_again() -> None:
    model = ScriptedModel.of("Yes.", error=RuntimeError("no such thing"))
    with pytest.raises(ModelFailed, match="scripted failed: RuntimeError: no such thing"):
        list(stream(model))
    assert len(model.asked) == 1


def test_an_error_after_the_first_word_is_not_tried_again() -> None:
    model = ScriptedModel.of("Yes", " it", error=ConnectionResetError(), error_after=1)
    pieces = stream(model)
    assert next(pieces) == "Yes"
    with pytest.raises(ModelFailed, match="broke off"):
        next(pieces)
    assert len(model.asked) == 1


def test_a_models_words_are_shown_short_in_one_line_and_without_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "tr0ub4dor-and-3")
    # Cut off first, the key would be half there and no longer be known.
    words = "x" * 180 + " tr0ub4dor-and-3 \n\x1b[2J" + "y" * 1_000
    with pytest.raises(ModelFailed) as raised:
        list(stream(ScriptedModel.of("Yes.", error=RuntimeError(words))))
    reason = raised.value.reason
    assert "tr0ub" not in reason
    assert reason.isprintable()
    assert len(reason) < 230
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_a_model_that_falls_silent_is_left() -> None:
    class Slow(ScriptedModel):
        def _fail(self, given: int) -> None:
            self.delay = 600.0 * given

    model = Slow.of("Yes", "never")
    pieces = stream(model, Patience(silence=0.2))
    assert next(pieces) == "Yes"
    with pytest.raises(ModelFailed, match=r"silent for 0\.2 seconds"):
        next(pieces)
    until(lambda: model.cancelled == [1])


def test_a_model_that_says_nothing_at_all_is_left() -> None:
    model = ScriptedModel.of("never", delay=600)
    with pytest.raises(ModelFailed, match=r"silent for 0\.1 seconds"):
        list(stream(model, Patience(silence=0.1)))
    until(lambda: model.cancelled == [0])


def test_a_model_that_goes_on_for_too_long_is_left() -> None:
    model = ScriptedModel.of(*["x"] * 10_000, delay=0.01)
    with pytest.raises(ModelFailed, match=r"not done after 0\.2 seconds"):
        list(stream(model, Patience(silence=60, total=0.2)))
    until(lambda: len(model.cancelled) == 1)


def test_a_model_that_blocks_the_loop_is_left_too() -> None:
    go_on = threading.Event()

    class Blocking(ScriptedModel):
        def _fail(self, given: int) -> None:
            go_on.wait(30)

    try:
        with pytest.raises(ModelFailed, match="silent"):
            list(stream(Blocking.of("never"), Patience(silence=0.1)))
    finally:
        go_on.set()


def test_a_reader_that_takes_its_time_is_no_silence_of_the_models() -> None:
    pieces = stream(ScriptedModel.of("a", "b", "c"), Patience(silence=0.05, total=0.1))
    assert next(pieces) == "a"
    time.sleep(0.2)
    assert list(pieces) == ["b", "c"]


def test_closing_the_stream_ends_the_request() -> None:
    model = ScriptedModel.of("a", *["b"] * 10_000, delay=0.005)
    pieces: Any = stream(model)
    assert next(pieces) == "a"
    pieces.close()
    until(lambda: len(model.cancelled) == 1)


def test_cancelling_from_another_thread_ends_a_stream_that_waits() -> None:
    model, cancellation = ScriptedModel.of("never", delay=600), Cancellation()
    timer = threading.Timer(0.05, cancellation.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        list(ChatModel.of(model, "scripted").stream(ASKED, cancellation))
    timer.join()
    until(lambda: model.cancelled == [0])


def test_once_cancelled_nothing_more_comes() -> None:
    model, cancellation = ScriptedModel.of("a", "b", "c"), Cancellation()
    pieces = ChatModel.of(model, "scripted").stream(ASKED, cancellation)
    assert next(pieces) == "a"
    cancellation.cancel()
    with pytest.raises(Cancelled):
        next(pieces)


def test_what_was_cancelled_before_is_never_asked() -> None:
    model, cancellation = ScriptedModel.of("a"), Cancellation()
    cancellation.cancel()
    with pytest.raises(Cancelled):
        list(ChatModel.of(model, "scripted").stream(ASKED, cancellation))
    assert model.asked == []


def test_what_the_caller_switched_off_is_off_where_the_model_is_asked() -> None:
    class Placed(ScriptedModel):
        async def _astream(self, *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
            yield ChatGenerationChunk(message=AIMessageChunk(content=place.get()))

    before = place.set("here")
    try:
        assert list(stream(Placed.of())) == ["here"]
    finally:
        place.reset(before)


def test_several_threads_ask_one_model_at_a_time() -> None:
    model = ChatModel.of(ScriptedModel.of(*"Yes, it is.", delay=0.001), "scripted")
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda: got.append("".join(model.stream(ASKED)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["Yes, it is."] * 8


def test_a_model_that_only_answers_at_once_does_so() -> None:
    class Whole(ScriptedModel):
        _astream = ScriptedModel.__mro__[1]._astream  # LangChain's, which asks for all of it

    assert "".join(stream(Whole.of("Yes, ", "it is."))) == "Yes, it is."


def until(holds: Any) -> None:
    """Wait for what another thread is about to do."""
    for _ in range(3_000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never did")
