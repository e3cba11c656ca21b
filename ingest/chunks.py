"""From a section's blocks to the chunks that are embedded.

A chunk's text is made for the embedder: the heading path, then plain words, repaired. What
is quoted is the raw span that the chunk covers. The two are different texts on purpose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.block_words import HEADING_SEPARATOR, block_words
from ingest.mojibake import repair
from ingest.notes import Block, Chunk, Section

CountTokens = Callable[[Sequence[str]], list[int]]

_HEADING_SHARE = 0.5  # of the window, at most; the rest belongs to the blocks
_LEAD_SHARE = 0.5  # of what the heading leaves, at most, when words are repeated in front
_CUT = "…"


def chunk_section(
    section: Section, source_text: str, count_tokens: CountTokens, window: int
) -> tuple[Chunk, ...]:
    """The chunks of a section, in order, each at most `window` tokens long.

    `count_tokens` counts as the embedder does, special tokens included. Whole blocks go
    together while they fit; a single block that does not fit is spread over several chunks
    that all cover that block. A list or table that continues in another chunk has its lead-in
    or header repeated in front. A section without blocks gives one chunk with its heading
    path; navigation gives none.
    """
    if section.navigation:
        return ()
    packer = _Packer(section, count_tokens, window)
    return tuple(
        _chunk(section, source_text, ordinal, draft) for ordinal, draft in enumerate(packer.pack())
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """The text of a chunk, and the ordinals of the blocks it covers (-1: none)."""

    text: str
    first: int
    last: int


class _Packer:
    """Packs one section. Tokens are counted once per block, then once per chunk to be sure."""

    def __init__(self, section: Section, count_tokens: CountTokens, window: int) -> None:
        self._blocks = section.blocks
        self._count = count_tokens
        self._window = window
        self._words = [block_words(block, self._header_of(block)) for block in section.blocks]
        paths = _heading_candidates(section.heading)
        counts = count_tokens(["", *paths, *self._words])
        self._overhead = counts[0]  # the special tokens
        self._costs = [max(0, count - self._overhead) for count in counts[1 + len(paths) :]]
        self._heading, cost = self._fit_heading(paths, counts[1 : 1 + len(paths)])
        self._room = window - cost

    def pack(self) -> list[_Draft]:
        """The chunks' texts and ranges, in order; their ranges cover every block."""
        if not self._blocks:
            return [_Draft(self._heading, -1, -1)]
        drafts: list[_Draft] = []
        first = 0
        while first < len(self._blocks):
            leads, room = self._leads(first)
            if self._costs[first] > room:
                leads, room = [], self._room
            last = self._last_that_fits(first, room)
            drafts.append(self._draft(leads, first, last))
            first = last + 1
        return self._verified(drafts)

    def _last_that_fits(self, first: int, room: int) -> int:
        """The last block of a chunk that begins with `first`."""
        last, used = first, self._costs[first]
        while last + 1 < len(self._blocks) and used + self._costs[last + 1] <= room:
            last += 1
            used += self._costs[last]
        # What opens a list or table says little at the end of a chunk: the next one, which
        # begins with what hangs from it, can have it.
        while first < last < len(self._blocks) - 1 and self._blocks[last + 1].lead == last:
            last -= 1
        return last

    def _header_of(self, block: Block) -> Block | None:
        return self._blocks[block.lead] if block.cells and block.lead is not None else None

    def _fit_heading(self, paths: list[str], counts: list[int]) -> tuple[str, int]:
        """The longest tail of the heading path that leaves room for the blocks, and its count."""
        limit = max(self._overhead + 1, int(self._window * _HEADING_SHARE))
        for path, count in zip(paths, counts, strict=True):
            if count <= limit:
                return path, count
        title = paths[-1]
        while len(title) > 1 and (count := self._count([title])[0]) > limit:
            title = title[: len(title) // 2].rstrip() or title[:1]
        return title, count

    def _leads(self, first: int) -> tuple[list[str], int]:
        """Words to repeat before a block whose lead is in an earlier chunk, and the room left."""
        leads: list[str] = []
        room, budget = self._room, int(self._room * _LEAD_SHARE)
        lead = self._blocks[first].lead
        while lead is not None and lead < first and self._costs[lead] <= budget:
            leads.insert(0, self._words[lead])
            budget -= self._costs[lead]
            room -= self._costs[lead]
            lead = self._blocks[lead].lead
        return leads, room

    def _draft(self, leads: list[str], first: int, last: int) -> _Draft:
        lines = [self._heading, *leads, *self._words[first : last + 1]]
        return _Draft("\n".join(line for line in lines if line), first, last)

    def _verified(self, drafts: list[_Draft]) -> list[_Draft]:
        """Split every chunk whose joined text counts more than its parts promised."""
        done: list[_Draft] = []
        waiting = list(reversed(drafts))
        counts = dict(zip(map(id, drafts), self._count([d.text for d in drafts]), strict=True))
        while waiting:
            draft = waiting.pop()
            count = counts.get(id(draft)) or self._count([draft.text])[0]
            if count <= self._window:
                done.append(draft)
            elif draft.first < draft.last:
                middle = (draft.first + draft.last) // 2
                waiting.append(self._draft([], middle + 1, draft.last))
                waiting.append(self._draft([], draft.first, middle))
            else:
                done.extend(self._spread(draft.first))
        return done

    def _spread(self, block: int) -> list[_Draft]:
        """One block that is longer than the window, as several chunks."""
        words = self._words[block]
        parts = _split(words, 1 + self._costs[block] // max(1, self._room))
        fitting: list[_Draft] = []
        while parts:
            texts = [f"{self._heading}\n{part}" for part in parts]
            counts = self._count(texts)
            remaining: list[str] = []
            for part, text, count in zip(parts, texts, counts, strict=True):
                if remaining or (count > self._window and len(part) > 1):
                    remaining.extend(_split(part, 2) if count > self._window else [part])
                else:
                    fitting.append(_Draft(text, block, block))
            parts = remaining
        return fitting


def _heading_candidates(heading: Sequence[str]) -> list[str]:
    """The heading path, then the same with ever more left out on the left."""
    titles = [repair(title) for title in heading]
    tails = [titles[index:] for index in range(len(titles))]
    return [
        HEADING_SEPARATOR.join(tail if index == 0 else [_CUT, *tail])
        for index, tail in enumerate(tails)
    ]


def _split(text: str, count: int) -> list[str]:
    """`text` in about `count` parts of equal length, between words where there are any."""
    size = max(1, -(-len(text) // max(1, count)))
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = min(len(text), start + size)
        if end < len(text):
            space = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
            end = space + 1 if space > start else end
        if part := text[start:end].strip():
            parts.append(part)
        start = end
    return parts


def _chunk(section: Section, source_text: str, ordinal: int, draft: _Draft) -> Chunk:
    if draft.first < 0:
        start = section.start
        heading_line = source_text[start : section.end].splitlines() or [""]
        end, lines = start + len(heading_line[0]), (section.lines[0], section.lines[0])
    else:
        covered = section.blocks[draft.first : draft.last + 1]
        start = min(block.start for block in covered)
        end = max(block.end for block in covered)
        lines = (min(b.lines[0] for b in covered), max(b.lines[1] for b in covered))
    return Chunk(
        id=f"{section.id}/{ordinal}",
        section_id=section.id,
        ordinal=ordinal,
        text=draft.text,
        first_block=max(0, draft.first),
        last_block=draft.last,
        start=start,
        end=end,
        lines=lines,
        digest=hashlib.sha256(draft.text.encode("utf-8", "replace")).hexdigest(),
    )
