"""Write, list and delete documents, inside a transaction of the caller."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import apsw

from assistant.errors import StoreError, UsageError
from assistant.store.document_labels import document_date
from assistant.store.document_layout import TABLES as LAYOUT_TABLES
from assistant.store.document_layout import write_layout
from assistant.store.feedback_rows import forget_document
from assistant.store.file_notes import drop_notes
from assistant.store.ocr_page_rows import drop_pages
from assistant.store.page_texts import write_pages, write_text
from assistant.store.query_rows import fetch, fetch_one
from assistant.store.schema import chunk_texts, index_words
from assistant.store.store_names import shown, storable
from assistant.types import DocumentRecord, NewDocument, Placement

_RECORDS = """
SELECT id, name,
    coalesce((SELECT source FROM sources WHERE document_id = documents.id ORDER BY id LIMIT 1), ''),
    media_type, content_hash, title, pages, characters, chunks, added_at, dated,
    (SELECT group_concat(tag, char(10)) FROM document_tags WHERE document_id = documents.id)
FROM documents"""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORTEST_PREFIX, _SHORTEST_HASH_PREFIX, _LISTED = 3, 4, 10
_TURNS = "(SELECT turn_id FROM conversation_places WHERE document_id = ?)"


def check_new(new: NewDocument, dimension: int) -> None:
    """Refuse what could never be found again: no source, wrong shapes, spans or vectors."""
    if not new.sources:
        raise ValueError("a document comes from somewhere")
    length = len(new.document.text)
    if any(not 0 <= c.start < c.end <= length for c in new.chunks):
        raise ValueError("a chunk's span lies outside the document's text")
    if len(new.vectors) != len(new.chunks):
        raise ValueError("one vector for each chunk")
    if not len(new.chunks):
        return
    if new.vectors.shape[1:] != (dimension,):
        raise ValueError(f"vectors must have {dimension} numbers, not {new.vectors.shape[1:]}")
    import numpy as np

    norms = np.linalg.norm(new.vectors, axis=1)
    if not np.all(np.abs(norms - 1.0) < 0.01):
        raise StoreError(
            f"The embedder made vectors for '{shown(new.name)}' that can't be searched "
            "(not of unit length).",
            hint="The embedder may be damaged: run 'assistant models verify'.",
        )


def find(connection: apsw.Connection, content_hash: str) -> DocumentRecord | None:
    """Return the document with this content, if there is one."""
    row = fetch_one(connection, f"{_RECORDS} WHERE content_hash = ?", (content_hash,))
    return _record(row) if row else None


def get(connection: apsw.Connection, document_id: int) -> DocumentRecord:
    """Return the document with this id. Raises `UsageError` if there is none."""
    fits = abs(document_id) < 2**63
    row = fetch_one(connection, f"{_RECORDS} WHERE id = ?", (document_id,)) if fits else None
    if row is None:
        raise UsageError(
            f"The library has no document number {document_id}.",
            hint="List the documents with: assistant docs",
        )
    return _record(row)


def every(connection: apsw.Connection) -> list[DocumentRecord]:
    """Return all documents in the order in which they were added."""
    return [_record(row) for row in fetch(connection, f"{_RECORDS} ORDER BY id")]


def _record(row: tuple[Any, ...]) -> DocumentRecord:
    record = DocumentRecord(*row)
    return replace(record, tags=_tags(row[-1]))


def _tags(joined: str | None) -> tuple[str, ...]:
    return tuple(sorted(joined.split("\n"))) if joined else ()


def any_there(connection: apsw.Connection) -> bool:
    """Tell whether there is a document, without listing them."""
    row = fetch_one(connection, "SELECT EXISTS (SELECT 1 FROM documents)")
    return row is not None and bool(row[0])


def resolve(records: Sequence[DocumentRecord], reference: str) -> DocumentRecord:
    """Find the one document that `reference` names.

    An id comes before a whole name, that before a whole hash, and that before the beginning of
    a name (at least three letters, in any case) or of a hash (at least four digits): a file may
    be called "2", and a slip of one letter must not forget a document. Raises `UsageError` for
    none or several.
    """
    if not records:
        raise UsageError("The library has no documents.", hint="Add some: assistant add PATH")
    found = (
        [r for r in records if str(r.id) == reference]
        or [r for r in records if r.name == reference]
        or [r for r in records if r.content_hash == reference]
        or _beginning_with(records, reference)
    )
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"'{shown(reference)}' fits {len(found)} documents.",
            hint=f"Name one by its number: {_listed(found)}",
        )
    raise UsageError(
        f"No document is called '{shown(reference)}'.",
        hint=f"The library has: {_listed(records)}",
    )


def _beginning_with(records: Sequence[DocumentRecord], reference: str) -> list[DocumentRecord]:
    if len(reference) < _SHORTEST_PREFIX:
        return []
    start = reference.casefold()
    by_hash = len(reference) >= _SHORTEST_HASH_PREFIX
    return [
        r
        for r in records
        if r.name.casefold().startswith(start) or (by_hash and r.content_hash.startswith(start))
    ]


def _listed(records: Sequence[DocumentRecord]) -> str:
    names = ", ".join(f"{r.id} ({shown(r.name)})" for r in records[:_LISTED])
    more = len(records) - _LISTED
    return f"{names} and {more} more." if more > 0 else f"{names}."


def insert(connection: apsw.Connection, new: NewDocument) -> int:
    """Write one document with its text, pages, chunks, vectors and words; return its id.

    Its sources are written by `take_sources`.
    """
    text = _LONE_SURROGATE.sub("\ufffd", new.document.text)
    connection.execute(
        "INSERT INTO documents (name, media_type, content_hash, title, pages, "
        "characters, chunks, added_at, dated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            _free_name(connection, storable(new.name) or "untitled"),
            new.document.media_type,
            new.content_hash,
            storable(new.document.title),
            new.document.page_count,
            len(text),
            len(new.chunks),
            datetime.now(UTC).isoformat(timespec="seconds"),
            document_date(new.name, text),
        ),
    )
    document_id = connection.last_insert_rowid()
    write_text(connection, document_id, text)
    write_pages(connection, document_id, new.document.page_starts)
    write_layout(connection, document_id, new.document)
    import numpy as np

    for chunk, vector in zip(new.chunks, np.asarray(new.vectors, dtype="<f4"), strict=True):
        connection.execute(
            'INSERT INTO chunks (document_id, ordinal, start, "end", heading) '
            "VALUES (?, ?, ?, ?, ?)",
            (document_id, chunk.ordinal, chunk.start, chunk.end, storable(chunk.heading)),
        )
        row = (connection.last_insert_rowid(), vector.tobytes())
        connection.execute("INSERT INTO vectors (chunk_id, vector) VALUES (?, ?)", row)
        connection.execute(
            "INSERT INTO vector_bits (chunk_id, bits) VALUES (?, vec_quantize_binary(?))", row
        )
    index_words(connection, document_id)
    return document_id


def delete(connection: apsw.Connection, document_id: int) -> DocumentRecord:
    """Delete every row of a document. Raises `UsageError` if there is none."""
    record = get(connection, document_id)
    forget_document(connection, document_id)
    drop_notes(connection, document_id)
    drop_pages(connection, record.content_hash)
    connection.executemany(
        "INSERT INTO text_index (text_index, rowid, heading, body) VALUES ('delete', ?, ?, ?)",
        chunk_texts(connection, document_id),
    )
    chunks = "(SELECT id FROM chunks WHERE document_id = ?)"
    for statement in (
        f"DELETE FROM vector_bits WHERE chunk_id IN {chunks}",  # noqa: S608 - a constant
        f"DELETE FROM vectors WHERE chunk_id IN {chunks}",  # noqa: S608 - a constant
        "DELETE FROM chunks WHERE document_id = ?",
        *(f"DELETE FROM {table} WHERE document_id = ?" for table in LAYOUT_TABLES),  # noqa: S608
        "DELETE FROM grid_cells WHERE document_id = ?",
        f"UPDATE conversation_turns SET answer = NULL, hits = '[]' WHERE id IN {_TURNS}",  # noqa: S608
        "DELETE FROM conversation_places WHERE document_id = ?",
        "DELETE FROM document_tags WHERE document_id = ?",
        "DELETE FROM sources WHERE document_id = ?",
        "DELETE FROM pages WHERE document_id = ?",
        "DELETE FROM text_blocks WHERE document_id = ?",
        "DELETE FROM documents WHERE id = ?",
    ):
        connection.execute(statement, (document_id,))
    return record


def superseded(connection: apsw.Connection, new: NewDocument) -> list[int]:
    """Return the ids of other documents, all sources of which have the new content now."""
    taken = {storable(source) for source in new.sources}
    holders = {
        number
        for source in taken
        for (number,) in fetch(
            connection,
            "SELECT document_id FROM sources JOIN documents ON documents.id = document_id "
            "WHERE source = ? AND content_hash <> ?",
            (source, new.content_hash),
        )
    }
    held = "SELECT source FROM sources WHERE document_id = ?"
    return [n for n in sorted(holders) if {s for (s,) in fetch(connection, held, (n,))} <= taken]


def drop_below(
    connection: apsw.Connection, paths: Sequence[str], kept: Sequence[str] = ()
) -> list[int]:
    """Forget the places below `paths`, at which attachments lie, but those at or below `kept`.

    Return the ids of the documents that are left without any place.
    """
    stay = {storable(path) for path in kept}
    within = tuple(f"{path}/" for path in stay)
    left: set[int] = set()
    for path in map(storable, paths):
        below = fetch(
            connection,
            "SELECT source, document_id FROM sources WHERE source > ? AND source < ?",
            (f"{path}/", f"{path}0"),  # "0" comes after "/"
        )
        for source, number in below:
            if source not in stay and not source.startswith(within):
                connection.execute("DELETE FROM sources WHERE source = ?", (source,))
                left.add(number)
    held = "SELECT 1 FROM sources WHERE document_id = ?"
    return [number for number in sorted(left) if fetch_one(connection, held, (number,)) is None]


def sources_of(connection: apsw.Connection, document_id: int) -> list[str]:
    """Return the paths at which a document lies."""
    rows = fetch(connection, "SELECT source FROM sources WHERE document_id = ?", (document_id,))
    return [source for (source,) in rows]


def sources(connection: apsw.Connection) -> dict[str, int]:
    """Return each path and the id of the document that was read from it last."""
    return dict(fetch(connection, "SELECT source, document_id FROM sources ORDER BY id"))


def take_sources(connection: apsw.Connection, document_id: int, paths: Sequence[str]) -> None:
    """Note that the content of a document lies at `paths` (too), and nothing else does."""
    rows = [(storable(path), document_id) for path in paths]
    connection.executemany("DELETE FROM sources WHERE source = ? AND document_id <> ?", rows)
    connection.executemany(
        "INSERT OR IGNORE INTO sources (source, document_id) VALUES (?, ?)", rows
    )


def place(connection: apsw.Connection, placements: Sequence[Placement]) -> None:
    """Note where documents lie now. Documents that swap their names get just these."""
    known = {record.id for record in every(connection)}
    there = [placement for placement in placements if placement.document_id in known]
    connection.executemany(
        "DELETE FROM sources WHERE document_id = ?", [(p.document_id,) for p in there]
    )
    named = [placement for placement in there if placement.name]
    rename = "UPDATE documents SET name = ? WHERE id = ?"
    connection.executemany(rename, [(f"\0{p.document_id}", p.document_id) for p in named])
    for placement in named:
        name = _free_name(connection, storable(placement.name))
        connection.execute(rename, (name, placement.document_id))
    for placement in there:
        take_sources(connection, placement.document_id, placement.sources)


def _free_name(connection: apsw.Connection, wanted: str) -> str:
    name, number = wanted, 2
    while fetch(connection, "SELECT 1 FROM documents WHERE name = ?", (name,)):
        name, number = f"{wanted} ({number})", number + 1
    return name
