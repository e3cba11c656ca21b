"""The notes' own sentences, word for word, and with one thing made wrong in them.

A writer that keeps to the notes is the easiest to judge, and no notebook of rewordings shows
one: without these, a model that is fitted to a notebook learns that the notes' own words are
suspect, since a corrupted sentence keeps more of them than a faithful rewording does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

from chatbot.grounding.clauses import clauses_of
from chatbot.grounding.known_names import named
from chatbot.grounding.opposites import opposites_of
from chatbot.grounding.quotables import Quotable
from chatbot.grounding.sentences import read_sentence
from chatbot.words import stem

VERBATIM, PARTS, MUTANTS = 3, 2, 6  # sentences of a kind, at most, for a fact
LEAST_WORDS = 5  # content words of a sentence that is taken
_IS = re.compile(r"\b(is|are|can|does|do|has|must|should|will|was|were)\b(?! not\b)")
_IS_NOT = re.compile(r"\b(is|are|can|does|do|has|must|should|will|was|were) not\b|\bcan(not)\b")
_PREDICATE = re.compile(r"\b(?:is|are|can|has|have|must|should|will|was|were|takes|needs|comes)\b")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w])")
_UNITS = (
    ("seconds", "minutes", "hours", "days", "weeks"),
    ("second", "minute", "hour", "day", "week", "month", "year"),
    ("KB", "MB", "GB", "TB"),
    ("mg", "g", "kg"),
    ("ml", "litres"),
)
Mutation = Callable[[str, Sequence[str], random.Random], str]


def sentences_of(
    quotables: Sequence[Quotable], cited: set[int], seed: int
) -> Iterator[tuple[str, str]]:
    """Sentences of the cited passages, each with its kind; the same for the same seed."""
    chance = random.Random(seed)
    pool = [q.text for q in quotables if q.passage in cited and _is_sentence(q.text)]
    chance.shuffle(pool)
    for text in pool[:VERBATIM]:
        yield text, "verbatim"
    parts = [part for text in pool for part in clauses_of(text)[:1] if part != text]
    for text in parts[:PARTS]:
        yield text, "part"
    made = 0
    for text in pool:
        others = [other for other in pool if other != text]
        for kind, mutate in chance.sample(sorted(_MUTATIONS.items()), len(_MUTATIONS)):
            wrong = mutate(text, others, chance)
            if wrong != text and made < MUTANTS and not any(wrong in q.text for q in quotables):
                made += 1
                yield wrong, f"mutant {kind}"


def _is_sentence(text: str) -> bool:
    # A table's row is "Header: cell; Header: cell": nobody writes so.
    is_row = re.search(r": .*; .*: ", text)
    return len(read_sentence(text).content) >= LEAST_WORDS and not is_row and text[-1] != ":"


def _replaced(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, text, count=1)


def _other_number(text: str, others: Sequence[str], chance: random.Random) -> str:
    own = _NUMBER.findall(text)
    known = sorted({n for other in others for n in _NUMBER.findall(other)} - set(own))
    if not own:
        return text
    old = chance.choice(own)
    return _replaced(text, old, chance.choice(known) if known else f"{old}0")


def _other_unit(text: str, _: Sequence[str], chance: random.Random) -> str:
    for units in _UNITS:
        for unit in units:
            if re.search(rf"(?<!\w){unit}(?!\w)", text):
                return _replaced(text, unit, chance.choice([u for u in units if u != unit]))
    return text


def _denied(text: str, _: Sequence[str], __: random.Random) -> str:
    if _IS_NOT.search(text):
        return _IS_NOT.sub(lambda found: found[1] or "can", text, count=1)
    return _IS.sub(r"\1 not", text, count=1)


def _opposite(text: str, _: Sequence[str], chance: random.Random) -> str:
    words = [word for word in read_sentence(text).words if opposites_of(word.stem)]
    if not words:
        return text
    word = chance.choice(words)
    plain = [name for name in _WORDS if stem(name) in opposites_of(word.stem)]
    return _replaced(text, word.surface, chance.choice(plain)) if plain else text


def _names(text: str) -> list[str]:
    return sorted({word.surface for _, word in named(read_sentence(text).tokens)})


def _other_name(text: str, others: Sequence[str], chance: random.Random) -> str:
    own = _names(text)
    known = sorted({name for other in others for name in _names(other)} - set(own))
    return _replaced(text, chance.choice(own), chance.choice(known)) if own and known else text


def _exchanged(text: str, _: Sequence[str], chance: random.Random) -> str:
    for some in (_names(text), sorted(set(_NUMBER.findall(text)))):
        if len(some) > 1:
            one, other = chance.sample(some, 2)
            if re.search(rf"{re.escape(one)}\W{{1,3}}{re.escape(other)}", text):
                continue  # of one name or list, most likely
            if re.search(rf"{re.escape(other)}\W{{1,3}}{re.escape(one)}", text):
                continue
            return _replaced(_replaced(_replaced(text, one, "\0"), other, one), "\0", other)
    return text


def _joined(text: str, others: Sequence[str], chance: random.Random) -> str:
    found = _PREDICATE.search(text)
    predicates = [other[at.start() :] for other in others if (at := _PREDICATE.search(other))]
    if found is None or not found.start() or not predicates:
        return text
    return text[: found.start()] + chance.choice(predicates)


_MUTATIONS: dict[str, Mutation] = {
    "number": _other_number,
    "unit": _other_unit,
    "negation": _denied,
    "opposite": _opposite,
    "entity": _other_name,
    "exchange": _exchanged,
    "merged": _joined,
}
_WORDS = tuple(
    "before after more less always never first last all none some with without on off good bad"
    " high low large small long short fast slow old new same different single multiple public"
    " private open closed early late allow deny enable disable increase decrease add remove".split()
)
