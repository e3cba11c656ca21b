"""The tables of `notes.sqlite`. A generation's file never changes once it is current.

The next generation's may begin as a copy of it: rows of notes that did not change keep their
keys. So no key says where a row stands among the others: that is told by the source's name and
the position within it.
"""

from __future__ import annotations

SCHEMA_VERSION = 3

_STEMMED = "porter unicode61 remove_diacritics 2"
_UNSTEMMED = "unicode61 remove_diacritics 2"

# The search tables keep no text of their own (content=''): what they match is looked up by
# rowid. Their text has mis-decoded characters repaired; every other table has it as it is.
SCHEMA = f"""
CREATE TABLE sources (
    name     TEXT PRIMARY KEY,
    encoding TEXT NOT NULL,
    digest   TEXT NOT NULL,
    text     TEXT NOT NULL,
    identity TEXT NOT NULL UNIQUE
);
CREATE TABLE sections (
    key        INTEGER PRIMARY KEY,
    position   INTEGER NOT NULL,
    id         TEXT NOT NULL UNIQUE,
    source     TEXT NOT NULL REFERENCES sources (name),
    heading    TEXT NOT NULL,
    anchor     TEXT NOT NULL,
    level      INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    "end"      INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    last_line  INTEGER NOT NULL,
    navigation INTEGER NOT NULL,
    identity   TEXT NOT NULL UNIQUE,
    UNIQUE (source, position)
);
CREATE TABLE blocks (
    rowid      INTEGER PRIMARY KEY,
    section    INTEGER NOT NULL REFERENCES sections (key),
    ordinal    INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    text       TEXT NOT NULL,
    start      INTEGER NOT NULL,
    "end"      INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    last_line  INTEGER NOT NULL,
    "group"    INTEGER NOT NULL,
    item       INTEGER NOT NULL,
    depth      INTEGER NOT NULL,
    lead       INTEGER,
    cells      TEXT NOT NULL,
    address    TEXT NOT NULL,
    UNIQUE (section, ordinal)
);
CREATE TABLE chunks (
    rowid       INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    section     INTEGER NOT NULL REFERENCES sections (key),
    ordinal     INTEGER NOT NULL,
    text        TEXT NOT NULL,
    first_block INTEGER NOT NULL,
    last_block  INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    "end"       INTEGER NOT NULL,
    first_line  INTEGER NOT NULL,
    last_line   INTEGER NOT NULL,
    digest      TEXT NOT NULL,
    UNIQUE (section, ordinal)
);
CREATE INDEX chunk_digests ON chunks (digest);
CREATE TABLE vectors (
    digest TEXT PRIMARY KEY,
    vector BLOB NOT NULL
);
CREATE VIRTUAL TABLE chunk_search USING fts5 (
    heading, body, content = '', tokenize = "{_STEMMED}"
);
CREATE VIRTUAL TABLE block_search USING fts5 (
    heading, body, content = '', tokenize = "{_STEMMED}"
);
CREATE VIRTUAL TABLE block_words USING fts5 (
    heading, body, content = '', detail = none, columnsize = 0, tokenize = "{_UNSTEMMED}"
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (block_words, row);
"""
