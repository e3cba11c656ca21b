"""Golden files: what is read, in which order it is asked, and how a mistake in one is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import write_notes

from evals.errors import GoldenInvalid
from evals.facts import KeyFact
from evals.golden_set import GoldenSet, ItemType, load_golden

PLACE = {"file": "storage.md", "heading": "Buckets", "quote": "A bucket holds objects."}


def raw(item_id: str = "buckets", **fields: Any) -> dict[str, Any]:
    """An item as it stands in a file; a field given as None is left out."""
    given: dict[str, Any] = {
        "id": item_id,
        "question": "What does a bucket hold?",
        "answerable": True,
        "type": "fact",
        "topic": "storage",
        "key_facts": [{"text": "it holds objects", "any_of": ["holds objects"]}],
        "evidence": [PLACE],
    }
    return {field: value for field, value in (given | fields).items() if value is not None}


def near_miss(**fields: Any) -> dict[str, Any]:
    given = {"answerable": False, "type": "near_miss", "near": "Buckets"}
    return raw("price", **({"key_facts": None, "evidence": None} | given | fields))


def load(folder: Path, **files: object) -> GoldenSet:
    """Load a folder of these files: text as it is, anything else as YAML."""
    texts = {
        f"{name}.yaml": given if isinstance(given, str) else yaml.safe_dump(given)
        for name, given in files.items()
    }
    return load_golden(write_notes(folder, texts))


def problems(folder: Path, **files: object) -> tuple[str, ...]:
    with pytest.raises(GoldenInvalid) as caught:
        load(folder, **files)
    return caught.value.problems


def test_items_are_read_in_the_order_of_files_and_then_of_items(tmp_path: Path) -> None:
    golden = load(tmp_path, b=[raw("b-1")], a=[raw("z-1"), raw("a-2")])
    assert [item.id for item in golden.items] == ["z-1", "a-2", "b-1"]


def test_an_item_needs_nothing_but_what_it_cannot_do_without(tmp_path: Path) -> None:
    (item,) = load(tmp_path, a=[raw()]).items
    assert item.type is ItemType.FACT
    assert item.facts == (KeyFact("it holds objects", ("holds objects",), "vital"),)
    assert item.gold_sections == {("storage.md", "Buckets")}
    assert (item.status, item.critical, item.group, item.paraphrases) == ("gold", False, "", ())


def test_every_wording_is_asked_and_the_first_goes_by_the_id_of_the_item(tmp_path: Path) -> None:
    follow_up = raw(
        "it",
        question="And what does it hold?",
        type="follow_up",
        turns=["What is a bucket?"],
        standalone="What does a bucket hold?",
        paraphrases=["What is in it?"],
    )
    cases = load(tmp_path, a=[follow_up]).cases()
    assert [(case.id, case.text, case.turns, case.counts) for case in cases] == [
        ("it", "And what does it hold?", ("What is a bucket?",), True),
        ("it/paraphrase-1", "What is in it?", ("What is a bucket?",), True),
        ("it/standalone", "What does a bucket hold?", (), False),
    ]


def test_only_the_wanted_types_are_asked(tmp_path: Path) -> None:
    golden = load(tmp_path, a=[raw(), near_miss()])
    assert [case.id for case in golden.cases(frozenset({ItemType.NEAR_MISS}))] == ["price"]
    assert len(golden.cases()) == 2


def test_a_draft_is_read_and_never_asked(tmp_path: Path) -> None:
    golden = load(tmp_path, a=[raw(status="draft", paraphrases=["Again?"]), raw("kept")])
    assert [item.id for item in golden.drafts] == ["buckets"]
    assert [case.id for case in golden.cases()] == ["kept"]


def test_notes_come_along_where_there_is_a_folder_of_them(tmp_path: Path) -> None:
    assert load(tmp_path, a=[raw()]).notes is None
    (tmp_path / "notes").mkdir()
    assert load_golden(tmp_path).notes == tmp_path / "notes"


def test_files_that_are_no_items_are_not_read(tmp_path: Path) -> None:
    write_notes(tmp_path, {"floors.yml": "{", "baseline.json": "{", "notes/a.yaml": "{"})
    assert len(load(tmp_path, a=[raw()]).items) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"question": None}, "question"),
        ({"question": ""}, "question"),
        ({"question": 5}, "question"),
        ({"topic": None}, "topic"),
        ({"type": "riddle"}, "type"),
        ({"answerable": "perhaps"}, "answerable"),
        ({"status": "silver"}, "status"),
        ({"paraphrases": "What is in it?"}, "paraphrases"),
        ({"key_facts": [{"text": "x", "any_of": []}]}, "key_facts.0.any_of"),
        ({"key_facts": [{"text": "x", "any_of": ["x"], "importance": "so-so"}]}, "importance"),
        ({"evidence": [PLACE, {"file": "a.md", "quote": "x"}]}, "evidence.1.heading"),
        ({"evidence": [PLACE | {"page": 3}]}, "evidence.0.page"),
    ],
)
def test_a_wrong_field_is_told_with_its_file_and_item(
    tmp_path: Path, fields: dict[str, Any], field: str
) -> None:
    (line,) = problems(tmp_path, fine=[raw("fine")], storage=[raw("good"), raw(**fields)])
    assert line.startswith("storage.yaml: buckets: ")
    assert f"{field}: " in line


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (raw(evidence=None), "evidence"),
        (raw(key_facts=None), "key_facts"),
        (
            raw(key_facts=[{"text": "x", "any_of": ["x"], "importance": "okay"}]),
            "needs a vital one",
        ),
        (raw(type="near_miss"), "answerable"),
        (raw(answerable=False), "answerable"),
        (near_miss(near=None), "near"),
        (near_miss(key_facts=raw()["key_facts"]), "key_facts"),
        (near_miss(evidence=[PLACE]), "evidence"),
        (raw(type="follow_up"), "turns"),
        (raw(type="follow_up", turns=["Before?"]), "standalone"),
        (raw(type="follow_up", standalone="Alone?"), "turns"),
        (raw(turns=["Before?"]), "turns"),
    ],
)
def test_an_item_that_disagrees_with_itself_is_refused(
    tmp_path: Path, item: dict[str, Any], said: str
) -> None:
    (line,) = problems(tmp_path, storage=[item])
    assert line.startswith(f"storage.yaml: {item['id']}: ")
    assert said in line


@pytest.mark.parametrize("empty", [" ", "``", "[1]"])
def test_a_wording_of_which_nothing_can_be_found_is_refused(tmp_path: Path, empty: str) -> None:
    # It would raise only when an answer is scored, after the whole run.
    facts = [{"text": "it holds objects", "any_of": ["holds objects", empty]}]
    (line,) = problems(tmp_path, storage=[raw(key_facts=facts)])
    assert line.startswith("storage.yaml: buckets: key_facts.0.any_of")
    (line,) = problems(tmp_path, storage=[raw(forbidden=[empty])])
    assert line.startswith("storage.yaml: buckets: forbidden")


@pytest.mark.parametrize("wrong", ["UPPER", "a/b", "-a", "two words", "", None, 5])
def test_an_id_can_be_a_name_in_a_report(tmp_path: Path, wrong: object) -> None:
    (line,) = problems(tmp_path, storage=[raw("good"), raw() | {"id": wrong}])
    assert line.startswith(f"storage.yaml: {wrong or 'item 2'}: id: ")


def test_what_is_no_item_is_told_by_its_place(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, storage=[raw(), "What does a bucket hold?"])
    assert line.startswith("storage.yaml: item 2: ")


def test_an_id_that_comes_twice_is_told_with_both_files(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, a=[raw()], b=[raw("other"), raw(status="draft")])
    assert line == "b.yaml: buckets: id: 'buckets' is also in a.yaml"


@pytest.mark.parametrize("text", ["", "id: buckets\n", "buckets\n"])
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, fine=[raw()], storage=text) == ("storage.yaml: not a list of items",)


@pytest.mark.parametrize("text", ["- {", "- id: 'a\n", "- id: 2024-13-45\n", "- \x00\n"])
def test_a_file_that_is_no_yaml_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (line,) = problems(tmp_path, fine=[raw()], storage=text)
    assert line.startswith("storage.yaml: cannot be read: ")
    assert "\n" not in line


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "storage.yaml").write_bytes("- id: café\n".encode("latin-1"))
    (line,) = problems(tmp_path, fine=[raw()])
    assert line.startswith("storage.yaml: cannot be read: ")


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    lines = problems(
        tmp_path,
        a=[raw("one", topic=None, colour="red"), raw("two", evidence=None)],
        b="no list",
        c=[raw("three", type="riddle")],
    )
    assert [line.rpartition(": ")[0].split(": ")[:2] for line in lines] == [
        ["a.yaml", "one"],
        ["a.yaml", "one"],
        ["a.yaml", "two"],
        ["b.yaml"],
        ["c.yaml", "three"],
    ]


def test_a_folder_without_items_is_no_golden_set(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        (line,) = problems(folder)
        assert line == f"{folder}: no golden set, that is, no *.yaml file"
    assert problems(tmp_path, a=[]) == (f"{tmp_path}: the golden set holds no item",)


def test_nothing_of_a_golden_set_with_a_problem_is_used(tmp_path: Path) -> None:
    assert len(problems(tmp_path, a=[raw("good")], b=[raw("bad", topic=None)])) == 1
