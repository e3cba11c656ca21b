"""Conversations as they are kept: begun, carried on, listed, searched, renamed, thrown away."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatbot.answer import Answer
from chatbot.errors import NoSuchConversation
from chatbot.user_data.database import BUSY_SECONDS, FILE, create, opened, writing
from chatbot.user_data.failures import is_there
from chatbot.user_data.records import Conversation, Feedback, KeptTurn, title_of
from chatbot.user_data.rows import (
    LISTED,
    add_turn,
    conversation_of,
    find,
    match_query,
    missing,
    next_touch,
    purge,
    stamp,
    storable,
    turn_of,
)

DELETED_DAYS = 30  # how long a deleted conversation can be brought back


def _utc_now() -> datetime:
    return datetime.now(UTC)


class UserData:
    """What a user keeps under a home folder. Safe to share between threads and processes.

    Nothing is held open between calls. Nothing is written before something is to be kept:
    without a file there is nothing kept, which is no error. Every method raises
    `UserDataError` where the file cannot be read or written.
    """

    def __init__(
        self,
        home: Path,
        *,
        now: Callable[[], datetime] = _utc_now,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        self.path = home / FILE
        self._now = now
        self._busy_seconds = busy_seconds

    # Written

    def start(self, notebook: str, answer: Answer) -> Conversation:
        """Begin a conversation with its first turn; both are on the disk when this returns."""
        with self._writing() as connection:
            now = stamp(self._now())
            purge(connection, self._now() - timedelta(days=DELETED_DAYS))
            inserted = connection.execute(
                "INSERT INTO conversations (notebook, title, created, updated, touched)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    storable(notebook),
                    storable(title_of(answer.question)),
                    now,
                    now,
                    next_touch(connection),
                ),
            )
            number = int(inserted.lastrowid or 0)
            add_turn(connection, number, answer, now)
            return find(connection, number)

    def append(self, conversation: Conversation, answer: Answer) -> Conversation:
        """Add a turn at the end; it is on the disk when this returns.

        Raises:
            NoSuchConversation: it was deleted meanwhile, or another file has taken the place.
        """
        with self._writing() as connection:
            # After a restore another conversation may have this number.
            if find(connection, conversation.id).created != conversation.created:
                raise missing(conversation.id)
            now = stamp(self._now())
            add_turn(connection, conversation.id, answer, now)
            connection.execute(
                "UPDATE conversations SET updated = ?, touched = ? WHERE id = ?",
                (now, next_touch(connection), conversation.id),
            )
            return find(connection, conversation.id)

    def rename(self, number: int, title: str) -> Conversation:
        """Give a conversation another title.

        Raises:
            NoSuchConversation: there is none of that number.
        """
        with self._writing() as connection:
            find(connection, number)
            connection.execute(
                "UPDATE conversations SET title = ? WHERE id = ?",
                (storable(title_of(title)), number),
            )
            return find(connection, number)

    def delete(self, number: int) -> Conversation:
        """Take a conversation out of every list; `undo_delete` brings it back.

        It is gone for good when another is begun or deleted, `DELETED_DAYS` later.

        Raises:
            NoSuchConversation: there is none of that number.
        """
        with self._writing() as connection:
            conversation = find(connection, number)
            purge(connection, self._now() - timedelta(days=DELETED_DAYS))
            connection.execute(
                "UPDATE conversations SET deleted = ?,"
                " deletion = (SELECT max(deletion) FROM conversations) + 1 WHERE id = ?",
                (stamp(self._now()), number),
            )
            return conversation

    def undo_delete(self) -> Conversation:
        """Bring back the conversation that was deleted last.

        Raises:
            NoSuchConversation: no deleted one is left.
        """
        with self._writing() as connection:
            row = connection.execute(
                "SELECT id FROM conversations WHERE deletion > 0 ORDER BY deletion DESC LIMIT 1"
            ).fetchone()
            if row is None:
                raise NoSuchConversation("No deleted conversation is left to bring back")
            connection.execute(
                "UPDATE conversations SET deleted = NULL, deletion = 0 WHERE id = ?", row
            )
            return find(connection, row[0])

    def rate(self, number: int, ordinal: int, feedback: Feedback | None) -> None:
        """Keep what a person thought of an answer, in place of what was kept before.

        Raises:
            NoSuchConversation: there is no such conversation, or it has no such turn.
        """
        with self._writing() as connection:
            find(connection, number)
            turn = connection.execute(
                "SELECT id FROM turns WHERE conversation = ? AND ordinal = ?", (number, ordinal)
            ).fetchone()
            if turn is None:
                raise NoSuchConversation(f"Conversation {number} has no turn {ordinal}")
            connection.execute("DELETE FROM feedback WHERE turn = ?", turn)
            if feedback is not None:
                given = (feedback.thumb, storable(feedback.comment), stamp(self._now()))
                connection.execute(
                    "INSERT INTO feedback (turn, thumb, comment, given) VALUES (?, ?, ?, ?)",
                    (*turn, *given),
                )

    # Read

    def conversations(self, words: str = "") -> tuple[Conversation, ...]:
        """Every conversation, the one that was carried on last first.

        With `words`, those in whose title, or in one of whose turns, all of them occur, each
        as the beginning of a word; accents and case do not count.
        """
        if not is_there(self.path):
            return ()
        query = match_query(words)
        if words.strip() and not query:
            return ()
        with self._reading() as connection:
            if not query:
                rows = connection.execute(f"{LISTED} ORDER BY touched DESC")
            else:
                rows = connection.execute(
                    f"{LISTED} AND id IN (SELECT CASE WHEN rowid < 0 THEN -rowid ELSE"
                    " (SELECT conversation FROM turns WHERE turns.id = search.rowid) END"
                    " FROM search WHERE search MATCH ?) ORDER BY touched DESC",
                    (query,),
                )
            return tuple(conversation_of(row) for row in rows)

    def newest(self, notebook: str) -> Conversation | None:
        """The conversation of a notebook that was carried on last, if there is one."""
        found = (kept for kept in self.conversations() if kept.notebook == notebook)
        return next(found, None)

    def get(self, number: int) -> Conversation:
        """One conversation.

        Raises:
            NoSuchConversation: there is none of that number.
        """
        if not is_there(self.path):
            raise missing(number)
        with self._reading() as connection:
            return find(connection, number)

    def turns(self, number: int) -> tuple[KeptTurn, ...]:
        """The turns of a conversation, in order.

        Raises:
            NoSuchConversation: there is none of that number.
        """
        if not is_there(self.path):
            raise missing(number)
        with self._reading() as connection:
            connection.execute("BEGIN")  # one state for both readings; closing ends it
            find(connection, number)
            rows = connection.execute(
                "SELECT ordinal, question, answer, asked, thumb, comment"
                " FROM turns LEFT JOIN feedback ON feedback.turn = turns.id"
                " WHERE conversation = ? ORDER BY ordinal",
                (number,),
            )
            return tuple(turn_of(*row) for row in rows)

    def check(self) -> None:
        """See whether the file can be used, where there is one; bring it up to date.

        Raises:
            UserDataError: it cannot.
        """
        if is_there(self.path):
            with self._reading() as connection:
                connection.execute("SELECT count(*) FROM conversations").fetchone()

    # How

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with opened(self.path, busy_seconds=self._busy_seconds) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        if not is_there(self.path):
            create(self.path)
        with self._reading() as connection, writing(connection):
            yield connection
