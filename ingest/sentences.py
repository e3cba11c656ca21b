"""Where the sentences of a paragraph begin and end.

Rules, not a model: notes are full of versions, file names and abbreviations that a stop does
not end. When in doubt two sentences stay together, because a quote that is a little long is
true and half a sentence may not be.
"""

from __future__ import annotations

import re
from bisect import bisect_right

# A stop, with any closing quotes and brackets that belong to it. Ideographic stops need no
# white space after them; the others do.
_STOP = re.compile(
    r"""(?:[.!?…]{1,64}[)\]"'”’»*_]{0,16}(?=\s|\Z))|[。！？]{1,16}[”’」』）)]{0,8}"""
)
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_WORD_LIMIT = 32  # how far back the word before a stop is looked at
_BRACKET_LIMIT = 400  # a longer parenthesis may be split


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Never the end of a sentence.
_NEVER = _words(
    "e.g i.e eg ie cf vs v viz ca approx incl excl resp esp dr mr mrs ms prof st mt gen rev "
    "hon sen rep gov capt lt col sgt fig figs eq eqs sec sect chap vol pp ed eds tab ref refs "
    "dept est max min avg std temp al a.k.a aka w.r.t op"
)
# Abbreviations only in front of a number ("No. 5", "p. 12"); otherwise words.
_BEFORE_NUMBER = _words("no nos nr p art ch ver")
# The end of a sentence only when the next word could open one.
_SOMETIMES = _words("etc inc ltd corp co jr sr bros a.m p.m ph.d b.c a.d")
_STARTERS = _words(
    "a an the this that these those it its he she we you they i in on at if when while where "
    "however but and or so as for from to with by after before because since there here use "
    "each every some all no not one our your their his her what which who why how do does is "
    "are can may must should will also then thus therefore most many both other see"
)
_MONTHS = _words("jan feb mar apr jun jul aug sep sept oct nov dec")


def sentence_spans(text: str) -> tuple[tuple[int, int], ...]:
    """The [start, end) of each sentence, in order, without the white space around it.

    Every character that is not white space lies in exactly one span. Linear time.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for paragraph_end in [match.start() for match in _BLANK_LINE.finditer(text)] + [len(text)]:
        paragraph = text[start:paragraph_end]
        begin = 0
        for end in _boundaries(paragraph):
            _add_trimmed(spans, paragraph, begin, end, start)
            begin = end
        _add_trimmed(spans, paragraph, begin, len(paragraph), start)
        start = paragraph_end
    return tuple(spans)


def _add_trimmed(
    spans: list[tuple[int, int]], text: str, begin: int, end: int, offset: int
) -> None:
    piece = text[begin:end]
    words = piece.strip()
    if words:
        begin += len(piece) - len(piece.lstrip())
        spans.append((offset + begin, offset + begin + len(words)))


def _boundaries(text: str) -> list[int]:
    """Where a sentence ends inside one paragraph, ascending."""
    stops = list(_STOP.finditer(text))
    if not stops:
        return []
    starts, ends = _parentheses(text)
    found: list[int] = []
    for stop in stops:
        end = stop.end()
        enclosing = bisect_right(starts, stop.start()) - 1
        if enclosing >= 0 and end < ends[enclosing]:
            continue
        if ends_sentence(text, stop.start(), end, found[-1] if found else 0):
            found.append(end)
    return found


def _parentheses(text: str) -> tuple[list[int], list[int]]:
    """Outermost closed parentheses of bearable length, as starts and ends."""
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for match in re.finditer(r"[()]", text):
        if match.group() == "(":
            opened.append(match.start())
        elif opened:
            start = opened.pop()
            if match.end() - start <= _BRACKET_LIMIT:
                while pairs and pairs[-1][0] > start:
                    pairs.pop()
                pairs.append((start, match.end()))
    return [start for start, _ in pairs], [end for _, end in pairs]


def ends_sentence(text: str, stop: int, end: int, sentence_start: int) -> bool:
    """Whether the stop at [stop, end) closes the sentence begun at `sentence_start`."""
    rest = text[end : end + 2 * _WORD_LIMIT].lstrip()
    if not rest:
        return False
    mark = text[stop]
    if mark in "。！？":
        return True
    following = re.match(r"""["'“‘«(\[*_]*([^\s]*)""", rest)
    next_word = following.group(1) if following else ""
    if text[stop : stop + 2] in ("..", "…") or mark == "…" or mark in "!?":
        return not next_word[:1].islower()
    return _full_stop_ends(text, stop, next_word, sentence_start)


def _full_stop_ends(text: str, stop: int, next_word: str, sentence_start: int) -> bool:
    before = text[max(sentence_start, stop - _WORD_LIMIT) : stop]
    if not before or before[-1].isspace():
        return False  # a stop that stands alone, as in ". . ."
    word = before.split()[-1].lstrip("([{\"'“‘«*_")
    lowered = word.lower()
    if lowered in _NEVER:
        return False
    if lowered in _BEFORE_NUMBER or lowered in _MONTHS:
        return not next_word[:1].isdigit()
    plain_next = next_word.strip(".,;:!?)]}\"'”’»*_").lower()
    if lowered in _SOMETIMES:
        return next_word[:1].isupper()
    if len(word) == 1 and word.isupper():
        # An initial ("J. Smith"), unless the sentence plainly ends in a letter ("plan B. It").
        return plain_next in _STARTERS and next_word[:1].isupper() and word != "I"
    if re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", word):
        return plain_next in _STARTERS and next_word[:1].isupper()
    first = stop - len(word)
    is_near = first - sentence_start < _WORD_LIMIT  # else the whole sentence is copied each time
    if word.isdigit() and is_near and not text[sentence_start:first].strip():
        return False  # the number of a list item: "1. Install"
    if next_word[:1].islower():
        # Notes often forget the capital; a short word before the stop may be an abbreviation.
        return len(word) >= 4
    return True
