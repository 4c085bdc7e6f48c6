"""Read a document's text from the store, by pages.

The text is cut into blocks of `BLOCK` code points, so that a passage of a file of 100 MB
costs one or two rows, and so that no offset is ever counted by SQL (whose string functions
stop at a NUL).
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from assistant.store.query_rows import fetch
from assistant.types import PageStart

BLOCK = 4096
"""Code points in a block; all blocks of a document but the last are this long."""


def write_text(connection: apsw.Connection, document_id: int, text: str) -> None:
    """Store a document's text."""
    connection.executemany(
        "INSERT INTO text_blocks (document_id, number, text) VALUES (?, ?, ?)",
        (
            (document_id, number, text[at : at + BLOCK])
            for number, at in enumerate(range(0, len(text), BLOCK))
        ),
    )


def read_text(
    connection: apsw.Connection, document_id: int, start: int = 0, end: int | None = None
) -> str:
    """Return `text[start:end]` of a document's text (all of it by default)."""
    first = start // BLOCK
    last = 2**62 if end is None else max(end - 1, 0) // BLOCK
    rows = fetch(
        connection,
        "SELECT text FROM text_blocks WHERE document_id = ? AND number BETWEEN ? AND ? "
        "ORDER BY number",
        (document_id, first, last),
    )
    text = "".join(block for (block,) in rows)
    offset = first * BLOCK
    return text[start - offset : None if end is None else max(end - offset, 0)]


def write_pages(connection: apsw.Connection, document_id: int, starts: Sequence[int]) -> None:
    """Store where each page of a document begins."""
    connection.executemany(
        "INSERT INTO pages (document_id, start, number) VALUES (?, ?, ?)",
        ((document_id, start, number) for number, start in enumerate(starts, 1)),
    )


def page_bounds(
    connection: apsw.Connection, document_id: int, number: int
) -> tuple[int, int | None] | None:
    """Return where page `number` begins and ends in a document's text; None if it has none.

    The last page ends with the text: None.
    """
    starts = dict(
        fetch(
            connection,
            "SELECT number, start FROM pages WHERE document_id = ? AND number IN (?, ?)",
            (document_id, number, number + 1),
        )
    )
    return (starts[number], starts.get(number + 1)) if number in starts else None


def pages_of_span(
    connection: apsw.Connection, document_id: int, start: int, end: int
) -> tuple[PageStart, ...]:
    """Return the pages that `text[start:end]` touches, in order; a page without text is none."""
    first = fetch(
        connection,
        "SELECT number, start FROM pages WHERE document_id = ? AND start <= ? "
        "ORDER BY start DESC, number DESC LIMIT 1",
        (document_id, start),
    )
    others = fetch(
        connection,
        "SELECT max(number), start FROM pages WHERE document_id = ? AND start > ? AND start < ? "
        "GROUP BY start ORDER BY start",
        (document_id, start, end),
    )
    return tuple(PageStart(number, at) for number, at in [*first, *others])
