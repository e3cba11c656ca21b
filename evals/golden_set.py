"""The golden set: what is asked over the notes, and what a right answer must hold.

A folder of YAML files, each a list of items. A folder `notes/` in it, when there is one, is
read beside the notes that are judged, for what they cannot show: two notes that disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from evals.errors import GoldenInvalid
from evals.facts import KeyFact
from evals.metrics.key_facts import normalised


def _can_be_found(wording: str) -> str:
    if not normalised(wording):
        raise ValueError(f"{wording!r} holds nothing that could be found in an answer")
    return wording


Text = Annotated[str, Field(min_length=1)]
Wording = Annotated[str, AfterValidator(_can_be_found)]  # what is looked for in an answer


class ItemType(StrEnum):
    """What an item tries."""

    FACT = "fact"
    NUMBER = "number"
    LIST = "list"
    TABLE = "table"
    YES_NO = "yes_no"
    WHICH = "which"
    WHY = "why"
    WHEN = "when"
    COMPARISON = "comparison"
    MULTI_SECTION = "multi_section"
    FOLLOW_UP = "follow_up"
    MISSPELT = "misspelt"
    KEYWORD = "keyword"
    FIGURE = "figure"
    DISAGREEMENT = "disagreement"
    NEAR_MISS = "near_miss"  # the notes have the thing, and not what is asked about it
    OFF_TOPIC = "off_topic"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GoldenFact(_Strict):
    """One thing that the answer must say, and the wordings that count as saying it."""

    text: Text
    any_of: Annotated[tuple[Wording, ...], Field(min_length=1)]
    importance: Literal["vital", "okay"] = "vital"


class Evidence(_Strict):
    """Where the answer stands: a verbatim piece of one line, under a heading of a file."""

    file: Text
    heading: Text
    quote: Text


class GoldenItem(_Strict):
    """One question, in all the wordings in which it is asked.

    Attributes:
        paraphrases: the same question in other words; the same is expected of each.
        turns: what the person asked before, oldest first; only of a follow-up.
        standalone: a follow-up in words that need no turn before it.
        near: the heading that an unanswerable question seems to be about.
        critical: an item that must never break, whatever else got better.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    question: Text
    answerable: bool
    type: ItemType
    topic: Text
    group: str = ""
    paraphrases: tuple[Text, ...] = ()
    turns: tuple[Text, ...] = ()
    standalone: str = ""
    key_facts: tuple[GoldenFact, ...] = ()
    forbidden: tuple[Wording, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    near: str = ""
    critical: bool = False
    origin: str = "hand"
    reviewer: str = ""
    status: Literal["gold", "draft"] = "gold"

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        unanswerable = self.type in (ItemType.NEAR_MISS, ItemType.OFF_TOPIC)
        if self.answerable == unanswerable:
            raise ValueError(f"answerable: {self.answerable} does not go with type {self.type}")
        if self.answerable and not self.evidence:
            raise ValueError("evidence: an answerable item needs a place where the answer stands")
        if self.answerable and not any(f.importance == "vital" for f in self.key_facts):
            raise ValueError("key_facts: an answerable item needs a vital one")
        if not self.answerable and (self.key_facts or self.evidence):
            raise ValueError("key_facts and evidence: an unanswerable item has none")
        if self.type is ItemType.NEAR_MISS and not self.near:
            raise ValueError("near: a near miss names the heading that it seems to be about")
        is_follow_up = self.type is ItemType.FOLLOW_UP
        if is_follow_up != bool(self.turns) or is_follow_up != bool(self.standalone):
            raise ValueError("turns and standalone: a follow-up has both, other items neither")
        return self

    @property
    def facts(self) -> tuple[KeyFact, ...]:
        """The key facts as the metrics take them."""
        return tuple(KeyFact(f.text, f.any_of, f.importance) for f in self.key_facts)

    @property
    def gold_sections(self) -> frozenset[tuple[str, str]]:
        """The (file, heading) of every place of evidence."""
        return frozenset((place.file, place.heading) for place in self.evidence)


@dataclass(frozen=True, slots=True)
class Case:
    """One asking of one item: the unit of a run.

    `variant` is "question", "paraphrase-1" …, or "standalone", which measures what a
    follow-up loses and is not counted among the questions.
    """

    item: GoldenItem
    variant: str
    text: str
    turns: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What names the case in every report: the item's id, and the variant if not the first."""
        return self.item.id if self.variant == "question" else f"{self.item.id}/{self.variant}"

    @property
    def counts(self) -> bool:
        """Whether the case is one of the questions, and no measuring aid."""
        return self.variant != "standalone"


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """Every item that may gate, in file and item order, and the notes that come with them."""

    items: tuple[GoldenItem, ...]
    drafts: tuple[GoldenItem, ...] = ()
    notes: Path | None = None

    def cases(self, only: frozenset[ItemType] = frozenset()) -> tuple[Case, ...]:
        """Every asking of every item, or of those of some types."""
        return tuple(
            case for item in self.items if not only or item.type in only for case in _cases(item)
        )


def load_golden(folder: Path) -> GoldenSet:
    """Read and validate every `*.yaml` of `folder`.

    Raises:
        GoldenInvalid: no file, no item, a file that is no YAML list, an unknown, missing or
            wrong field, or an id that occurs twice; a line for each problem, naming file,
            item and field.
    """
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not files:
        raise GoldenInvalid([f"{folder}: no golden set, that is, no *.yaml file"])
    problems: list[str] = []
    items: list[GoldenItem] = []
    first_seen: dict[str, str] = {}
    for file in files:
        for position, raw in enumerate(_read(file, problems), start=1):
            name = _name(raw, position)
            try:
                item = GoldenItem.model_validate(raw)
            except ValidationError as error:
                problems += [f"{file.name}: {name}: {line}" for line in _lines(error)]
                continue
            if item.id in first_seen:
                problems.append(
                    f"{file.name}: {name}: id: {item.id!r} is also in {first_seen[item.id]}"
                )
            first_seen.setdefault(item.id, file.name)
            items.append(item)
    if not items and not problems:
        problems.append(f"{folder}: the golden set holds no item")
    if problems:
        raise GoldenInvalid(problems)
    notes = folder / "notes"
    return GoldenSet(
        items=tuple(item for item in items if item.status == "gold"),
        drafts=tuple(item for item in items if item.status == "draft"),
        notes=notes if notes.is_dir() else None,
    )


# The safe loader in C, ten times faster, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _cases(item: GoldenItem) -> Iterator[Case]:
    yield Case(item, "question", item.question, item.turns)
    for number, text in enumerate(item.paraphrases, start=1):
        yield Case(item, f"paraphrase-{number}", text, item.turns)
    if item.standalone:
        yield Case(item, "standalone", item.standalone)


def _read(file: Path, problems: list[str]) -> list[object]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: the 30th of February
        said = " ".join(str(error).split())
        problems.append(f"{file.name}: cannot be read: {said}")
        return []
    if not isinstance(content, list):
        problems.append(f"{file.name}: not a list of items")
        return []
    return content


def _name(raw: object, position: int) -> str:
    given: Any = raw.get("id") if isinstance(raw, dict) else None
    return str(given) if given else f"item {position}"


def _lines(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        field = ".".join(str(part) for part in problem["loc"])
        said = problem["msg"].removeprefix("Value error, ")
        yield f"{field}: {said}" if field else said
