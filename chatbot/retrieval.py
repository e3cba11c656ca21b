"""From a query to passages and candidate blocks: search, fuse, judge."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, zip_longest
from math import exp
from typing import TypeVar

from chatbot.aliases import Aliases
from chatbot.answer import Passage
from chatbot.asking import Asks
from chatbot.candidates import (
    ABOUT_A_THING,
    Candidate,
    TermWeights,
    evidence_words,
    introduces,
    opening,
)
from chatbot.fusion import reciprocal_rank_fusion
from chatbot.query import Query
from chatbot.reranker import Reranker
from chatbot.words import content_stems, distinct, stem, stems
from ingest.embedding import Embedder
from ingest.index import NotesIndex
from ingest.notes import BlockKind, Chunk, Section

# Each search returns this many; fusion needs depth, not length.
SEARCH_DEPTH = 40
# Blocks of this many best chunks are looked at ...
CHUNKS_OPENED = 12
# ... and this many of them are judged by the reranker, which costs some 10 to 20 ms a block.
# More did not help: key facts found and right sections are the same with 10 as with 18.
BLOCKS_JUDGED = 10
# Of them so many figures, when a figure is asked for.
FIGURES_JUDGED = 7
# And of the beginnings of the sections that are named, when it is asked what a thing is.
OPENINGS_JUDGED = 2

MOST_CHUNKS_OF_A_SECTION = 200  # that are looked at for the rest of a passage's section

# Blocks of a kind that differ by their numbers alone: more of them are looked at last.
MOST_VERSIONS = 3

_Found = TypeVar("_Found")
_NUMBERS = re.compile(r"\d+")
_NEVER_EVIDENCE = frozenset({BlockKind.HEADER})


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found: passages for people, candidates for the answerer; both best first.

    Of a query in parts, `parts` holds what was found for each, in order; their passages take
    turns, and there are no candidates for the whole. `other` is what was found for the other
    way to read the query; its passages are not mixed in, which found less of the right ones.
    """

    passages: tuple[Passage, ...]
    candidates: tuple[Candidate, ...]
    parts: tuple[Retrieval, ...] = ()
    other: Retrieval | None = None

    @classmethod
    def of_parts(cls, parts: Sequence[Retrieval], limit: int = 5) -> Retrieval:
        """What was found for a query in parts."""
        return cls(_in_turn([part.passages for part in parts], limit), (), tuple(parts))

    def narrowed(self, limit: int) -> Retrieval:
        """What would have been found, had no more than `limit` passages been asked for."""
        parts = tuple(part.narrowed(limit) for part in self.parts)
        if parts:
            return Retrieval.of_parts(parts, limit)
        other = None if self.other is None else self.other.narrowed(limit)
        return Retrieval(tuple(_fair(self.passages, limit, _note_of)), self.candidates, other=other)


class Searcher:
    """Finds the places of the notes that may answer a query.

    Dense and lexical rankings of chunks and a lexical ranking of blocks are joined by
    reciprocal rank fusion; the best blocks are then judged by the reranker, when there is
    one. Deterministic: scores are rounded before ties break by id.
    """

    def __init__(
        self,
        index: NotesIndex,
        embedder: Embedder,
        reranker: Reranker | None,
        weights: TermWeights,
        aliases: Aliases | None = None,
    ) -> None:
        self._aliases = aliases or Aliases()
        self._index = index
        self._embedder = embedder
        self._reranker = reranker
        self._weights = weights

    def retrieve(self, query: Query, limit: int = 5) -> Retrieval:
        """The best passages (at most `limit`) and every judged block, best first.

        A query in parts is looked for part by part, and not as a whole; of one that can be read
        in two ways, both are looked for.
        """
        if query.parts:
            parts = tuple(self.retrieve(part, limit) for part in query.parts)
            return Retrieval.of_parts(parts, limit)
        chunk_scores = self._chunk_scores(query)
        chunks = self._opened(chunk_scores, max(CHUNKS_OPENED, limit))
        candidates = self.judge(query, self._shortlist(query, chunks, chunk_scores))
        passages = self._passages(chunks, chunk_scores, candidates, limit)
        other = None if query.other is None else self.retrieve(query.other, limit)
        return Retrieval(tuple(passages), tuple(candidates), other=other)

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The names of the notes, in order."""
        return tuple(self._index.sources())

    def shortlist(self, query: Query) -> list[Candidate]:
        """The blocks worth judging for `query`, by fused rank; none is judged yet."""
        scores = self._chunk_scores(query)
        return self._shortlist(query, self._opened(scores, CHUNKS_OPENED), scores)

    def _opened(self, scores: dict[str, float], count: int) -> dict[str, Chunk]:
        """The best chunks, with their texts; versions of one text beyond a few come last."""
        chunks = (self._index.chunk(chunk_id) for chunk_id in _best(scores))
        ranked = _at_most(MOST_VERSIONS, chunks, lambda chunk: _versionless(chunk.text))
        opened = _from_several_sources(ranked, count, lambda chunk: _source_of(chunk.id))
        return {chunk.id: chunk for chunk in opened}

    def logits(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers, as the reranker judges; by shared words without one."""
        if self._reranker is not None:
            return self._reranker.scores(self._aliases.spelt_out(question), texts)
        # The share of the question's words that a text holds, stretched over the
        # reranker's range.
        return [round(12 * self._weights.share(question, text) - 6, 4) for text in texts]

    def _terms(self, query: Query) -> tuple[str, ...]:
        """What is searched for: the question's words, and other names of what it names."""
        return distinct((*query.terms, *self._aliases.terms_beside(query.text)))

    def _chunk_scores(self, query: Query) -> dict[str, float]:
        vector = self._embedder.embed_question(self._aliases.spelt_out(query.text))
        terms = self._terms(query)

        def search(sources: frozenset[str] | None) -> list[list[str]]:
            dense = self._index.nearest(vector, SEARCH_DEPTH, sources)
            lexical = self._index.matching_chunks(terms, SEARCH_DEPTH, sources)
            return [[i for i, _ in dense], [i for i, _ in lexical]]

        rankings = search(query.question.scope)
        others = self._beside({_source_of(i) for ranking in rankings for i in ranking}, query)
        if others:
            beside = search(others)
            rankings = [first + more for first, more in zip(rankings, beside, strict=True)]
        return reciprocal_rank_fusion(rankings)

    def _beside(self, found: Set[str], query: Query) -> frozenset[str]:
        """The other notes, where one alone was found: it must not keep them from being seen."""
        if len(found) != 1:
            return frozenset()
        scope = query.question.scope
        return frozenset(self.sources if scope is None else scope) - found

    def _shortlist(
        self, query: Query, chunks: dict[str, Chunk], chunk_scores: dict[str, float]
    ) -> list[Candidate]:
        """The blocks worth judging: those of the opened chunks and those that match by words."""
        by_chunk: dict[tuple[str, int], float] = {}
        for chunk_id, chunk in chunks.items():
            for ordinal in range(chunk.first_block, chunk.last_block + 1):
                key = (chunk.section_id, ordinal)
                by_chunk[key] = max(by_chunk.get(key, 0.0), chunk_scores[chunk_id])
        terms, scope = self._terms(query), query.question.scope
        matching = self._index.matching_blocks(terms, SEARCH_DEPTH, scope)
        others = self._beside({_source_of(section_id) for section_id, _, _ in matching}, query)
        if others:
            matching += self._index.matching_blocks(terms, SEARCH_DEPTH, others)
        lexical = [(section_id, ordinal) for section_id, ordinal, _ in matching]
        for key in lexical:
            by_chunk.setdefault(key, 0.0)
        ranked = self._by_words(query, by_chunk, lexical)
        if Asks.DEFINITION in query.asks:
            openings = self._openings(query)
            known = {c.key for c in openings}
            ranked = openings + [c for c in ranked if c.key not in known]
        if Asks.FIGURE in query.asks:  # only a figure answers, and its few words rank low
            figures = [c for c in ranked if c.block.kind is BlockKind.FIGURE][:FIGURES_JUDGED]
            ranked = figures + [c for c in ranked if c not in figures]
        return _with_another_note(ranked, BLOCKS_JUDGED)

    def _openings(self, query: Query) -> list[Candidate]:
        """What introduces the thing that the question names and asks nothing else about.

        A block that opens with its name ("A widget is …"), or how the section of that name
        begins.
        """
        asked = {stem(term) for term in query.terms}
        named = []
        for section_id, title, path in self._titles:
            if title & asked and asked - ABOUT_A_THING <= path:
                named.append((len(title - asked), section_id))
        openings = []
        for _, section_id in sorted(named)[:OPENINGS_JUDGED]:
            section = self._index.section(section_id)
            first = opening(section)
            is_searched = query.question.scope is None or section.source in query.question.scope
            if first is not None and not section.navigation and is_searched:
                openings.append(Candidate(section, first, 0.0))
        introducing = self._introductions(query, asked - ABOUT_A_THING)
        return list({c.key: c for c in (*introducing, *openings)}.values())

    def _introductions(self, query: Query, asked: set[str]) -> list[Candidate]:
        found = []
        for section_id, ordinal, _ in self._index.matching_blocks(
            query.terms, SEARCH_DEPTH, query.question.scope
        ):
            section = self._index.section(section_id)
            block = section.blocks[ordinal]
            if not section.navigation and introduces(section, block, asked):
                found.append(Candidate(section, block, 0.0))
        return found[:OPENINGS_JUDGED]

    @cached_property
    def _titles(self) -> list[tuple[str, frozenset[str], frozenset[str]]]:
        """Each section's id, the stems of its title and those of its heading path."""
        return [
            (
                section.id,
                frozenset(content_stems(section.title)),
                frozenset(stems(" ".join(section.heading))),
            )
            for section in self._index.outline()
        ]

    def _by_words(
        self,
        query: Query,
        by_chunk: dict[tuple[str, int], float],
        lexical: Sequence[tuple[str, int]] = (),
    ) -> list[Candidate]:
        candidates = {}
        for (section_id, ordinal), score in by_chunk.items():
            section = self._index.section(section_id)
            if section.navigation or not section.blocks:
                continue
            block = section.blocks[ordinal]
            is_figure = block.kind is BlockKind.FIGURE
            if block.kind in _NEVER_EVIDENCE or (is_figure and Asks.FIGURE not in query.asks):
                continue
            candidates[section_id, ordinal] = Candidate(section, block, score)
        covered = {
            key: round(self._weights.coverage(query, evidence_words(candidate, query)), 6)
            for key, candidate in candidates.items()
        }
        fused = reciprocal_rank_fusion(
            [
                sorted(candidates, key=lambda key: (-by_chunk[key], key)),
                sorted(candidates, key=lambda key: (-covered[key], -by_chunk[key], key)),
                [key for key in lexical if key in candidates],
            ]
        )
        order = sorted(candidates, key=lambda key: (-round(fused[key], 9), key))
        ranked = [replace(candidates[key], fused=fused[key]) for key in order]
        return _repeats_last(ranked)

    def judge(self, query: Query, shortlist: Sequence[Candidate]) -> list[Candidate]:
        """The same candidates with their logits, best first; equals keep their fused order."""
        texts = [evidence_words(candidate, query) for candidate in shortlist]
        judged = [
            replace(candidate, logit=round(logit, 4))
            for candidate, logit in zip(shortlist, self.logits(query.text, texts), strict=True)
        ]
        return sorted(judged, key=lambda c: (-c.logit, -round(c.fused, 9), c.key))

    def _passages(
        self,
        chunks: dict[str, Chunk],
        chunk_scores: dict[str, float],
        candidates: Sequence[Candidate],
        limit: int,
    ) -> list[Passage]:
        best_logit: dict[str, float] = {}
        for candidate in candidates:
            for chunk_id, chunk in chunks.items():
                if (
                    chunk.section_id == candidate.section.id
                    and chunk.first_block <= candidate.block.ordinal <= chunk.last_block
                ):
                    best_logit[chunk_id] = max(best_logit.get(chunk_id, -12.0), candidate.logit)
        top = max(chunk_scores.values(), default=1.0)
        scores = {
            chunk_id: round(
                0.6 * _probability(best_logit.get(chunk_id, -6.0))
                + 0.4 * chunk_scores[chunk_id] / top,
                4,
            )
            for chunk_id in chunks
        }
        order = sorted(
            (i for i in scores if not self._is_empty_repeat(chunks[i].section_id)),
            key=lambda chunk_id: (-scores[chunk_id], chunk_id),
        )
        # One passage of each section first: three looks at one section are worth less than
        # a look at each of three.
        # A stretch that says the same again, word for word, comes after all others.
        seen: set[str] = set()
        said: set[str] = set()
        first: list[str] = []
        rest: list[str] = []
        for chunk_id in order:
            chunk = chunks[chunk_id]
            source = self._index.section(chunk.section_id).source
            words = self._index.source_text(source)[chunk.start : chunk.end].strip()
            is_new = chunk.section_id not in seen and words not in said
            (first if is_new else rest).append(chunk_id)
            seen.add(chunk.section_id)
            said.add(words)
        return [
            self._passage(chunks[i], self._index.section(chunks[i].section_id), scores[i])
            for i in _fair(first + rest, limit, _source_of)
        ]

    def is_empty(self, section_id: str) -> bool:
        """Whether the section is a heading with nothing under it, not even a sub-heading."""
        section = self._index.section(section_id)
        return section.is_stub and (section.source, section.heading) not in self._parents

    @cached_property
    def _parents(self) -> frozenset[tuple[str, tuple[str, ...]]]:
        return frozenset(
            (section.source, section.heading[:-1]) for section in self._index.outline()
        )

    def _is_empty_repeat(self, section_id: str) -> bool:
        """Whether the section is a stub whose heading stands elsewhere with text under it."""
        section = self._index.section(section_id)
        if not section.is_stub:
            return False
        return any(
            not self._index.section(twin).is_stub
            for twin in self._sections_by_heading[section.source, section.heading]
        )

    @cached_property
    def _sections_by_heading(self) -> dict[tuple[str, tuple[str, ...]], list[str]]:
        found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for section in self._index.outline():
            found.setdefault((section.source, section.heading), []).append(section.id)
        return found

    def rest_of(self, passage: Passage, most: int) -> list[Passage]:
        """The other passages of its section, at most so many: the nearest to it, in note order."""
        section = self._index.section(passage.section_id)
        here = self._index.chunk(passage.chunk_id).ordinal
        others = []
        for ordinal in range(MOST_CHUNKS_OF_A_SECTION):
            try:
                chunk = self._index.chunk(f"{section.id}/{ordinal}")
            except KeyError:
                break
            if ordinal != here:
                others.append(chunk)
        nearest = sorted(others, key=lambda chunk: (abs(chunk.ordinal - here), chunk.ordinal))[
            :most
        ]
        nearest.sort(key=lambda chunk: chunk.ordinal)
        return [self._passage(chunk, section, passage.score) for chunk in nearest]

    def _passage(self, chunk: Chunk, section: Section, score: float) -> Passage:
        return Passage(
            source=section.source,
            heading=section.heading,
            anchor=section.anchor,
            lines=chunk.lines,
            start=chunk.start,
            end=chunk.end,
            score=score,
            text=self._index.source_text(section.source)[chunk.start : chunk.end],
            words=chunk.text.partition("\n")[2],
            section_id=section.id,
            chunk_id=chunk.id,
        )


def _source_of(section_or_chunk_id: str) -> str:
    """The note of a section or a chunk: their ids begin with its name, up to the last "#"."""
    return section_or_chunk_id.rpartition("#")[0]


def _note_of(passage: Passage) -> str:
    return passage.source


def _fair(ranked: Sequence[_Found], limit: int, source_of: Callable[[_Found], str]) -> list[_Found]:
    """The first `limit`, of which one note gives all only where there is no other."""
    return _at_most(max(1, limit - 1), ranked, source_of)[:limit]


def _in_turn(rankings: Sequence[Sequence[Passage]], limit: int) -> tuple[Passage, ...]:
    """The first of each ranking, then the second of each …, each passage once."""
    taken = (p for tier in zip_longest(*rankings) for p in tier if p is not None)
    return tuple({passage.chunk_id: passage for passage in taken}.values())[:limit]


def _best(scores: dict[str, float]) -> list[str]:
    return sorted(scores, key=lambda item: (-round(scores[item], 9), item))


def _from_several_sources(
    ranked: Sequence[_Found], count: int, source_of: Callable[[_Found], str]
) -> list[_Found]:
    """The first `count`, one source giving three quarters of them at most while others are left.

    A note that is about nothing else must not keep every other note from being looked at.
    """
    return _at_most(max(1, 3 * count // 4), ranked, source_of)[:count]


def _with_another_note(ranked: Sequence[Candidate], count: int) -> list[Candidate]:
    """The first `count`; where all are of one note, the best of another one besides.

    A note must not keep every other note from being heard. A place taken from its own blocks
    for that cost right answers; one more does not.
    """
    first = list(ranked[:count])
    notes = {candidate.section.source for candidate in first}
    others = (candidate for candidate in ranked[count:] if candidate.section.source not in notes)
    return first + list(islice(others, 1 if len(notes) == 1 else 0))


def _repeats_last(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The same order, but what says again what was said before last.

    That is what repeats an earlier block of its note, word for word, and what differs from
    several others by its numbers alone, in whichever notes: one note that says a thing sixty
    times, or sixty notes that say it once, must not take every place. Some that differ by a
    number are kept: notes that disagree are to be heard.
    """
    once = _at_most(1, ranked, lambda c: (c.section.source, c.block.text))
    return _at_most(MOST_VERSIONS, once, lambda c: _versionless(c.block.text))


def _versionless(text: str) -> str:
    """The same for texts that differ by their numbers alone."""
    return _NUMBERS.sub("0", text.casefold())


def _at_most(most: int, ranked: Iterable[_Found], key: Callable[[_Found], object]) -> list[_Found]:
    """The same order, but of those with an equal key all beyond the first `most` last."""
    taken: Counter[object] = Counter()
    kept: list[_Found] = []
    held_back: list[_Found] = []
    for found in ranked:
        kind = key(found)
        taken[kind] += 1
        (kept if taken[kind] <= most else held_back).append(found)
    return kept + held_back


def _probability(logit: float) -> float:
    return 1 / (1 + exp(-logit / 2))
