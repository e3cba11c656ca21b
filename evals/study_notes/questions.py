"""The questions: what is asked, and what a right answer must say."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from evals.golden_set import Case, GoldenItem, GoldenSet


class StudyQuestion(BaseModel):
    """One question over the notes.

    `sections`: headings under any of which the answer stands. `key_facts`: what the answer's
    text must hold, each a list of accepted wordings. `near`: for a question that the notes do
    not answer, the heading that it seems to be about. `turns`: what was asked before, oldest
    first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    question: str
    kind: str
    answerable: bool
    sections: tuple[str, ...] = ()
    all_sections: tuple[str, ...] = ()
    key_facts: tuple[tuple[str, ...], ...] = ()
    near: str = ""
    turns: tuple[str, ...] = ()


def load_questions(path: Path) -> tuple[StudyQuestion, ...]:
    """The questions of one YAML file, in file order.

    A file in the form of the golden set gives one question for each wording.

    Raises:
        pydantic.ValidationError: an item lacks a field or has one too many.
    """
    items = yaml.safe_load(path.read_text(encoding="utf-8"))
    if any("type" in item for item in items):
        golden = TypeAdapter(tuple[GoldenItem, ...]).validate_python(items)
        return tuple(_of_case(case) for case in GoldenSet(golden).cases())
    return TypeAdapter(tuple[StudyQuestion, ...]).validate_python(items)


def _of_case(case: Case) -> StudyQuestion:
    item = case.item
    return StudyQuestion(
        id=case.id,
        question=case.text,
        kind=str(item.type),
        answerable=item.answerable,
        sections=tuple(dict.fromkeys(place.heading for place in item.evidence)),
        key_facts=tuple(fact.any_of for fact in item.key_facts if fact.importance == "vital"),
        near=item.near,
        turns=case.turns,
    )
