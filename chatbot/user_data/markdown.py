"""A conversation as a Markdown page, each answer with its footnotes and their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from chatbot.answer import MARKER, Citation
from chatbot.plain_text import neutral, one_line, place, readable
from chatbot.user_data.records import Conversation, KeptTurn

# What would begin a heading, a quote, a rule, an image, a link, a tag or code of its own.
_BLOCK = re.compile(r"^(\d{0,9})([-+=.)])")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!~&])")

BULLET = "- "  # before a line of an answer: the answerer's own


def conversation_in_markdown(conversation: Conversation, turns: Sequence[KeptTurn]) -> str:
    """The whole conversation; a note's words stay words, whatever they hold.

    Footnotes are numbered by turn and citation (`[^2-1]`), so that one page can hold all.

    Raises:
        UserDataDamaged: an answer cannot be read.
    """
    return "\n".join(_lines(conversation, turns)) + "\n"


def _lines(conversation: Conversation, turns: Sequence[KeptTurn]) -> Iterator[str]:
    yield f"# {_inline(conversation.title)}"
    yield ""
    began = f"{conversation.created.astimezone():%Y-%m-%d %H:%M}"
    yield f"Asked of {_inline(conversation.notebook)}, begun {began}."
    for turn in turns:
        answer = turn.answer
        label = f"{conversation.id}-{turn.ordinal}"
        known = {citation.number for citation in answer.citations}
        yield from ("", f"## {_inline(turn.question)}", "")
        if answer.notice:
            yield from (_italic(answer.notice), "")
        text = readable(answer.text).strip() or "Not in your notes."
        for line in text.split("\n"):
            bullet = BULLET if line.startswith(BULLET) else ""
            yield bullet + _as_text(_with_markers(line.removeprefix(BULLET), label, known))
        if answer.model:
            yield from ("", _italic(f"Worded by {answer.model}."))
        if answer.citations:
            yield ""
        for citation in answer.citations:
            yield _footnote(citation, label)


def _italic(text: str) -> str:
    return f"*{_inline(text)}*"


def _footnote(citation: Citation, label: str) -> str:
    quote = _inline(citation.quote)
    return f"[^{label}-{citation.number}]: {_escaped(place(citation))}: “{quote}”"


def _with_markers(line: str, label: str, known: set[int]) -> str:
    """The line with its markers as footnotes; a number in brackets that is none stays text."""
    shown, end = [], 0
    for marker in MARKER.finditer(line):
        if int(marker[1]) in known:
            shown += [_escaped(line[end : marker.start()]), f"[^{label}-{int(marker[1])}]"]
            end = marker.end()
    return "".join([*shown, _escaped(line[end:])])


def _as_text(line: str) -> str:
    """The line with what would begin a list, a rule, an underline or code taken at its word."""
    words = line.lstrip(" ")
    indent = "\N{NO-BREAK SPACE}" * (len(line) - len(words))
    return indent + _BLOCK.sub(r"\1\\\2", words)


def _inline(text: str) -> str:
    return _escaped(one_line(readable(text)))


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", neutral(text))
