"""Which model the settings name, and what is said of names that name none."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.chat_models import ModelChoice, choose_model
from chatbot.chat_models.providers import PROVIDERS
from chatbot.errors import BadSetting
from chatbot.settings import Settings, read_settings

URL = "http://127.0.0.1:8080/v1"


def choose(model: str = "", url: str = "") -> ModelChoice | None:
    return choose_model(read_settings({"FOOTNOTE_MODEL": model, "FOOTNOTE_MODEL_URL": url}))


def test_none_is_chosen_where_none_is_named() -> None:
    assert choose() is None


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_a_providers_model_is_named_by_both(provider: str) -> None:
    choice = choose(f"{provider}:some-model:v1.0")
    assert choice == ModelChoice(provider, "some-model:v1.0")
    assert choice.label == f"{provider}:some-model:v1.0"


@pytest.mark.parametrize("name", ["qwen2.5:7b", "org/model", "gpt-4o"])
def test_with_an_address_the_name_is_the_name_there(name: str) -> None:
    choice = choose(name, URL)
    assert choice is not None
    assert (choice.name, choice.url, choice.label) == (name, URL, f"{name} at {URL}")


def test_with_an_address_the_name_may_be_found_out_later() -> None:
    choice = choose("", URL)
    assert choice is not None
    assert (choice.name, choice.label) == ("", f"the model at {URL}")


@pytest.mark.parametrize(
    ("model", "url", "told"),
    [
        ("gpt-4o", "", r"'gpt-4o', .* as in openai:gpt-4o\. .*FOOTNOTE_MODEL_URL"),
        ("openai:", "", r"provider:name, as in openai:gpt-4o-mini"),
        (":gpt-4o", "", r"as in openai:gpt-4o\."),
        ("qwen2.5:7b", "", r"no provider is called 'qwen2.5'"),
        ("gemini:flash", "", r"The providers are openai, anthropic, google_genai, bedrock_conv"),
        ("openai:gpt-4o", URL, r"FOOTNOTE_MODEL_URL names a server: .*\('gpt-4o'\?\), or unset"),
    ],
)
def test_a_name_that_names_none_is_told_with_what_to_write(model: str, url: str, told: str) -> None:
    with pytest.raises(BadSetting, match=told) as raised:
        choose(model, url)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("choice", "local"),
    [
        (ModelChoice("openai", "m"), False),
        (ModelChoice("bedrock_converse", "m"), False),
        (ModelChoice("ollama", "m"), True),
        (ModelChoice("openai", "m", "http://localhost:1/v1"), True),
        (ModelChoice("openai", "m", "http://[::1]:1/v1"), True),
        (ModelChoice("openai", "m", "http://192.168.0.2:1/v1"), False),
        (ModelChoice("openai", "m", "https://127.0.0.1.example.com"), False),
    ],
)
def test_it_is_known_whether_questions_stay_here(choice: ModelChoice, local: bool) -> None:
    assert choice.is_local is local


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (f"{URL}/", URL),
        (" http://localhost:11434/v1 ", "http://localhost:11434/v1"),
        ("https://models.example.com", "https://models.example.com"),
        ("http://[::1]:8080/api/v1", "http://[::1]:8080/api/v1"),
    ],
)
def test_an_address_may_have_a_path(written: str, read: str) -> None:
    assert read_settings({"FOOTNOTE_MODEL_URL": written}).model_url == read


@pytest.mark.parametrize(
    "address",
    [
        "http://me:tr0ub4dor@127.0.0.1:8080/v1",
        "http://tr0ub4dor@127.0.0.1:8080/v1",
        "http://127.0.0.1:8080/v1?key=tr0ub4dor",
        "http://127.0.0.1:8080/v1#tr0ub4dor",
        "http://127.0.0.1\\@tr0ub4dor.example.com/v1",
        "http://127.0.0.1:tr0ub4dor/v1",
        "http://tr0ub4dor example/v1",
        "http://host/tr0ub4dor v1",
        "ftp://tr0ub4dor/v1",
        "tr0ub4dor",
    ],
)
def test_a_bad_address_is_refused_and_never_told(address: str) -> None:
    with pytest.raises(BadSetting, match=r"^FOOTNOTE_MODEL_URL: ") as raised:
        read_settings({"FOOTNOTE_MODEL_URL": address})
    assert "tr0ub4dor" not in str(raised.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("MODEL_TIMEOUT", "0"),
        ("MODEL_TIMEOUT", "nan"),
        ("MODEL_TIMEOUT", "inf"),
        ("MODEL_CONTEXT", "499"),
        ("MODEL_CONTEXT", "many"),
        ("UNSUPPORTED", "show"),
        ("MODEL", "openai:\x1b[2Jx"),
        ("MODEL", "openai:" + "x" * 300),
    ],
)
def test_a_value_that_cannot_be_is_refused(field: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"^FOOTNOTE_{field} is ") as raised:
        read_settings({f"FOOTNOTE_{field}": value})
    assert str(raised.value).isprintable()


def test_values_are_read_as_they_are_meant() -> None:
    settings = read_settings(
        {
            "FOOTNOTE_MODEL_TIMEOUT": "2.5",
            "FOOTNOTE_MODEL_CONTEXT": "500",
            "FOOTNOTE_UNSUPPORTED": "strike",
        }
    )
    assert (settings.model_timeout, settings.model_context) == (2.5, 500)
    assert settings.unsupported == "strike"
    default = Settings()
    assert (default.model, default.model_url, default.unsupported) == ("", "", "drop")


@pytest.mark.parametrize("line", ['model = "openai:gpt-4o"', f'model_url = "{URL}"'])
def test_a_notebooks_file_does_not_say_who_gets_the_questions(tmp_path: Path, line: str) -> None:
    (tmp_path / "settings.toml").write_text(line, encoding="utf-8")
    with pytest.raises(BadSetting, match=r"no say in who gets your questions.*FOOTNOTE_MODEL"):
        read_settings({}, home=tmp_path)


def test_a_notebooks_file_may_say_what_is_shown(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('unsupported = "strike"', encoding="utf-8")
    assert read_settings({}, home=tmp_path).unsupported == "strike"


@pytest.mark.parametrize("path", ["/home/ann/models/tiny.gguf", "C:\\models\\tiny.gguf"])
def test_a_model_that_a_server_calls_by_its_path_is_told_by_its_file_alone(path: str) -> None:
    choice = ModelChoice("openai", path, URL)
    assert choice.label == f"tiny.gguf at {URL}"
    assert choice.name == path
