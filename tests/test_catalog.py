import hashlib
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import NOTES, ToyEmbedder

from ingest.catalog import Catalog, match_any
from ingest.catalog_build import IndexedNotes, write_catalog
from ingest.chunks import chunk_section
from ingest.errors import IndexDamaged
from ingest.identity import with_identities
from ingest.notes import Block, BlockKind, Chunk, Section, SourceDocument
from ingest.readers import split_sections

MOJIBAKE = "# Café\n\nIt\u00e2\u20ac\u2122s the customer\u00e2\u20ac\u2122s naïve résumé.\n"
HOSTILE = '\'; DROP TABLE chunks; --/"x" OR 1=1.md'


def divide(notes: dict[str, str]) -> IndexedNotes:
    embedder = ToyEmbedder()
    sources, sections, chunks = [], [], []
    for name, text in sorted(notes.items()):
        digest = hashlib.sha256(text.encode()).hexdigest()
        source = SourceDocument(name, Path(name), text, "utf-8", digest)
        sources.append(source)
        for section in split_sections(source):
            sections.append(section)
            chunks += chunk_section(section, text, embedder.count_tokens, embedder.window)
    return with_identities(IndexedNotes(tuple(sources), tuple(sections), tuple(chunks)))


def write(path: Path, notes: IndexedNotes) -> Catalog:
    embedder = ToyEmbedder()
    vectors = {chunk.digest: embedder.embed_notes([chunk.text])[0] for chunk in notes.chunks}
    write_catalog(path, notes, vectors)
    return Catalog(path)


@pytest.fixture
def notes() -> IndexedNotes:
    return divide({**NOTES, "café.md": MOJIBAKE, HOSTILE: "# Dropped\n\nNothing is dropped.\n"})


@pytest.fixture
def catalog(notes: IndexedNotes, tmp_path: Path):
    opened = write(tmp_path / "notes.sqlite", notes)
    yield opened
    opened.close()


def test_returns_everything_exactly_as_it_was_stored(catalog: Catalog, notes: IndexedNotes) -> None:
    assert catalog.sections() == notes.sections
    assert catalog.chunks() == notes.chunks
    assert catalog.sources() == tuple(source.name for source in notes.sources)
    for source in notes.sources:
        assert catalog.source_text(source.name) == source.text
    for section in notes.sections:
        assert catalog.section(section.id) == section
    for chunk in notes.chunks:
        assert catalog.chunk(chunk.id) == chunk


def test_keeps_vectors_to_the_last_bit_in_note_order(catalog: Catalog, notes: IndexedNotes) -> None:
    ids, sources, matrix = catalog.vectors()
    assert ids == tuple(chunk.id for chunk in notes.chunks)
    assert sources == tuple(chunk.section_id.rpartition("#")[0] for chunk in notes.chunks)
    expected = ToyEmbedder().embed_notes([chunk.text for chunk in notes.chunks])
    assert matrix.dtype == np.float32
    assert np.array_equal(matrix, expected)
    assert np.array_equal(catalog.vectors_of(ids[::-1]), expected[::-1])


@pytest.mark.parametrize("name", ["", "nothing", "' OR '1'='1", HOSTILE + "'"])
def test_an_unknown_name_is_a_key_error(catalog: Catalog, name: str) -> None:
    for look_up in (catalog.source_text, catalog.section, catalog.chunk):
        with pytest.raises(KeyError):
            look_up(name)
    with pytest.raises(KeyError):
        catalog.vectors_of([name])


def test_finds_a_word_in_any_of_its_forms(catalog: Catalog) -> None:
    assert catalog.matching_blocks(["instances"], 9) == catalog.matching_blocks(["instance"], 9)
    found = {section_id for section_id, _, _ in catalog.matching_blocks(["caching", "BUCKET"], 9)}
    assert "storage.md#buckets" in found


def test_finds_mis_decoded_and_accented_words_by_plain_ones(catalog: Catalog) -> None:
    for term in ("customer's", "naive", "resume"):
        assert [hit[0] for hit in catalog.matching_blocks([term], 9)] == ["café.md#café"]


def test_finds_a_figure_by_the_words_of_its_file_name(catalog: Catalog) -> None:
    (section_id, ordinal, score), *_ = catalog.matching_blocks(["lifecycle", "cycle"], 9)
    assert catalog.section(section_id).blocks[ordinal].kind is BlockKind.FIGURE
    assert score > 0


def test_finds_a_row_by_its_cells(catalog: Catalog) -> None:
    ((section_id, ordinal, _),) = catalog.matching_blocks(["64000"], 9)
    assert catalog.section(section_id).blocks[ordinal].cells[0].text == "io2"


def test_any_term_is_enough_and_more_are_better(catalog: Catalog) -> None:
    both = catalog.matching_chunks(["spot", "bucket"], 9)
    assert {chunk_id.partition("#")[0] for chunk_id, _ in both} == {
        "storage.md",
        "compute/servers.md",
    }
    scores = [score for _, score in both]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


def test_a_word_of_the_heading_counts_for_more(catalog: Catalog) -> None:
    best = catalog.matching_chunks(["functions"], 9)[0][0]
    assert best.startswith("compute/servers.md#functions")


@pytest.mark.parametrize(
    "term",
    [
        '"', '""', "a\0b", "NEAR(", "AND", "OR NOT", "heading:bucket", "{heading}: x", "^bucket",
        "bucket*", "-bucket", "(", "a AND b OR", "'", ";--", "\ud800", "日本", "🙂", "", " ", "+",
    ],
)  # fmt: skip
def test_no_syntax_in_a_term_gets_through(catalog: Catalog, term: str) -> None:
    assert isinstance(catalog.matching_chunks([term], 9), list)
    assert isinstance(catalog.matching_blocks(["bucket", term], 9), list)
    assert catalog.matching_blocks(["bucket", "\0"], 9)


def test_takes_a_term_of_several_words_as_a_phrase(catalog: Catalog) -> None:
    assert catalog.matching_blocks(["rented server"], 9)
    assert not catalog.matching_blocks(["server rented"], 9)


def test_takes_any_number_of_terms(catalog: Catalog) -> None:
    assert catalog.matching_chunks([f"word{i}" for i in range(10_000)], 9) == []
    assert match_any(["a", "a", '"', "b"]) == '"a" OR "b"'


def test_keeps_to_the_sources_that_are_asked_for(catalog: Catalog) -> None:
    hits = catalog.matching_blocks(["a"], 99, {"queues.md"})
    assert hits
    assert {section_id.partition("#")[0] for section_id, _, _ in hits} == {"queues.md"}
    assert catalog.matching_chunks(["a"], 99, frozenset()) == []
    assert catalog.matching_chunks(["dropped"], 99, {HOSTILE})
    assert catalog.matching_chunks(["dropped"], 99, {"x') OR 1=1 --"}) == []


def test_equal_scores_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    notes = divide({f"n{i}.md": "# Same\n\nThe very same words.\n" for i in (3, 1, 2)})
    catalog = write(tmp_path / "notes.sqlite", notes)
    ids = [chunk_id for chunk_id, _ in catalog.matching_chunks(["words"], 9)]
    catalog.close()
    assert ids == sorted(ids)
    assert len(ids) == 3


def test_the_vocabulary_counts_the_blocks_that_hold_a_word(catalog: Catalog) -> None:
    words = catalog.vocabulary()
    assert words["instances"] == 1
    assert words["cafes"] == 1
    assert words["servers"] >= 3  # a heading's word stands in every block under it
    assert "Instances" not in words
    assert list(words) == sorted(words)


def test_leaves_navigation_out_of_every_search(tmp_path: Path) -> None:
    block = Block(BlockKind.ITEM, 0, "zebra", 0, 5, (1, 1), 0)
    section = Section(
        "a.md#toc", "a.md", ("Contents",), "toc", 1, 0, 5, (1, 1), (block,), navigation=True
    )
    chunk = Chunk("a.md#toc/0", "a.md#toc", 0, "zebra", 0, 0, 0, 5, (1, 1), "d")
    source = SourceDocument("a.md", Path("a.md"), "zebra", "utf-8", "x")
    path = tmp_path / "notes.sqlite"
    write_catalog(path, with_identities(IndexedNotes((source,), (section,), (chunk,))), {})
    catalog = Catalog(path)
    assert catalog.matching_blocks(["zebra"], 9) == []
    assert catalog.matching_chunks(["zebra"], 9) == []
    assert catalog.vocabulary() == {}
    assert replace(catalog.section("a.md#toc"), identity="") == section
    catalog.close()


def test_a_part_of_a_long_block_is_found_by_its_own_words(tmp_path: Path) -> None:
    notes = divide({"long.md": "# Long\n\n" + " ".join(f"w{i}" for i in range(300)) + "\n"})
    assert len(notes.chunks) > 3
    catalog = write(tmp_path / "notes.sqlite", notes)
    assert len(catalog.matching_chunks(["w150"], 99)) == 1
    catalog.close()


def test_cannot_be_written(catalog: Catalog) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        catalog._connection.execute("DELETE FROM chunks")


def test_answers_many_threads_at_once(catalog: Catalog, notes: IndexedNotes) -> None:
    found: list[object] = []

    def read() -> None:
        found.extend(catalog.section(section.id) == section for section in notes.sections)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4 * len(notes.sections)


@pytest.mark.parametrize("content", [b"", b"garbage" * 99])
def test_a_file_that_is_no_catalog_is_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a#b?c%20.sqlite"
    path.write_bytes(content)
    with pytest.raises(IndexDamaged, match="cannot be read"):
        Catalog(path)


def test_a_missing_file_is_damage_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged):
        Catalog(tmp_path / "notes.sqlite")
    assert not (tmp_path / "notes.sqlite").exists()


def test_opens_under_a_path_with_characters_of_an_address(
    tmp_path: Path, notes: IndexedNotes
) -> None:
    folder = tmp_path / "a #b?mode=rwc&c %41"
    folder.mkdir()
    catalog = write(folder / "notes.sqlite", notes)
    assert catalog.chunks() == notes.chunks
    catalog.close()
