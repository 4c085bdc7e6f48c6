"""Tags of documents, and the day that each of them is of."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import PurePath

import apsw

from assistant.store.page_texts import read_text
from assistant.store.query_rows import fetch
from assistant.store.store_names import storable
from assistant.text.dates import find_dates

_HEAD = 3000
"""Characters at the beginning of a document in which its date is looked for."""

_YEARS = range(1900, 2101)


def add_labels(connection: apsw.Connection) -> None:
    """Make room for tags and dates; read the dates of the documents that are there."""
    connection.execute(
        "CREATE TABLE document_tags (document_id INTEGER NOT NULL REFERENCES documents (id), "
        "tag TEXT NOT NULL, PRIMARY KEY (document_id, tag)) WITHOUT ROWID;"
        "ALTER TABLE documents ADD COLUMN dated TEXT NOT NULL DEFAULT '';"
    )
    for number, name in fetch(connection, "SELECT id, name FROM documents"):
        set_date(connection, number, document_date(name, read_text(connection, number, 0, _HEAD)))


def document_date(name: str, text: str) -> str:
    """Return the day that a document says it is of (ISO 8601), "" if it says none.

    That is the first whole date in the file's name, else at the beginning of the text. A date
    that can be read in two ways is passed over: no date is better than a wrong one.
    """
    stem = PurePath(name).stem.replace("_", " ")
    for found in (*find_dates(stem), *find_dates(text[:_HEAD])):
        year, month, day = found.readings[0]
        if not found.ambiguous and year in _YEARS and month and day:
            with suppress(ValueError):  # 31 April
                return date(year or 0, month, day).isoformat()
    return ""


def set_date(connection: apsw.Connection, document_id: int, dated: str) -> None:
    """Say of which day a document is."""
    connection.execute("UPDATE documents SET dated = ? WHERE id = ?", (dated, document_id))


def tags_of(connection: apsw.Connection, document_ids: Sequence[int]) -> list[str]:
    """Return the tags that any of these documents has."""
    found: set[str] = set()
    for number in document_ids:
        rows = fetch(connection, "SELECT tag FROM document_tags WHERE document_id = ?", (number,))
        found |= {tag for (tag,) in rows}
    return sorted(found)


def add_tags(connection: apsw.Connection, document_id: int, tags: Sequence[str]) -> None:
    """Give a document tags."""
    connection.executemany(
        "INSERT OR IGNORE INTO document_tags (document_id, tag) VALUES (?, ?)",
        [(document_id, storable(tag)) for tag in tags],
    )


def remove_tags(connection: apsw.Connection, document_id: int, tags: Sequence[str]) -> None:
    """Take tags away from a document."""
    connection.executemany(
        "DELETE FROM document_tags WHERE document_id = ? AND tag = ?",
        [(document_id, storable(tag)) for tag in tags],
    )
