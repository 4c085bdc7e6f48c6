"""Pages that OCR has read of a file which is not in the library yet: a stopped run goes on.

Reading a page takes a second or two, so that a scan of hundreds is not begun anew. What is kept
goes when the document is added; where it never is, with the next one that is added, forgotten or
read by OCR after `DAYS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import apsw
import msgspec

from assistant.store.connection import Pool
from assistant.store.query_rows import fetch
from assistant.types.ocr import OcrPage

SCHEMA = """
CREATE TABLE ocr_pages (
    content_hash TEXT NOT NULL,
    page         INTEGER NOT NULL,
    read         BLOB NOT NULL,
    kept_at      TEXT NOT NULL,
    PRIMARY KEY (content_hash, page)
) WITHOUT ROWID;
"""
DAYS = 30
"""Days after which pages go that no document came of."""

_PAGE = msgspec.json.Decoder(OcrPage)


def add_ocr_pages(connection: apsw.Connection) -> None:
    connection.execute(SCHEMA)


def drop_pages(connection: apsw.Connection, content_hash: str) -> None:
    """Delete what is kept of a file, and what is too old, inside the caller's transaction."""
    connection.execute(
        "DELETE FROM ocr_pages WHERE content_hash = ? OR kept_at < ?", (content_hash, _oldest())
    )


def _oldest() -> str:
    return (datetime.now(UTC) - timedelta(days=DAYS)).isoformat(timespec="seconds")


class OcrPageRows:
    """The pages kept in one store, by the SHA-256 of their file."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def kept(self, content_hash: str) -> dict[int, OcrPage]:
        """Return the pages that were read of a file, by their number."""
        with self._pool.reading() as connection:
            rows = fetch(
                connection,
                "SELECT page, read FROM ocr_pages WHERE content_hash = ?",
                (content_hash,),
            )
            return {number: _PAGE.decode(read) for number, read in rows}

    def keep(self, content_hash: str, pages: Mapping[int, OcrPage]) -> None:
        """Keep pages of a file; those of other files that are too old go."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._pool.writing() as connection:
            connection.execute("DELETE FROM ocr_pages WHERE kept_at < ?", (_oldest(),))
            connection.executemany(
                "INSERT OR REPLACE INTO ocr_pages VALUES (?, ?, ?, ?)",
                [(content_hash, n, msgspec.json.encode(page), now) for n, page in pages.items()],
            )
