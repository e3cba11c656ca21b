"""Lists asked for by their lead-in, their heading or one of their items."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.asking import Asks
from chatbot.candidates import LABEL_WORDS, Candidate
from chatbot.draft import Line, Span
from chatbot.extractive import tables
from chatbot.extractive.desk import Desk, block_line
from chatbot.words import content_stems, content_words, stem, stems
from ingest.notes import Block, BlockKind, Section

# The longest list given in full words; a longer one is given by each item's first sentence,
# then by as many items as fit.
WORDS_ALLOWED = 120
# Items of a list without a lead-in are given one by one, each with its own citation.
FITTING_LOGITS_BEHIND = 4.0
MOST_FITTING = 5
LOOKED_AT = 5
MOST_ROWS_OPENED = 6  # of a longer table the names alone are no answer


def hanging(section: Section, block: Block) -> tuple[Block, ...]:
    """The list items and figures that hang directly from `block`, in note order."""
    return tuple(
        other
        for other in section.blocks
        if other.kind in (BlockKind.ITEM, BlockKind.FIGURE) and other.lead == block.ordinal
    )


def siblings(section: Section, block: Block) -> tuple[Block, ...]:
    """The items of the list that `block` belongs to, itself included, in note order."""
    return tuple(
        other
        for other in section.blocks
        if other.kind is BlockKind.ITEM and other.group == block.group
    )


def compose(desk: Desk, best: Candidate) -> tuple[Line, ...]:
    """The list that `best` opens or, when a list was asked for, belongs to; none if neither.

    The lead-in is one citation and the run of items another, however many there are.
    """
    section, block = best.section, best.block
    lead = None if block.lead is None else section.blocks[block.lead]
    is_item = block.kind is BlockKind.ITEM and lead is not None
    if Asks.LIST in desk.query.asks and is_item and lead is not None:
        items = siblings(section, block)
        names_more = desk.coverage(lead.text) > desk.coverage(block.text)
        if len({item.item for item in items}) > 1 and (names_more or not hanging(section, block)):
            return _list_lines(section, lead, items)
    says_little = len(content_words(block.text)) <= LABEL_WORDS
    if is_item and lead is not None and says_little:
        items = siblings(section, block)
        if desk.coverage(lead.text) > desk.coverage(block.text):
            return _list_lines(section, lead, items)
    return opened_lines(section, block)


def opened_lines(
    section: Section, block: Block, words_allowed: int = WORDS_ALLOWED
) -> tuple[Line, ...]:
    """The block with the list that hangs from it, or the names in the table that it opens.

    None when it opens neither, or where room is scarce and its first item alone has none.
    """
    items = tuple(item for item in hanging(section, block) if item.kind is BlockKind.ITEM)
    if items:
        is_tight = words_allowed < WORDS_ALLOWED
        if is_tight and _words(items[:1]) > words_allowed:
            return ()
        return _list_lines(section, block, items, words_allowed)
    header = next((b for b in section.blocks if b.ordinal == block.ordinal + 1), None)
    if header is None or header.kind is not BlockKind.HEADER or not opens(block):
        return ()
    rows = [b for b in section.blocks if b.kind is BlockKind.ROW and b.group == header.group]
    if not rows or len(rows) > MOST_ROWS_OPENED or not all(row.cells for row in rows):
        return ()
    return (block_line(section, block), *tables.labels(section, header, rows))


def opens(block: Block) -> bool:
    """Whether the block says that something follows."""
    return block.text.rstrip().endswith(":")


def compose_common(desk: Desk) -> tuple[Line, ...]:
    """The whole list, lead-in first, when two of its items are among the best blocks.

    Whoever is given two of a list's items, found by its lead-in, wants to see the others.
    """
    best = desk.candidates[0]
    section, block = best.section, best.block
    if block.kind is not BlockKind.ITEM or block.lead is None:
        return ()
    lead, items = section.blocks[block.lead], siblings(section, block)
    found = {
        c.block.item
        for c in desk.candidates[:LOOKED_AT]
        if c.section.id == section.id
        and c.block.group == block.group
        and c.logit > best.logit - FITTING_LOGITS_BEHIND
    }
    if len(found) < 2 or _words(items) > WORDS_ALLOWED:
        return ()
    if desk.coverage(lead.text) < desk.coverage(block.text):
        return ()
    return _list_lines(section, lead, items)


def compose_section(desk: Desk) -> tuple[Line, ...]:
    """The list under the heading that the question names, when it asks for little else.

    "What can you do with DataBrew? Give me the bullet points." The run of items is one
    citation. None unless a list was asked for.
    """
    best = desk.candidates[0]
    section, block = best.section, best.block
    if Asks.LIST not in desk.query.asks or block.kind is not BlockKind.ITEM or block.depth > 1:
        return ()
    title = set(content_stems(section.title))
    asked = {stem(term) for term in desk.query.terms}
    rest = asked - set(stems(" ".join(section.heading)))
    told = {s for item in siblings(section, block) for s in stems(item.text)}
    if not title & asked or rest & told:
        return ()
    items: list[Block] = []
    for item in siblings(section, block):
        if _words([*items, item]) > WORDS_ALLOWED:
            break
        items.append(item)
    if len(items) < 2:
        return ()
    span = Span.over(section, items)
    return tuple(Line(item.text, (span,), "- ") for item in items)


def compose_fitting(desk: Desk) -> tuple[Line, ...]:
    """The items of one list that each fit the question, when a list was asked for."""
    best = desk.candidates[0]
    section = best.section
    if Asks.LIST not in desk.query.asks or best.block.kind is not BlockKind.ITEM:
        return ()
    fitting = [
        c.block
        for c in desk.candidates
        if c.section.id == section.id
        and c.block.group == best.block.group
        and c.logit > max(best.logit - FITTING_LOGITS_BEHIND, 0.0)
    ]
    if len({block.item for block in fitting}) < 2:
        return ()
    kept: list[Block] = []
    for block in fitting[:MOST_FITTING]:
        if _words([*kept, block]) <= WORDS_ALLOWED // 2:
            kept.append(block)
    return tuple(
        block_line(section, block, "- ") for block in sorted(kept, key=lambda b: b.ordinal)
    )


def _list_lines(
    section: Section, lead: Block, items: Sequence[Block], words_allowed: int = WORDS_ALLOWED
) -> tuple[Line, ...]:
    lines = [Line(lead.text, (Span.over(section, (lead,)),))]
    shown = list(items)
    if _words(shown) > words_allowed:
        shown = [item for at, item in enumerate(items) if not at or items[at - 1].item != item.item]
    while len(shown) > 1 and _words(shown) > words_allowed:
        shown.pop()
    span = Span.over(section, shown)
    lines.extend(Line(item.text, (span,), "- ") for item in shown)
    return tuple(lines)


def _words(blocks: Sequence[Block]) -> int:
    return sum(len(block.text.split()) for block in blocks)
