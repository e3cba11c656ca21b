"""Which model the settings name. Nothing is imported or asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chatbot.chat_models.providers import PROVIDERS
from chatbot.errors import BadSetting
from ingest.chroma.place import LOOPBACK

if TYPE_CHECKING:
    from chatbot.settings import Settings

COMPATIBLE = "openai"  # whose way of talking a server at an address speaks


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that was chosen. An empty `name` is the only one that the server at `url` has."""

    provider: str
    name: str
    url: str = ""  # of a server that speaks like OpenAI's; empty where it is the provider's own

    @property
    def label(self) -> str:
        """The model as a reader is told of it."""
        if not self.url:
            return f"{self.provider}:{self.name}"
        name = self.name
        if name.endswith(".gguf"):  # llama.cpp's server calls a model by its path
            name = name.replace("\\", "/").rpartition("/")[2]
        return f"{name or 'the model'} at {self.url}"

    @property
    def address(self) -> str:
        """Where it is asked, as far as that is known."""
        return self.url or PROVIDERS[self.provider].url

    @property
    def is_local(self) -> bool:
        """Whether what is sent to it stays on this machine."""
        return urlsplit(self.address).hostname in LOOPBACK


def choose_model(settings: Settings) -> ModelChoice | None:
    """Return the model that the settings name; None where they name none.

    Raises:
        BadSetting: the name does not say whose model it is, or names somebody unknown.
    """
    if not settings.model and not settings.model_url:
        return None
    # A name may hold a colon of its own, as Ollama's do: "llama3.2:3b".
    provider, colon, name = (part.strip() for part in settings.model.partition(":"))
    if settings.model_url:
        if colon and provider in PROVIDERS:
            raise BadSetting(
                f"FOOTNOTE_MODEL is {settings.model!r}, but FOOTNOTE_MODEL_URL names a server:"
                f" set FOOTNOTE_MODEL to the model's name there ({name!r}?), or unset one of them."
            )
        return ModelChoice(COMPATIBLE, settings.model, settings.model_url)
    known = ", ".join(PROVIDERS)
    if not colon or not provider or not name:
        raise BadSetting(
            f"FOOTNOTE_MODEL is {settings.model!r}, which does not say whose model: write"
            f" provider:name, as in {_example(settings.model)}. The providers are {known};"
            " for a server of your own, set FOOTNOTE_MODEL_URL."
        )
    if provider not in PROVIDERS:
        raise BadSetting(
            f"FOOTNOTE_MODEL is {settings.model!r}, and no provider is called {provider!r}."
            f" The providers are {known}; for a server of your own, set FOOTNOTE_MODEL_URL."
        )
    return ModelChoice(provider, name)


def _example(text: str) -> str:
    name = text.strip(":").strip()
    if name in PROVIDERS:
        return f"{name}:{PROVIDERS[name].example}"
    return f"openai:{name}"
