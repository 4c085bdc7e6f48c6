"""Writing, listing and forgetting documents, inside a transaction of the caller."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import apsw
import numpy as np

from assistant.errors import StoreError, UsageError
from assistant.store.feedback_rows import forget_document
from assistant.store.page_texts import write_pages, write_text
from assistant.store.query_rows import fetch, fetch_one
from assistant.store.schema import chunk_texts, index_words
from assistant.store.store_names import shown, storable
from assistant.types import Chunk, DocumentRecord, ParsedDocument, Vectors

_RECORDS = (
    "SELECT id, name, source, media_type, content_hash, title, pages, characters, chunks, "
    "added_at FROM documents"
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORTEST_PREFIX = 3
_SHORTEST_HASH_PREFIX = 4
_LISTED = 10


@dataclass(frozen=True, slots=True)
class NewDocument:
    """All that is written for one document. `vectors` has one row for each chunk."""

    name: str
    source: str
    content_hash: str
    document: ParsedDocument
    chunks: Sequence[Chunk]
    vectors: Vectors


def check_new(new: NewDocument, dimension: int) -> None:
    """Refuse what could never be found again: wrong shapes, spans or vectors."""
    length = len(new.document.text)
    if any(not 0 <= c.start < c.end <= length for c in new.chunks):
        raise ValueError("a chunk's span lies outside the document's text")
    if len(new.vectors) != len(new.chunks):
        raise ValueError("one vector for each chunk")
    if not len(new.chunks):
        return
    if new.vectors.shape[1:] != (dimension,):
        raise ValueError(f"vectors must have {dimension} numbers, not {new.vectors.shape[1:]}")
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
    return DocumentRecord(*row) if row else None


def get(connection: apsw.Connection, document_id: int) -> DocumentRecord:
    """Return the document with this id. Raises `UsageError` if there is none."""
    fits = abs(document_id) < 2**63
    row = fetch_one(connection, f"{_RECORDS} WHERE id = ?", (document_id,)) if fits else None
    if row is None:
        raise UsageError(
            f"The library has no document number {document_id}.",
            hint="List the documents with: assistant docs",
        )
    return DocumentRecord(*row)


def every(connection: apsw.Connection) -> list[DocumentRecord]:
    """Return all documents in the order in which they were added."""
    return [DocumentRecord(*row) for row in fetch(connection, f"{_RECORDS} ORDER BY id")]


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


def insert(connection: apsw.Connection, new: NewDocument) -> DocumentRecord:
    """Write one document with its text, pages, chunks, vectors and words."""
    text = _LONE_SURROGATE.sub("\ufffd", new.document.text)
    connection.execute(
        "INSERT INTO documents (name, source, media_type, content_hash, title, pages, "
        "characters, chunks, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            _free_name(connection, storable(new.name) or "untitled"),
            storable(new.source),
            new.document.media_type,
            new.content_hash,
            storable(new.document.title),
            new.document.page_count,
            len(text),
            len(new.chunks),
            datetime.now(UTC).isoformat(timespec="seconds"),
        ),
    )
    document_id = connection.last_insert_rowid()
    write_text(connection, document_id, text)
    write_pages(connection, document_id, new.document.page_starts)
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
    return get(connection, document_id)


def delete(connection: apsw.Connection, document_id: int) -> DocumentRecord:
    """Delete every row of a document. Raises `UsageError` if there is none."""
    record = get(connection, document_id)
    forget_document(connection, document_id)
    connection.executemany(
        "INSERT INTO text_index (text_index, rowid, heading, body) VALUES ('delete', ?, ?, ?)",
        chunk_texts(connection, document_id),
    )
    chunks = "(SELECT id FROM chunks WHERE document_id = ?)"
    for statement in (
        f"DELETE FROM vector_bits WHERE chunk_id IN {chunks}",  # noqa: S608 - a constant
        f"DELETE FROM vectors WHERE chunk_id IN {chunks}",  # noqa: S608 - a constant
        "DELETE FROM chunks WHERE document_id = ?",
        "DELETE FROM pages WHERE document_id = ?",
        "DELETE FROM text_blocks WHERE document_id = ?",
        "DELETE FROM documents WHERE id = ?",
    ):
        connection.execute(statement, (document_id,))
    return record


def superseded(connection: apsw.Connection, source: str, content_hash: str) -> list[int]:
    """Return the ids of documents that came from `source` with other content than now."""
    rows = fetch(
        connection,
        "SELECT id FROM documents WHERE source = ? AND content_hash <> ? ORDER BY id",
        (storable(source), content_hash),
    )
    return [document_id for (document_id,) in rows]


def _free_name(connection: apsw.Connection, wanted: str) -> str:
    name, number = wanted, 2
    while fetch(connection, "SELECT 1 FROM documents WHERE name = ?", (name,)):
        name, number = f"{wanted} ({number})", number + 1
    return name
