"""What the environment and a notebook say. Read by entry points; all else takes arguments."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from chatbot.errors import BadSetting
from chatbot.notebooks import DEFAULT_NOTEBOOK, notebook_folder, notebook_name, notebook_settings

PREFIX = "FOOTNOTE_"
NO_ADDRESS = "not the address of a server, as in http://127.0.0.1:8000"
NO_MODEL_ADDRESS = "not the address of a server, as in http://127.0.0.1:8080/v1"
SECRET = ("chroma_url", "model_url")  # may hold a password by mistake: never told

_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+", re.ASCII)
_PATH = re.compile(r"[\w./~-]*", re.ASCII)


def _index_of(values: dict[str, Any]) -> Path:
    if "home" not in values or "notebook" not in values:  # one of them is refused already
        return Path()
    return notebook_folder(values["home"], values["notebook"]) / "index"


class Settings(BaseModel):
    """How this process answers. Each field is an environment variable `FOOTNOTE_<FIELD>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Path(".footnote")
    """Where all that Footnote stores lives; `~` is the home folder."""

    notebook: str = DEFAULT_NOTEBOOK
    """Which collection of notes: each has an index and settings of its own."""

    index: Path = Field(default_factory=_index_of)
    """Where the index lives: the notebook's own, unless another is named."""

    embedder: str = "all-MiniLM-L6-v2"
    """A packaged model by name, or any sentence-transformers model by name or path."""

    rerank: bool = True
    """Whether the cross-encoder, where its weights are installed, orders the blocks."""

    chroma_url: str = ""
    """A `chroma run` server that keeps the vectors, shared by all who answer from them."""

    model: str = ""
    """Who words the answers, as `provider:name`; where `model_url` is set, the name there."""

    model_url: str = ""
    """An OpenAI-compatible server, as of llama.cpp, vLLM, LM Studio or Ollama, that does."""

    model_timeout: float = Field(default=60.0, gt=0, le=3600, allow_inf_nan=False)
    """Seconds that the model may be silent."""

    model_context: int = Field(default=6000, ge=500, le=1_000_000)
    """Tokens of prompt that the model is handed at most."""

    unsupported: Literal["drop", "strike"] = "drop"
    """What is shown of a model's sentence that the notes do not hold: nothing, or it struck out."""

    tracing: bool = False
    """Whether LangSmith's own variables may switch its tracing on."""

    @field_validator("notebook")
    @classmethod
    def _check_name(cls, value: str) -> str:
        return notebook_name(value)

    @field_validator("chroma_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        return server_url(value) if value else ""

    @field_validator("model")
    @classmethod
    def _check_model(cls, value: str) -> str:
        name = value.strip()
        if not name.isprintable() or len(name) > 200:
            raise ValueError("a model's name has 1 to 200 visible characters")
        return name

    @field_validator("model_url")
    @classmethod
    def _check_model_url(cls, value: str) -> str:
        return model_server_url(value) if value else ""

    @field_validator("home", "index")
    @classmethod
    def _expand_home(cls, value: Path) -> Path:
        return expand_home(value)


def read_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the environment; an override that is not None takes its place.

    What neither says, the notebook's `settings.toml` may. An index that is named is no
    notebook's: no such file is read for it.

    Raises:
        BadSetting: a value cannot be used; the message names its variable or file.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    told: dict[str, object] = _environment(os.environ if environ is None else environ)
    if "notebook" in given:
        told.pop("index", None)
    elif "index" in given:
        told.pop("notebook", None)
    elif "index" in told and "notebook" in told:
        raise BadSetting(
            f"{PREFIX}INDEX and {PREFIX}NOTEBOOK are both set, and each says where the index is."
            " Unset one of them."
        )
    settings = _settings({**told, **given})
    if "index" in told or "index" in given:
        return settings
    file, own = notebook_settings(settings.home, settings.notebook)
    return _settings({**own, **told, **given}, file, own.keys() - told.keys() - given.keys())


def _environment(environ: Mapping[str, str]) -> dict[str, object]:
    """What the environment says; an empty variable is an unset one."""
    names = {name: PREFIX + name.upper() for name in Settings.model_fields}
    return {name: environ[key] for name, key in names.items() if environ.get(key)}


def _settings(
    values: Mapping[str, object], file: Path = Path(), own: Collection[str] = ()
) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise BadSetting(_describe(error, file, own)) from error


def server_url(text: str) -> str:
    """Return the address of a server as it is stored, or refuse it.

    Raises:
        ValueError: it is no `http` or `https` address of a server, or holds more than that.
    """
    parts = _address(text, NO_ADDRESS)
    if parts.username or parts.password:
        raise ValueError("an address is stored with the index, so it may hold no password")
    if parts.path:
        raise ValueError(NO_ADDRESS)
    return parts.geturl()


def model_server_url(text: str) -> str:
    """Return the address of a model's server, with its path, or refuse it.

    Raises:
        ValueError: it is no `http` or `https` address of a server, or holds more than a path.
    """
    parts = _address(text, NO_MODEL_ADDRESS)
    if "@" in parts.netloc:
        raise ValueError("an address is shown, so it may hold no password")
    if not _HOST.fullmatch(parts.hostname or "") or not _PATH.fullmatch(parts.path):
        raise ValueError(NO_MODEL_ADDRESS)
    return parts.geturl()


def _address(text: str, complaint: str) -> SplitResult:
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        port = parts.port
    except ValueError:  # whose message may hold a password
        raise ValueError(complaint) from None
    whole = parts.scheme in ("http", "https") and parts.hostname and port != 0
    if not whole or parts.query or parts.fragment:
        raise ValueError(complaint)
    return parts


def expand_home(path: Path) -> Path:
    """The path with a leading `~` replaced by the home folder, where that is known."""
    try:
        return path.expanduser()
    except RuntimeError:  # no such user, or no home: the path is then taken as written
        return path


def _describe(error: ValidationError, file: Path, own: Collection[str]) -> str:
    parts = []
    for problem in error.errors(include_url=False):
        if problem["type"] == "default_factory_not_called":  # it follows from another problem
            continue
        field = "_".join(str(part) for part in problem["loc"])
        name = f"{field} in {file}" if field in own else PREFIX + field.upper()
        reason = problem["msg"].removeprefix("Value error, ")
        value = "" if field in SECRET else f" is {problem['input']!r}"
        parts.append(f"{name}{value}: {reason[:1].lower()}{reason[1:]}")
    return "; ".join(parts) + ". Correct it, or unset it to get the default."
