"""The words of a paragraph, and where each of them stands in the raw text.

Readers add words, markup and images in document order; sentences come out with their text
in plain words and the tightest raw span that holds them, markup at their ends included.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from ingest.sentences import sentence_spans


@dataclass(slots=True)
class Piece:
    """Consecutive plain characters that stand together in the raw text."""

    plain: int  # where it starts in the plain text
    start: int
    end: int
    exact: bool  # character for character; otherwise one indivisible whole
    outer_start: int  # with the opening markup directly before it
    outer_end: int  # with the closing markup directly after it


@dataclass(frozen=True, slots=True)
class Figure:
    """An image's markup: what is written for it, and where."""

    alt: str
    address: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in plain words with its raw span; `link` when it is nothing but links."""

    text: str
    start: int
    end: int
    link: str | None = None


class Prose:
    """Collects a paragraph. `whole` replaces every span when offsets are not exact."""

    def __init__(self, whole: tuple[int, int] | None = None) -> None:
        self.figures: list[Figure] = []
        self._whole = whole
        self._text: list[str] = []
        self._length = 0
        self._pieces: list[Piece] = []
        self._solid: list[tuple[int, int]] = []  # plain stretches that no sentence ends in
        self._links: list[tuple[int, int, str]] = []
        self._opened: int | None = None  # raw start of opening markup with no words yet
        self._after_words = False

    @property
    def text(self) -> str:
        """The plain words so far, line breaks as they were."""
        return "".join(self._text)

    @property
    def length(self) -> int:
        """How many plain characters there are so far."""
        return self._length

    @property
    def only_link(self) -> bool:
        """Whether the words are nothing but links."""
        return self._bare_link(0, self._length) is not None

    def words(self, text: str, start: int) -> None:
        """Add characters that stand in the raw text exactly so."""
        self._add(text, start, start + len(text), exact=True)

    def glyph(self, text: str, start: int, end: int) -> None:
        """Add characters that are written differently (an entity, an escape, code)."""
        if len(text) > 1:
            self._solid.append((self._length, self._length + len(text)))
        self._add(text, start, end, exact=False)

    def gap(self, start: int, end: int, *, ends_sentence: bool = False) -> None:
        """Add white space where the raw text has something that is not words."""
        self._add("\n\n" if ends_sentence else "\n", start, end, exact=False)

    def opener(self, start: int) -> None:
        """Note opening markup: it belongs to the words after it."""
        if self._opened is None:
            self._opened = start
        self._after_words = False

    def closer(self, end: int) -> None:
        """Note closing markup: it belongs to the words before it."""
        if self._after_words:
            self._pieces[-1].outer_end = end
        else:
            self._opened = None

    def figure(self, alt: str, address: str, start: int, end: int) -> None:
        """Add an image: a figure of its own, and a gap in the words."""
        if self._whole is not None:
            start, end = self._whole
        self.figures.append(Figure(" ".join(alt.split()), address, start, end))
        self.gap(start, end)

    def link(self, plain_start: int, address: str) -> None:
        """Say that the words since `plain_start` were a link."""
        if self._length > plain_start:
            self._links.append((plain_start, self._length, address))
            self._solid.append((plain_start, self._length))

    def sentences(self) -> list[Sentence]:
        """The sentences, in order."""
        text = self.text
        if self._whole is not None:
            words = " ".join(text.split())
            return [Sentence(words, *self._whole, self._bare_link(0, len(text)))] if words else []
        plain_starts = [piece.plain for piece in self._pieces]
        self._text = [text]  # joined once: links look into it for every sentence
        found = []
        for begin, end in self._whole_sentences(text):
            first = self._pieces[bisect_right(plain_starts, begin) - 1]
            last_index = bisect_right(plain_starts, end - 1) - 1
            last = self._pieces[last_index]
            words = " ".join(text[begin:end].split())
            start, stop = _raw_start(first, begin, text), self._raw_end(last_index, last, end)
            found.append(Sentence(words, start, stop, self._bare_link(begin, end)))
        return found

    def _add(self, text: str, start: int, end: int, *, exact: bool) -> None:
        if not text:
            return
        outer_start = start if self._opened is None else min(self._opened, start)
        self._pieces.append(Piece(self._length, start, end, exact, outer_start, end))
        self._text.append(text)
        self._length += len(text)
        self._opened = None
        self._after_words = True

    def _raw_end(self, index: int, last: Piece, end: int) -> int:
        following = self._pieces[index + 1].plain if index + 1 < len(self._pieces) else self._length
        if end >= following or not last.exact:
            return last.outer_end
        return last.start + (end - last.plain)

    def _whole_sentences(self, text: str) -> list[tuple[int, int]]:
        """Sentence spans in plain offsets, joined where a split would cut a link or code."""
        solid = sorted(self._solid)
        joined: list[tuple[int, int]] = []
        reach = position = 0  # how far the solid stretches begun so far extend
        for begin, end in sentence_spans(text):
            while position < len(solid) and solid[position][0] < begin:
                reach = max(reach, solid[position][1])
                position += 1
            if joined and reach > begin:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((begin, end))
        return joined

    def _bare_link(self, begin: int, end: int) -> str | None:
        """The first address, when no letter or digit of [begin, end) is outside a link."""
        first = bisect_right(self._links, begin, key=lambda link: link[1])
        position, address = begin, None
        if first == len(self._links):
            return None
        text = self.text
        for index in range(first, len(self._links)):
            link_start, link_end, link_address = self._links[index]
            if link_start >= end or _has_word(text[position:link_start]):
                break
            address = link_address if address is None else address
            position = link_end
        if address is None or _has_word(text[position:end]):
            return None
        return address


def _raw_start(piece: Piece, begin: int, text: str) -> int:
    # Words that open with a little white space ("[ word](…)") still own the markup before it.
    owns_markup = piece.outer_start < piece.start or begin == piece.plain
    if owns_markup and begin - piece.plain <= 8 and not text[piece.plain : begin].strip():
        return piece.outer_start
    return piece.start + (begin - piece.plain) if piece.exact else piece.start


def _has_word(text: str) -> bool:
    return any(character.isalnum() for character in text)
