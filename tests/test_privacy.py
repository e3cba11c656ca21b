"""What is switched off, and that it is off where it counts: in a process that was told not to."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from chatbot.privacy import ALWAYS, TRACING_SWITCHES, is_private, keep_private

TRACED_SHELL = {
    "LANGSMITH_TRACING": "true",
    "LANGSMITH_TRACING_V2": "true",
    "LANGCHAIN_TRACING_V2": "true",
    "LANGSMITH_API_KEY": "not-a-key",
    "LANGCHAIN_HANDLER": "langchain",
}

ASK_LANGSMITH = """
import sys
if "late" in sys.argv:
    from langsmith.utils import tracing_is_enabled
    tracing_is_enabled()
from chatbot.privacy import keep_private
keep_private(tracing="traced" in sys.argv)
from langsmith.utils import tracing_is_enabled
from langchain_core.callbacks import CallbackManager
handlers = CallbackManager.configure().handlers if "traced" not in sys.argv else []
print(tracing_is_enabled(), [type(handler).__name__ for handler in handlers])
"""


def in_traced_shell(*arguments: str) -> str:
    environment = {**os.environ, **TRACED_SHELL}
    child = subprocess.run(
        [sys.executable, "-c", ASK_LANGSMITH, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.strip()


def test_switches_everything_off() -> None:
    environment: dict[str, str] = {}
    keep_private(environ=environment)
    assert is_private(environment)
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["ANONYMIZED_TELEMETRY"] == "False"


def test_overrides_what_the_shell_says() -> None:
    environment = {**TRACED_SHELL, "HF_HUB_OFFLINE": "0", "ANONYMIZED_TELEMETRY": "True"}
    assert not is_private(environment)
    keep_private(environ=environment)
    assert is_private(environment)
    assert "LANGCHAIN_HANDLER" not in environment


@pytest.mark.parametrize("name", TRACING_SWITCHES)
def test_notices_any_single_switch(name: str) -> None:
    environment: dict[str, str] = {}
    keep_private(environ=environment)
    environment[name] = "true"
    assert not is_private(environment)


def test_tracing_leaves_the_rest_off() -> None:
    environment = dict(TRACED_SHELL)
    keep_private(tracing=True, environ=environment)
    assert environment["LANGSMITH_TRACING"] == "true"
    assert {name: environment[name] for name in ALWAYS} == ALWAYS


def test_a_trace_collector_in_any_spelling_is_forgotten() -> None:
    environment = {"chroma_otel_collection_endpoint": "http://collector.invalid"}
    keep_private(environ=environment)
    assert "http://collector.invalid" not in environment.values()
    assert environment["CHROMA_OTEL_COLLECTION_ENDPOINT"] == ""


@pytest.mark.slow
def test_tracing_is_off_although_the_shell_asks_for_it() -> None:
    assert in_traced_shell() == "False []"


@pytest.mark.slow
def test_tracing_is_off_although_langsmith_had_read_the_shell_before() -> None:
    assert in_traced_shell("late") == "False []"


@pytest.mark.slow
def test_tracing_is_on_when_it_is_asked_for() -> None:
    assert in_traced_shell("traced") == "True []"


@pytest.mark.slow
def test_untraced_holds_inside_and_ends_outside() -> None:
    from langsmith import tracing_context
    from langsmith.utils import tracing_is_enabled

    from chatbot.privacy import untraced

    with tracing_context(enabled=True):
        with untraced():
            assert tracing_is_enabled() is False
        assert tracing_is_enabled() is True


@pytest.mark.slow
def test_chroma_reads_telemetry_as_off() -> None:
    code = (
        "from chatbot.privacy import keep_private; keep_private()\n"
        "from chromadb.config import Settings; s = Settings()\n"
        "print(s.anonymized_telemetry, repr(s.chroma_otel_collection_endpoint))"
    )
    environment = {
        **os.environ,
        "ANONYMIZED_TELEMETRY": "True",
        "chroma_otel_collection_endpoint": "http://collector.invalid",
    }
    child = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    assert child.stdout.strip() == "False ''", child.stderr
