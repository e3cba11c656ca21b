"""What the environment may say, and what is said about it when it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.errors import BadSetting
from chatbot.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"FOOTNOTE_{field.upper()}", raising=False)


def test_defaults() -> None:
    settings = read_settings()
    assert settings.index == Path(".footnote/index")
    assert settings.embedder == "all-MiniLM-L6-v2"
    assert settings.rerank is True
    assert settings.tracing is False


def test_the_default_embedder_is_the_one_that_ingest_has() -> None:
    from ingest.embedding import DEFAULT_EMBEDDER

    assert read_settings().embedder == DEFAULT_EMBEDDER


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_INDEX", "~/notes index")
    monkeypatch.setenv("FOOTNOTE_RERANK", "0")
    monkeypatch.setenv("FOOTNOTE_TRACING", "1")
    settings = read_settings()
    assert settings.index == Path.home() / "notes index"
    assert settings.rerank is False
    assert settings.tracing is True


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_INDEX", "")
    monkeypatch.setenv("FOOTNOTE_RERANK", "")
    assert read_settings() == Settings()
    assert read_settings().index == Path(".footnote/index")


def test_an_override_takes_the_place_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_INDEX", "elsewhere")
    assert read_settings(index=Path("here")).index == Path("here")
    assert read_settings(index=None).index == Path("elsewhere")


def test_a_bad_value_names_its_variable_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_RERANK", "maybe")
    with pytest.raises(BadSetting, match=r"^FOOTNOTE_RERANK is 'maybe': .*unset it") as raised:
        read_settings()
    assert "\n" not in str(raised.value)
    assert "pydantic" not in str(raised.value)


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings().rerank = False
