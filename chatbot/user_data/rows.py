"""From the rows of `user.sqlite` to values, and back."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime

from chatbot.answer import Answer
from chatbot.errors import NoSuchConversation
from chatbot.user_data.records import Conversation, Feedback, KeptTurn

LISTED = """
    SELECT id, notebook, title, created, updated,
           (SELECT count(*) FROM turns WHERE turns.conversation = conversations.id)
    FROM conversations WHERE deletion = 0
"""


def next_touch(connection: sqlite3.Connection) -> int:
    """The number that makes a conversation the newest."""
    row = connection.execute("SELECT coalesce(max(touched), 0) + 1 FROM conversations").fetchone()
    return int(row[0])


def add_turn(connection: sqlite3.Connection, number: int, answer: Answer, now: str) -> None:
    """Add a turn at the end of a conversation."""
    connection.execute(
        "INSERT INTO turns (conversation, ordinal, question, answer, asked) VALUES (?,"
        " (SELECT coalesce(max(ordinal), 0) + 1 FROM turns WHERE conversation = ?), ?, ?, ?)",
        (
            number,
            number,
            storable(answer.question),
            storable(json.dumps(answer.to_json(), ensure_ascii=False)),
            now,
        ),
    )


def purge(connection: sqlite3.Connection, before: datetime) -> None:
    """Remove for good what was deleted before that time."""
    gone = connection.execute(
        "DELETE FROM conversations WHERE deletion > 0 AND deleted < ?", (stamp(before),)
    )
    if gone.rowcount:
        # A search table only marks its words as gone, until its parts are merged.
        connection.execute("INSERT INTO search (search) VALUES ('optimize')")


def find(connection: sqlite3.Connection, number: int) -> Conversation:
    """The conversation of that number, if it is not deleted.

    Raises:
        NoSuchConversation: there is none.
    """
    row = connection.execute(f"{LISTED} AND id = ?", (number,)).fetchone()
    if row is None:
        raise missing(number)
    return conversation_of(row)


def missing(number: int) -> NoSuchConversation:
    """The error for a number that no conversation has."""
    return NoSuchConversation(
        f"There is no conversation {number}. To see which there are: footnote conversations"
    )


def conversation_of(row: tuple[int, str, str, str, str, int]) -> Conversation:
    """A row of `LISTED`.

    Raises:
        sqlite3.DataError: it holds what is never written.
    """
    number, notebook, title, created, updated, turns = row
    return Conversation(number, notebook, title, _time(created), _time(updated), turns)


def turn_of(
    ordinal: int, question: str, stored: str, asked: str, thumb: int | None, comment: str | None
) -> KeptTurn:
    """A row of turns with their feedback.

    Raises:
        sqlite3.DataError: it holds what is never written.
    """
    feedback = None if thumb is None else Feedback(thumb, comment or "")
    return KeptTurn(ordinal, question, stored, _time(asked), feedback)


def stamp(moment: datetime) -> str:
    """A time as it is stored: these texts sort as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _time(stamp: str) -> datetime:
    try:
        return datetime.fromisoformat(stamp).astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise sqlite3.DataError(f"{stamp!r} is no time") from error


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def match_query(words: str) -> str:
    """The words as a full-text query; nothing typed is read as its syntax."""
    return " ".join(f'"{word}"*' for word in re.findall(r"\w+", words))
