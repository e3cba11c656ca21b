"""The model that the settings name, or one that says why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.cancellation import Cancellation
from chatbot.chat_models.chat_model import ChatModel
from chatbot.chat_models.choice import choose_model
from chatbot.chat_models.messages import Message
from chatbot.chat_models.opening import open_chat_model
from chatbot.errors import BadSetting, ModelFailed, ModelUnavailable
from chatbot.settings import Settings


@dataclass(frozen=True, slots=True)
class AbsentModel:
    """A model that cannot be had: each time it is asked it says why.

    So a wrong name or a package that is not installed costs the model's words, not the answer.
    """

    label: str
    reason: str

    def stream(
        self, messages: Sequence[Message], cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Say why there is no reply.

        Raises:
            ModelFailed: always.
        """
        raise ModelFailed(self.reason)


def configured_model(settings: Settings) -> ChatModel | AbsentModel | None:
    """The model that words answers; None where the notes speak for themselves."""
    try:
        choice = choose_model(settings)
        if choice is None:
            return None
        return open_chat_model(choice, timeout=settings.model_timeout)
    except (BadSetting, ModelUnavailable) as error:
        return AbsentModel(settings.model or settings.model_url, str(error))
