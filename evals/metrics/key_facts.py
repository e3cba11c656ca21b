"""Whether an answer says what it must say, compared as text."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from evals.facts import KeyFact

# One that is followed by "(" is a link, whose words happen to be a number.
_MARKER = re.compile(r"(?:(?<!\s)\s+)?\[\d{1,3}\](?!\()")
_TARGET = r"(?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])"
_LINK = re.compile(rf"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]{_TARGET}")
_EMPHASIS = re.compile(r"(?<!\\)(?:\*+|_+|`+)")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]\w*);", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
# Compatibility folding would make 10² a hundred and two, and a footnote's ¹ a digit of its word.
_RAISED = re.compile("[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+")
_ONE_FORM = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-")
    # Invisible: soft hyphen, zero-width characters, byte-order mark.
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff")
)
# Thai to Burmese, Khmer, Japanese, Chinese, Korean: a neighbouring letter may be another word's.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_JOINED = rf"[^\W{_UNSPACED}]"
_WEIGHTS = {"vital": 1.0, "okay": 0.5}


def without_markers(text: str) -> str:
    """Return `text` without citation markers `[n]` and the white space before each."""
    return _MARKER.sub("", text)


def normalised(text: str) -> str:
    """Return `text` in the form in which facts and headings are compared.

    Citation markers, Markdown's emphasis, code ticks and escapes are gone, links and images are
    their words, entities their characters, runs of white space one space. Quotation marks and
    dashes have one form each; case and compatibility forms are folded (Unicode's NFKC and full
    case folding).
    """
    text = without_markers(text)
    while (words := _LINK.sub(r"\1", text)) != text:  # an image may stand in a link
        text = words
    text = _EMPHASIS.sub(_unemphasised, text)
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), _ESCAPE.sub(r"\1", text))
    text = _RAISED.sub(r"^\g<0>", text).translate(_ONE_FORM)
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(text.split())


def _unemphasised(run: re.Match[str]) -> str:
    start, end = run.span()
    before = run.string[start - 1] if start else ""
    after = run.string[end : end + 1]
    if run[0].startswith("`"):
        is_mark = True
    elif run[0].startswith("_"):  # snake_case is one word
        is_mark = not (before.isalnum() and after.isalnum())
    else:  # a product: "2*3", "2 * n"
        alone = not before.strip() and not after.strip()
        is_mark = not alone and not (before.isdigit() and after.isdigit())
    return "" if is_mark else run[0]


def holds(text: str, wording: str) -> bool:
    """Whether `text` says `wording`, both `normalised`.

    Where the wording begins or ends with a letter or a digit, a word must begin or end there, and
    a number is taken whole: "30 days" is not in "130 days", nor "5 TB" in "1.5 TB", nor "200" in
    "200,000". The string form of key-fact recall is ALCE's `str_em` (Gao et al., "Enabling Large
    Language Models to Generate Text with Citations", EMNLP 2023), which has no such borders.

    Raises:
        ValueError: nothing of `wording` is left to be found.
    """
    return _stands_in(normalised(text), wording)


def _stands_in(normal_text: str, wording: str) -> bool:
    sought = normalised(wording)
    if not sought:
        raise ValueError(f"The wording {wording!r} holds nothing that could be found in a text.")
    # Most wordings stand nowhere in most texts, and a pattern takes far longer to compile.
    return sought in normal_text and _bordered(sought).search(normal_text) is not None


@lru_cache(maxsize=2048)
def _bordered(sought: str) -> re.Pattern[str]:
    begin = end = ""
    if re.match(_JOINED, sought):
        begin = f"(?<!{_JOINED})"
    if re.match(_JOINED, sought[-1]):
        end = f"(?!{_JOINED})"
    if sought[0].isdigit():
        begin += r"(?<!\d[.,])"
    if sought[-1].isdigit():
        end += r"(?![.,]\d)"
    return re.compile(begin + re.escape(sought) + end)


def missing(facts: Sequence[KeyFact], text: str) -> tuple[KeyFact, ...]:
    """Return the facts, vital or okay, that `text` does not say, in the order of `facts`."""
    normal = normalised(text)
    return tuple(f for f in facts if not any(_stands_in(normal, w) for w in f.any_of))


def strict_recall(facts: Sequence[KeyFact], text: str) -> float | None:
    """Return 1.0 if `text` says every vital fact, else 0.0; None without a vital fact.

    All or nothing: whoever lacks one vital fact has not been answered. `vital_recall` is the
    share of them.
    """
    share = vital_recall(facts, text)
    return None if share is None else float(share == 1)


def vital_recall(facts: Sequence[KeyFact], text: str) -> float | None:
    """Return the share of the vital facts that `text` says; None without a vital fact.

    AutoNuggetizer's "vital strict" score (Pradeep et al., "Initial Nugget Evaluation Results for
    the TREC 2024 RAG Track with the AutoNuggetizer Framework", 2024).
    """
    return weighted_recall([fact for fact in facts if fact.importance == "vital"], text)


def weighted_recall(facts: Sequence[KeyFact], text: str) -> float | None:
    """Return the weight of the facts that `text` says over that of all; None without facts.

    A vital fact weighs 1, an okay one 0.5: AutoNuggetizer's "weighted strict" score (as above).
    """
    if not facts:
        return None
    whole = _weight(facts)
    return (whole - _weight(missing(facts, text))) / whole


def _weight(facts: Sequence[KeyFact]) -> float:
    return math.fsum(_WEIGHTS[fact.importance] for fact in facts)
