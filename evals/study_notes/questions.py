"""The questions: what is asked, and what a right answer must say."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter


class StudyQuestion(BaseModel):
    """One question over the notes.

    `sections`: headings under any of which the answer stands. `key_facts`: what the answer's
    text must hold, each a list of accepted wordings. `near`: for a question that the notes do
    not answer, the heading that it seems to be about.
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


def load_questions(path: Path) -> tuple[StudyQuestion, ...]:
    """The questions of one YAML file, in file order.

    Raises:
        pydantic.ValidationError: an item lacks a field or has one too many.
    """
    items = yaml.safe_load(path.read_text(encoding="utf-8"))
    return TypeAdapter(tuple[StudyQuestion, ...]).validate_python(items)
