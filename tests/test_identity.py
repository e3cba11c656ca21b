"""Identities: a note and a section stay the same ones through renames, moves and new neighbours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest
from conftest import ToyEmbedder, write_notes
from hypothesis import given
from hypothesis import strategies as st

from ingest.build import IngestReport
from ingest.identity import TracedNote, TracedSection, identified
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

Notes = dict[str, list[tuple[str, str]]]  # by name: heading and body of each section

TREES: Notes = {
    "oak.md": [("Leaves", "lobed"), ("Bark", "rough"), ("Empty", "")],
    "elm.md": [("Leaves", "toothed"), ("Bark", "grey")],
}


def traces(notes: Notes) -> list[TracedNote]:
    found = []
    for name, sections in notes.items():
        digest = hashlib.sha256(repr(sections).encode()).hexdigest()
        listed = [TracedSection(f"{name}#{i}", (h,), b) for i, (h, b) in enumerate(sections)]
        found.append(TracedNote(name, digest, tuple(listed)))
    return found


def after(*states: Notes) -> list[dict[tuple[str, str, str], str]]:
    """By note, heading and body, the identities in each of a row of states."""
    known: tuple[TracedNote, ...] = ()
    told = []
    for state in states:
        known = identified(known, traces(state))
        told.append(
            {(note.name, s.heading[0], s.body): s.identity for note in known for s in note.sections}
            | {(note.name, "", ""): note.identity for note in known}
        )
    return told


def test_what_did_not_change_keeps_its_identity() -> None:
    first, second = after(TREES, TREES)
    assert first == second
    assert len(set(first.values())) == len(first)


def test_a_renamed_note_and_its_sections_keep_theirs() -> None:
    first, second = after(TREES, {"trees/oak.md": TREES["oak.md"], "elm.md": TREES["elm.md"]})
    for heading, body in [("", ""), *TREES["oak.md"]]:
        assert second["trees/oak.md", heading, body] == first["oak.md", heading, body]


def test_a_section_keeps_its_identity_when_its_neighbours_change() -> None:
    more = [("Leaves", "of another kind"), ("Roots", "deep"), *TREES["oak.md"]]
    first, second = after(TREES, {**TREES, "oak.md": more})
    for heading, body in TREES["oak.md"]:
        assert second["oak.md", heading, body] == first["oak.md", heading, body]
    assert second["oak.md", "Leaves", "of another kind"] not in first.values()
    assert second["oak.md", "Roots", "deep"] not in first.values()


@pytest.mark.parametrize(
    ("now", "place"),
    [
        ([("Foliage", "lobed"), ("Bark", "rough")], ("Foliage", "lobed")),  # another heading
        ([("Leaves", "lobed, green"), ("Bark", "rough")], ("Leaves", "lobed, green")),  # edited
        ([("Bark", "rough"), ("Leaves", "lobed")], ("Leaves", "lobed")),  # moved
    ],
)
def test_a_section_that_is_renamed_edited_or_moved_keeps_its_identity(
    now: list[tuple[str, str]], place: tuple[str, str]
) -> None:
    first, second = after(TREES, {**TREES, "oak.md": now})
    assert second[("oak.md", *place)] == first["oak.md", "Leaves", "lobed"]
    assert second["oak.md", "Bark", "rough"] == first["oak.md", "Bark", "rough"]


def test_a_section_that_moves_to_another_note_keeps_its_identity() -> None:
    now = {"oak.md": TREES["oak.md"][1:], "elm.md": [*TREES["elm.md"], ("Leaves", "lobed")]}
    first, second = after(TREES, now)
    assert second["elm.md", "Leaves", "lobed"] == first["oak.md", "Leaves", "lobed"]
    assert second["elm.md", "Leaves", "toothed"] == first["elm.md", "Leaves", "toothed"]


def test_notes_that_change_names_keep_to_their_words() -> None:
    swapped = {"oak.md": TREES["elm.md"], "elm.md": TREES["oak.md"]}
    first, second = after(TREES, swapped)
    assert second["oak.md", "", ""] == first["elm.md", "", ""]
    assert second["elm.md", "Bark", "rough"] == first["oak.md", "Bark", "rough"]


def test_a_note_that_is_renamed_and_edited_at_once_is_known_by_most_of_its_sections() -> None:
    now = {"quercus.md": [("Leaves", "lobed"), ("Bark", "rough and dark"), ("Fruit", "acorns")]}
    first, second = after({"oak.md": [("Leaves", "lobed"), ("Bark", "rough")]}, now)
    assert second["quercus.md", "", ""] != first["oak.md", "", ""]  # half is not most
    now["quercus.md"][1] = ("Bark", "rough")
    first, second = after({"oak.md": [("Leaves", "lobed"), ("Bark", "rough")]}, now)
    assert second["quercus.md", "", ""] == first["oak.md", "", ""]


def test_many_renamed_notes_with_one_footer_are_told_apart_in_little_time() -> None:
    def state(name: str) -> Notes:
        footer = ("Licence", "the same for all")
        return {f"{name}{n}.md": [(f"H{n}", f"{name} words {n}"), footer] for n in range(3_000)}

    began = process_time()
    after(state("a"), state("b"))
    assert process_time() - began < 10


def test_of_a_copy_the_original_keeps_the_identity() -> None:
    first, second = after(TREES, {**TREES, "copy.md": TREES["oak.md"]})
    assert {k: v for k, v in second.items() if k[0] != "copy.md"} == first
    assert second["copy.md", "Leaves", "lobed"] not in first.values()


def test_a_new_note_never_gets_the_identity_of_one_that_moved_away() -> None:
    moved = {"old.md": TREES["oak.md"], "oak.md": [("Leaves", "of plastic")]}
    first, _, third = after({"oak.md": TREES["oak.md"]}, {"old.md": TREES["oak.md"]}, moved)
    assert third["old.md", "Leaves", "lobed"] == first["oak.md", "Leaves", "lobed"]
    assert len(set(third.values())) == len(third)


def test_an_index_that_is_made_anew_gives_the_same_identities() -> None:
    assert after(TREES)[0] == after(TREES)[0]


WORD = st.sampled_from(["a", "b", "c"])
STATES = st.dictionaries(
    st.sampled_from(["x.md", "y.md", "z.md"]),
    st.lists(st.tuples(WORD, st.one_of(st.just(""), WORD)), max_size=4),
    max_size=3,
)


@given(st.lists(STATES, min_size=2, max_size=4))
def test_no_two_have_one_identity_whatever_happens(states: list[Notes]) -> None:
    known: tuple[TracedNote, ...] = ()
    for state in states:
        before = known
        known = identified(before, traces(state))
        given_ = [note.identity for note in known]
        given_ += [section.identity for note in known for section in note.sections]
        assert all(given_)
        assert len(set(given_)) == len(given_)
        same = {(note.name, note.digest): note for note in before}
        for note in known:
            if (note.name, note.digest) in same:  # untouched: so is all that is in it
                assert note == same[note.name, note.digest]


# Through the index

Sync = Callable[[], IngestReport]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    notes = {
        f"{n:02}.md": f"# Note {n}\n\nOnly{n} here.\n\n## Part\n\nMore{n}.\n" for n in range(60)
    }
    return write_notes(tmp_path / "notes", notes)


@pytest.fixture
def sync(folder: Path, tmp_path: Path) -> Sync:
    return lambda: ingest_notes([folder], tmp_path / "index", embedder=ToyEmbedder())


def identities(index: Path) -> dict[str, str]:
    with NotesIndex.open(index, store="exact") as opened:
        found = {section.id: section.identity for section in opened.sections()}
        for section_id, identity in found.items():
            assert opened.section_identified(identity).id == section_id
        with pytest.raises(KeyError):
            opened.section_identified("none")
    assert len(set(found.values())) == len(found)
    return found


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_citation_is_found_after_its_note_was_renamed(
    sync: Sync, folder: Path, tmp_path: Path, rebuild: bool
) -> None:
    sync()
    before = identities(tmp_path / "index")
    (folder / "deep").mkdir()
    (folder / "07.md").rename(folder / "deep" / "seven.md")
    (folder / "08.md").write_text(
        "# New\n\nAbove.\n\n## Part\n\nAnother.\n\n"
        + "# Note 8\n\nOnly8 here.\n\n## Part\n\nMore8.\n"
    )
    ingest_notes([folder], tmp_path / "index", embedder=ToyEmbedder(), rebuild=rebuild)
    after_ = identities(tmp_path / "index")
    assert after_["deep/seven.md#part"] == before["07.md#part"]
    assert after_["08.md#part-1"] == before["08.md#part"]
    assert after_["08.md#part"] not in before.values()
    untouched = {key: value for key, value in before.items() if key[:2] not in ("07", "08")}
    assert untouched.items() <= after_.items()


def test_an_update_gives_the_identities_that_a_build_gives(
    sync: Sync, folder: Path, tmp_path: Path
) -> None:
    sync()
    (folder / "new.md").write_text("# Fresh\n\nWords.\n")
    (folder / "03.md").rename(folder / "three.md")
    sync()
    (folder / "03.md").write_text("# Note 3\n\nSomething else.\n")
    sync()
    updated = identities(tmp_path / "index")
    ingest_notes([folder], tmp_path / "index", embedder=ToyEmbedder(), renew=True)
    assert identities(tmp_path / "index") == updated
    assert updated["three.md#note-3"] != updated["03.md#note-3"]
