"""The tables of `user.sqlite`, one version after another.

A version that was released is never edited: what it made stands on people's disks. A change is
a new version at the end. A new file runs through all of them, so it is the same as an old one
that was brought up to date.
"""

from __future__ import annotations

APPLICATION_ID = 0x466F6F74  # "Foot", in the file's header

# `touched` is a counter over all conversations, which no clock that jumps back puts out of
# order. `answer` is what `Answer.to_json` gave, whole.
_CONVERSATIONS = (
    """
    CREATE TABLE conversations (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        notebook TEXT NOT NULL,
        title    TEXT NOT NULL,
        created  TEXT NOT NULL,
        updated  TEXT NOT NULL,
        touched  INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE turns (
        id           INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        ordinal      INTEGER NOT NULL,
        question     TEXT NOT NULL,
        answer       TEXT NOT NULL,
        asked        TEXT NOT NULL,
        UNIQUE (conversation, ordinal)
    )
    """,
)

# `search` holds a turn's words under the turn's id, and a conversation's title under its id
# made negative. Triggers keep it in step, whoever writes.
_TURN_WORDS = """
    {turn}.id, {turn}.question || char(10) ||
    CASE WHEN json_valid({turn}.answer)
         THEN coalesce(json_extract({turn}.answer, '$.text'), '') ELSE '' END
"""

_DELETE_SEARCH_FEEDBACK = (
    # When it was deleted, and in which order: the last one is brought back first.
    "ALTER TABLE conversations ADD COLUMN deleted TEXT",
    "ALTER TABLE conversations ADD COLUMN deletion INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE feedback (
        turn    INTEGER PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
        thumb   INTEGER NOT NULL CHECK (thumb IN (-1, 1)),
        comment TEXT NOT NULL,
        given   TEXT NOT NULL
    )
    """,
    """
    CREATE VIRTUAL TABLE search USING fts5 (
        words, tokenize = "unicode61 remove_diacritics 2"
    )
    """,
    "INSERT INTO search (rowid, words) SELECT -id, title FROM conversations",
    "INSERT INTO search (rowid, words) SELECT " + _TURN_WORDS.format(turn="turns") + " FROM turns",
    """
    CREATE TRIGGER title_kept AFTER INSERT ON conversations BEGIN
        INSERT INTO search (rowid, words) VALUES (-new.id, new.title);
    END
    """,
    """
    CREATE TRIGGER title_changed AFTER UPDATE OF title ON conversations BEGIN
        UPDATE search SET words = new.title WHERE rowid = -new.id;
    END
    """,
    """
    CREATE TRIGGER title_gone AFTER DELETE ON conversations BEGIN
        DELETE FROM search WHERE rowid = -old.id;
    END
    """,
    "CREATE TRIGGER turn_kept AFTER INSERT ON turns BEGIN INSERT INTO search (rowid, words)"
    f" VALUES ({_TURN_WORDS.format(turn='new')}); END",
    """
    CREATE TRIGGER turn_gone AFTER DELETE ON turns BEGIN
        DELETE FROM search WHERE rowid = old.id;
    END
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_CONVERSATIONS, _DELETE_SEARCH_FEEDBACK)
VERSION = len(MIGRATIONS)

# SQLite's own, whose text depends on its version.
SHADOW_TABLES = frozenset(
    f"search_{part}" for part in ("data", "idx", "content", "docsize", "config")
)
