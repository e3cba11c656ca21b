"""What the environment says. Read by entry points only; everything else takes arguments."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chatbot.errors import BadSetting

PREFIX = "FOOTNOTE_"


class Settings(BaseSettings):
    """How this process answers. Each field is an environment variable `FOOTNOTE_<FIELD>`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    index: Path = Path(".footnote/index")
    """Where the index lives; `~` is the home folder."""

    embedder: str = "all-MiniLM-L6-v2"
    """A packaged model by name, or any sentence-transformers model by name or path."""

    rerank: bool = True
    """Whether the cross-encoder, where its weights are installed, orders the blocks."""

    tracing: bool = False
    """Whether LangSmith's own variables may switch its tracing on."""

    @field_validator("index")
    @classmethod
    def _expand_home(cls, value: Path) -> Path:
        return expand_home(value)


def read_settings(**overrides: object) -> Settings:
    """Read the environment; an override that is not None takes its place.

    Raises:
        BadSetting: a value cannot be used; the message names its variable.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        # pydantic-settings validates what it is given; mypy sees only the fields' own types.
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise BadSetting(_describe(error)) from error


def expand_home(path: Path) -> Path:
    """The path with a leading `~` replaced by the home folder, where that is known."""
    try:
        return path.expanduser()
    except RuntimeError:  # no such user, or no home: the path is then taken as written
        return path


def _describe(error: ValidationError) -> str:
    parts = []
    for problem in error.errors(include_url=False):
        name = PREFIX + "_".join(str(part) for part in problem["loc"]).upper()
        reason = problem["msg"][:1].lower() + problem["msg"][1:]
        parts.append(f"{name} is {problem['input']!r}: {reason}")
    return "; ".join(parts) + ". Correct it, or unset it to get the default."
