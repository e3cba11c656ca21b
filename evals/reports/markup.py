"""HTML that is safe by how it is built: text is escaped where it is put in, whatever it holds."""

from __future__ import annotations

import html
from collections.abc import Iterable

from chatbot.plain_text import neutral


class Html(str):
    """Text that is markup already. Joined with other text it is plain again, and escaped."""

    __slots__ = ()


def text(raw: str) -> Html:
    """The text as it reads, without a character that hides or steers."""
    return raw if isinstance(raw, Html) else Html(html.escape(neutral(raw)))


def joined(*content: str) -> Html:
    """Pieces one after the other."""
    return Html("".join(map(text, content)))


def element(tag: str, *content: str, **attributes: str | None) -> Html:
    """One element. `class_` is `class`, `data_cause` is `data-cause`; None leaves it out."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Html(f"<{tag}{named}>{joined(*content)}</{tag}>")


def table(titles: Iterable[str], rows: Iterable[Html]) -> Html:
    """A table with a heading for each column."""
    heads = [element("th", title, scope="col") for title in titles]
    return element("table", element("thead", element("tr", *heads)), element("tbody", *rows))


def tag(said: str, kind: str = "") -> Html:
    """A word or two in a small box; `kind` is one of the style sheet's tags."""
    return element("span", said, class_=f"tag {kind}".rstrip())
