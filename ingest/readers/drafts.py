"""What a format's reader hands over: headings and blocks in document order.

Drafts are blocks whose section is not known yet. `outline` turns them into sections, the
same way for every format.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.notes import BlockKind, Cell


@dataclass(slots=True, eq=False)
class Draft:
    """A block before its section, ordinal and lines are known."""

    kind: BlockKind
    text: str
    start: int
    end: int
    group: int = 0  # distinct within the document; renumbered per section
    item: int = 0
    depth: int = 0
    lead: Draft | None = None
    cells: tuple[Cell, ...] = ()
    address: str = ""
    link: str | None = None  # the address, when the words are nothing but links


@dataclass(frozen=True, slots=True)
class HeadingMark:
    """A real heading. `only_link` and `only_image` say that it names no topic."""

    level: int
    title: str
    start: int  # where its line starts
    end: int  # where its last line ends
    figures: tuple[Draft, ...] = ()
    only_link: bool = False
    only_image: bool = False


@dataclass(frozen=True, slots=True)
class NestedHeading:
    """A heading inside a list or quote: it has an anchor and opens no section."""

    title: str


@dataclass(frozen=True, slots=True)
class BoldParagraph:
    """A paragraph that is only bold text: a heading if blocks follow, else a sentence."""

    title: str
    start: int
    drafts: tuple[Draft, ...] = field(default=())


Event = HeadingMark | NestedHeading | BoldParagraph | Draft
