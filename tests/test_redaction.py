"""Keys and passwords are not shown, wherever they stand in an outside error."""

from __future__ import annotations

import pytest

from chatbot.chat_models.redaction import redacted

SECRET = "tr0ub4dor-and-3"


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "HF_TOKEN", "aws_secret_access_key", "DB_PASSWORD", "MY_CREDENTIALS"]
)
def test_the_values_of_secret_variables_are_hidden(name: str) -> None:
    assert SECRET not in redacted(f"bad {SECRET}.", {name: SECRET})
    assert redacted(f"bad {SECRET}.", {"HOME": SECRET}) == f"bad {SECRET}."


def test_a_secret_that_begins_with_another_is_hidden_whole() -> None:
    environ = {"A_KEY": "abcdef", "B_KEY": "abcdefghij"}
    assert "ghij" not in redacted("It was abcdefghij.", environ)


def test_a_short_value_hides_no_words() -> None:
    assert redacted("It is on.", {"MONKEY": "on", "SOME_KEY": ""}) == "It is on."


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: sk-proj-{SECRET}",
        "Incorrect API key provided: sk-tr0ub****dor3",
        f"headers={{'Authorization': 'Bearer {SECRET}'}}",
        f"authorization: Basic {SECRET}",
        f"x-api-key={SECRET}",
        f"x-goog-api-key: {SECRET}",
        f"Bearer {SECRET}",
        f"GET https://host/v1?key={SECRET}&alt=sse",
        f"http://me:{SECRET}@host/v1",
        f"AIza{SECRET}",
    ],
)
def test_what_looks_like_a_key_is_hidden(text: str) -> None:
    assert "tr0ub" not in redacted(text, {})


@pytest.mark.parametrize(
    "text",
    [
        "The token limit is 8,192 tokens.",
        "Connection to http://127.0.0.1:8080/v1 refused",
        "There is no risk-free model.",
    ],
)
def test_what_does_not_is_left(text: str) -> None:
    assert redacted(text, {}) == text
