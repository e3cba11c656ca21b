"""Nothing leaves the machine: what is switched off, whatever the shell says.

Call `keep_private` first thing in every entry point, before a library that reads these
variables is imported: the hub's client and Streamlit read theirs at import, LangSmith at its
first use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

# langsmith.utils.tracing_is_enabled asks for TRACING_V2, then TRACING, each in these two
# name spaces; an empty value counts as unset and passes the question on.
TRACING_SWITCHES = (
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING_V2",
    "LANGSMITH_TRACING",
    "LANGCHAIN_TRACING",
)
# langchain-core refuses to run at all while this relic of its first tracer is set.
TRACING_RELICS = ("LANGCHAIN_HANDLER",)

ALWAYS = {
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "CHROMA_OTEL_COLLECTION_ENDPOINT": "",  # a collector named here would get Chroma's traces
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "TOKENIZERS_PARALLELISM": "false",  # not privacy: it warns, and may hang, after a fork
    "TRANSFORMERS_OFFLINE": "1",
}


def keep_private(tracing: bool = False, environ: MutableMapping[str, str] | None = None) -> None:
    """Set this process's environment so that no library calls home.

    With `tracing`, LangSmith's own variables decide about tracing; the rest stays off.
    """
    target = os.environ if environ is None else environ
    for name, value in ALWAYS.items():
        _forget(target, name)
        target[name] = value
    if not tracing:
        target.update(dict.fromkeys(TRACING_SWITCHES, "false"))
        for name in TRACING_RELICS:
            _forget(target, name)
    if environ is None:
        _forget_what_langsmith_read()


def is_private(environ: Mapping[str, str] | None = None) -> bool:
    """Whether everything that `keep_private` switches off is off."""
    target = os.environ if environ is None else environ
    off = {**ALWAYS, **dict.fromkeys(TRACING_SWITCHES, "false")}
    return all(target.get(name) == value for name, value in off.items()) and not any(
        name in target for name in TRACING_RELICS
    )


@contextmanager
def untraced() -> Iterator[None]:
    """Keep LangSmith's tracer out of what runs inside, whatever the environment says."""
    from langsmith import tracing_context

    with tracing_context(enabled=False):
        yield


def _forget(environ: MutableMapping[str, str], name: str) -> None:
    # Chroma's settings ignore case, so every spelling of the name counts.
    for key in [key for key in environ if key.upper() == name]:
        del environ[key]


def _forget_what_langsmith_read() -> None:
    # LangSmith keeps what it once read; only a program that imported it before us needs this.
    utils = sys.modules.get("langsmith.utils")
    if utils is not None:
        utils.get_env_var.cache_clear()
