"""Blocks that might answer: what is judged, and in which words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from math import fsum, log

from chatbot.aliases import Aliases
from chatbot.query import Query
from chatbot.words import content_stems, content_words, stem, stems, words
from ingest.block_words import block_words
from ingest.mojibake import repair
from ingest.notes import Block, BlockKind, Section

# How much of a heading path is put in front of a block: the section's own name and the one
# above it say what the block is about; the outer levels only cost tokens.
HEADING_LEVELS = 2
# A block of no more content words than this is a label, not a statement.
LABEL_WORDS = 3
# "What is X good for?" asks for nothing but X.
ABOUT_A_THING = frozenset(
    stem(word) for word in ("good", "purpose", "role", "define", "definition", "idea")
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One block of one section, and how well it is thought to answer.

    `fused` is the reciprocal-rank-fusion score of the searches. `logit` is the reranker's
    judgement, about -11 to +11; without a reranker it is derived from the fused rank and
    the words that block and question share.
    """

    section: Section
    block: Block
    fused: float
    logit: float = 0.0

    @property
    def key(self) -> tuple[str, int]:
        """What tells this block from every other one in the index."""
        return (self.section.id, self.block.ordinal)


def heading_words(section: Section, query: Query | None = None) -> str:
    """The innermost part of the heading path, as put in front of a block.

    With a query that names this note among others, the note's own title is put before it.
    """
    inner = section.heading[-HEADING_LEVELS:]
    if query is not None and query.note_names:
        for title in (section.heading[0], note_name(section.source)):
            if query.note_names & set(stems(title)) - set(stems(" ".join(inner))):
                return " › ".join((title, *inner))
    return " › ".join(inner)


def note_name(source: str) -> str:
    """The name of a note's file as words: "lab/notes-anna.md" gives "notes anna"."""
    return " ".join(words(source.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("_", " ")))


def telling_names(sources: Collection[str]) -> frozenset[str]:
    """The stems by which the names of files tell notes apart: half of the notes lack them."""
    held = Counter(name for source in sources for name in set(content_stems(note_name(source))))
    return frozenset(name for name, count in held.items() if count <= len(sources) / 2)


def lead_of(section: Section, block: Block) -> Block | None:
    """The block that `block` hangs from: list lead-in, parent item or table header."""
    return None if block.lead is None else section.blocks[block.lead]


def opening(section: Section) -> Block | None:
    """The first sentence or item that says something, which is how notes define a thing."""
    plain = (BlockKind.SENTENCE, BlockKind.ITEM)
    return next(
        (block for block in section.blocks if block.kind in plain and not is_label(block)),
        None,
    )


_SAYS_WHAT_IT_IS = frozenset(("is", "are", "was", "were", "means", "refers", "stands", "denotes"))
_BEFORE_A_NAME = frozenset(("a", "an", "the", "amazon", "aws"))


def introduces(section: Section, block: Block, name: Set[str]) -> bool:
    """Whether the block opens with the thing of these stems and says what it is.

    What the heading says of the name already, the block need not: "A shard is …" introduces the
    stream's shard under "Streams".
    """
    if block.kind not in (BlockKind.SENTENCE, BlockKind.ITEM) or not name:
        return False
    told = words(block.text)
    while told and told[0] in _BEFORE_A_NAME and stem(told[0]) not in name:
        told = told[1:]
    size = next((at for at, word in enumerate(told[:6]) if word in _SAYS_WHAT_IT_IS), 0)
    opens_with = {stem(word) for word in told[:size]}
    known = set(stems(" ".join(section.heading)))
    return bool(opens_with) and opens_with <= name and name - opens_with <= known


def is_label(block: Block) -> bool:
    """Whether the block is too short to be a statement."""
    return len(content_words(block.text)) <= LABEL_WORDS


def row_words(section: Section, row: Block, columns: tuple[int, ...] | None = None) -> str:
    """A table row as "column: value; …", the first column always, the others if in `columns`."""
    header = lead_of(section, row)
    names = header.cells if header is not None else ()
    parts = []
    for at, cell in enumerate(row.cells):
        if at and columns is not None and at not in columns:
            continue
        name = names[at].text if at < len(names) else ""
        parts.append(f"{name}: {cell.text}" if name else cell.text)
    return "; ".join(parts)


def columns_named(header: Block, query: Query, row: Block | None = None) -> tuple[int, ...]:
    """The columns, from 0, whose name the question uses: a word of it, or its initials.

    Where several share words with the question, those that share most. The words by which
    the question names `row`, when one is given, name no column.
    """
    asked = {stem(term) for term in query.terms}
    if row is not None and row.cells:
        asked -= set(content_stems(row.cells[0].text))
    spelt = _initials(query.text)
    shared = {}
    for at, cell in enumerate(header.cells):
        names = set(content_stems(cell.text))
        acronyms = {name for name in words(cell.text) if name.rstrip("s") in spelt}
        shared[at] = len(names & asked) + len(acronyms)
    most = max(shared.values(), default=0)
    return tuple(at for at, count in shared.items() if count == most) if most else ()


def _initials(text: str) -> set[str]:
    """The initials of every run of two to four words: "availability zone" gives "az"."""
    letters = [word[0] for word in words(text)]
    return {
        "".join(letters[at : at + size])
        for size in (2, 3, 4)
        for at in range(len(letters) - size + 1)
    }


def evidence_words(candidate: Candidate, query: Query) -> str:
    """What the reranker reads: heading, lead-in and the block itself, mended for reading."""
    section, block = candidate.section, candidate.block
    if block.kind is BlockKind.ROW:
        body = row_words(section, block, _telling_columns(section, block, query))
    elif block.kind is BlockKind.FIGURE:
        before = _words_before(section, block)
        body = f"{before} {block_words(block)}" if before else block_words(block)
    else:
        lead = lead_of(section, block)
        body = f"{lead.text} {block.text}" if lead is not None else block.text
    return repair(f"{heading_words(section, query)}: {body}")


def _words_before(section: Section, figure: Block) -> str:
    """What a figure stands under: its lead-in, or else how the paragraph above it begins."""
    lead = lead_of(section, figure)
    if lead is not None:
        return lead.text
    above = [b for b in section.blocks[: figure.ordinal] if b.kind is not BlockKind.FIGURE]
    if not above or above[-1].kind is not BlockKind.SENTENCE:
        return ""
    return next(b.text for b in above if b.group == above[-1].group)


def _telling_columns(section: Section, row: Block, query: Query) -> tuple[int, ...] | None:
    """The asked columns of a row that the question names; None, for all, of any other row."""
    header = lead_of(section, row)
    if header is None or not row.cells:
        return None
    asked = {stem(term) for term in query.terms}
    label = set(content_stems(row.cells[0].text))
    if not label or len(label & asked) < 0.6 * len(label):
        return None
    return tuple(at for at in columns_named(header, query, row) if at) or None


class TermWeights:
    """How much each word of a question tells: rare words tell more.

    The weight of a term is its inverse document frequency over the notes' blocks,
    `log(1 + (N - n + 0.5) / (n + 0.5))` (Robertson and Sparck Jones; as in BM25), so that a
    word which the notes never use weighs most. A text that has one name of a thing has the other.
    """

    def __init__(self, vocabulary: Mapping[str, int], aliases: Aliases | None = None) -> None:
        self._aliases = aliases or Aliases()
        counts: dict[str, int] = {}
        for word, count in vocabulary.items():
            counts[stem(word)] = counts.get(stem(word), 0) + count
        self._counts = counts
        # The word that most blocks hold stands for the number of blocks: close enough, as
        # some word stands in nearly every one.
        self._blocks = max(counts.values(), default=1)

    def weight(self, stemmed: str) -> float:
        """The weight of one stem, positive."""
        count = min(self._counts.get(stemmed, 0), self._blocks)
        return log(1 + (self._blocks - count + 0.5) / (count + 0.5))

    def knows(self, stemmed: str) -> bool:
        """Whether the notes use a word with this stem at all."""
        return stemmed in self._counts

    def coverage(self, query: Query, text: str) -> float:
        """The weighted share of the query's words that `text` holds, in [0, 1]."""
        return self._share({stem(term) for term in query.terms}, text)

    def share(self, question: str, text: str) -> float:
        """The weighted share of the question's content words that `text` holds, in [0, 1]."""
        return self._share(set(content_stems(question)), text)

    def _share(self, asked: set[str], text: str) -> float:
        held = self._aliases.widened(set(stems(text)))
        # fsum: a plain sum over a set would depend on the set's order in its last bit.
        total = fsum(self.weight(s) for s in asked)
        return fsum(self.weight(s) for s in asked & held) / total if total else 0.0
