"""The model that the settings name, whether or not it can be had."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from chatbot.cancellation import Cancellation
from chatbot.chat_models.chat_model import ChatModel
from chatbot.chat_models.choice import ModelChoice, choose_model
from chatbot.chat_models.messages import Message
from chatbot.chat_models.opening import open_chat_model
from chatbot.errors import BadSetting, ModelFailed, ModelUnavailable
from chatbot.settings import Settings


@dataclass(frozen=True, slots=True)
class AbsentModel:
    """A model that cannot be had: each time it is asked it says why.

    So a wrong name costs the model's words, not the answer.
    """

    label: str
    reason: str

    def stream(
        self, messages: Sequence[Message], cancellation: Cancellation | None = None
    ) -> Generator[str, None, None]:
        """Say why there is no reply.

        Raises:
            ModelFailed: always.
        """
        yield from ()
        raise ModelFailed(self.reason)


class LateModel:
    """A model that is made ready when it is first asked, and tried again where it cannot be.

    A server that is started later is found then; until it is, or where a package or a key is
    missing, that costs the model's words, not the answer.
    """

    def __init__(self, choice: ModelChoice, timeout: float) -> None:
        self._choice = choice
        self._timeout = timeout
        self._lock = threading.Lock()
        self._model: ChatModel | None = None

    @property
    def label(self) -> str:
        """The model as a reader is told of it."""
        return self._choice.label if self._model is None else self._model.label

    def stream(
        self, messages: Sequence[Message], cancellation: Cancellation | None = None
    ) -> Generator[str, None, None]:
        """Yield the reply as it comes; arguments and errors as of `ChatModel.stream`."""
        yield from self._ready().stream(messages, cancellation)

    def _ready(self) -> ChatModel:
        with self._lock:
            if self._model is None:
                try:
                    self._model = open_chat_model(self._choice, timeout=self._timeout)
                except ModelUnavailable as error:
                    reason = str(error)
                else:
                    return self._model
                raise ModelFailed(reason)  # with nothing of what led to it, which may hold a key
            return self._model


def configured_model(settings: Settings) -> LateModel | AbsentModel | None:
    """The model that words answers; None where the notes speak for themselves."""
    try:
        choice = choose_model(settings)
    except BadSetting as error:
        return AbsentModel(settings.model, str(error))
    return None if choice is None else LateModel(choice, settings.model_timeout)
