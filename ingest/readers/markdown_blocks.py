"""From block tokens to headings and blocks in document order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.notes import BlockKind, Cell
from ingest.readers.drafts import BoldParagraph, Draft, Event, HeadingMark, NestedHeading
from ingest.readers.html_text import add_words, read_html
from ingest.readers.line_table import LineTable, OffsetMap, align, align_within
from ingest.readers.markdown_inline import bold_title, read_inline
from ingest.readers.markdown_parser import MarkdownTooCostly, inline_tokens
from ingest.readers.markdown_table import CellContent, RowContent, table_rows
from ingest.readers.prose import Prose

_SHORT_LEAD_WORDS = 25  # a paragraph up to this long, right above a list, opens it
_NOWHERE = OffsetMap([0], [0])  # stands in where a block's offsets are not exact
# Captions of headings that only point elsewhere.
_GENERIC_CAPTIONS = frozenset(
    {
        "link",
        "links",
        "here",
        "source",
        "sources",
        "click here",
        "read more",
        "more",
        "more info",
        "see here",
        "see",
        "url",
        "ref",
        "reference",
        "this",
        "this link",
        "original",
        "external link",
        "web link",
    }
)


@dataclass(slots=True)
class _List:
    """A list being read."""

    group: int
    depth: int
    lead: Draft | None
    item: int = -1
    last: Draft | None = None  # the current item's last sentence


class BlockReader:
    """Walks the block tokens of one document once, without recursion."""

    def __init__(self, parser: MarkdownIt, table: LineTable, env: dict[str, Any]) -> None:
        self.events: list[Event] = []
        self._parser = parser
        self._table = table
        self._env = env
        self._groups = 0
        self._lists: list[_List] = []
        # Per open container, the last sentence of the paragraph directly above, if any.
        self._above: list[Draft | None] = [None]

    def read(self, tokens: Sequence[Token]) -> list[Event]:
        """The events of all tokens, in document order."""
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if token.type == "heading_open":
                self._heading(token, tokens[index + 1])
                index += 2
            elif token.type == "paragraph_open":
                self._paragraph(token, tokens[index + 1])
                index += 2
            elif token.type == "table_open":
                closing = index
                while tokens[closing].type != "table_close":
                    closing += 1
                self._table_block(tokens[index:closing])
                index = closing
            else:
                self._container_or_leaf(token)
            index += 1
        return self.events

    def _container_or_leaf(self, token: Token) -> None:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            self._open_list()
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            self._above[-1] = None
        elif token.type == "list_item_open":
            self._lists[-1].item += 1
            self._lists[-1].last = None
            self._above.append(None)
        elif token.nesting > 0:
            self._above.append(None)
        elif token.nesting < 0:
            self._above.pop()
            if token.type != "list_item_close":
                self._above[-1] = None
        else:
            if token.type in ("fence", "code_block"):
                self._code(token)
            elif token.type == "html_block":
                self._html(token)
            self._above[-1] = None

    def _open_list(self) -> None:
        if self._lists and self._lists[-1].item >= 0:
            parent = self._lists[-1]
            lead = parent.last or parent.lead
        else:
            lead = self._above[-1]
        self._groups += 1
        self._lists.append(_List(self._groups, len(self._lists) + 1, lead))

    def _heading(self, opening: Token, inline: Token) -> None:
        first, last = opening.map or (0, 1)
        is_atx = opening.markup.startswith("#")
        offsets = (
            align_within(inline.content, self._table, first)
            if is_atx
            else align(inline.content, self._table, first, last)
        )
        start, end = self._table.span(first, last)
        prose, _ = self._prose(inline.content, offsets, (start, end))
        title = " ".join(prose.text.split())
        self._above[-1] = None
        if opening.level > 0:
            self.events.append(NestedHeading(title))
            self._sentences(prose)
            return
        figures = tuple(self._figures(prose, self._next_group()))
        if not title and not figures:
            return  # an empty heading names nothing; its line stays in the section above
        self.events.append(
            HeadingMark(
                level=int(opening.tag[1:]),
                title=title or " ".join(figure.text for figure in figures).strip() or "Image",
                start=self._table.line_start(start),
                end=end,
                figures=figures,
                only_link=title.casefold().strip(" .:!→»") in _GENERIC_CAPTIONS and prose.only_link,
                only_image=not title,
            )
        )

    def _paragraph(self, opening: Token, inline: Token) -> None:
        first, last = opening.map or (0, 1)
        offsets = align(inline.content, self._table, first, last)
        span = self._table.span(first, last)
        prose, tokens = self._prose(inline.content, offsets, span)
        title = bold_title(tokens, prose) if opening.level == 0 and tokens else None
        if title is not None:
            drafts = self._drafts(prose)
            start = self._table.line_start(span[0])
            self.events.append(BoldParagraph(title, start, tuple(drafts)))
            self._above[-1] = None
            return
        sentences = self._sentences(prose)
        short = sum(len(draft.text.split()) for draft in sentences) <= _SHORT_LEAD_WORDS
        opens_list = bool(sentences) and (short or sentences[-1].text.endswith(":"))
        self._above[-1] = sentences[-1] if opens_list else None

    def _prose(
        self, content: str, offsets: OffsetMap | None, span: tuple[int, int]
    ) -> tuple[Prose, list[Token]]:
        """The words of some inline content, and its tokens (none when it was too costly)."""
        prose = Prose(whole=span if offsets is None else None)
        try:
            tokens = inline_tokens(self._parser, content, self._env)
        except MarkdownTooCostly:
            add_words(prose, offsets or _NOWHERE, content, 0, len(content))
            return prose, []
        read_inline(prose, tokens, content, offsets or _NOWHERE)
        return prose, tokens

    def _sentences(self, prose: Prose) -> list[Draft]:
        """Record a paragraph's sentences and figures; return the sentences."""
        drafts = self._drafts(prose)
        self.events.extend(drafts)
        return [draft for draft in drafts if draft.kind is not BlockKind.FIGURE]

    def _drafts(self, prose: Prose) -> list[Draft]:
        inside = self._lists[-1] if self._lists else None
        group = inside.group if inside else self._next_group()
        kind = BlockKind.ITEM if inside else BlockKind.SENTENCE
        drafts = self._figures(prose, group)
        for sentence in prose.sentences():
            draft = Draft(kind, sentence.text, sentence.start, sentence.end, group)
            draft.link = sentence.link
            drafts.append(draft)
        drafts.sort(key=lambda draft: draft.start)
        for draft in drafts if inside else ():
            self._hang(draft)  # a figure hangs from the sentence before it, not from a later one
        return drafts

    def _figures(self, prose: Prose, group: int) -> list[Draft]:
        return [
            Draft(
                BlockKind.FIGURE,
                figure.alt,
                figure.start,
                figure.end,
                group,
                address=figure.address,
            )
            for figure in prose.figures
        ]

    def _hang(self, draft: Draft) -> None:
        """Place a block in the list item that holds it, if one does."""
        if not self._lists:
            return
        inside = self._lists[-1]
        draft.group, draft.item, draft.depth = inside.group, inside.item, inside.depth
        if draft.kind is BlockKind.ITEM:
            inside.last, draft.lead = draft, inside.lead
        else:
            draft.lead = inside.last or inside.lead

    def _code(self, token: Token) -> None:
        first, last = token.map or (0, 1)
        if token.type == "fence":
            first += 1
        lines = token.content.split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        leading = 0
        while leading < len(lines) and not lines[leading].strip():
            leading += 1
        code = "\n".join(lines[leading:])
        if not code:
            return
        first += leading
        last = min(last, first + len(lines) - leading)
        offsets = align(code, self._table, first, last)
        start, end = self._table.span(first, last)
        if offsets is not None:
            # Deeper indentation of the first line may be partly the container's.
            start, end = max(start, offsets.start(0)), offsets.end(len(code.rstrip()))
        draft = Draft(BlockKind.CODE, code, start, end, self._next_group())
        self._hang(draft)
        self.events.append(draft)

    def _html(self, token: Token) -> None:
        first, last = token.map or (0, 1)
        content = token.content.rstrip("\n")
        offsets = align(content, self._table, first, last)
        prose = Prose(whole=self._table.span(first, last) if offsets is None else None)
        read_html(prose, content, offsets or _NOWHERE)
        self._sentences(prose)

    def _table_block(self, tokens: Sequence[Token]) -> None:
        self._above[-1] = None
        group = self._next_group()
        header: Draft | None = None
        for row in table_rows(tokens, self._table):
            draft, figures = self._row(row, group)
            if draft is not None:
                draft.lead = header
                if row.is_header:
                    header = draft
                self.events.append(draft)
            self.events.extend(figures)

    def _row(self, row: RowContent, group: int) -> tuple[Draft | None, list[Draft]]:
        cells: list[Cell] = []
        figures: list[Draft] = []
        for content in row.cells:
            cell, prose = self._cell(content)
            cells.append(cell)
            figures.extend(self._figures(prose, group))
        filled = [cell for cell in cells if cell.text]
        if not filled:
            return None, figures
        kind = BlockKind.HEADER if row.is_header else BlockKind.ROW
        text = " | ".join(cell.text for cell in filled)
        start = min(cell.start for cell in filled)
        end = max(cell.end for cell in filled)
        return Draft(kind, text, start, end, group, cells=tuple(cells)), figures

    def _cell(self, cell: CellContent) -> tuple[Cell, Prose]:
        prose, _ = self._prose(cell.content, cell.offsets, (cell.start, cell.end))
        return Cell(" ".join(prose.text.split()), cell.start, cell.end), prose

    def _next_group(self) -> int:
        self._groups += 1
        return self._groups
