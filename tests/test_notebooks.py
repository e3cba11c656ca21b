"""Notebooks: each has its notes, its index and its settings, and knows nothing of the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import NOTES, ToyEmbedder, write_notes

from chatbot.errors import BadSetting
from chatbot.notebooks import list_notebooks, notebook_name
from chatbot.settings import read_settings
from ingest.errors import IndexMismatch
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

LAW = {"torts.md": "# Torts\n\nA tort is a civil wrong.\n"}


def ingest(home: Path, notebook: str, notes: Path) -> Path:
    settings = read_settings({}, home=home, notebook=notebook)
    ingest_notes([notes], settings.index, embedder=ToyEmbedder())
    return settings.index


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_each_notebook_has_an_index_of_its_own(home: Path, tmp_path: Path) -> None:
    first = ingest(home, "default", write_notes(tmp_path / "aws", NOTES))
    second = ingest(home, "law", write_notes(tmp_path / "law", LAW))
    with NotesIndex.open(first) as aws, NotesIndex.open(second) as law:
        assert set(aws.sources()) == NOTES.keys()
        assert set(law.sources()) == LAW.keys()
        assert aws.matching_blocks(["tort"], 9) == []
        assert law.matching_blocks(["tort"], 9)


def test_the_notebooks_are_listed_with_what_they_hold(home: Path, tmp_path: Path) -> None:
    assert list_notebooks(home) == ()
    ingest(home, "law", write_notes(tmp_path / "law", LAW))
    ingest(home, "default", write_notes(tmp_path / "aws", NOTES))
    (home / "notebooks" / "empty").mkdir()
    default, empty, law = list_notebooks(home)
    assert (default.name, default.sources, default.notes) == (
        "default",
        len(NOTES),
        (str(tmp_path / "aws"),),
    )
    assert (law.name, law.sources, law.sections) == ("law", 1, 1)
    assert (empty.name, empty.problem) == ("empty", "nothing was ingested into it yet")


def test_a_damaged_notebook_hides_no_other(home: Path, tmp_path: Path) -> None:
    broken = ingest(home, "broken", write_notes(tmp_path / "aws", NOTES))
    ingest(home, "law", write_notes(tmp_path / "law", LAW))
    for manifest in broken.glob("generations/*/manifest.json"):
        manifest.write_text("{")
    one, other = list_notebooks(home)
    assert "cannot be read" in one.problem
    assert (other.name, other.problem) == ("law", "")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../law",
        "a/b",
        "a\\b",
        ".hidden",
        "-rf",
        "_",
        "a b",
        "CON",
        "x" * 65,
        "a\0",
        "a\n",
    ],
)
def test_a_name_leads_out_of_the_folder_of_notebooks_never(name: str) -> None:
    with pytest.raises(BadSetting, match="a notebook's name has 1 to 64 letters"):
        read_settings({}, notebook=name)


def test_one_name_is_one_name_however_its_accents_are_written() -> None:
    assert notebook_name("Biologi\u0301a-2") == notebook_name("Biolog\u00eda-2")


# Settings: the command line, then the environment, then the notebook's file.


def own_settings(home: Path, text: str, notebook: str = "law") -> None:
    folder = home if notebook == "default" else home / "notebooks" / notebook
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(text, encoding="utf-8")


def test_a_notebook_has_settings_of_its_own(home: Path) -> None:
    own_settings(home, 'embedder = "bge-small-en-v1.5"\nrerank = false\n')
    law = read_settings({}, home=home, notebook="law")
    assert (law.embedder, law.rerank) == ("bge-small-en-v1.5", False)
    other = read_settings({}, home=home)
    assert (other.embedder, other.rerank) == ("all-MiniLM-L6-v2", True)


def test_the_environment_overrules_a_notebooks_file(home: Path) -> None:
    own_settings(home, "rerank = false\n")
    environ = {"FOOTNOTE_HOME": str(home), "FOOTNOTE_NOTEBOOK": "law", "FOOTNOTE_RERANK": "yes"}
    assert read_settings(environ).rerank is True
    del environ["FOOTNOTE_RERANK"]
    assert read_settings(environ).rerank is False


def test_an_index_that_is_named_has_no_notebooks_settings(home: Path) -> None:
    own_settings(home, "rerank = false\n", "default")
    assert read_settings({}, home=home).rerank is False
    assert read_settings({}, home=home, index=home / "index").rerank is True


def test_the_notebook_that_is_typed_overrules_an_index_of_the_environment(home: Path) -> None:
    environ = {"FOOTNOTE_INDEX": "elsewhere"}
    typed = read_settings(environ, home=home, notebook="law")
    assert typed.index == home / "notebooks" / "law" / "index"
    environ = {"FOOTNOTE_NOTEBOOK": "law"}
    assert read_settings(environ, index=Path("elsewhere")).index == Path("elsewhere")
    with pytest.raises(BadSetting, match="are both set"):
        read_settings({"FOOTNOTE_INDEX": "x", "FOOTNOTE_NOTEBOOK": "law"})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rerank = 'perhaps'", r"^rerank in .*settings\.toml is 'perhaps': .*Correct it"),
        ("rerank == 1", "cannot be read"),
        ("embedder = " + "[" * 20_000, "cannot be read"),
        ("index = '/etc'", "sets 'index'; a notebook's own settings are"),
    ],
)
def test_a_file_that_is_wrong_is_named(home: Path, text: str, problem: str) -> None:
    own_settings(home, text)
    with pytest.raises(BadSetting, match=problem) as raised:
        read_settings({}, home=home, notebook="law")
    assert "\n" not in str(raised.value)


def test_what_is_no_notebook_is_not_listed(home: Path) -> None:
    (home / "notebooks").mkdir(parents=True)
    (home / "notebooks" / "readme").write_text("mine")
    (home / "notebooks" / "law (copy)").mkdir()
    (home / "notebooks" / ".trash").mkdir()
    (home / "notebooks" / "default").mkdir()  # the default one is in the home folder itself
    assert list_notebooks(home) == ()


def test_a_file_that_begins_with_a_byte_order_mark_is_read(home: Path) -> None:
    own_settings(home, "\ufeffrerank = false\n")
    assert read_settings({}, home=home, notebook="law").rerank is False


def test_a_bad_name_is_told_alone() -> None:
    with pytest.raises(BadSetting) as raised:
        read_settings({}, notebook="../law")
    assert "FOOTNOTE_INDEX" not in str(raised.value)


def test_a_notebook_that_needs_a_rebuild_is_rebuilt_as_a_notebook(
    home: Path, tmp_path: Path
) -> None:
    """Its own settings count then: with `--index` they would not, and nothing would mend it."""
    index = ingest(home, "law", write_notes(tmp_path / "law", LAW))
    with pytest.raises(IndexMismatch) as raised:
        NotesIndex.open(index, embedder_name="another")
    assert str(raised.value).endswith(
        f"footnote ingest {tmp_path / 'law'} --rebuild --notebook law"
    )
    own_settings(home, "rerank = false\n", "default")
    index = ingest(home, "default", write_notes(tmp_path / "aws", NOTES))
    with pytest.raises(IndexMismatch) as raised:
        NotesIndex.open(index, embedder_name="another")
    assert str(raised.value).endswith("--rebuild")
