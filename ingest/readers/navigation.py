"""Telling tables of contents from content."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.notes import BlockKind
from ingest.readers.drafts import Draft

_ALWAYS = frozenset({"table of contents", "table of content", "toc"})
# These name content often enough that the blocks must look like a list of links as well.
_OFTEN = frozenset(
    {
        "contents",
        "content",
        "index",
        "topics",
        "navigation",
        "outline",
        "on this page",
        "in this section",
        "in this article",
        "in this document",
        "quick links",
        "jump to",
    }
)
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_PROSE_WORDS = 12  # a sentence this long is content, also under "Table of Contents"
_FEWEST_LINKS = 3  # in a list without a telling heading
_NEARLY_ALL = 0.8


def is_navigation(title: str, drafts: Sequence[Draft]) -> bool:
    """Whether a section only leads to other places of the notes.

    Lists of links to web pages are content: "which article was that?" is a fair question.
    """
    name = title.casefold().strip(" \t:#.-–—*_")
    worded = [draft for draft in drafts if draft.kind is not BlockKind.FIGURE]
    inner = sum(_leads_inside(draft) for draft in worded)
    if name in _ALWAYS:
        prose = (draft for draft in worded if draft.kind is not BlockKind.ITEM)
        return all(len(draft.text.split()) < _PROSE_WORDS or draft.link for draft in prose)
    if name in _OFTEN:
        return inner > 0 and inner * 2 >= len(worded)
    listed = all(draft.kind is BlockKind.ITEM for draft in worded)
    return listed and inner >= _FEWEST_LINKS and inner >= _NEARLY_ALL * len(worded)


def _leads_inside(draft: Draft) -> bool:
    return draft.link is not None and not _ELSEWHERE.match(draft.link)
