"""Facts of the notes, each with rewordings that are true to it and some that are not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.errors import GoldenInvalid

Corruption = Literal["number", "unit", "negation", "entity", "merged", "claim"]


class Corrupt(BaseModel):
    """A sentence with one thing wrong in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Corruption
    text: str = Field(min_length=1)


class Fact(BaseModel):
    """A place in a note, and sentences about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str  # path of the note from the repository's root
    quote: str = Field(min_length=1)  # an exact substring of it
    faithful: tuple[str, ...]
    corrupt: tuple[Corrupt, ...]


class _Notebook(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[Fact, ...]


def load_facts(path: Path, root: Path) -> tuple[Fact, ...]:
    """Read a notebook of facts; every quote stands in its note under `root`.

    Raises:
        GoldenInvalid: it is not of that form, or a quote is stale.
    """
    try:
        facts = _Notebook.model_validate(yaml.safe_load(path.read_text("utf-8"))).items
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise GoldenInvalid([f"{path}: {error}"]) from error
    stale = [
        f"{path}: {fact.source} does not hold {fact.quote!r}"
        for fact in facts
        if fact.quote not in (root / fact.source).read_text("utf-8")
    ]
    if stale:
        raise GoldenInvalid(stale)
    return facts
