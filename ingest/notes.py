"""The nouns of the notes: a source, its sections, their blocks and chunks.

All offsets count code points of `SourceDocument.text`; all line numbers are 1-based and
inclusive. `source.text[start:end]` is always the exact quote.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One note file as it is on disk.

    `text` is the file's bytes decoded with `encoding`: byte-order mark kept, newlines
    untranslated, so that offsets into it are offsets into the file.
    """

    name: str  # POSIX path relative to the folder that was given; unique within an index
    path: Path
    text: str
    encoding: str
    digest: str  # SHA-256 of the bytes, hexadecimal


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that was not read, and why, in words for its owner."""

    name: str
    reason: str


class BlockKind(StrEnum):
    """What a block is in the note's structure."""

    SENTENCE = "sentence"  # one sentence of a paragraph or block quote
    ITEM = "item"  # one sentence of a list item (most items hold one)
    HEADER = "header"  # a table's header row: cited beside a row, never evidence alone
    ROW = "row"  # a table's body row
    CODE = "code"  # a whole fenced or indented code block
    FIGURE = "figure"  # an image: alt text and address, never fetched


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: its plain text and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """The smallest thing that can be cited.

    `text` is the block in plain words: inline markup and link targets dropped, white space
    collapsed, characters otherwise as in the file (mis-decoded ones included).
    `lead` is the ordinal, within the section, of the block that this one hangs from: the
    sentence that opens its list, its parent item, or its table's header.
    Blocks of one paragraph, list (per nesting level) or table share `group`; sentences of
    one list item share `item` as well.
    """

    kind: BlockKind
    ordinal: int  # position within the section, from 0
    text: str
    start: int
    end: int
    lines: tuple[int, int]
    group: int
    item: int = 0
    depth: int = 0  # nesting of a list item, from 1; 0 outside lists
    lead: int | None = None
    cells: tuple[Cell, ...] = ()  # HEADER and ROW only
    address: str = ""  # FIGURE only: where the image is said to be


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the blocks under it, down to the next heading of any level.

    A paragraph that is only bold text opens a section of its own under the real heading's
    anchor. `navigation` marks tables of contents and headings that are only a link: they
    are kept for browsing and are never evidence. A section without blocks is a stub: the
    heading exists, nothing stands under it.
    """

    id: str  # "<source>#<anchor>", "~2", "~3", … appended where several share an anchor
    source: str
    heading: tuple[str, ...]  # path of plain heading texts, outermost first; never empty
    anchor: str  # GitHub's slug of the real heading
    level: int  # 1–6; 0 for text before the first heading
    start: int
    end: int
    lines: tuple[int, int]
    blocks: tuple[Block, ...]
    navigation: bool = False
    identity: str = ""  # the same from one state of the notes to the next: see `ingest.identity`

    @property
    def title(self) -> str:
        """The section's own heading."""
        return self.heading[-1]

    @property
    def is_stub(self) -> bool:
        """Whether the heading stands there with nothing under it."""
        return not self.blocks


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole blocks of one section that fit the embedder's window together.

    `text` is what is embedded (heading path, then the blocks' words); what is quoted is
    `source.text[start:end]`. They are two different texts on purpose.
    """

    id: str  # "<section id>/<ordinal>"
    section_id: str
    ordinal: int
    text: str
    first_block: int
    last_block: int
    start: int
    end: int
    lines: tuple[int, int]
    digest: str  # SHA-256 of `text`: vectors carry over between generations by it
