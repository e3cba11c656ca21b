"""From headings and blocks in document order to sections.

One rule for every format:

* A heading opens a section; its path follows the heading levels.
* A bold-only paragraph opens a section under the real heading, when blocks follow it.
* A heading that is only a link with a generic caption, or only an image, names no topic. It
  becomes a navigation section of its own and takes no part in the heading path; blocks after
  it continue the enclosing real section, in a section with that heading and anchor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ingest.anchors import Slugger
from ingest.notes import Block, Section, SourceDocument
from ingest.readers.drafts import BoldParagraph, Draft, Event, HeadingMark, NestedHeading
from ingest.readers.line_table import LineTable
from ingest.readers.navigation import is_navigation

_DEEPEST = 6


@dataclass(slots=True)
class _Open:
    """A section whose end is not known yet."""

    heading: tuple[str, ...]
    anchor: str
    level: int
    start: int
    only_caption: bool = False  # a heading that is only a link or an image
    drafts: list[Draft] = field(default_factory=list)


class Outline:
    """Collects the events of one document; `sections` closes it."""

    def __init__(self, source: SourceDocument, table: LineTable) -> None:
        self._source = source
        self._table = table
        self._slugger = Slugger()
        self._path: list[tuple[int, str, str]] = []  # level, title, anchor of real headings
        self._stem = PurePosixPath(source.name).stem or source.name or "note"
        self._open = _Open((self._stem,), "", 0, 0)
        self._done: list[_Open] = [self._open]
        self._bold: BoldParagraph | None = None  # opens a section if a block follows

    def sections(self, events: Iterable[Event]) -> tuple[Section, ...]:
        """The sections of the document, in order."""
        for event in events:
            if isinstance(event, Draft):
                self._block(event)
            elif isinstance(event, BoldParagraph):
                self._settle_bold()
                self._bold = event
            elif isinstance(event, HeadingMark):
                self._settle_bold()
                self._heading(event)
            else:
                self._nested(event)
        self._settle_bold()
        if not self._done[0].drafts:  # nothing before the first heading
            self._done.pop(0)
        return tuple(self._finish())

    def _nested(self, event: NestedHeading) -> None:
        # Its words follow as a block; its anchor is taken all the same.
        self._slugger.slug(event.title)

    def _heading(self, mark: HeadingMark) -> None:
        anchor = self._slugger.slug(mark.title)
        if mark.only_link or mark.only_image:
            heading, _, _ = self._enclosing()
            self._begin(_Open((*heading, mark.title), anchor, mark.level, mark.start, True))
        else:
            while self._path and self._path[-1][0] >= mark.level:
                self._path.pop()
            self._path.append((mark.level, mark.title, anchor))
            titles = tuple(title for _, title, _ in self._path)
            self._begin(_Open(titles, anchor, mark.level, mark.start))
        self._open.drafts.extend(mark.figures)

    def _enclosing(self) -> tuple[tuple[str, ...], str, int]:
        """Path, anchor and level of the real section that we are in."""
        if not self._path:
            return (self._stem,), "", 0
        level, _, anchor = self._path[-1]
        return tuple(title for _, title, _ in self._path), anchor, level

    def _block(self, draft: Draft) -> None:
        if self._bold is not None:
            bold, self._bold = self._bold, None
            heading, anchor, level = self._enclosing()
            self._begin(_Open((*heading, bold.title), anchor, min(level + 1, _DEEPEST), bold.start))
        elif self._open.only_caption:
            self._begin(_Open(*self._enclosing(), self._table.line_start(draft.start)))
        self._open.drafts.append(draft)

    def _settle_bold(self) -> None:
        """A bold paragraph with nothing under it is a sentence of the section it stands in."""
        bold, self._bold = self._bold, None
        for draft in bold.drafts if bold else ():
            self._block(draft)

    def _begin(self, opened: _Open) -> None:
        self._open = opened
        self._done.append(opened)

    def _finish(self) -> Iterable[Section]:
        shared: dict[str, int] = {}
        ends = [*(opened.start for opened in self._done), len(self._source.text)][1:]
        for opened, end in zip(self._done, ends, strict=True):
            shared[opened.anchor] = count = shared.get(opened.anchor, 0) + 1
            suffix = f"~{count}" if count > 1 else ""
            navigation = opened.only_caption or is_navigation(opened.heading[-1], opened.drafts)
            yield Section(
                id=f"{self._source.name}#{opened.anchor}{suffix}",
                source=self._source.name,
                heading=opened.heading,
                anchor=opened.anchor,
                level=opened.level,
                start=opened.start,
                end=end,
                lines=self._table.numbers(opened.start, end),
                blocks=self._blocks(opened.drafts),
                navigation=navigation,
            )

    def _blocks(self, drafts: list[Draft]) -> tuple[Block, ...]:
        ordered = sorted(drafts, key=lambda draft: (draft.start, -draft.end))
        ordinals = {id(draft): ordinal for ordinal, draft in enumerate(ordered)}
        groups: dict[int, int] = {}
        return tuple(
            Block(
                kind=draft.kind,
                ordinal=ordinal,
                text=draft.text,
                start=draft.start,
                end=draft.end,
                lines=self._table.numbers(draft.start, draft.end),
                group=groups.setdefault(draft.group, len(groups)),
                item=draft.item,
                depth=draft.depth,
                lead=ordinals.get(id(draft.lead)) if draft.lead is not None else None,
                cells=draft.cells,
                address=draft.address,
            )
            for ordinal, draft in enumerate(ordered)
        )
