"""Comparisons: something of each side, in the order asked, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from conftest import WordReranker
from desks import Shelf, told

from chatbot.draft import Line
from chatbot.extractive import comparisons

LIBRARY = {
    "files.md": (
        "# Files\n\n## Lustre\n\nLustre scales to millions of operations for training. "
        "Lustre costs more than buckets.\n\n"
        "## ONTAP\n\nONTAP supports training over iSCSI.\n\n"
        "## Both\n\nLustre differs from ONTAP in its training protocol.\n\n"
        "## Quobyte\n\nQuobyte supports parallel training.\n"
    ),
    "volumes.md": (
        "# Volumes\n\n| volume | throughput | price |\n|---|---|---|\n"
        "| gp3 | 125 MB | low |\n| io2 | 4000 MB | high |\n"
        "\nThe gp3 volume is a general volume.\n"
    ),
    "keys.md": (
        "# Keys\n\nKMS keys have these advantages:\n\n- An audit trail of use\n- Added security\n\n"
        "S3 keys are handled by the service.\n"
    ),
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder: Path = tmp_path_factory.mktemp("compared")
    with Shelf.open(LIBRARY, folder, WordReranker()) as shelf:
        yield shelf


def composed(shelf: Shelf, question: str) -> tuple[Line, ...]:
    desk = shelf.desk(question)
    assert len(desk.query.sides) == 2, "the question compares nothing"
    return comparisons.compose(desk, shelf.searcher)


def test_both_sides_are_told_in_the_order_asked(shelf: Shelf) -> None:
    for first, second in (("ONTAP", "Quobyte"), ("Quobyte", "ONTAP"), ("Lustre", "Quobyte")):
        lines = told(composed(shelf, f"{first} vs {second}"))
        named = [
            first if first in line else second for line in lines if first in line or second in line
        ]
        assert len(named) == len(lines)
        assert set(named) == {first, second}
        assert named == sorted(named, key=(first, second).index)


def test_what_names_both_sides_comes_first(shelf: Shelf) -> None:
    lines = told(composed(shelf, "How does Lustre differ from ONTAP in its training protocol?"))
    assert lines[0] == "Lustre differs from ONTAP in its training protocol."
    assert len(lines) == len(set(lines))


def test_rows_of_one_table_stand_side_by_side(shelf: Shelf) -> None:
    lines = told(composed(shelf, "Compare the throughput of gp3 with io2"))
    assert lines == ["gp3 — throughput: 125 MB", "io2 — throughput: 4000 MB"]


def test_a_side_is_also_told_by_what_it_is(shelf: Shelf) -> None:
    # Asked for training, ONTAP has its line; that Lustre scales is what it is, not what was asked.
    lines = told(composed(shelf, "Lustre vs ONTAP, which costs more?"))
    assert any(line.startswith("Lustre scales to millions of operations") for line in lines)
    assert any(line.startswith("ONTAP supports") for line in lines)


@pytest.mark.parametrize(
    "question",
    ["When do I take Lustre and when Quobyte?", "What is the catch of Lustre against Quobyte?"],
)
def test_other_words_for_a_comparison(shelf: Shelf, question: str) -> None:
    lines = told(composed(shelf, question))
    assert any("Lustre" in line for line in lines)
    assert any("Quobyte" in line for line in lines)


@pytest.mark.parametrize(
    "question", ["Lustre vs Ceph", "What is the difference between Ceph and Lustre?"]
)
def test_a_side_that_the_notes_do_not_know_gives_no_comparison(shelf: Shelf, question: str) -> None:
    assert composed(shelf, question) == ()


def test_nothing_known_of_either_side_gives_none(shelf: Shelf) -> None:
    assert composed(shelf, "Ceph vs GlusterFS") == ()


def test_every_line_of_a_comparison_is_cited_and_none_twice(shelf: Shelf) -> None:
    for question in ("Lustre vs ONTAP", "gp3 vs io2", "KMS keys vs S3 keys", "Lustre vs gp3"):
        lines = composed(shelf, question)
        assert len(told(lines)) == len(set(told(lines))) > 0
        assert all(line.spans for line in lines)


def test_a_scope_holds_for_both_sides(shelf: Shelf) -> None:
    scope = frozenset({"files.md"})
    desk = shelf.desk("Lustre vs gp3", scope=scope)
    assert comparisons.compose(desk, shelf.searcher) == ()


class LikesAudits(WordReranker):
    """Thinks that audits answer everything."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        return [9.0 if "audit" in text else -9.0 for text in texts]


def test_an_item_whose_side_stands_in_its_lead_comes_with_the_lead(tmp_path: Path) -> None:
    with Shelf.open(LIBRARY, tmp_path, LikesAudits()) as shelf:
        lines = told(composed(shelf, "KMS keys vs S3 keys"))
    assert lines == [
        "KMS keys have these advantages:",
        "An audit trail of use",
        "S3 keys are handled by the service.",
    ]


def test_the_same_comparison_is_told_the_same_twice(shelf: Shelf) -> None:
    assert composed(shelf, "Lustre vs ONTAP") == composed(shelf, "Lustre vs ONTAP")


def test_an_item_that_leans_on_its_lead_comes_with_it(tmp_path: Path) -> None:
    note = (
        "# Disks\n\n## EFS\n\n- Dearer than S3 and slower than Lustre\n"
        "  - Because of this, EFS is for training data that is there already\n\n"
        "## EBS\n\nEBS is for training on one server.\n"
    )
    with Shelf.open({"disks.md": note}, tmp_path, WordReranker()) as shelf:
        lines = told(composed(shelf, "EFS vs EBS for training data"))
    at = next(n for n, line in enumerate(lines) if line.startswith("Because of this"))
    assert lines[at - 1] == "Dearer than S3 and slower than Lustre"


ROCKS = {
    "rocks.md": (
        "# Rocks\n\n## Kinds\n\nBasalt and granite differ in how they cool.\n\n"
        "{behind}\n\n## Basalt\n\nBasalt is a dark rock.\n\n"
        "## Granite\n\nGranite is a pale rock.\n"
    )
}
DIFFER = "Basalt and granite differ in how they cool."


def of_rocks(folder: Path, *behind: str) -> list[str]:
    note = {"rocks.md": ROCKS["rocks.md"].format(behind="\n\n".join(behind))}
    with Shelf.open(note, folder, WordReranker()) as shelf:
        return told(composed(shelf, "How do basalt and granite differ in how they cool?"))


@pytest.mark.parametrize(
    "behind",
    [
        ("Basalt hardens fast at the surface.", "Granite hardens slowly below ground."),
        ("Granite hardens slowly below ground.", "Basalt hardens fast at the surface."),
        ("Basalt hardens fast at the surface.",),
    ],
)
def test_who_says_that_two_things_differ_says_next_in_what(
    tmp_path: Path, behind: tuple[str, ...]
) -> None:
    lines = of_rocks(tmp_path, *behind)
    assert lines[: 1 + len(behind)] == [DIFFER, *behind]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    "behind",
    [
        ("Quarries sell stone to builders.", "Basalt hardens fast at the surface."),
        ("Quarries sell stone to builders.",),
    ],
)
def test_what_names_neither_side_is_not_read_on(tmp_path: Path, behind: tuple[str, ...]) -> None:
    lines = of_rocks(tmp_path, *behind)
    assert lines[0] == DIFFER
    assert "Quarries sell stone to builders." not in lines
    assert any(line.startswith("Granite") for line in lines)


def test_only_the_next_few_blocks_are_read_on(tmp_path: Path) -> None:
    behind = [f"Granite number{n} was named{n} later{n}." for n in range(9)]
    lines = of_rocks(tmp_path, *behind)
    assert lines[1 : 1 + comparisons.MOST_READ_ON] == behind[: comparisons.MOST_READ_ON]
    assert len([line for line in lines if "named" in line]) < len(behind)


MOONS = {
    "moons.md": (
        "# Moons\n\n| moon | planet | radius | found |\n|---|---|---|---|\n"
        "| Io | Jupiter | 1821 km | 1610 |\n| Titan | Saturn | 2575 km | 1655 |\n"
        "| Titania | Uranus | 789 km | 1787 |\n| Old Triton | Neptune | 1353 km | 1846 |\n"
        "| Triton | Neptune | 1355 km | 1989 |\n"
    )
}


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("Compare the radius of Titan with Io",
         ["Titan — radius: 2575 km", "Io — radius: 1821 km"]),
        ("Io vs Titan: which radius do they have?",
         ["Io — radius: 1821 km", "Titan — radius: 2575 km"]),
        ("How does the radius of Titan differ from Titania?",
         ["Titan — radius: 2575 km", "Titania — radius: 789 km"]),
        ("Titania vs Titan, which radius is larger?",
         ["Titania — radius: 789 km", "Titan — radius: 2575 km"]),
        ("Io vs Old Triton, which radius is larger?",
         ["Io — radius: 1821 km", "Old Triton — radius: 1353 km"]),
        ("Compare the radius of Triton with Old Triton",
         ["Triton — radius: 1355 km", "Old Triton — radius: 1353 km"]),
        ("Compare the radius of Old Triton with Triton",
         ["Old Triton — radius: 1353 km", "Triton — radius: 1355 km"]),
    ],
)  # fmt: skip
def test_each_side_has_the_row_of_its_label(tmp_path: Path, question: str, rows: list[str]) -> None:
    with Shelf.open(MOONS, tmp_path, WordReranker()) as shelf:
        assert told(composed(shelf, question)) == rows


@pytest.mark.parametrize(
    "question",
    [
        "Compare the radius of Io with Triton",
        pytest.param(
            "Triton vs Titan: which radius do they have?",
            marks=pytest.mark.xfail(
                strict=True, reason="the best block of a side may be the row of a longer name"
            ),
        ),
    ],
)
def test_a_label_that_is_the_name_beats_one_that_holds_it(tmp_path: Path, question: str) -> None:
    with Shelf.open(MOONS, tmp_path, WordReranker()) as shelf:
        assert "Triton — radius: 1355 km" in told(composed(shelf, question))


def test_a_table_without_a_row_for_a_side_gives_no_comparison(tmp_path: Path) -> None:
    with Shelf.open(MOONS, tmp_path, WordReranker()) as shelf:
        assert composed(shelf, "Compare the radius of Titan with Ganymede") == ()
