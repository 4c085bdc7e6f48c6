"""The steps that made the schema what it is, in order. Never change one that was released."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import apsw

from assistant.store.document_labels import add_labels
from assistant.store.document_layout import LAYOUT
from assistant.store.feedback_rows import FEEDBACK
from assistant.store.file_notes import FILE_NOTES
from assistant.store.grid_rows import GRIDS
from assistant.store.ocr_page_rows import add_ocr_pages
from assistant.store.page_texts import read_text
from assistant.store.query_rows import fetch
from assistant.text.search_form import SEARCH_FORM, index_text


@dataclass(frozen=True, slots=True)
class Migration:
    """A named step from one schema to the next; it runs inside a transaction."""

    name: str
    apply: Callable[[apsw.Connection], None]


_DOCUMENTS = """
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE documents (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL UNIQUE,
    source       TEXT NOT NULL,
    media_type   TEXT NOT NULL,
    content_hash TEXT NOT NULL UNIQUE,
    title        TEXT NOT NULL,
    pages        INTEGER NOT NULL,
    characters   INTEGER NOT NULL,
    chunks       INTEGER NOT NULL,
    added_at     TEXT NOT NULL
);
CREATE INDEX documents_source ON documents (source);

-- A document's text, once, cut into blocks of equal length (see texts.py).
CREATE TABLE text_blocks (
    id          INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    number      INTEGER NOT NULL,
    text        TEXT NOT NULL,
    UNIQUE (document_id, number)
);

-- Where each page begins in it, in code points.
CREATE TABLE pages (
    document_id INTEGER NOT NULL REFERENCES documents (id),
    start       INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    PRIMARY KEY (document_id, start, number)
) WITHOUT ROWID;

CREATE TABLE chunks (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    ordinal     INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    "end"       INTEGER NOT NULL,
    heading     TEXT NOT NULL,
    UNIQUE (document_id, ordinal)
);

-- The signs of a vector's numbers, one bit each: small enough to scan them all.
CREATE TABLE vector_bits (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks (id),
    bits     BLOB NOT NULL
);

-- The vector itself (float32, little-endian), read for the best of that scan only.
CREATE TABLE vectors (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks (id),
    vector   BLOB NOT NULL
);
"""

# content='': the text is in text_blocks already, and deleting needs no second copy of it.
# Not contentless_delete: it keeps the words of a deleted row until some later merge.
_TEXT_INDEX = """
CREATE VIRTUAL TABLE text_index USING fts5 (
    heading, body, content='', tokenize='porter unicode61 remove_diacritics 2'
);
INSERT INTO text_index (text_index, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE text_terms USING fts5vocab (text_index, row);
"""

# The words are folded before they come here (text/search_form.py), so the tokenizer folds
# nothing; marks are a part of words (Hindi), and so is the sign in the whole terms (Co).
TOKENIZER = ("porter", "unicode61", "remove_diacritics", "0", "categories", "L* N* Co M*")
_WORD_INDEX = f"""
DROP TABLE text_terms;
DROP TABLE text_index;
CREATE VIRTUAL TABLE text_index USING fts5 (
    heading, body, content='', tokenize="{" ".join(TOKENIZER[:-1])} '{TOKENIZER[-1]}'"
);
INSERT INTO text_index (text_index, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE text_terms USING fts5vocab (text_index, row);
"""  # noqa: S608 - a constant

# The secret of the audit log and the log's head (see audit_state.py). Rows are made when a
# log begins, not here: a library that is carried to several machines gets a log on each.
_AUDIT = """
CREATE TABLE audit_key (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    secret BLOB NOT NULL
);

CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    head BLOB NOT NULL
);
"""


# A document's content may lie at several paths; the one that it is named after comes first.
_SOURCES = """
CREATE TABLE sources (
    id          INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    source      TEXT NOT NULL UNIQUE
);
CREATE INDEX sources_document ON sources (document_id);
INSERT OR IGNORE INTO sources (document_id, source)
    SELECT id, source FROM documents ORDER BY id DESC;
DROP INDEX documents_source;
ALTER TABLE documents DROP COLUMN source;
"""


def _add_documents(connection: apsw.Connection) -> None:
    connection.execute(_DOCUMENTS)


def _add_text_index(connection: apsw.Connection) -> None:
    connection.execute(_TEXT_INDEX)  # filled by 0007_word_index, which makes it anew


_FORM = "search_form"


def fill_word_index(connection: apsw.Connection) -> None:
    """Make the word index anew from the stored texts, and note the form that it holds."""
    connection.execute(_WORD_INDEX)
    for (document_id,) in fetch(connection, "SELECT id FROM documents ORDER BY id"):
        index_words(connection, document_id)
    connection.execute(
        "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (_FORM, SEARCH_FORM)
    )


def word_index_is_current(connection: apsw.Connection) -> bool:
    """Tell whether the word index holds the form that this program makes of a text.

    If not, its rows can't be found and deleted: another version filled it, or another Python
    with younger Unicode tables.
    """
    rows = fetch(connection, "SELECT value FROM meta WHERE name = ?", (_FORM,))
    return rows == [(SEARCH_FORM,)]


def _add_audit(connection: apsw.Connection) -> None:
    connection.execute(_AUDIT)


def _add_feedback(connection: apsw.Connection) -> None:
    connection.execute(FEEDBACK)


def _add_layout(connection: apsw.Connection) -> None:
    connection.execute(LAYOUT)


def _add_grids(connection: apsw.Connection) -> None:
    connection.execute(GRIDS)


def _add_file_notes(connection: apsw.Connection) -> None:
    connection.execute(FILE_NOTES)


# An answer is NULL once a document was forgotten that its words may come from (the places).
_CONVERSATIONS = """
CREATE TABLE conversations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    started_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
);

CREATE TABLE conversation_turns (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    at              TEXT NOT NULL,
    question        TEXT NOT NULL,
    answer          BLOB,
    hits            BLOB NOT NULL
);
CREATE INDEX conversation_turns_conversation ON conversation_turns (conversation_id);

CREATE TABLE conversation_places (
    turn_id     INTEGER NOT NULL REFERENCES conversation_turns (id),
    document_id INTEGER NOT NULL REFERENCES documents (id),
    PRIMARY KEY (turn_id, document_id)
) WITHOUT ROWID;
CREATE INDEX conversation_places_document ON conversation_places (document_id);
"""


def _add_conversations(connection: apsw.Connection) -> None:
    connection.execute(_CONVERSATIONS)


def _add_sources(connection: apsw.Connection) -> None:
    connection.execute(_SOURCES)


def index_words(connection: apsw.Connection, document_id: int) -> None:
    """Enter the words of a document's stored chunks (heading + text) into the text index."""
    connection.executemany(
        "INSERT INTO text_index (rowid, heading, body) VALUES (?, ?, ?)",
        chunk_texts(connection, document_id),
    )


def chunk_texts(connection: apsw.Connection, document_id: int) -> list[tuple[int, str, str]]:
    """Return (chunk id, heading, text) of every chunk of a document, in the form of the index."""
    text = read_text(connection, document_id)
    rows = fetch(
        connection,
        'SELECT id, heading, start, "end" FROM chunks WHERE document_id = ? ORDER BY id',
        (document_id,),
    )
    return [(n, index_text(heading), index_text(text[a:b])) for n, heading, a, b in rows]


MIGRATIONS: tuple[Migration, ...] = (
    Migration("0001_documents", _add_documents),
    Migration("0002_text_index", _add_text_index),
    Migration("0003_audit", _add_audit),
    Migration("0004_feedback", _add_feedback),
    Migration("0005_sources", _add_sources),
    Migration("0006_layout", _add_layout),
    Migration("0007_word_index", fill_word_index),
    Migration("0008_grids", _add_grids),
    Migration("0009_file_notes", _add_file_notes),
    Migration("0010_labels", add_labels),
    Migration("0011_conversations", _add_conversations),
    Migration("0012_ocr_pages", add_ocr_pages),
)
"""All steps, oldest first. A store records the names of those it has been through."""
