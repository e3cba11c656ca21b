"""Two names for one thing, learnt where the notes introduce one: "Elastic File System (EFS)".

Short forms are matched to the words before them as in Schwartz and Hearst, "A Simple Algorithm
for Identifying Abbreviation Definitions in Biomedical Text" (PSB 2003): from the right, each
letter of the short form in the long one, the first at the beginning of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chatbot.words import content_words, distinct, fold, stem, stems, words

LONGEST_SHORT_FORM = 10  # letters; more is a remark in brackets
REACH = 120  # characters looked at before a short form

_IN_BRACKETS = re.compile(r"\((?:(?:Amazon|AWS|the)\s+)?(?P<short>[^\W_][\w.&/-]{1,9})\)")
_BEFORE_BRACKETS = re.compile(r"\b(?P<short>[A-Z][A-Z0-9&]{1,9}s?) \((?P<long>[^()\n]{4,80})\)")
_MARKUP = re.compile(r"[*_`\[\]|#]+")
# A name does not reach over the end of a sentence or of a clause.
_END = re.compile(r".*(?:[.;:!?,]\s|\n|\s[-–—]\s)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Alias:
    """A short form and what it stands for, both as the notes write them."""

    short: str
    long: str


def aliases_in(text: str) -> list[Alias]:
    """Every short form that `text` introduces, in order; markup is read over."""
    found = []
    for match in _IN_BRACKETS.finditer(text):
        before = _MARKUP.sub("", _END.sub("", text[max(0, match.start() - REACH) : match.start()]))
        long = long_form(match["short"], before)
        if long is not None:
            found.append(Alias(match["short"], long))
    for match in _BEFORE_BRACKETS.finditer(text):
        long = " ".join(_MARKUP.sub("", match["long"]).split())
        if _spells(match["short"], long):
            found.append(Alias(match["short"], long))
    return found


def long_form(short: str, before: str) -> str | None:
    """The words at the end of `before` that `short` abbreviates, or None."""
    if not any(c.isupper() for c in short) or not short[0].isalnum():
        return None
    some = before.split()[-min(len(short) + 5, 2 * len(short)) :]
    text = " ".join(some)
    at = len(text)
    letters = [c for c in _singular(short).casefold() if c.isalnum()]
    for place, letter in reversed(list(enumerate(letters))):
        at -= 1
        while at >= 0 and not (
            text[at].casefold() == letter and (place or at == 0 or not text[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return None
    long = text[at:]
    holds_itself = fold(_singular(short)) in words(long)
    return None if holds_itself or len(long) <= len(short) + 1 else long


class Aliases:
    """The names that the notes use for one thing.

    A short form that the notes introduce for two things is left alone: which is meant is not
    known.

    Args:
        found: what the notes introduce.
        vocabulary: the notes' folded words, each with the number of blocks that hold it.
    """

    def __init__(
        self, found: Iterable[Alias] = (), vocabulary: Mapping[str, int] | None = None
    ) -> None:
        self._vocabulary = vocabulary or {}
        meanings: dict[str, dict[tuple[str, ...], Alias]] = {}
        for alias in found:
            long = tuple(stems(alias.long))
            if len(long) > 1:
                meanings.setdefault(fold(_singular(alias.short)), {}).setdefault(long, alias)
        self._long = {
            short: (long, alias)
            for short, known in meanings.items()
            if len(known) == 1
            for long, alias in known.items()
        }
        # The long forms by a stem of their short one; the short ones by the long one's first.
        self._longs: dict[str, list[tuple[str, ...]]] = {}
        self._shorts: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for short, (long, _) in self._long.items():
            for form in {short, stem(f"{short}s")}:
                self._longs.setdefault(form, []).append(long)
            self._shorts.setdefault(long[0], []).append((long, stem(short)))

    def others(self, text: str) -> tuple[Alias, ...]:
        """The aliases of which `text` uses one name and not the other, in its order."""
        spelt = stems(text)
        used = {fold(word) for word in re.findall(r"\b[A-Z][A-Z0-9]+\b", text)}
        used |= set(content_words(text))
        found = []
        for short, (long, alias) in self._long.items():
            names_short = bool({short, f"{short}s"} & used)
            at = _place(long, spelt)
            if names_short and at is None:
                found.append((spelt.index(stem(short)) if stem(short) in spelt else 0, alias))
            elif at is not None and not names_short:
                found.append((at, alias))
        return tuple(alias for _, alias in sorted(found, key=lambda each: (each[0], each[1].short)))

    def terms_beside(self, text: str) -> tuple[str, ...]:
        """The folded words by which the notes may say what `text` names otherwise."""
        return distinct(
            word
            for alias in self.others(text)
            for name in (alias.short, alias.long)
            for word in content_words(name)
        )

    def spelt_out(self, text: str) -> str:
        """The text, with those names in brackets behind it that the notes prefer to its own."""
        preferred = [
            alias.long if self._is_rarer(alias) else alias.short
            for alias in self.others(text)
            if self._is_rarer(alias) == self._names_short(alias, text)
        ]
        return f"{text} ({', '.join(preferred)})" if preferred else text

    def _is_rarer(self, alias: Alias) -> bool:
        """Whether the notes use the short form in fewer blocks than the long one's rarest word."""
        short = fold(_singular(alias.short))
        used = max(self._vocabulary.get(form, 0) for form in (short, f"{short}s"))
        return used < min(self._vocabulary.get(word, 0) for word in words(alias.long))

    def _names_short(self, alias: Alias, text: str) -> bool:
        return _place(tuple(stems(alias.long)), stems(text)) is None

    def widened(self, held: set[str]) -> set[str]:
        """The stems, with those of the other name where they hold one name in full."""
        more: set[str] = set()
        for spelt in held & self._longs.keys():
            more.update(*self._longs[spelt])
        for first in held & self._shorts.keys():
            more.update(short for long, short in self._shorts[first] if held.issuperset(long))
        return held | more


def _place(wanted: tuple[str, ...], spelt: list[str]) -> int | None:
    """Where `wanted` stands in a row in `spelt`."""
    size = len(wanted)
    return next(
        (at for at in range(len(spelt) - size + 1) if tuple(spelt[at : at + size]) == wanted), None
    )


def _singular(short: str) -> str:
    """The short form without a plural's small s: "VMs"."""
    return short[:-1] if len(short) > 2 and short[-1] == "s" and short[-2].isupper() else short


def _spells(short: str, long: str) -> bool:
    """Whether the letters of `short` are initials of words of `long`, in order, and all used."""
    initials = iter(word[0] for word in words(long) if word)
    letters = [c for c in fold(_singular(short)) if c.isalnum()]
    first = words(long)[:1]
    return (
        len(words(long)) >= max(2, len(letters))
        and bool(first)
        and first[0][0] == letters[0]
        and all(letter in initials for letter in letters)
    )
