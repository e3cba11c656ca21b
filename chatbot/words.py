"""Words as the matching stages see them: folded, stemmed, without function words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer

# Letters and digits, with the inner marks that keep a name or a number whole:
# "S3", "99.99", "c5.xlarge", "pre-trained" (split at the hyphen), "model's" (cut before the s).
_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s\b")

# Words that carry no topic. Negations and quantities are kept out of this list on purpose:
# "not", "without", "only", "more" change what a sentence says.
_FUNCTION_WORDS = frozenset(
    """
    a about actually all also am an and any are as ask at be been being but by can could did do
    does doing done for from get gets getting give given go goes going got had has have having
    he her here hers him his how i if in into is it its itself just know let lets like made
    make makes making may me mean means might mine much must my need needs of off on onto or
    our ours out over own per please really say says shall she should so some still such tell
    than that the their theirs them then there these they thing things this those through to
    too under up upon us use used uses using very want wants was we were what whats when where
    which while who whom whose why will with would yes you your yours
    explain describe notes note according exactly happen happens show main called name named
    ones kind kinds type types sort work works regarding
    """.split()
)

# Abbreviations that notes and questions swap freely.
_LONG_FORMS = {
    "min": "minimum",
    "max": "maximum",
    "avg": "average",
    "config": "configuration",
    "configs": "configuration",
    "docs": "documents",
    "doc": "document",
    "vs": "versus",
    "db": "database",
    "dbs": "database",
    "repo": "repository",
    "app": "application",
    "apps": "application",
    "txt": "text",
    "pics": "picture",
    "info": "information",
}

_stemmer = snowballstemmer.stemmer("english")


def fold(text: str) -> str:
    """Lower-case `text` and drop diacritics, so that spelling variants compare equal."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The stem of one folded English word (Snowball, "Porter 2"); numbers stay as they are.

    A common abbreviation has the stem of its long form: "min" that of "minimum".
    """
    return str(_stemmer.stemWord(_LONG_FORMS.get(word, word))) if word.isalpha() else word


def words(text: str) -> list[str]:
    """The folded words of `text` in order, possessive endings cut, numbers kept whole."""
    return _WORD.findall(_POSSESSIVE.sub("", fold(text)))


def content_words(text: str) -> list[str]:
    """The folded words of `text` that carry meaning, in order, repeats kept."""
    return [word for word in words(text) if word not in _FUNCTION_WORDS]


def stems(text: str) -> list[str]:
    """The stems of every word of `text`, in order."""
    return [stem(word) for word in words(text)]


def content_stems(text: str) -> list[str]:
    """The stems of the words of `text` that carry meaning, in order, repeats kept."""
    return [stem(word) for word in content_words(text)]


def distinct(items: Iterable[str]) -> tuple[str, ...]:
    """The items without repeats, in order of first use."""
    return tuple(dict.fromkeys(items))
