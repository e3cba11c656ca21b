"""A model on a server: over real HTTP, with the real client library, and all that goes wrong."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import pytest
from chroma_server import free_port
from model_server import (
    ModelServer,
    Script,
    breaks_off,
    never_ends,
    refuses,
    running_model_server,
    says,
    sends,
    stalls,
)

from chatbot.cancellation import Cancellation, Cancelled
from chatbot.chat_models import ChatModel, Message, ModelChoice, Patience, open_chat_model
from chatbot.chat_models.opening import ignored_variables, langchain_model
from chatbot.chat_models.providers import PROVIDERS
from chatbot.errors import ModelFailed, ModelUnavailable

ASKED = [Message("system", "Be brief."), Message("user", "Who?")]
EAGER = Patience(pauses=(0, 0))
LEAVES_WITHIN = 30  # seconds, on a busy machine
MINE = {
    "OPENAI_API_KEY": "sk-mine-tr0ub4dor",
    "OPENAI_ADMIN_KEY": "sk-admin-tr0ub4dor",
    "OPENAI_ORG_ID": "org-tr0ub4dor",
    "OPENAI_ORGANIZATION": "org-tr0ub4dor",
    "OPENAI_PROJECT_ID": "proj-tr0ub4dor",
    "OPENAI_CUSTOM_HEADERS": "X-Mine: tr0ub4dor",
    "LANGSMITH_GATEWAY_API_KEY": "lsv2-tr0ub4dor",
}


def opened(
    server: ModelServer,
    name: str = "tiny",
    patience: Patience = EAGER,
    environ: Mapping[str, str] | None = None,
) -> ChatModel:
    choice = ModelChoice("openai", name, server.url)
    return open_chat_model(choice, patience=patience, environ=environ or {})


def failure(server: ModelServer, got: list[str], **options: Any) -> str:
    """The reason for which the model failed; `got` is what came before."""
    with pytest.raises(ModelFailed) as raised:  # noqa: PT012 - what came before it counts
        for piece in opened(server, **options).stream(ASKED):
            got.append(piece)  # noqa: PERF402
    reason = raised.value.reason
    assert reason.isprintable()
    assert len(reason) < 300
    return reason.replace(server.url, "URL")


def test_an_answer_comes_piece_by_piece() -> None:
    with running_model_server(says("Yes", ", it", " is.")) as server:
        assert list(opened(server).stream(ASKED)) == ["Yes", ", it", " is."]
    [request] = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.body["model"] == "tiny"
    assert request.body["stream"] is True
    assert request.body["temperature"] == 0
    assert request.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who?"},
    ]


def test_a_piece_is_there_before_the_next_one_is_said() -> None:
    heard = threading.Event()

    def run(stream: Any) -> None:
        stream.begin()
        stream.say({"content": "Yes"})
        assert heard.wait(LEAVES_WITHIN)
        stream.say({"content": "."}, "stop")
        stream.end()

    with running_model_server(run) as server:
        pieces = opened(server).stream(ASKED)
        assert next(pieces) == "Yes"
        heard.set()
        assert list(pieces) == ["."]


@pytest.mark.parametrize(
    ("script", "delivered", "reason"),
    [
        (refuses(401), "", "tiny at URL wants a key (HTTP 401). Set FOOTNOTE_MODEL_KEY."),
        (refuses(403), "", "tiny at URL wants a key (HTTP 403). Set FOOTNOTE_MODEL_KEY."),
        (refuses(404), "", "There is no model tiny at URL, or not for this key. Correct"),
        (refuses(429), "", "tiny at URL was asked too much at once (rate limit). Try again in a"),
        (refuses(429, code="insufficient_quota"), "", "tiny at URL says that the account has no"),
        (
            refuses(429, headers={"Retry-After": "90"}),
            "",
            "tiny at URL was asked too much at once (rate limit). Try again in 90 seconds.",
        ),
        (refuses(500), "", "tiny at URL has trouble of its own (a server error)."),
        (refuses(503), "", "tiny at URL has trouble of its own (a server error)."),
        (
            refuses(400, "the request exceeds the available context size"),
            "",
            "tiny at URL was handed more than it can read. Set FOOTNOTE_MODEL_CONTEXT lower.",
        ),
        (refuses(418, "a teapot"), "", "tiny at URL failed: "),
        (breaks_off(), "", "tiny at URL broke off: the connection was closed."),
        (breaks_off("Yes"), "Yes", "tiny at URL broke off: the connection was closed."),
        (says("Yes", finish=None), "Yes", "tiny at URL broke off in the middle of its answer."),
        (says("Yes", finish="length"), "Yes", "tiny at URL reached its limit before it was"),
        (says("Yes", finish="content_filter"), "Yes", "tiny at URL withheld its answer"),
        (says(), "", "tiny at URL gave an empty answer."),
        (sends(b"<html>Hello</html>\n\n"), "", "tiny at URL gave an empty answer."),
        (sends(b"data: {nonsense\n\n"), "", "tiny at URL answered with something that is no"),
        (sends(b"data: {nonsense\n\n", "Yes"), "Yes", "tiny at URL answered with something"),
        (sends(b'data: {"choices": null}\n\n'), "", "tiny at URL gave an empty answer."),
        (sends(b"data: \xff\xfe\n\n"), "", "tiny at URL answered with something"),
        (
            sends(b'data: {"error": {"message": "out of memory"}}\n\n', "Yes"),
            "Yes",
            "tiny at URL failed: APIError: out of memory",
        ),
        (never_ends("0123456789"), "0123456789" * 2_000, "tiny at URL did not come to an end"),
        (says("x" * 10_000_000), "x" * 20_000, "tiny at URL did not come to an end"),
    ],
)
def test_each_fault_has_its_own_line_and_what_came_before_is_delivered(
    script: Script, delivered: str, reason: str
) -> None:
    got: list[str] = []
    with running_model_server(script) as server:
        assert failure(server, got).startswith(reason)
    assert "".join(got) == delivered


@pytest.mark.parametrize(
    "fault",
    [refuses(429, headers={"Retry-After": "0.01"}), refuses(500), refuses(503), breaks_off()],
)
def test_what_passes_is_tried_again_before_the_first_word(fault: Script) -> None:
    with running_model_server(fault, fault, says("Yes.")) as server:
        assert list(opened(server).stream(ASKED)) == ["Yes."]
    assert server.asked == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_stays_wrong_is_asked_once(status: int) -> None:
    with running_model_server(refuses(status), says("Yes.")) as server:
        failure(server, [])
    assert server.asked == 1


def test_nothing_is_tried_again_once_words_have_come() -> None:
    with running_model_server(breaks_off("Yes"), says("No.")) as server:
        failure(server, [])
    assert server.asked == 1


def test_a_model_that_takes_no_temperature_is_asked_without() -> None:
    refusal = refuses(400, "Unsupported value: 'temperature' does not support 0 with this model.")
    with running_model_server(refusal, says("Yes.")) as server:
        model = opened(server)
        assert list(model.stream(ASKED)) == ["Yes."]
        assert list(model.stream(ASKED)) == ["Yes."]
    told = ["temperature" in request.body for request in server.requests]
    assert told == [True, False, False]


@pytest.mark.parametrize("said", [(), ("Yes",)])
def test_a_server_that_stalls_is_left_and_sees_it(said: tuple[str, ...]) -> None:
    got: list[str] = []
    with running_model_server(stalls(*said)) as server:
        reason = failure(server, got, patience=Patience(silence=0.3))
        assert "silent for 0.3 seconds" in reason
        assert server.gone.wait(LEAVES_WITHIN)
    assert got == list(said)
    assert server.asked == 1


def test_thinking_is_a_sign_of_life_but_not_for_ever() -> None:
    with running_model_server(never_ends("Hm.", "reasoning_content")) as server:
        reason = failure(server, [], patience=Patience(silence=30, total=0.5))
        assert "not done after 0.5 seconds" in reason
        assert server.gone.wait(LEAVES_WITHIN)


def test_the_connection_is_closed_when_the_stream_is() -> None:
    with running_model_server(stalls("Yes")) as server:
        pieces: Any = opened(server).stream(ASKED)
        assert next(pieces) == "Yes"
        pieces.close()
        assert server.gone.wait(LEAVES_WITHIN)


def test_the_connection_is_closed_when_the_stream_is_dropped() -> None:
    with running_model_server(stalls("Yes")) as server:
        pieces = opened(server).stream(ASKED)
        assert next(pieces) == "Yes"
        del pieces
        assert server.gone.wait(LEAVES_WITHIN)


@pytest.mark.parametrize("script", [stalls("Yes"), never_ends("Yes")])
def test_the_connection_is_closed_when_the_stream_is_cancelled(script: Script) -> None:
    cancellation = Cancellation()
    with running_model_server(script) as server:
        pieces = opened(server).stream(ASKED, cancellation)
        assert next(pieces) == "Yes"
        cancelling = threading.Thread(target=cancellation.cancel)
        cancelling.start()
        with pytest.raises(Cancelled):
            list(pieces)
        cancelling.join()
        assert server.gone.wait(LEAVES_WITHIN)


def test_an_answer_that_is_too_long_is_not_read_to_its_end() -> None:
    with running_model_server(never_ends("0123456789")) as server:
        failure(server, [])
        assert server.gone.wait(LEAVES_WITHIN)


def test_where_nothing_listens_the_line_says_so() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    model = open_chat_model(ModelChoice("openai", "tiny", url), patience=EAGER, environ={})
    with pytest.raises(ModelFailed, match=f"Nothing answers at {url}. Is the server running"):
        list(model.stream(ASKED))
    with pytest.raises(ModelUnavailable, match=f"Nothing answers at {url}. Is the server running"):
        open_chat_model(ModelChoice("openai", "", url), environ={})


# The name of the model, where none is given.


def test_the_only_model_of_a_server_needs_no_name() -> None:
    with running_model_server(models=("llama",)) as server:
        model = opened(server, name="")
        assert model.label == f"llama at {server.url}"
        list(model.stream(ASKED))
    assert server.requests[-1].body["model"] == "llama"


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ((), "has no model"),
        (("a", "b"), r"has a, b\. Set FOOTNOTE_MODEL to one"),
        (tuple("abcdefghij"), r"has a, b, c, d, e, f, g, h and 2 more\. Set"),
    ],
)
def test_of_several_models_one_has_to_be_named(models: tuple[str, ...], told: str) -> None:
    with (
        running_model_server(models=models) as server,
        pytest.raises(ModelUnavailable, match=told),
    ):
        opened(server, name="")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (refuses(401), "wants a key, or another one. Set FOOTNOTE_MODEL_KEY"),
        (refuses(500), "does not list its models"),
        (refuses(200, "no list"), "lists no models"),
        (refuses(302, headers={"Location": "http://127.0.0.1:9/"}), "does not list its models"),
    ],
)
def test_a_server_without_a_list_is_told(script: Script, told: str) -> None:
    with (
        running_model_server(script, models=None) as server,
        pytest.raises(ModelUnavailable, match=told),
    ):
        opened(server, name="")


# Keys: each goes to whom it is for, and to nobody else.


def test_my_key_for_openai_goes_to_no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in MINE.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with running_model_server() as server:
        choice = ModelChoice("openai", "", server.url)
        list(open_chat_model(choice).stream(ASKED))
    assert [request.path for request in server.requests] == ["/v1/models", "/v1/chat/completions"]
    for request in server.requests:
        assert "tr0ub4dor" not in str(request)
        assert not [name for name in request.headers if "openai" in name]
    assert server.requests[-1].headers["authorization"] == "Bearer none"
    assert dict(os.environ) == before


def test_the_servers_own_key_goes_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", MINE["OPENAI_API_KEY"])
    with running_model_server() as server:
        list(opened(server, name="", environ={"FOOTNOTE_MODEL_KEY": "its-own"}).stream(ASKED))
    told = [request.headers["authorization"] for request in server.requests]
    assert told == ["Bearer its-own", "Bearer its-own"]


def test_a_refused_key_is_told_by_its_variable_and_never_shown() -> None:
    environ = {"FOOTNOTE_MODEL_KEY": "its-own-tr0ub4dor"}
    said = refuses(401, "Incorrect API key provided: its-own-tr0ub4dor")
    with running_model_server(said) as server:
        reason = failure(server, [], environ=environ)
        assert reason == "tiny at URL refused the key in FOOTNOTE_MODEL_KEY (HTTP 401). Correct it."
        assert "tr0ub" not in repr(opened(server, environ=environ))


def test_a_key_in_an_error_is_hidden() -> None:
    environ = {"FOOTNOTE_MODEL_KEY": "its-own-tr0ub4dor"}
    said = refuses(418, "its-own-tr0ub4dor is a teapot; Authorization: Bearer tr0ub4dor3")
    with running_model_server(said) as server:
        reason = failure(server, [], environ=environ)
    assert "teapot" in reason
    assert "tr0ub" not in reason


PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def test_what_is_for_this_machine_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with running_model_server(says("From the proxy.")) as proxy:
        for name in PROXIES:
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        with running_model_server(says("Yes.")) as server:
            assert list(opened(server, name="").stream(ASKED)) == ["Yes."]
            assert os.environ.get("NO_PROXY") is None
    assert proxy.requests == []
    assert len(server.requests) == 2


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_BASE", "OPENAI_BASE_URL", "OPENAI_PROXY", "LANGSMITH_GATEWAY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1")


def test_no_variable_sends_the_questions_for_openai_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere(monkeypatch)
    model: Any = langchain_model(ModelChoice("openai", "gpt-4o-mini"), "sk-none", 1.0, {})
    assert str(model.root_async_client.base_url) == "https://api.openai.com/v1/"
    assert model.openai_proxy is None


def test_no_variable_sends_the_questions_for_a_server_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere(monkeypatch)
    with running_model_server(says("Yes.")) as server:
        assert list(opened(server).stream(ASKED)) == ["Yes."]


def test_variables_that_are_not_heeded_are_known() -> None:
    environ = {"OPENAI_BASE_URL": "http://elsewhere", "OPENAI_PROXY": ""}
    assert ignored_variables(ModelChoice("openai", "m"), environ) == ("OPENAI_BASE_URL",)
    assert ignored_variables(ModelChoice("openai", "m", "http://here"), environ) == ()


# What is missing.


@pytest.mark.parametrize("provider", [one for one in PROVIDERS if one != "openai"])
def test_a_missing_package_is_told_with_the_command_that_installs_it(provider: str) -> None:
    if find_spec(PROVIDERS[provider].package) is not None:
        pytest.skip("it is installed here")
    with pytest.raises(ModelUnavailable) as raised:
        open_chat_model(ModelChoice(provider, "some-model"), environ={})
    extra = PROVIDERS[provider].extra
    assert str(raised.value) == (
        f"{provider}:some-model needs a package that is not installed:"
        f" pip install 'footnote-study[{extra}]'"
    )


def test_a_missing_key_is_told_before_anything_is_asked() -> None:
    with pytest.raises(ModelUnavailable, match=r"^openai:m needs a key\. Set OPENAI_API_KEY\.$"):
        open_chat_model(ModelChoice("openai", "m"), environ={"OPENAI_API_KEY": ""})


def test_what_a_library_refuses_is_one_line() -> None:
    with pytest.raises(ModelUnavailable, match="cannot be set up: ") as raised:
        langchain_model(ModelChoice("openai", "m", "http://h:port"), "k", 1.0, {})
    assert "\n" not in str(raised.value)


def test_a_question_is_not_passed_on_to_another_server() -> None:
    with running_model_server(says("Ann.")) as other:
        away = refuses(307, headers={"Location": f"{other.url}/chat/completions"})
        with running_model_server(away) as server, pytest.raises(ModelFailed):
            list(opened(server).stream(ASKED))
        assert other.requests == []
