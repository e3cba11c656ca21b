"""Whether what was composed answers the question at all.

A model (`decision_models`) over a few features of the question and the composed lines, fitted by
`python -m evals.study_notes.train_abstention`. What fools
a reranker is the near miss: notes that name the thing and do not hold the asked value. So
the features ask which of the question's words the evidence leaves uncovered, whether it
holds the asked kind of value, and whether it is about the thing that was named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum

from chatbot.answer import Passage
from chatbot.asking import Asks, holds_kind
from chatbot.candidates import heading_words
from chatbot.decision_models import Model
from chatbot.draft import Line
from chatbot.extractive.desk import Desk, word_count
from chatbot.extractive.direct import asks_what_to_use
from chatbot.query import Query
from chatbot.words import content_stems, content_words, stem, stems, words
from ingest.mojibake import repair
from ingest.notes import BlockKind

# Kinds whose absence a pattern can tell.
_CHECKED = (
    Asks.NUMBER, Asks.DURATION, Asks.PRICE, Asks.AMOUNT_OF_MONEY, Asks.SIZE, Asks.DATE,
    Asks.VERSION,
)  # fmt: skip
_FORMS = (
    Asks.YES_NO, Asks.DEFINITION, Asks.PROCEDURE, Asks.REASON, Asks.NAME, Asks.LIST, Asks.NUMBER,
    Asks.FIGURE,
)  # fmt: skip

# The longest stretch of an answer that is judged as a whole, in characters.
_JUDGED = 400

_TYPE_ASKED = re.compile(
    r"\b(?:which|what)\s+(?!(?:is|are|was|were|does|do|did|can|could|would|should|will|has|have)\b)"
    r"((?:[\w.-]+\s+){0,3}?[\w-]+?)s?\s+(?:does|do|is|are|can|has|have|will"
    r"|should|did|was|were|must|of|for|to|that|with|i|you)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\bhow many ((?:[\w-]+ ?){1,3})", re.IGNORECASE)
_WHY = re.compile(r"\bwhy\b", re.IGNORECASE)
_BECAUSE = re.compile(r"\b(?:because|since|so|due|therefore|as|reason|thus|cause[sd]?)\b", re.I)
_HOW = re.compile(r"\bhow (?:do|does|can|should|to|would)\b", re.IGNORECASE)
_MEANS = re.compile(r"\b(?:by|using|via|through|with|uses?|can|must|you)\b", re.IGNORECASE)
# Kinds of things so general that notes seldom call a thing by them.
_GENERAL = frozenset(
    stem(word)
    for word in (
        "service tool feature option product class tier way thing kind type part piece method"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure it is that composed lines answer a question.

    Args:
        model: what weighs the features.
        is_stub: whether the section of that id is a heading with nothing under it.
    """

    model: Model
    is_stub: Callable[[str], bool]

    def of(self, desk: Desk, lines: Sequence[Line], passages: Sequence[Passage]) -> float:
        """The confidence in [0, 1]; 0 when there are no lines."""
        if not lines:
            return 0.0
        return self.model.probability(self.features(desk, lines, passages))

    def features(
        self, desk: Desk, lines: Sequence[Line], passages: Sequence[Passage]
    ) -> dict[str, float]:
        """What the decision looks at, by name; `lines` holds at least one."""
        told = told_words(lines, desk.query)
        return {
            **_judged(desk, told),
            **_covered(desk, lines, told),
            **_value_in(desk),
            **_of_kind(desk, lines, told),
            **_size(desk, lines),
            "stub_first": float(bool(passages) and self.is_stub(passages[0].section_id)),
            "stub_near": float(any(self.is_stub(p.section_id) for p in passages[:2])),
            "comparison": float(bool(desk.query.sides)),
            "sides_named": _sides_named(desk, lines),
            "compared_in_one_line": float(bool(desk.query.sides) and len(lines) < 2),
            "what_to_use": float(asks_what_to_use(desk.query.text)),
            "little_new": _little_new(desk, lines),
            **{kind.value: float(kind in desk.query.asks) for kind in _FORMS},
        }


def told_words(lines: Sequence[Line], query: Query | None = None) -> str:
    """The lines as one text, each section's heading in front of its first line."""
    parts, headed = [], set()
    for line in lines:
        section = line.spans[0].section
        if section.id not in headed:
            headed.add(section.id)
            parts.append(f"{heading_words(section, query)}:")
        parts.append(line.text)
    return repair(" ".join(parts))


def _topic(lines: Sequence[Line]) -> set[str]:
    """The stems of the headings that the lines stand under."""
    return {s for line in lines for s in stems(" ".join(line.spans[0].section.heading))}


def _judged(desk: Desk, told: str) -> dict[str, float]:
    best = desk.candidates[0].logit
    whole = desk.judge(desk.query.text, [told[:_JUDGED]])[0]
    likely = [c.logit for c in desk.candidates[:6]]
    return {
        "logit": best,
        "whole_logit": whole,
        "best_logit": max(best, whole),
        "gap": likely[0] - likely[-1],
        "second_logit": likely[1] if len(likely) > 1 else -11.0,
        "three_logits": fsum(likely[:3]) / len(likely[:3]),
    }


def _covered(desk: Desk, lines: Sequence[Line], told: str) -> dict[str, float]:
    weights = desk.weights
    asked = {stem(term) for term in desk.query.terms}
    topic = asked & _topic(lines)
    rest = asked - topic
    held = set(stems(told)) | _topic(lines)
    total = fsum(weights.weight(s) for s in asked) or 1.0
    rest_total = fsum(weights.weight(s) for s in rest)
    names = _named(desk.query.text) & asked
    return {
        "uncovered": fsum(weights.weight(s) for s in asked - held) / total,
        "rest_uncovered": (
            fsum(weights.weight(s) for s in rest - held) / rest_total if rest_total else 0.0
        ),
        "topic": fsum(weights.weight(s) for s in topic) / total,
        "unknown": fsum(weights.weight(s) for s in asked if not weights.knows(s)) / total,
        "unknown_words": float(sum(not weights.knows(s) for s in asked)),
        "named": float(bool(names)),
        "named_missing": float(bool(names - held)),
        "named_elsewhere": float(any(weights.knows(s) for s in names - held)),
        "words": float(min(len(asked), 12)),
        "covered": desk.coverage(told),
    }


def _named(question: str) -> set[str]:
    """The stems of the names in a question: capitals inside it, and words with digits."""
    found = re.findall(r"[\w.&-]+", question)
    names = [
        word
        for at, word in enumerate(found)
        if (at and word[:1].isupper())
        or any(c.isdigit() for c in word)
        or (len(word) > 1 and word.isupper())
    ]
    return {s for name in names for s in stems(name)}


def _of_kind(desk: Desk, lines: Sequence[Line], told: str) -> dict[str, float]:
    question, held = desk.query.text, set(stems(told))
    body = repair(" ".join(line.text for line in lines))
    missing = [k for k in _CHECKED if k in desk.query.asks and not holds_kind(body, k)]
    type_asked = [stem(word) for word in _type_asked(question)]
    counted = [stem(word) for word in _counted(question)]
    return {
        "kind_missing": float(bool(missing)),
        "money": float(Asks.AMOUNT_OF_MONEY in desk.query.asks),
        "date": float(bool(desk.query.asks & {Asks.DATE, Asks.VERSION})),
        "type_missing": float(
            bool(type_asked) and type_asked[0] not in _GENERAL and type_asked[0] not in held
        ),
        "type_general": float(bool(type_asked) and type_asked[0] in _GENERAL),
        "counted_missing": float(bool(counted) and not held & set(counted)),
        "why_without_because": float(bool(_WHY.search(question)) and not _BECAUSE.search(body)),
        "how": float(bool(_HOW.search(question))),
        "how_without_means": float(bool(_HOW.search(question)) and not _MEANS.search(body)),
        "number_apart": float(_asks_number(desk) and not _number_beside(desk, body)),
    }


_WHEN = re.compile(
    r"^(?:\W|and |so )*when\b"
    r"|\b(?:on|at|by|from|until|since) (?:what|which) (?:date|day|time|year|month|hour)\b"
    r"|\bwhen (?:did|was|were|is|does|will|do)\b|\bwhat (?:time|date|day|year)\b",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
    r"|\b(?:after|before|until|till|once|as soon as|when|whenever|if|during|while|since|only"
    r"|at the|on the|every|daily|weekly|monthly|immediately)\b",
    re.IGNORECASE,
)
_WHO = re.compile(r"\b(?:who|whose|whom)\b", re.IGNORECASE)


def _value_in(desk: Desk) -> dict[str, float]:
    """Whether the best block has a value of the asked kind that the question does not bring."""
    question, block = desk.query.text, desk.candidates[0].block
    brought = set(words(question))
    told = repair(block.text)
    numbers = [word for word in words(told) if any(c.isdigit() for c in word)]
    is_new_number = any(number not in brought for number in numbers)
    names = [
        n for n in re.findall(r"(?<=[\w,;:] )[A-Z][\w-]+", told) if not set(words(n)) & brought
    ]
    asks_number = _asks_number(desk) or _COUNTED.search(question) is not None
    missing = [k for k in _CHECKED if k in desk.query.asks and not holds_kind(told, k)]
    lacks_name = _WHO.search(question) is not None and not names
    lacks_moment = _WHEN.search(question) is not None and _MOMENT.search(told) is None
    return {
        "best_kind_missing": float(bool(missing)),
        "best_number_missing": float(asks_number and not is_new_number),
        "best_name_missing": float(lacks_name),
        "best_moment_missing": float(lacks_moment),
        "asks_number": float(asks_number),
        "asks_who": float(_WHO.search(question) is not None),
        "asks_when": float(_WHEN.search(question) is not None),
        "best_words": float(min(len(told.split()), 40)),
    }


def _sides_named(desk: Desk, lines: Sequence[Line]) -> float:
    """The share of the compared things that a heading of the lines names in full, in [0, 1]."""
    sides = [set(content_stems(side)) for side in desk.query.sides]
    titles = [set(content_stems(line.spans[0].section.title)) for line in lines]
    named = [any(side <= title for title in titles) for side in sides]
    return sum(named) / len(named) if named else 0.0


def _little_new(desk: Desk, lines: Sequence[Line]) -> float:
    """For "why" and "how": how little the lines add to the question's own words, in [0, 1]."""
    question = desk.query.text
    if not (_WHY.search(question) or _HOW.search(question)):
        return 0.0
    told = {s for line in lines for s in content_stems(line.text)}
    new = told - set(stems(question)) - _topic(lines)
    return 1 - min(len(new), 15) / 15


def _asks_number(desk: Desk) -> bool:
    return bool(desk.query.asks & {Asks.NUMBER, Asks.DURATION, Asks.SIZE, Asks.AMOUNT_OF_MONEY})


def _number_beside(desk: Desk, body: str) -> bool:
    """Whether a number stands within five words of a word of the question."""
    told = stems(body)
    asked = {stem(term) for term in desk.query.terms}
    places = [at for at, word in enumerate(told) if word[0].isdigit()]
    return any(asked & set(told[max(0, at - 5) : at + 6]) for at in places)


def _size(desk: Desk, lines: Sequence[Line]) -> dict[str, float]:
    return {
        "lines": float(len(lines)),
        "told_words": float(min(word_count(lines), 100)),
        "row": float(desk.candidates[0].block.kind is BlockKind.ROW),
    }


def _type_asked(question: str) -> list[str]:
    """The word for the kind of thing that is asked for ("which *service* …"), if any."""
    return _words_at(_TYPE_ASKED, question)[-1:]


def _counted(question: str) -> list[str]:
    """The words for what is to be counted ("how many *shards* …"), if any."""
    return _words_at(_COUNTED, question)


def _words_at(pattern: re.Pattern[str], question: str) -> list[str]:
    match = pattern.search(question)
    return content_words(match.group(1)) if match else []
