"""What is said to a model, and the words of what it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a model."""

    role: Literal["system", "user", "assistant"]
    text: str


def to_langchain(messages: Sequence[Message]) -> list[BaseMessage]:
    """Return the messages as LangChain's."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message.role](message.text) for message in messages]


def words_of(content: object) -> str:
    """Return the text of a message's content; what the model thought to itself is left out.

    LangChain's content is text, or a list of texts and of blocks of many types. Of its control
    characters only tabs and line ends are left: others could write over a terminal.
    """
    blocks = content if isinstance(content, list) else [content]
    return _CONTROL.sub("", "".join(_block_words(block) for block in blocks))


def _block_words(block: object) -> str:
    if isinstance(block, str):
        return _whole_characters(block)
    if isinstance(block, dict) and block.get("type") in ("text", "text_delta"):
        text = block.get("text")
        return _whole_characters(text) if isinstance(text, str) else ""
    return ""


def _whole_characters(text: str) -> str:
    # JSON may hold halves of a character, which cannot be written anywhere.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
