"""A model that, given messages, streams text, or fails with one clear line."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from chatbot.cancellation import Cancellation
from chatbot.chat_models import background
from chatbot.chat_models.failures import (
    EMPTY,
    PASSING,
    Asked,
    kind_of,
    reason_of,
    refuses_temperature,
    retry_after,
)
from chatbot.chat_models.messages import Message, to_langchain, words_of
from chatbot.chat_models.reply import Reply
from chatbot.chat_models.thinking import ThinkingFilter
from chatbot.errors import ModelFailed

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

LONGEST_REPLY = 20_000  # characters: ten times what any answer needs

_ENDS = ("finish_reason", "stop_reason", "stopReason", "done_reason", "status")
_CUT_OFF = {"length", "max_tokens", "max_output_tokens", "incomplete"}
_WITHHELD = {
    *("content_filter", "content_filtered", "guardrail_intervened", "refusal", "safety"),
    *("recitation", "prohibited_content", "blocklist", "spii"),
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a model is waited for, in seconds."""

    silence: float = 60.0  # without a sign of life, at the beginning or later
    total: float = 300.0
    pauses: tuple[float, ...] = (0.5, 1.0)  # before each further try, while it has said nothing

    @classmethod
    def of(cls, silence: float) -> Patience:
        """The patience of a model that may be silent so long."""
        return cls(silence, 5 * silence)


class ChatModel:
    """A chat model. It may be asked from several threads at a time.

    `tells_its_end`: a reply without a word on why it ended was broken off.
    """

    def __init__(
        self,
        model: BaseChatModel,
        asked: Asked,
        *,
        patience: Patience = Patience(),
        environ: Mapping[str, str] | None = None,
        tells_its_end: bool = False,
    ) -> None:
        self.patience = patience
        self._model = model
        self._asked = asked
        self._environ = os.environ if environ is None else environ
        self._tells_its_end = tells_its_end

    @classmethod
    def of(
        cls,
        model: BaseChatModel,
        label: str,
        *,
        patience: Patience = Patience(),
    ) -> ChatModel:
        """Return a LangChain user's own model as one of ours; it is used as it was set up."""
        return cls(model, Asked(label), patience=patience)

    @property
    def label(self) -> str:
        """The model as a reader is told of it."""
        return self._asked.label

    def __repr__(self) -> str:
        return f"ChatModel({self.label!r})"

    def stream(
        self, messages: Sequence[Message], cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Yield the reply as it comes, never an empty piece; nothing is asked before the first.

        It is no longer than `LONGEST_REPLY`. Whoever closes the iterator, or drops it, ends the
        request, too.

        Raises:
            ModelFailed: there is no reply, or not all of one; what was yielded is what there is.
            Cancelled: `cancellation` was cancelled.
        """
        wanted = cancellation or Cancellation()
        wanted.check()
        reply = Reply()
        stop = background.begin(self._ask(to_langchain(messages), reply))
        try:
            with wanted.calling(reply.wake):
                yield from self._received(reply, wanted)
        finally:
            stop()

    def _received(self, reply: Reply, wanted: Cancellation) -> Iterator[str]:
        """What is put into the reply, until it ends or takes too long.

        The clock is looked at here, not on the loop: a library that blocks the loop is timed, too.
        """
        silence, until = self.patience.silence, reply.began + self.patience.total
        while True:
            piece = reply.get(min(reply.heard + silence, until) - time.monotonic())
            wanted.check()
            if piece is None:
                return
            if reply.heard > until or (not piece and time.monotonic() > until):
                raise ModelFailed(
                    f"{self.label} was not done after {self.patience.total:g} seconds."
                    " Ask for less, or set FOOTNOTE_MODEL_TIMEOUT higher."
                )
            if piece:
                yield piece
            elif time.monotonic() > reply.heard + silence:
                raise ModelFailed(
                    f"{self.label} was silent for {silence:g} seconds. Ask again, or set"
                    " FOOTNOTE_MODEL_TIMEOUT higher."
                )

    async def _ask(self, messages: list[BaseMessage], reply: Reply) -> None:
        try:
            await self._try(messages, reply)
            reply.end()
        except ModelFailed as failure:
            reply.fail(failure)
        except Exception as error:
            # Its own words may hold a key, so it goes no further than this.
            reply.fail(ModelFailed(reason_of(error, self._asked, self._environ)))

    async def _try(self, messages: list[BaseMessage], reply: Reply) -> None:
        pauses = list(self.patience.pauses)
        while True:
            try:
                return await self._relay(messages, reply)
            except ModelFailed:
                raise
            except Exception as error:
                if reply.has_text:
                    raise
                pause = 0.0
                if not (refuses_temperature(error) and self._forget_temperature()):
                    if not pauses or kind_of(error) not in PASSING:
                        raise
                    pause = retry_after(error) or pauses[0]
                    del pauses[0]
                    if pause > self.patience.silence:
                        raise
            reply.heard = time.monotonic() + pause
            await asyncio.sleep(pause)

    async def _relay(self, messages: list[BaseMessage], reply: Reply) -> None:
        answer, room, ended = ThinkingFilter(), LONGEST_REPLY, ""
        asked = cast("AsyncGenerator[BaseMessage]", self._model.astream(messages))
        async with aclosing(asked) as chunks:
            async for chunk in chunks:
                reply.heard = time.monotonic()
                ended = _why_ended(chunk) or ended
                words = answer.pass_on(words_of(chunk.content))
                if words:
                    reply.put(words[:room])
                room -= len(words)
                if room < 0:
                    raise ModelFailed(
                        f"{self.label} did not come to an end: cut off after"
                        f" {LONGEST_REPLY:,} characters. Ask again."
                    )
        if words := answer.rest():
            reply.put(words[:room])
        if problem := self._problem(reply, ended):
            raise ModelFailed(f"{self.label} {problem}")

    def _problem(self, reply: Reply, ended: str) -> str:
        if ended in _CUT_OFF:
            return "reached its limit before it was done. Ask for less, or raise its limit."
        if ended in _WITHHELD:
            return "withheld its answer: a content filter of the provider's ended it."
        if not reply.has_words:
            return EMPTY
        if self._tells_its_end and not ended:
            return "broke off in the middle of its answer. Ask again."
        return ""

    def _forget_temperature(self) -> bool:
        """Go on without a temperature, which some models refuse; say whether there was one."""
        if getattr(self._model, "temperature", None) is None:
            return False
        self._model = self._model.model_copy(update={"temperature": None})
        return True


def _why_ended(message: BaseMessage) -> str:
    for name in _ENDS:
        why = message.response_metadata.get(name)
        if isinstance(why, str) and why:
            return why.lower()
    return ""
