"""The visible words of raw HTML in a note.

Tags are markup like any other: they are left out of the words and kept out of the way of the
offsets. What a browser would not show (comments, scripts, styles, hidden elements up to the end
of their block) is never read. `<img>` is a figure. Nothing is fetched or executed.
"""

from __future__ import annotations

import html
import re

from ingest.readers.line_table import OffsetMap
from ingest.readers.prose import Prose

_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<attributes>(?>[^<>\"']+|\"[^\"]*\"|'[^']*')*+)>"
)
# A name is looked at once, from its beginning: else each of its characters would begin one.
_ATTRIBUTE = re.compile(
    r"(?<![\w:.-])([A-Za-z_:][\w:.-]*+)\s*+=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+))"
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# A tag longer than this is taken for text: looking further for its end, from every `<`, would
# take quadratic time.
_TAG_LIMIT = 4096


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_INVISIBLE = re.compile(r"display:none|visibility:hidden")
_VOID = _words("area base br col embed hr img input link meta source track wbr")
_UNSEEN = frozenset({"script", "style", "template", "noscript", "textarea", "svg", "math"})
_INLINE = _words(
    "a abbr b bdi bdo big cite code data del dfn em font i ins kbd mark q s samp small span "
    "strike strong sub sup time tt u var"
)


def add_words(prose: Prose, offsets: OffsetMap, content: str, start: int, end: int) -> None:
    """Add `content[start:end]` to `prose` as it stands, line by line, stretch by stretch."""
    while start < end:
        if content[start] == "\n":
            prose.gap(offsets.start(start), offsets.end(start + 1))
            start += 1
            continue
        newline = content.find("\n", start, end)
        stop = end if newline < 0 else newline
        stretch = offsets.stretch_end(start)
        if stretch is not None:
            stop = min(stop, stretch)
        prose.words(content[start:stop], offsets.start(start))
        start = stop


class TagReader:
    """Tells a paragraph about the HTML tags in it, in document order."""

    def __init__(self, prose: Prose) -> None:
        self._prose = prose
        self._unseen = ""  # the element whose content is not shown,
        self._depth = 0  # and how many of its name are open
        self._link: tuple[int, str] | None = None

    @property
    def hidden(self) -> bool:
        """Whether words here would not be shown."""
        return bool(self._unseen)

    def read(self, markup: str, start: int, end: int) -> None:
        """Take in one tag, comment or declaration that stands at raw [start, end)."""
        tag = _TAG.fullmatch(markup)
        if tag is None:
            # A quote shows a contiguous stretch of the note: end it here, so that what a
            # comment hides cannot ride along inside one.
            self._prose.gap(start, end, ends_sentence=True)
            return
        name, closes = tag["name"].lower(), bool(tag["close"])
        if self._unseen:
            if name == self._unseen:
                self._depth += -1 if closes else name not in _UNSEEN
                if self._depth == 0:
                    self._unseen = ""
                    self._prose.gap(start, end, ends_sentence=True)
        elif name in _UNSEEN or (not closes and _is_hidden(name, tag["attributes"])):
            self._unseen = "" if closes or tag["attributes"].endswith("/") else name
            self._depth = 1
            self._prose.gap(start, end, ends_sentence=True)
        elif name == "img":
            attributes = _attributes(tag["attributes"])
            self._prose.figure(attributes.get("alt", ""), attributes.get("src", ""), start, end)
        elif name in ("br", "wbr"):
            self._prose.gap(start, end)
        elif name in _INLINE:
            self._inline(name, closes, tag["attributes"], start, end)
        else:
            self._prose.gap(start, end, ends_sentence=True)

    def _inline(self, name: str, closes: bool, attributes: str, start: int, end: int) -> None:
        if not closes:
            self._prose.opener(start)
            address = _attributes(attributes).get("href") if name == "a" else None
            if address is not None:
                self._link = (self._prose.length, address)
            return
        if name == "a" and self._link is not None:
            self._prose.link(*self._link)
            self._link = None
        self._prose.closer(end)


def _is_hidden(name: str, attributes: str) -> bool:
    """Whether an element is one that a browser does not show (and its content neither)."""
    if name in _VOID:
        return False
    bare = _QUOTED.sub('""', attributes).lower().split()
    if any(word.partition("=")[0] == "hidden" for word in bare):
        return True
    style = _attributes(attributes).get("style", "")
    return _INVISIBLE.search("".join(style.lower().split())) is not None


def read_html(prose: Prose, content: str, offsets: OffsetMap) -> None:
    """Add the visible words and the images of a block of raw HTML to `prose`."""
    tags = TagReader(prose)
    position = 0
    while position < len(content):
        markup = content.find("<", position)
        text_end = len(content) if markup < 0 else markup
        if not tags.hidden:
            _add_text(prose, offsets, content, position, text_end)
        if markup < 0:
            return
        end = _markup_end(content, markup)
        if end is None:
            position = markup + 1
            if not tags.hidden:
                add_words(prose, offsets, content, markup, position)
            continue
        tags.read(content[markup:end], offsets.start(markup), offsets.end(end))
        position = end


def _markup_end(content: str, start: int) -> int | None:
    """Where the markup that opens at `start` ends; None when `<` is only a character.

    A comment without an end reaches to the end of the block, as in a browser.
    """
    for opening, closing in (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")):
        if content.startswith(opening, start):
            # "<!-->" is a whole comment: its end may overlap its beginning.
            found = content.find(closing, start + 2)
            return len(content) if found < 0 else found + len(closing)
    tag = _TAG.match(content, start, start + _TAG_LIMIT)
    return tag.end() if tag else None


def _add_text(prose: Prose, offsets: OffsetMap, content: str, start: int, end: int) -> None:
    position = start
    for entity in _ENTITY.finditer(content, start, end):
        add_words(prose, offsets, content, position, entity.start())
        character = html.unescape(entity.group())
        prose.glyph(character, offsets.start(entity.start()), offsets.end(entity.end()))
        position = entity.end()
    add_words(prose, offsets, content, position, end)


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), html.unescape(double or single or bare))
    return found
