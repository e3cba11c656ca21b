"""From inline Markdown tokens to the words of a paragraph."""

from __future__ import annotations

from markdown_it.token import Token

from ingest.readers.html_text import TagReader, add_words
from ingest.readers.line_table import OffsetMap
from ingest.readers.prose import Prose

_NOT_IN_TITLES = frozenset({"softbreak", "hardbreak", "image", "html_inline"})
_TITLE_WORDS = 15  # a longer bold paragraph is emphasis, not a heading


def read_inline(prose: Prose, tokens: list[Token], content: str, offsets: OffsetMap) -> None:
    """Add the words, links and images of `tokens`, made from `content`, to `prose`."""
    tags = TagReader(prose)
    links: list[tuple[int, str]] = []
    for index, token in enumerate(tokens):
        first, last = token.meta["span"]
        start, end = offsets.start(first), offsets.end(last)
        if token.type == "html_inline":
            tags.read(token.content, start, end)
        elif tags.hidden:
            continue
        elif token.content and token.type in ("text", "text_special", "code_inline"):
            if content[first:last] == token.content:
                add_words(prose, offsets, content, first, last)
            else:  # code, an entity, an escape, an autolink that shows its address decoded
                prose.glyph(token.content, start, end)
        elif token.type in ("softbreak", "hardbreak"):
            prose.gap(start, end)
        elif token.type == "image":
            prose.figure(_alt(token), str(token.attrs.get("src", "")), start, end)
        elif token.nesting > 0 or _joins_opening(tokens, index):
            if token.type == "link_open":
                links.append((prose.length, str(token.attrs.get("href", ""))))
            prose.opener(start)
        else:
            if token.type == "link_close" and links:
                prose.link(*links.pop())
            prose.closer(end)


def bold_title(tokens: list[Token], prose: Prose) -> str | None:
    """The title, if the paragraph is one short bold run that reads like a heading."""
    depth = runs = 0
    for token in tokens:
        if token.type == "strong_open":
            runs += depth == 0
            depth += 1
        elif token.type == "strong_close":
            depth -= 1
        elif token.type in _NOT_IN_TITLES or (depth == 0 and token.content.strip(" \t:")):
            return None
    title = " ".join(prose.text.split()).rstrip(": ")
    reads_like_heading = any(map(str.isalnum, title)) and not title.endswith(".")
    if runs == 1 and reads_like_heading and len(title.split()) <= _TITLE_WORDS:
        return title
    return None


def _joins_opening(tokens: list[Token], index: int) -> bool:
    """Whether an emptied token is the first `*` of an opening `**`, not the last of a closing.

    markdown-it turns one of the two into the tag and leaves the other without content.
    """
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    return token.type == "text" and following is not None and following.nesting > 0


def _alt(token: Token) -> str:
    """The plain words of an image's description."""
    words: list[str] = []
    stack = list(reversed(token.children or []))
    while stack:
        child = stack.pop()
        if child.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif child.type == "image":
            stack.extend(reversed(child.children or []))
        elif child.type != "html_inline":
            words.append(child.content)
    return "".join(words)
