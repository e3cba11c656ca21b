"""What every form of answer is composed with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatbot.candidates import Candidate, TermWeights
from chatbot.draft import Line, Span
from chatbot.query import Query
from ingest.notes import Block, BlockKind, Section

# An answer is kept about this short; the best block is given whole, whatever its length.
WORDS_WANTED = 110
# A sentence may take its neighbours along up to this many words: one quote that reads on.
WORDS_IN_A_THOUGHT = 75
WORDS_OF_A_SHORT_THOUGHT = 60

# A neighbour in the same paragraph or item is welcome more easily than another block.
NEIGHBOUR_LOGITS_BEHIND = 6.0
LOWEST_NEIGHBOUR_LOGIT = -4.0

# A sentence that opens like this says little without the one before it.
_POINTS_BACK = re.compile(
    r"^\W*(?:this|these|those|that|it|its|they|their|such|however|then|also|instead|therefore"
    r"|thus|so|otherwise|additionally|in addition|for example|for instance|as a result"
    r"|(?:for|in|with|from|by) (?:this|these|those|that|such|it|them)"
    r"|once|the latter|the former|both|here|there|traditionally|because of|due to|but|and)\b",
    re.IGNORECASE,
)
# One that opens like this makes no sense before it.
_CARRIES_ON = re.compile(
    r"^\W*(?:however|then|also|instead|therefore|thus|so|otherwise|additionally|in addition|but|and"
    r"|for example|for instance|as a result|the latter|the former|both|once|such)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A query, what was found for it, and the means to look closer.

    `judge` gives each text's relevance logit for a question, as the reranker does.
    """

    query: Query
    candidates: tuple[Candidate, ...]
    weights: TermWeights
    judge: Callable[[str, Sequence[str]], list[float]]
    source_text: Callable[[str], str]

    def coverage(self, text: str) -> float:
        """The weighted share of the question's words that `text` holds, in [0, 1]."""
        return self.weights.coverage(self.query, text)


def block_line(section: Section, block: Block, bullet: str = "") -> Line:
    """One block as a line of the answer, cited."""
    return Line(block.text, (Span.over(section, (block,)),), bullet)


def run_line(section: Section, blocks: Sequence[Block]) -> Line:
    """Neighbouring sentences as one line with one citation."""
    return Line(joined(blocks), (Span.over(section, blocks),))


def joined(blocks: Sequence[Block]) -> str:
    """The words of neighbours, apart where they stand apart in the note: not in Japanese."""
    parts = [blocks[0].text] if blocks else []
    for before, block in pairwise(blocks):
        parts.append(f" {block.text}" if block.start > before.end else block.text)
    return "".join(parts)


def heading_line(section: Section, source_text: Callable[[str], str]) -> Line | None:
    """The section's own heading as a line, quoted from where it stands; None if it cannot be."""
    text = source_text(section.source)
    end = min(
        (at for at in (text.find("\n", section.start), text.find("\r", section.start)) if at >= 0),
        default=len(text),
    )
    if not section.level or section.title not in text[section.start : end]:
        return None
    at = (section.lines[0], section.lines[0])
    return Line(section.title, (Span(section, section.start, end, at),))


def same_thought(section: Section, block: Block) -> tuple[Block, ...]:
    """The sentences of the block's own paragraph or list item, in note order, itself included."""
    return tuple(
        other
        for other in section.blocks
        if other.kind is block.kind and other.group == block.group and other.item == block.item
    )


def thought_around(desk: Desk, candidate: Candidate) -> tuple[Block, ...]:
    """The judged sentence with those around it that it needs or that answer as well.

    All are of one paragraph or list item and next to each other, so that one quote holds
    them. A short paragraph is one thought, however its sentences are judged.
    """
    sentences = same_thought(candidate.section, candidate.block)
    if sum(len(block.text.split()) for block in sentences) <= WORDS_OF_A_SHORT_THOUGHT:
        return sentences
    logits = {
        c.block.ordinal: c.logit for c in desk.candidates if c.section.id == candidate.section.id
    }
    welcome = max(candidate.logit - NEIGHBOUR_LOGITS_BEHIND, LOWEST_NEIGHBOUR_LOGIT)
    first = last = sentences.index(candidate.block)
    words = len(candidate.block.text.split())
    if points_back(sentences[first]) and first:
        first -= 1
        words += len(sentences[first].text.split())
    while True:
        for neighbour in (last + 1, first - 1):
            if not 0 <= neighbour < len(sentences):
                continue
            block = sentences[neighbour]
            length = len(block.text.split())
            is_welcome = logits.get(block.ordinal, -11.0) >= welcome
            if is_welcome and words + length <= WORDS_IN_A_THOUGHT:
                first, last = min(first, neighbour), max(last, neighbour)
                words += length
                break
        else:
            return sentences[first : last + 1]


def points_back(block: Block) -> bool:
    """Whether the sentence leans on the one before it."""
    return (
        block.kind in (BlockKind.SENTENCE, BlockKind.ITEM)
        and _POINTS_BACK.match(block.text) is not None
    )


def carries_on(block: Block) -> bool:
    """Whether the sentence makes no sense before the one that it follows."""
    return _CARRIES_ON.match(block.text) is not None


def word_count(lines: Sequence[Line]) -> int:
    """How many words the lines hold."""
    return sum(len(line.text.split()) for line in lines)
