"""What went wrong is told apart, whoever's library says it."""

from __future__ import annotations

from typing import Any

import pytest

from chatbot.chat_models.failures import Asked, Kind, kind_of, reason_of, retry_after, status_of


class Response:
    def __init__(self, status: int, **headers: str) -> None:
        self.status_code = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class StatusError(Exception):
    """As OpenAI's and Anthropic's: with a response."""

    def __init__(self, status: int, message: str = "", **headers: str) -> None:
        super().__init__(message)
        self.response = Response(status, **headers)


class CodeError(Exception):
    """As Google's: with a code."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code = code


class ClientError(Exception):
    """As Amazon's: with a response that is a mapping."""

    def __init__(self, status: int) -> None:
        super().__init__("An error occurred")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


class ReadTimeout(TimeoutError):
    """As a client library's."""


class ConnectError(Exception):
    """As a client library's."""


def caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StatusError(401), Kind.KEY),
        (ClientError(403), Kind.KEY),
        (CodeError(400, "API key not valid. Please pass a valid API key."), Kind.KEY),
        (StatusError(404), Kind.MODEL),
        (StatusError(400, "The model `x` does not exist"), Kind.MODEL),
        (CodeError(429), Kind.LIMIT),
        (StatusError(429, "insufficient_quota"), Kind.CREDIT),
        (StatusError(400, "Your credit balance is too low"), Kind.CREDIT),
        (StatusError(400, "prompt is too long: 300000 tokens > 200000 maximum"), Kind.CONTEXT),
        (StatusError(400, "This model's maximum context length is 8192 tokens."), Kind.CONTEXT),
        (ClientError(500), Kind.SERVER),
        (StatusError(529), Kind.SERVER),
        (StatusError(504), Kind.TIMEOUT),
        (ReadTimeout(), Kind.TIMEOUT),
        (caused_by(RuntimeError("Connection error."), ConnectError()), Kind.CONNECTION),
        (ConnectionRefusedError(), Kind.CONNECTION),
        (ConnectionResetError(), Kind.BROKEN),
        (ConnectionError(), Kind.CONNECTION),
        (KeyError("choices"), Kind.GARBAGE),
        (StatusError(418), Kind.OTHER),
        (RuntimeError("something else"), Kind.OTHER),
    ],
)
def test_kinds(error: Exception, kind: Kind) -> None:
    assert kind_of(error) is kind


@pytest.mark.parametrize("odd", [None, "429", 200, 7_000, {}])
def test_what_is_no_status_of_an_error_is_none(odd: Any) -> None:
    error = CodeError(odd)
    error.response = odd  # type: ignore[attr-defined]
    assert status_of(error) is None


def test_errors_that_cause_one_another_come_to_an_end() -> None:
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__context__, second.__context__ = second, first
    assert kind_of(first) is Kind.OTHER


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "20"}, 20.0),
        ({"retry_after": "20", "retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "inf"}, None),
        ({}, None),
    ],
)
def test_when_to_ask_again(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(StatusError(429, **headers)) == seconds


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked("openai:m", key="OPENAI_API_KEY"), "refused the key in OPENAI_API_KEY (HTTP 401)."),
        (Asked("bedrock_converse:m"), "refused the credentials (HTTP 401)."),
        (Asked("m at URL", "http://h/v1", "K", has_key=False), "wants a key (HTTP 401). Set K."),
    ],
)
def test_a_refused_key_is_told_by_where_it_came_from(asked: Asked, told: str) -> None:
    assert f"{asked.label} {told}" in reason_of(StatusError(401, "sk-tr0ub4dor"), asked, {})


def test_an_address_that_may_lack_its_path_is_told() -> None:
    reason = reason_of(StatusError(404), Asked("m at http://h", "http://h", "K"), {})
    assert "as in http://h/v1?" in reason
    reason = reason_of(StatusError(404), Asked("m at http://h/v1", "http://h/v1", "K"), {})
    assert "lack" not in reason


def test_who_cannot_be_reached_depends_on_whose_it_is() -> None:
    assert "Is the server running?" in reason_of(ConnectError(), Asked("m", "http://h/v1"), {})
    assert "on the network?" in reason_of(ConnectError(), Asked("openai:m"), {})
