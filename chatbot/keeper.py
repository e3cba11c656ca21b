"""Which conversation of the user's own data a chat goes on with, and how it is kept."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from chatbot.answer import Answer
from chatbot.errors import NoSuchConversation
from chatbot.notebooks import notebook_folder

if TYPE_CHECKING:
    from chatbot.settings import Settings
    from chatbot.user_data import Conversation, UserData


class ConversationKeeper:
    """Keeps one turn after another; the conversation begins with its first."""

    def __init__(
        self, kept: UserData, notebook: str, conversation: Conversation | None = None
    ) -> None:
        self.conversation = conversation
        self._kept = kept
        self._notebook = notebook

    def keep(self, answer: Answer) -> None:
        """Keep a turn. Where its conversation was deleted meanwhile, it begins another.

        Raises:
            UserDataError: it could not be kept.
        """
        if self.conversation is not None:
            try:
                self.conversation = self._kept.append(self.conversation, answer)
                return
            except NoSuchConversation:  # thrown away at another window, or restored over
                self.conversation = None
        self.conversation = self._kept.start(self._notebook, answer)

    def begin_another(self) -> None:
        """Let the next turn begin a conversation."""
        self.conversation = None


def notebook_of(settings: Settings) -> str:
    """What conversations with these settings are about: a notebook, or an index by its path."""
    folder = notebook_folder(settings.home, settings.notebook)
    if settings.index == folder / "index":
        return settings.notebook
    return str(settings.index.resolve())


def conversation_to_go_on_with(
    kept: UserData, notebook: str, number: int, command: str = "footnote chat --continue"
) -> Conversation:
    """The conversation of that number, or the newest where it is 0.

    `command` is what goes on with one, up to its number.

    Raises:
        NoSuchConversation: there is none, or it is about another notebook.
        UserDataError: the user's data cannot be read.
    """
    if not number:
        newest = kept.newest(notebook)
        if newest is None:
            raise NoSuchConversation(
                f"No conversation about '{notebook}' is kept yet. Begin one: footnote chat"
            )
        return newest
    conversation = kept.get(number)
    if conversation.notebook != notebook:
        named = "--index" if Path(conversation.notebook).is_absolute() else "--notebook"
        raise NoSuchConversation(
            f"Conversation {number} is about '{conversation.notebook}', not '{notebook}'. Go on"
            f" with it: {command} {number} {named} {quote(conversation.notebook)}"
        )
    return conversation
