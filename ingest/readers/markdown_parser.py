"""The Markdown parser, set up so that every token says where it stands.

markdown-it maps blocks to lines but leaves inline tokens without a position. `SpannedInline`
records, for each token it makes, the [start, end) of the content it was made from, in
`token.meta["span"]`.
"""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref
from mdit_py_plugins.front_matter import front_matter_plugin

MAX_NESTING = 100  # lists and quotes within each other; deeper text would be dropped
MOST_PARSED = 1_500_000  # characters: dense markup takes 500 to 700 bytes of tokens for each
_STEPS_PER_CHARACTER = 16  # ordinary notes need less than one
_STEPS_FREE = 4096
_FOOTNOTE_LABEL = re.compile(r"\[\^[^\s\[\]]{1,1000}\]")
_COMMENT = re.compile("<!--(-?>)?")  # one that ends at once, or its beginning
_BUDGET = "footnote_steps_left"  # where the parser's environment keeps the count


class MarkdownTooCostly(Exception):
    """The text would take time out of proportion to its size, or is nested too deep."""


class _SpannedState(StateInline):
    """Remembers where the text that is not flushed to a token yet began."""

    def __init__(self, src: str, md: MarkdownIt, env: EnvType, out: list[Token]) -> None:
        super().__init__(src, md, env, out)
        self.pending_start = 0

    def append_pending(self, text: str) -> None:
        if not self._pending and not self._pending_buffer:
            self.pending_start = self.pos
        super().append_pending(text)

    def pushPending(self) -> Token:  # noqa: N802 - markdown-it's name
        token = super().pushPending()
        token.meta["span"] = (self.pending_start, self.pending_start + len(token.content))
        return token


class SpannedInline(ParserInline):
    """An inline parser whose tokens carry their span within the content."""

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Append the tokens of `src` to `tokens`, each with its span.

        Raises:
            MarkdownTooCostly: the text makes the parser look back and forth too often.
        """
        state = _SpannedState(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 - markdown-it's name
        """Skip one token, counting the steps that looking ahead takes."""
        _count_step(state)
        super().skipToken(state)

    def tokenize(self, state: StateInline) -> None:
        """Make tokens up to `state.posMax`, as the parent does, and note their spans."""
        rules = self.ruler.getRules("")
        end = state.posMax
        max_nesting = state.md.options["maxNesting"]
        while state.pos < end:
            _count_step(state)
            position, made = state.pos, len(state.tokens)
            matched = state.level < max_nesting and any(rule(state, False) for rule in rules)
            if matched:
                if state.pos <= position:
                    raise MarkdownTooCostly(f"no progress at character {position}")
                _note_spans(state.tokens, made, position, state.pos)
                continue
            state.append_pending(state.src[state.pos])
            state.pos += 1
        if state.pending:
            state.pushPending()


def _count_step(state: StateInline) -> None:
    # Shared with the descriptions of images, which the parser takes as texts of their own.
    budget = state.env.get(_BUDGET)
    if budget is None:
        return
    if budget[0] <= 0:
        raise MarkdownTooCostly(f"{len(state.src)} characters of nested or unclosed markup")
    budget[0] -= 1


def _note_spans(tokens: list[Token], made: int, start: int, end: int) -> None:
    """Give the tokens that one rule made from [start, end) their spans."""
    bare = [token for token in tokens[made:] if "span" not in token.meta]
    if not bare:
        return
    if len(bare) == 1:
        bare[0].meta["span"] = (start, end)
    elif bare[0].type == "link_open":
        bare[0].meta["span"] = (start, start + 1)
        for token in bare[1:-1]:  # the words of an autolink
            token.meta["span"] = (start + 1, end - 1)
        before = tokens[-2].meta["span"][1] if tokens[-2] is not bare[0] else start + 1
        bare[-1].meta["span"] = (before, end)
    else:  # a run of delimiters, one token each
        for token in bare:
            token.meta["span"] = (start, start + len(token.content))
            start += len(token.content)


def markdown_parser() -> MarkdownIt:
    """CommonMark with tables, strikethrough, footnotes and front matter."""
    parser = MarkdownIt("commonmark")
    parser.inline = SpannedInline()
    parser.configure("commonmark", {"maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    # Joining text tokens would lose their spans.
    parser.inline.ruler2.disable("fragments_join")
    parser.use(front_matter_plugin)
    # Definitions stay where they are written, so that their lines stay true.
    parser.use(footnote_plugin, inline=False, move_to_end=False)
    parser.inline.ruler.at("footnote_ref", _footnote_ref)
    parser.inline.ruler.before("html_inline", "html_comment", _html_comment)
    return parser


def _footnote_ref(state: StateInline, silent: bool) -> bool:
    """The plug-in's rule, but only where a label ends: it looks for the end from every "[^"."""
    is_label = _FOOTNOTE_LABEL.match(state.src, state.pos) is not None
    return is_label and footnote_ref(state, silent)


def _html_comment(state: StateInline, silent: bool) -> bool:
    """A comment ends at the first "-->" (CommonMark 0.31.2, 6.6).

    The parser's own rule does not see an end in "--->", and looks for another one from every
    comment before it.
    """
    opening = _COMMENT.match(state.src, state.pos)
    if opening is None:
        return False
    end = opening.end()
    if not opening[1]:
        if state.html_terminator_last("-->") < end:
            return False
        end = state.src.index("-->", end) + len("-->")
    if not silent:
        state.push("html_inline", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def block_tokens(parser: MarkdownIt, text: str, env: dict[str, Any]) -> list[Token]:
    """The block tokens of `text`; inline content stays unparsed, to bound memory.

    Raises:
        MarkdownTooCostly: blocks are nested so deep that the parser would drop text, or the
            text is too long.
    """
    if len(text) > MOST_PARSED:
        raise MarkdownTooCostly(f"{len(text):,} characters, whose tokens would fill the memory")
    tokens: list[Token] = []
    try:
        parser.block.parse(text, parser, env, tokens)
    except RecursionError as error:
        raise MarkdownTooCostly("blocks nested too deep for the parser") from error
    if any(token.nesting == 1 and token.level + 1 >= MAX_NESTING for token in tokens):
        raise MarkdownTooCostly(f"blocks nested more than {MAX_NESTING} deep")
    return tokens


def inline_tokens(parser: MarkdownIt, content: str, env: dict[str, Any]) -> list[Token]:
    """The inline tokens of one block's content, each with its span.

    Raises:
        MarkdownTooCostly: see `SpannedInline.parse`.
    """
    env[_BUDGET] = [_STEPS_FREE + _STEPS_PER_CHARACTER * len(content)]
    try:
        return parser.inline.parse(content, parser, env, [])
    except RecursionError as error:
        raise MarkdownTooCostly("markup nested too deep for the parser") from error
