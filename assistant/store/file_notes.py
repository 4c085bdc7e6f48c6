"""What syncs have noted of the files at the paths of documents."""

from __future__ import annotations

from collections.abc import Mapping

import apsw

from assistant.store.query_rows import fetch
from assistant.store.store_names import storable
from assistant.types import KnownFile

FILE_NOTES = """
CREATE TABLE file_notes (
    source       TEXT PRIMARY KEY,
    stamp        TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    failure      TEXT NOT NULL,
    gone_since   TEXT NOT NULL,
    medium       INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX file_notes_content ON file_notes (content_hash);
"""


def known_files(connection: apsw.Connection) -> dict[str, KnownFile]:
    """Return the notes, by path."""
    rows = fetch(
        connection,
        "SELECT source, stamp, content_hash, failure, gone_since, medium FROM file_notes",
    )
    return {
        source: KnownFile(stamp, content, failure, gone_since, bool(medium))
        for source, stamp, content, failure, gone_since, medium in rows
    }


def note_files(connection: apsw.Connection, files: Mapping[str, KnownFile | None]) -> None:
    """Note files; None removes a path's note."""
    connection.executemany(
        "DELETE FROM file_notes WHERE source = ?",
        [(storable(source),) for source, file in files.items() if file is None],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO file_notes VALUES (?, ?, ?, ?, ?, ?)",
        [
            (storable(source), f.stamp, f.content_hash, f.failure, f.gone_since, f.medium)
            for source, f in files.items()
            if f is not None
        ],
    )


def drop_notes(connection: apsw.Connection, document_id: int) -> None:
    """Delete what was noted of the files of a document, and of others with its content."""
    connection.execute(
        "DELETE FROM file_notes WHERE source IN (SELECT source FROM sources WHERE document_id = ?1)"
        " OR content_hash = (SELECT content_hash FROM documents WHERE id = ?1)",
        (document_id,),
    )
