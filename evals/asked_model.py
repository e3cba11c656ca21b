"""The chat model whose answers are judged, as small as another process can be handed it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.cancellation import Cancellation
from chatbot.chat_models.choice import ModelChoice, choose_model
from chatbot.chat_models.messages import Message
from chatbot.chat_models.opening import open_chat_model
from chatbot.chat_models.served import only_model
from chatbot.errors import ChatError, ModelFailed
from chatbot.generation.prompt import packaged_prompt
from chatbot.generation.writer import ChatModel
from chatbot.pipeline import MODEL_CONTEXT
from chatbot.settings import read_settings
from evals.errors import HarnessFailed

SILENCE = 60.0  # seconds
MOST_SILENT = 3  # questions in a row that brought nothing: whoever spoke before is gone
# The product's messages name its variables; here they are options, and the variables are unheard.
_VARIABLE = re.compile(r"FOOTNOTE_(MODEL(?:_URL|_TIMEOUT|_CONTEXT)?)\b(?!_)")


@dataclass(frozen=True, slots=True)
class AskedModel:
    """A model by its names, and how it is asked. No key is in it: that stays in the environment.

    `context` is the tokens of prompt at most, `silence` the seconds that it may say nothing.
    """

    choice: ModelChoice
    context: int = MODEL_CONTEXT
    silence: float = SILENCE

    @property
    def label(self) -> str:
        """The model as a reader is told of it."""
        return self.choice.label

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, and so shares its cores with whoever asks."""
        return self.choice.is_local

    def key(self) -> list[str | int]:
        """All that decides its answers, its temperature aside: that is in the code."""
        choice, prompt = self.choice, packaged_prompt()
        return [choice.provider, choice.name, choice.url, self.context, prompt.digest]

    def to_json(self) -> dict[str, Any]:
        """The model as `report.json` holds it."""
        prompt = packaged_prompt()
        return {
            "label": self.label,
            "provider": self.choice.provider,
            "name": self.choice.name,
            "url": self.choice.url,
            "context": self.context,
            "prompt_version": prompt.version,
            "prompt": prompt.digest,
        }

    def open(self) -> WatchedModel:
        """Make it ready to be asked.

        Raises:
            HarnessFailed: a package or a key is missing.
        """
        try:
            return WatchedModel(open_chat_model(self.choice, timeout=self.silence))
        except ChatError as error:
            raise HarnessFailed([as_typed(str(error))]) from error


def named_model(
    name: str | None,
    url: str | None,
    *,
    context: int | None = None,
    silence: float | None = None,
    environ: Mapping[str, str] | None = None,
) -> AskedModel | None:
    """The model that these options name; None where they name none.

    Nothing of the environment chooses it, so that no run asks a model by accident; only a key is
    looked for there. A server is asked for its models where it has no name.

    Raises:
        HarnessFailed: an option cannot be used, or the server has no one model.
    """
    if name is None and url is None:
        return None
    options = {"model": name, "model_url": url, "model_context": context, "model_timeout": silence}
    try:
        settings = read_settings({}, **options)
        choice = choose_model(settings)
        if choice is None:
            raise HarnessFailed(["--model and --model-url are empty, and name no model"])
        if choice.url and not choice.name:
            served = only_model(choice.url, os.environ if environ is None else environ)
            choice = ModelChoice(choice.provider, served, choice.url)
    except ChatError as error:
        raise HarnessFailed([as_typed(str(error))]) from error
    return AskedModel(choice, settings.model_context, settings.model_timeout)


class WatchedModel:
    """A model that is given up on where it cannot be had, and whose failures are remembered.

    One that fails before it ever said a word will not say more to the next question, and one
    that says nothing several times in a row is gone. `failures` are the reasons of the others:
    whoever reads them clears them.
    """

    def __init__(self, model: ChatModel) -> None:
        self.failures: list[str] = []
        self._model = model
        self._has_spoken = False
        self._silent = 0  # questions in a row

    @property
    def label(self) -> str:
        """The model as a reader is told of it."""
        return self._model.label

    def stream(
        self, messages: Sequence[Message], cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Yield the reply as it comes.

        Raises:
            ModelFailed: there is none, or not all of one.
            HarnessFailed: there is none, nor will there be another.
            Cancelled: it is no longer wanted.
        """
        said = False
        try:
            for piece in self._model.stream(messages, cancellation):
                said = self._has_spoken = True
                self._silent = 0
                yield piece
        except ModelFailed as failure:
            self._silent += not said
            if not self._has_spoken or self._silent >= MOST_SILENT:
                raise HarnessFailed([as_typed(failure.reason)]) from failure
            self.failures.append(failure.reason)
            raise


def as_typed(message: str) -> str:
    """The message with the command's options in place of the product's variables."""
    return _VARIABLE.sub(lambda name: f"--{name[1].lower().replace('_', '-')}", message)
