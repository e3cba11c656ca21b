"""A folder of notes is read completely, safely, and always in the same way."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ingest.corpus import Corpus, read_corpus
from ingest.errors import NoReadableNotes, NotesNotFound
from ingest.note_file import FileSkipped, read_note


def write(path: Path, content: bytes | str = "Some words.\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def names(corpus: Corpus) -> list[str]:
    return [source.name for source in corpus.sources]


def reasons(corpus: Corpus) -> dict[str, str]:
    return {file.name: file.reason for file in corpus.skipped}


def test_notes_are_named_relative_to_the_folder_and_sorted(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.TXT", "a/B.Markdown", "a/b/c.md", "image.png", "Makefile"):
        write(tmp_path / name)
    corpus = read_corpus([tmp_path])
    assert names(corpus) == ["a/B.Markdown", "a/b/c.md", "a/z.TXT", "b.md"]
    assert corpus.skipped == ()


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    for name in ("a.md", ".hidden.md", ".footnote/x.md", "sub/.git/y.md"):
        write(tmp_path / name)
    assert names(read_corpus([tmp_path])) == ["a.md"]


def test_a_given_file_goes_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path / "deep" / "a.md", "x")
    (source,) = read_corpus([path]).sources
    assert (source.name, source.text, source.encoding) == ("a.md", "x", "utf-8")
    assert source.digest == hashlib.sha256(b"x").hexdigest()


def test_equal_names_of_several_folders_are_told_apart(tmp_path: Path) -> None:
    for folder in ("one/notes", "two/notes", "three/notes"):
        write(tmp_path / folder / "a.md", folder)
    corpus = read_corpus(
        [tmp_path / folder for folder in ("one/notes", "two/notes", "three/notes")]
    )
    assert {source.name: source.text for source in corpus.sources} == {
        "a.md": "one/notes",
        "notes/a.md": "two/notes",
        "notes-2/a.md": "three/notes",
    }


def test_a_file_that_is_reached_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md")
    assert names(read_corpus([tmp_path, path, tmp_path])) == ["a.md"]


@pytest.mark.parametrize(
    ("content", "text", "encoding"),
    [
        (b"\xef\xbb\xbfa\r\nb\rc", "\ufeffa\r\nb\rc", "utf-8"),
        ("\ufeffé".encode("utf-16-le"), "\ufeffé", "utf-16-le"),
        ("\ufeffé".encode("utf-16-be"), "\ufeffé", "utf-16-be"),
        ("\ufeffé".encode("utf-32-le"), "\ufeffé", "utf-32-le"),
        (b"caf\xe9 \x93quoted\x94", "café “quoted”", "cp1252"),
        (
            b"plain words " * 20 + b"\x81",
            "plain words " * 20 + "\x81",
            "latin-1",
        ),
    ],
)
def test_text_is_decoded_and_otherwise_untouched(
    tmp_path: Path, content: bytes, text: str, encoding: str
) -> None:
    (source,) = read_corpus([write(tmp_path / "a.md", content)]).sources
    assert (source.text, source.encoding) == (text, encoding)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "no words"),
        (b"words and \x00", "NUL"),
        (b"words\x01\x02\x03", "control characters"),
        ("Привет, мир".encode("cp1251"), "save it as UTF-8"),
        (b"x" * 101, "split it"),
    ],
)
def test_a_file_that_is_no_note_is_skipped_with_a_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    write(tmp_path / "good.md")
    write(tmp_path / "bad.md", content)
    corpus = read_corpus([tmp_path], max_bytes=100)
    assert names(corpus) == ["good.md"]
    assert reason in reasons(corpus)["bad.md"]
    assert "\n" not in reasons(corpus)["bad.md"]


def test_a_document_in_another_format_is_reported(tmp_path: Path) -> None:
    write(tmp_path / "a.md")
    write(tmp_path / "paper.PDF")
    assert "not a format that is read" in reasons(read_corpus([tmp_path]))["paper.PDF"]


def test_links_never_lead_out_of_the_folder_or_in_circles(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    write(notes / "real.md")
    secret = write(tmp_path / "secret.md", "secret")
    (notes / "out.md").symlink_to(secret)
    (notes / "up").symlink_to(tmp_path)
    (notes / "loop").symlink_to(notes)
    (notes / "a-link.md").symlink_to(notes / "real.md")
    (notes / "gone.md").symlink_to(notes / "nowhere.md")
    (notes / "self.md").symlink_to(notes / "self.md")
    corpus = read_corpus([notes])
    assert names(corpus) == ["real.md"]
    found = reasons(corpus)
    assert found["out.md"] == found["up"] == "a link that leads out of the folder"
    assert found["a-link.md"] == "a link to 'real.md', which is read under that name"
    assert found["loop"] == "a link to a folder of these notes"
    assert found["gone.md"].startswith("a link that leads nowhere")
    assert found["self.md"].startswith("a link that leads nowhere")


def test_a_folder_that_is_given_as_a_link_is_read(tmp_path: Path) -> None:
    write(tmp_path / "notes" / "a.md")
    (tmp_path / "link").symlink_to(tmp_path / "notes")
    assert names(read_corpus([tmp_path / "link"])) == ["a.md"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "a.md")
    os.mkfifo(tmp_path / "pipe.md")
    assert reasons(read_corpus([tmp_path])) == {"pipe.md": "not a regular file"}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs a file of no fixed size")
def test_a_file_that_is_not_as_long_as_it_says_is_given_up_after_a_few_tries() -> None:
    with pytest.raises(FileSkipped, match="changed while being read"):
        read_note(Path("/proc/self/status"), "status.md", 100_000)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_what_may_not_be_read_is_skipped_with_a_reason(tmp_path: Path) -> None:
    write(tmp_path / "a.md")
    write(tmp_path / "locked.md").chmod(0)
    write(tmp_path / "folder" / "b.md").parent.chmod(0)
    try:
        assert set(reasons(read_corpus([tmp_path]))) == {"locked.md", "folder"}
    finally:
        (tmp_path / "folder").chmod(0o700)


@pytest.mark.skipif(os.name != "posix", reason="file names are text here")
def test_a_file_name_that_is_not_text_becomes_text(tmp_path: Path) -> None:
    try:
        write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")))
    except OSError:
        pytest.skip("this file system refuses such names")
    assert names(read_corpus([tmp_path])) == ["caf\ufffd.md"]


def test_deep_folders_are_walked_without_recursion(tmp_path: Path) -> None:
    path = tmp_path
    for _ in range(200):
        path = path / "d"
    write(path / "a.md")
    assert len(read_corpus([tmp_path]).sources) == 1


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotesNotFound, match=r"'.*nowhere'") as caught:
        read_corpus([tmp_path / "nowhere"])
    assert "\n" not in str(caught.value)


def test_a_folder_with_nothing_readable_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NoReadableNotes, match=r"\.md, \.markdown, \.txt"):
        read_corpus([tmp_path])
    write(tmp_path / "line\nbreak.md", "")
    with pytest.raises(NoReadableNotes, match="the file is empty") as caught:
        read_corpus([tmp_path])
    assert "\n" not in str(caught.value)


def test_an_empty_folder_is_refused_also_beside_a_full_one(tmp_path: Path) -> None:
    write(tmp_path / "full" / "a.md")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoReadableNotes, match="empty"):
        read_corpus([tmp_path / "full", tmp_path / "empty"])


def test_a_single_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoReadableNotes, match="NUL"):
        read_corpus([write(tmp_path / "a.md", b"\0")])
    with pytest.raises(NoReadableNotes, match="not a format"):
        read_corpus([write(tmp_path / "a.pdf", b"x")])
    with pytest.raises(NoReadableNotes):
        read_corpus([])
