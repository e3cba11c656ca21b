"""What a `.footnoteignore` keeps out: as git would, and never more than it says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import write_notes
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.corpus import read_corpus
from ingest.errors import NoReadableNotes
from ingest.folder import find_candidates

NOTES = {
    "a.md": "# A\n\nOne.\n",
    "b.txt": "B\n",
    "drafts/c.md": "# C\n\nThree.\n",
    "drafts/keep.md": "# Keep\n\nFour.\n",
    "deep/drafts/d.md": "# D\n\nFive.\n",
    "deep/e.md": "# E\n\nSix.\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_notes(tmp_path / "notes", NOTES)


def read(folder: Path) -> list[str]:
    return [source.name for source in read_corpus([folder]).sources]


@pytest.mark.parametrize(
    ("rules", "kept_out"),
    [
        ("", set()),
        ("# a remark\n\n", set()),
        ("b.txt", {"b.txt"}),
        ("*.txt\r\n", {"b.txt"}),
        ("drafts/", {"drafts/c.md", "drafts/keep.md", "deep/drafts/d.md"}),
        ("/drafts/", {"drafts/c.md", "drafts/keep.md"}),
        ("drafts/*\n!drafts/keep.md", {"drafts/c.md"}),
        ("drafts/\n!drafts/keep.md", {"drafts/c.md", "drafts/keep.md", "deep/drafts/d.md"}),
        ("deep/**/d.md", {"deep/drafts/d.md"}),
        ("?.md", {"a.md", "drafts/c.md", "deep/drafts/d.md", "deep/e.md"}),
        ("\ufeffa.md", {"a.md"}),
    ],
)
def test_rules_are_those_of_git(folder: Path, rules: str, kept_out: set[str]) -> None:
    (folder / ".footnoteignore").write_text(rules, encoding="utf-8", newline="")
    assert set(read(folder)) == set(NOTES) - kept_out


def test_a_deeper_file_has_the_last_word(folder: Path) -> None:
    (folder / ".footnoteignore").write_text("*.md\n!a.md\n")
    (folder / "deep" / ".footnoteignore").write_text("!e.md\n/drafts\n")
    assert read(folder) == ["a.md", "b.txt", "deep/e.md"]


def test_where_everything_is_kept_out_nothing_is_readable(folder: Path) -> None:
    (folder / ".footnoteignore").write_text("*\n")
    with pytest.raises(NoReadableNotes):
        read(folder)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "not UTF-8 (byte 0)"),
        (b"x" * 100_001, "more than the 100,000 bytes"),
        (b"ok\n" + b"y" * 1_001, "line 2 is too long"),
        (b"**/a/**/b/**/c/**/d/**/*/*/e", "too many '*'"),
        (b"*a" * 12 + b"*b", "too many '*'"),
        (b"!", "a rule cannot be read"),
    ],
)
def test_rules_that_cannot_be_followed_are_reported_and_keep_nothing_out(
    folder: Path, content: bytes, reason: str
) -> None:
    (folder / ".footnoteignore").write_bytes(content)
    corpus = read_corpus([folder])
    assert {source.name for source in corpus.sources} == set(NOTES)
    (skipped,) = corpus.skipped
    assert skipped.name == ".footnoteignore"
    assert reason in skipped.reason


def test_a_link_is_kept_out_by_its_own_name(folder: Path) -> None:
    (folder / "link.md").symlink_to(folder / "b.txt")
    (folder / ".footnoteignore").write_text("link.md\n")
    assert not read_corpus([folder]).skipped


PATTERN = st.text(st.sampled_from("ab*?/!.[]\\ cdmk#"), min_size=1, max_size=8)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="git is the reference")
@settings(max_examples=150, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@example(["[[]"])
@given(st.lists(PATTERN, min_size=1, max_size=4))
def test_any_rules_keep_out_what_git_ignores(tmp_path: Path, patterns: list[str]) -> None:
    folder = tmp_path / "notes"
    if not folder.exists():
        write_notes(folder, NOTES)
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
    for name in (".gitignore", ".footnoteignore"):
        (folder / name).write_text("\n".join(patterns) + "\n")
    listed = subprocess.run(
        ["git", "-C", str(folder), "ls-files", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    found, skipped = find_candidates(folder)
    assert found is not None
    if not skipped:  # git passes over a rule that it cannot read, and follows the others
        assert {file.name for file in found} == set(listed) & set(NOTES)
