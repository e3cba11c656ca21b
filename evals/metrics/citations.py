"""Whether citations are exact, and whether they lead to the right sections.

A cited section is a file and its heading path, outermost title first. A gold section is a file
and one heading. They match when the file is the same and the heading equals any title on the
path, both `key_facts.normalised`: a gold heading stands for all that is under it. Two headings
of one file that read the same are not told apart.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TypeAlias

from evals.metrics.key_facts import normalised

CitedSection: TypeAlias = tuple[str, tuple[str, ...]]  # file, heading path
GoldSection: TypeAlias = tuple[str, str]  # file, heading


def quote_is_exact(source_text: str, start: int, end: int, quote: str) -> bool:
    """Whether `quote` is what stands from `start` to `end` of its source, in code points.

    An empty quote shows nothing and an offset outside the text leads nowhere: neither is exact.
    The check is ours.
    """
    return 0 <= start < end <= len(source_text) and source_text[start:end] == quote


def right_sections(cited: Set[CitedSection], gold: Set[GoldSection]) -> frozenset[GoldSection]:
    """Return the gold sections that some cited section matches, their headings normalised."""
    found = {(file, title) for file, path in cited for title in map(normalised, path)}
    return _normal(gold) & found


def section_precision(cited: Set[CitedSection], gold: Set[GoldSection]) -> float | None:
    """Return the share of the cited sections that match a gold one; None when none is cited.

    After ALCE's citation precision (Gao et al., EMNLP 2023), with gold sections where ALCE asks
    a model whether the cited text supports the sentence.
    """
    if not cited:
        return None
    return sum(bool(right_sections({section}, gold)) for section in cited) / len(cited)


def section_recall(cited: Set[CitedSection], gold: Set[GoldSection]) -> float | None:
    """Return the share of the gold sections that some cited one matches; None without gold.

    After ALCE's citation recall, as above. Where the gold sections are places that say the same,
    one is enough, and a low recall is no fault: `cites_right_section` is the claim to hold.
    """
    wanted = _normal(gold)
    return len(right_sections(cited, gold)) / len(wanted) if wanted else None


def cites_right_section(cited: Set[CitedSection], gold: Set[GoldSection]) -> bool | None:
    """Whether any cited section matches a gold one; None when there is no gold section."""
    return bool(right_sections(cited, gold)) if gold else None


def _normal(gold: Set[GoldSection]) -> frozenset[GoldSection]:
    return frozenset((file, normalised(heading)) for file, heading in gold)
