"""What a store still holds of a document: rows in any table, and words on any page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.errors import StoreError
from assistant.store.connection import Pool
from assistant.store.query_rows import fetch, fetch_one

LARGEST = 1 << 31
"""Bytes of a library that is looked through in memory."""


class StoreTraces:
    """Looks through the store of a pool, as it is at each call."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def rows(self, document_id: int) -> Mapping[str, int]:
        """Return how many rows of each table belong to a document."""
        with self._pool.reading() as connection:
            tables = fetch(
                connection,
                "SELECT DISTINCT m.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c "
                "WHERE m.type = 'table' AND c.name = 'document_id' ORDER BY m.name",
            )
            found = {}
            for (name,) in tables:
                count = f'SELECT count(*) FROM "{name}" WHERE document_id = ?'  # noqa: S608
                held = fetch_one(connection, count, (document_id,))
                found[name] = held[0] if held else 0
            own = fetch_one(
                connection, "SELECT count(*) FROM documents WHERE id = ?", (document_id,)
            )
            orphans = fetch_one(
                connection,
                "SELECT count(*) FROM vectors WHERE chunk_id NOT IN (SELECT id FROM chunks)",
            )
            found["documents"] = own[0] if own else 0
            found["vectors without a passage"] = orphans[0] if orphans else 0
            return found

    def occurrences(self, markers: Sequence[str]) -> list[int]:
        """Return how often each text stands on the decrypted pages, free ones included.

        The whole store is in memory for it. Raises `StoreError` for one above `LARGEST`.
        """
        with self._pool.reading() as connection:
            size = fetch_one(connection, "SELECT page_count * page_size FROM pragma_page_count, "
                             "pragma_page_size")  # fmt: skip
            if size and size[0] > LARGEST:
                raise StoreError(
                    f"The library has {size[0] >> 20} MiB, too much to be looked through at once.",
                    hint="Forget without --certificate: the text goes all the same.",
                )
            image = connection.serialize("main")
            return [image.count(marker.encode()) for marker in markers]
