"""What lies around a document's text: where its parts are found, running heads, regions, notes."""

from __future__ import annotations

import json
from dataclasses import replace

import apsw

from assistant.store.page_texts import read_text
from assistant.store.query_rows import fetch
from assistant.store.store_names import storable
from assistant.types import Locator, Note, Page, ParsedDocument, Region
from assistant.types.documents import label_at

LAYOUT = """
-- From `start` on, in code points, the text is found at `label`.
CREATE TABLE locators (
    document_id INTEGER NOT NULL REFERENCES documents (id),
    start       INTEGER NOT NULL,
    label       TEXT NOT NULL,
    PRIMARY KEY (document_id, start)
) WITHOUT ROWID;

-- Heads and feet that repeat: shown on the page, no part of the text.
CREATE TABLE running_texts (
    id          INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    page        INTEGER NOT NULL,
    position    TEXT NOT NULL,
    text        TEXT NOT NULL
);
CREATE INDEX running_texts_page ON running_texts (document_id, page);

CREATE TABLE regions (
    id          INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    start       INTEGER NOT NULL,
    "end"       INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    confidence  REAL NOT NULL
);
CREATE INDEX regions_place ON regions (document_id, start, "end");

-- What a person should know of how the document was read; `pages` is a JSON array.
CREATE TABLE notes (
    id          INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    code        TEXT NOT NULL,
    number      INTEGER NOT NULL,
    label       TEXT NOT NULL,
    pages       TEXT NOT NULL
);
CREATE INDEX notes_document ON notes (document_id);
"""
TABLES = ("locators", "running_texts", "regions", "notes")


def write_layout(connection: apsw.Connection, document_id: int, document: ParsedDocument) -> None:
    """Store what `document` says beside its text."""
    connection.executemany(
        "INSERT INTO locators (document_id, start, label) VALUES (?, ?, ?)",
        ((document_id, place.start, storable(place.label)) for place in document.locators),
    )
    connection.executemany(
        "INSERT INTO running_texts (document_id, page, position, text) VALUES (?, ?, ?, ?)",
        ((document_id, r.page, r.position, storable(r.text)) for r in document.running),
    )
    connection.executemany(
        'INSERT INTO regions (document_id, start, "end", kind, confidence) VALUES (?, ?, ?, ?, ?)',
        ((document_id, r.start, r.end, r.kind, r.confidence) for r in document.regions),
    )
    connection.executemany(
        "INSERT INTO notes (document_id, code, number, label, pages) VALUES (?, ?, ?, ?, ?)",
        (
            (document_id, n.code, n.number, storable(n.label), json.dumps(n.pages))
            for n in document.notes
        ),
    )


def locators_of_span(
    connection: apsw.Connection, document_id: int, start: int, end: int
) -> tuple[Locator, ...]:
    """Return the locators that `text[start:end]` lies at, in order."""
    rows = fetch(
        connection,
        "SELECT start, label FROM locators WHERE document_id = :document AND start < :end "
        "AND start >= coalesce((SELECT max(start) FROM locators "
        "WHERE document_id = :document AND start <= :start), 0) ORDER BY start",
        {"document": document_id, "start": start, "end": end},
    )
    return tuple(Locator(*row) for row in rows)


def regions_of_span(
    connection: apsw.Connection, document_id: int, start: int, end: int
) -> tuple[Region, ...]:
    """Return the regions that `text[start:end]` touches, in order."""
    rows = fetch(
        connection,
        'SELECT start, "end", kind, confidence FROM regions '
        'WHERE document_id = ? AND start < ? AND "end" > ? ORDER BY start, id',
        (document_id, end, start),
    )
    return tuple(Region(*row) for row in rows)


def running_of_page(connection: apsw.Connection, document_id: int, page: int) -> dict[str, str]:
    """Return the running texts of a page by position ("head", "foot")."""
    rows = fetch(
        connection,
        "SELECT position, text FROM running_texts WHERE document_id = ? AND page = ? ORDER BY id",
        (document_id, page),
    )
    found: dict[str, list[str]] = {}
    for position, text in rows:
        found.setdefault(position, []).append(text)
    return {position: "\n".join(texts) for position, texts in found.items()}


def notes_of(connection: apsw.Connection, document_id: int) -> tuple[Note, ...]:
    """Return the notes on how a document was read."""
    rows = fetch(
        connection,
        "SELECT code, number, label, pages FROM notes WHERE document_id = ? ORDER BY id",
        (document_id,),
    )
    return tuple(Note(code, n, label, tuple(json.loads(p))) for code, n, label, p in rows)


def page_of(
    connection: apsw.Connection, document_id: int, number: int, start: int, end: int | None
) -> Page:
    """Return page `number`, `text[start:end]` of a document, with what lies around it."""
    text = read_text(connection, document_id, start, end)
    stop = start + len(text)
    places = locators_of_span(connection, document_id, start, max(stop, start + 1))
    running = running_of_page(connection, document_id, number)
    regions = regions_of_span(connection, document_id, start, stop)
    return Page(
        number,
        text,
        label_at(places, start) or f"page {number}",
        running.get("head", ""),
        running.get("foot", ""),
        tuple(
            replace(r, start=max(r.start - start, 0), end=min(r.end, stop) - start) for r in regions
        ),
    )
