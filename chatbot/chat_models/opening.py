"""A model that was chosen is made ready, with the right key, for the right address only."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from chatbot.chat_models.chat_model import ChatModel, Patience
from chatbot.chat_models.choice import COMPATIBLE, ModelChoice
from chatbot.chat_models.failures import Asked
from chatbot.chat_models.providers import GATEWAY, PROVIDERS, Provider
from chatbot.chat_models.redaction import redacted
from chatbot.chat_models.served import KEY, only_model
from chatbot.errors import ModelUnavailable

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

NO_KEY = "none"  # a client wants one, even where the server does not
CONNECT = 5.0  # seconds in which a connection must stand

_environment_lock = threading.Lock()


def open_chat_model(
    choice: ModelChoice,
    *,
    timeout: float = 60.0,
    patience: Patience | None = None,
    environ: Mapping[str, str] | None = None,
) -> ChatModel:
    """Make a model ready. Its key comes from `environ`, which is the process's own by default.

    `timeout` is the seconds that it may be silent; `patience` says more. A server is asked for its
    models where the choice has no name; otherwise nothing is sent.

    Raises:
        ModelUnavailable: a package or a key is missing, or the server has no one model.
    """
    environ = os.environ if environ is None else environ
    provider = PROVIDERS[choice.provider]
    require_package(provider, choice.label)
    key = key_variable(choice, environ)
    has_key = bool(key and environ.get(key))
    if key and not has_key and not choice.url:
        raise ModelUnavailable(f"{choice.label} needs a key. Set {' or '.join(provider.keys)}.")
    if choice.url and not choice.name:
        choice = replace(choice, name=only_model(choice.url, environ))
    model = langchain_model(choice, environ.get(key) or "", timeout, environ)
    own_server = choice.address if choice.is_local else choice.url
    return ChatModel(
        model,
        Asked(choice.label, own_server, key, has_key),
        patience=patience or Patience.of(timeout),
        environ=environ,
        tells_its_end=choice.provider == COMPATIBLE,
    )


def require_package(provider: Provider, label: str) -> None:
    """Go on where the provider's package is installed; it is not imported.

    Raises:
        ModelUnavailable: it is not.
    """
    if find_spec(provider.package) is None:
        raise ModelUnavailable(f"{label} needs a package that is not installed: {provider.advice}")


def key_variable(choice: ModelChoice, environ: Mapping[str, str]) -> str:
    """Return the variable that holds the key, or should; empty where none is needed."""
    if choice.url:
        return KEY
    names = PROVIDERS[choice.provider].keys
    return next((name for name in names if environ.get(name)), names[0] if names else "")


def ignored_variables(choice: ModelChoice, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that are set and would send the questions elsewhere, were they heard."""
    if choice.url:
        return ()
    return tuple(name for name in PROVIDERS[choice.provider].redirecting if environ.get(name))


def langchain_model(
    choice: ModelChoice, key: str, timeout: float, environ: Mapping[str, str]
) -> BaseChatModel:
    """Return LangChain's model, set up for this choice and by nothing else.

    Raises:
        ModelUnavailable: its library refuses.
    """
    from langchain.chat_models import init_chat_model

    options = _options(choice, timeout)
    if choice.address:
        options["base_url"] = choice.address
    if key or choice.url:
        options["api_key"] = key or NO_KEY
    with _environment_without(_unheard(choice), proxies=not choice.is_local):
        try:
            model: BaseChatModel = init_chat_model(
                choice.name, model_provider=choice.provider, temperature=0, **options
            )
        except Exception as error:
            words = " ".join(redacted(f"{type(error).__name__}: {error}", environ).split())[:200]
            raise ModelUnavailable(f"{choice.label} cannot be set up: {words}") from None
    if choice.url:
        _stay(model)
    return model


def _options(choice: ModelChoice, timeout: float) -> dict[str, Any]:
    """What each provider calls it: no tries of its own, and time-outs that are not ours to meet.

    Trying again is ours (`ChatModel`), the same for all, and so is the clock.
    """
    late = timeout + CONNECT
    if choice.provider == "openai":
        options: dict[str, Any] = {
            "max_retries": 0,
            "timeout": (CONNECT, late, late, late),  # connect, read, write, pool
            "stream_chunk_timeout": 0,
        }
        if choice.url:  # what only OpenAI itself is sure to have
            options |= {"use_responses_api": False, "stream_usage": False}
        return options
    if choice.provider == "ollama":
        return {"client_kwargs": {"timeout": late, "trust_env": False}}
    if choice.provider == "google_genai":
        return {"max_retries": 1, "timeout": late, "vertexai": False}  # one try in all
    if choice.provider == "bedrock_converse":
        return {"max_retries": 0, "timeout": int(late)}
    return {"max_retries": 0, "timeout": late}


def _stay(model: object) -> None:
    """Have the model's client follow no redirect: a server of one's own passes no question on."""
    client = getattr(getattr(model, "root_async_client", None), "_client", None)
    if client is None:
        raise ModelUnavailable(
            "The installed langchain-openai would follow redirects to other servers. Install the"
            " version that constraints.txt names."
        )
    client.follow_redirects = False


def _unheard(choice: ModelChoice) -> Collection[str]:
    """The variables that the library must not see while it is set up.

    What is OpenAI's is not for another server: key, organisation, project, headers.
    """
    if choice.url:
        return [name for name in os.environ if name.startswith(("OPENAI_", GATEWAY))]
    return PROVIDERS[choice.provider].redirecting


@contextmanager
def _environment_without(names: Collection[str], *, proxies: bool) -> Iterator[None]:
    """Have a client that is made meanwhile not see these variables, nor, unless wanted, proxies.

    The libraries read the environment, and some of it cannot be overruled otherwise.
    """
    with _environment_lock:
        hidden = dict.fromkeys(names)
        shown = {} if proxies else {"NO_PROXY": "*", "no_proxy": "*"}
        before = {name: os.environ.get(name) for name in (*hidden, *shown)}
        for name in hidden:
            os.environ.pop(name, None)
        os.environ.update(shown)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
