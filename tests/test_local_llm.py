"""A real small chat model answers over HTTP, and its end is seen.

`make test-llm` installs it and runs these; what Footnote makes of its answers is told beside.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from local_llm import MODEL, WEIGHTS_SHA256, WINDOW, LocalLLM, running_llm, weights_path

pytestmark = pytest.mark.llm

CAPITAL = "What is the capital of France? Answer in one short sentence."
ENDLESS = "Write a long story about a lighthouse keeper and the sea."


@contextmanager
def asked(url: str, question: str, **options: object) -> Iterator[http.client.HTTPResponse]:
    """Ask for a chat completion, of the likeliest words; hang up after."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": question}],
        "temperature": 0,
        "max_tokens": 40,
        **options,
    }
    headers = {"Content-Type": "application/json"}
    with closing(connection):
        connection.request("POST", f"{where.path}/chat/completions", json.dumps(body), headers)
        with connection.getresponse() as response:
            yield response


def data_lines(response: http.client.HTTPResponse) -> Iterator[str]:
    """The data of a stream's events, as they come."""
    text = b""
    while some := response.read1():  # `readline` takes a broken stream for one at its end
        *lines, text = (text + some).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield line.decode().removeprefix("data: ").strip()


def streamed(url: str, question: str, **options: object) -> list[str]:
    with asked(url, question, stream=True, **options) as response:
        return list(data_lines(response))


def whole(url: str, question: str) -> str:
    with asked(url, question) as response:
        return str(json.load(response)["choices"][0]["message"]["content"])


def choices(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line)["choices"][0] for line in lines if line != "[DONE]"]


def words(lines: list[str]) -> list[str]:
    found = [choice["delta"].get("content") for choice in choices(lines)]
    return [word for word in found if word]


def ends(lines: list[str]) -> list[str]:
    return [choice["finish_reason"] for choice in choices(lines) if choice["finish_reason"]]


def test_the_weights_are_those_that_we_know() -> None:
    with weights_path().open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == WEIGHTS_SHA256


def test_the_server_names_its_model(local_llm: LocalLLM) -> None:
    with urlopen(f"{local_llm.url}/models", timeout=60) as response:
        assert [model["id"] for model in json.load(response)["data"]] == [MODEL]


def test_an_answer_streams_word_by_word_and_says_that_it_is_over(local_llm: LocalLLM) -> None:
    lines = streamed(local_llm.url, CAPITAL)
    assert len(words(lines)) > 3
    assert "Paris" in "".join(words(lines))
    assert ends(lines) == ["stop"]
    assert lines[-1] == "[DONE]"


def test_streamed_or_not_the_answer_is_the_same(local_llm: LocalLLM) -> None:
    assert "".join(words(streamed(local_llm.url, CAPITAL))) == whole(local_llm.url, CAPITAL)


def test_two_who_ask_at_once_both_get_all_of_their_answer(local_llm: LocalLLM) -> None:
    with asked(local_llm.url, ENDLESS, stream=True, max_tokens=60) as first:
        lines = data_lines(first)
        begun = next(lines)
        with ThreadPoolExecutor() as pool:
            second = pool.submit(streamed, local_llm.url, CAPITAL)
            assert ends([begun, *lines]) == ["length"]
        assert ends(second.result()) == ["stop"]


def test_after_a_client_hung_up_the_next_one_is_answered(local_llm: LocalLLM) -> None:
    with asked(local_llm.url, ENDLESS, stream=True, max_tokens=3000) as response:
        assert next(data_lines(response))
    assert "Paris" in whole(local_llm.url, CAPITAL)


def test_a_prompt_beyond_the_window_is_refused_with_its_length(local_llm: LocalLLM) -> None:
    with asked(local_llm.url, "word " * 6000) as refused:
        assert refused.status == 400
        assert f"maximum context length is {WINDOW} tokens" in refused.read().decode()


def test_streamed_such_a_refusal_is_an_empty_answer(local_llm: LocalLLM) -> None:
    # Status 200, no event, an orderly end: who reads the stream must miss the `[DONE]`.
    with asked(local_llm.url, "word " * 6000, stream=True) as response:
        assert response.status == 200
        assert list(data_lines(response)) == []


def test_a_server_killed_in_mid_answer_breaks_the_stream_off(tmp_path: Path) -> None:
    with (
        running_llm(tmp_path) as server,
        asked(server.url, ENDLESS, stream=True, max_tokens=2000) as response,
    ):
        lines = data_lines(response)
        heard = [next(lines) for _ in range(5)]
        server.kill()
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            heard.extend(lines)
        assert "[DONE]" not in heard
        with pytest.raises(ConnectionError):
            whole(server.url, CAPITAL)


def test_a_server_that_cannot_start_says_why_in_its_own_words(tmp_path: Path) -> None:
    with socket.socket() as taken, ExitStack() as stack:
        taken.bind(("127.0.0.1", 0))  # and does not listen: nobody answers there
        with pytest.raises(AssertionError, match=r"(?s)ended with \d+; .*address already in use"):
            stack.enter_context(running_llm(tmp_path, taken.getsockname()[1]))
