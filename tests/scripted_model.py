"""A chat model of LangChain's that says what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

Content = str | list[str | dict[str, Any]]


class ScriptedModel(BaseChatModel):
    """Gives its replies one after the other, and the last one again and again.

    A reply is a list of chunks; `delay` is the seconds before each. Where there is an `error`, it
    is raised once `error_after` chunks of the reply were given. `asked` records the messages of
    each request, `cancelled` counts those that were ended from outside.
    """

    replies: list[list[Content]]
    delay: float = 0.0
    error: BaseException | None = None
    error_after: int = 0
    asked: list[list[BaseMessage]] = Field(default_factory=list)
    cancelled: list[int] = Field(default_factory=list)  # after how many chunks

    @classmethod
    def of(cls, *pieces: Content, **options: Any) -> ScriptedModel:
        """Return a model with one reply, in these chunks."""
        return cls(replies=[list(pieces)], **options)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _next_reply(self, messages: Sequence[BaseMessage]) -> list[Content]:
        self.asked.append(list(messages))
        return self.replies[min(len(self.asked), len(self.replies)) - 1]

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        given = 0
        try:
            for piece in self._next_reply(messages):
                self._fail(given)
                await asyncio.sleep(self.delay)
                yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
                given += 1
            self._fail(given)
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.append(given)
            raise

    def _fail(self, given: int) -> None:
        if self.error is not None and given >= self.error_after:
            raise self.error

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        pieces = self._next_reply(messages)
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])
