"""What every answer must be, whatever was asked: held against the notes by simple means."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from chatbot.answer import Answer, Citation, Status
from chatbot.extractive.answerer import NEAREST, NEAREST_SECTIONS, REST_MISSING
from chatbot.extractive.direct import NO, YES
from chatbot.extractive.figures import FIGURE, THERE_IS_A_FIGURE
from chatbot.extractive.other_notes import ALSO, OTHERWISE

_ENDS_LINE = re.compile(r"((?: \[\d+\])+)(?:\n|\Z)")
_NUMBER = re.compile(r"\[(\d+)\]")


def without_missing(answer: Answer) -> str:
    """The text without the last line of a partial answer, which says what is missing."""
    if answer.status is not Status.PARTIAL:
        return answer.text
    told, _, last = answer.text.rpartition("\n")
    assert last.startswith(REST_MISSING.partition("{")[0]), last
    return told


def cited_lines(answer: Answer) -> list[tuple[str, list[Citation]]]:
    """Each line of the answer with the citations that its markers name.

    A line may run over several: code does.
    """
    *pairs, rest = _ENDS_LINE.split(without_missing(answer))
    assert rest == "", f"no citation behind {rest!r}"
    by_number = {citation.number: citation for citation in answer.citations}
    lines = []
    for text, markers in zip(pairs[::2], pairs[1::2], strict=True):
        numbers = [int(number) for number in _NUMBER.findall(markers)]
        assert set(numbers) <= set(by_number), f"a marker without a citation: {markers}"
        lines.append((text, [by_number[number] for number in numbers]))
    return lines


def plain(text: str) -> str:
    """The words of a stretch of Markdown: markup dropped, white space collapsed."""
    text = re.sub(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])", " ", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<!--.*?-->|</?[a-z][^>]*>", " ", text, flags=re.DOTALL)
    text = re.sub(r"^[ \t]*(?:>[ \t]?|[-*+] |\d+[.)] |#+ )+", " ", text, flags=re.MULTILINE)
    return bare(html.unescape(text))


def bare(text: str) -> str:
    """The text without marks of emphasis, code, escapes and citation, white space collapsed."""
    text = re.sub(r"[*_`\\]", "", re.sub(r"\s*\[\d+\]", "", text))
    return re.sub(r"\s+", " ", text).strip()


def require_grounded(answer: Answer, source_text: Callable[[str], str]) -> None:
    """Fail unless every word of the answer stands in the quotes that it cites."""
    if answer.status is Status.NOT_IN_NOTES:
        require_declined(answer)
        return
    for citation in answer.citations:
        assert source_text(citation.source)[citation.start : citation.end] == citation.quote
        assert citation.quote.strip()
    lines = cited_lines(answer)
    used = [citation.number for _, cited in lines for citation in cited]
    assert list(dict.fromkeys(used)) == list(range(1, len(answer.citations) + 1))
    assert [citation.number for citation in answer.citations] == sorted(set(used))
    assert lines
    for text, cited in lines:
        assert cited, f"no citation behind {text!r}"
        assert holds(text, [citation.quote for citation in cited]), (text, cited)


def require_declined(answer: Answer) -> None:
    """Fail unless the answer declines, cites nothing, and names the nearest sections."""
    assert answer.citations == ()
    assert answer.text.startswith("Your notes don't answer this")
    named = answer.text.partition(f"{NEAREST} ")[2].removesuffix(".")
    found = [" › ".join(passage.heading[-2:]) for passage in answer.passages]
    parts = named.split("; ") if named else []
    assert len(parts) == len(set(parts)) <= NEAREST_SECTIONS
    assert set(parts) <= set(found)


def holds(text: str, quotes: list[str]) -> bool:
    """Whether the quotes hold the line, apart from what the answerer may add to it."""
    text = text.removeprefix("- ")
    for verdict in (YES, NO, ALSO, OTHERWISE):
        text = text.removeprefix(f"{verdict} ")
    for phrase in (THERE_IS_A_FIGURE, FIGURE):
        if text.startswith(f"{phrase} "):
            return all(word in quotes[0] for word in text.removeprefix(f"{phrase} ").split())
    if any(bare(text) in plain(quote) or bare(text) in bare(quote) for quote in quotes):
        return True
    if bare(text) in plain(" ".join(quotes)):  # quoted in pieces, a comment between them left out
        return True
    return len(quotes) == 2 and _is_row(bare(text), plain(quotes[0]), plain(quotes[1]))


def _is_row(text: str, row: str, header: str) -> bool:
    """Whether the text is "label — column: value; …" of this row under this header."""
    label, _, rest = text.partition(" — ")
    cells = [cell.strip() for cell in row.split("|")]
    if label != cells[0]:
        return False
    names = [name.strip() for name in header.split("|")]
    # What may be said of each cell, in the order of the columns; a value may hold "; " itself.
    pieces = [
        f"{name}: {cell}" if name else cell
        for name, cell in zip(names[1:], cells[1:], strict=False)
    ]
    for piece in pieces:
        if rest == piece:
            return True
        rest = rest.removeprefix(f"{piece}; ")
    return False
