"""Make all vectors anew with another embedder, beside the old ones, which go on being searched.

The new vectors are kept in a table of their own, batch by batch; the last step puts them in the
place of the old ones, in one transaction with the name of their embedder. A process that is
killed at any point leaves a library that is searched as before, and the next run goes on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import apsw
import numpy as np

from assistant.store.connection import Pool
from assistant.store.embedder_identity import record
from assistant.store.page_texts import read_text
from assistant.store.query_rows import fetch, fetch_one
from assistant.types import ChunkText, EmbedderIdentity, Vectors

_TARGET = "re_embedder"
# Made for the time of the work only, so that it is no step of the schema. The trigger sees to it
# that a document which is forgotten meanwhile leaves no vector here.
_TABLE = """
CREATE TABLE IF NOT EXISTS new_vectors (chunk_id INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS new_vectors_forgotten AFTER DELETE ON chunks
    BEGIN DELETE FROM new_vectors WHERE chunk_id = OLD.id; END;
"""
_LEFT = "FROM chunks WHERE id NOT IN (SELECT chunk_id FROM new_vectors)"


class ReEmbedding:
    """The new vectors of one store (`types.VectorStaging`). Methods raise `StoreError`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def begin(self, embedder: EmbedderIdentity) -> None:
        """Go on with the vectors of this embedder; those of any other are dropped."""
        wanted = json.dumps(asdict(embedder), sort_keys=True)
        with self._pool.writing() as connection:
            connection.execute(_TABLE)
            if fetch_one(connection, "SELECT value FROM meta WHERE name = ?", (_TARGET,)) != (
                wanted,
            ):
                connection.execute("DELETE FROM new_vectors")
                connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_TARGET, wanted))

    def counts(self) -> tuple[int, int]:
        """Return how many chunks have a new vector, and how many there are."""
        with self._pool.reading() as connection:
            done = fetch_one(connection, "SELECT count(*) FROM new_vectors") or (0,)
            whole = fetch_one(connection, "SELECT count(*) FROM chunks") or (0,)
        return int(done[0]), int(whole[0])

    def left(self, limit: int) -> list[ChunkText]:
        """Return some of the chunks that have no new vector yet."""
        with self._pool.reading() as connection:
            rows = fetch(
                connection,
                f'SELECT id, document_id, heading, start, "end" {_LEFT} ORDER BY id LIMIT ?',
                (limit,),
            )
            return [
                ChunkText(number, heading, read_text(connection, document, start, end))
                for number, document, heading, start, end in rows
            ]

    def keep(self, chunk_ids: Sequence[int], vectors: Vectors) -> None:
        """Keep new vectors, shape (len(chunk_ids), dimension). Durable on return."""
        rows = zip(chunk_ids, np.asarray(vectors, dtype="<f4"), strict=True)
        with self._pool.writing() as connection:
            # A chunk that was forgotten since it was read stays forgotten.
            connection.executemany(
                "INSERT OR REPLACE INTO new_vectors SELECT id, ? FROM chunks WHERE id = ?",
                [(vector.tobytes(), number) for number, vector in rows],
            )

    def finish(self, embedder: EmbedderIdentity) -> bool:
        """Put the new vectors in the place of the old ones; False if some are missing."""
        with self._pool.writing() as connection:
            if fetch(connection, f"SELECT 1 {_LEFT} LIMIT 1"):
                return False
            record(connection, embedder)
            _swap(connection)
        return True


def _swap(connection: apsw.Connection) -> None:
    for statement in (
        "DELETE FROM vector_bits",
        "DELETE FROM vectors",
        "INSERT INTO vectors SELECT chunk_id, vector FROM new_vectors",
        "INSERT INTO vector_bits SELECT chunk_id, vec_quantize_binary(vector) FROM new_vectors",
        "DROP TRIGGER new_vectors_forgotten",
        "DROP TABLE new_vectors",
    ):
        connection.execute(statement)
    connection.execute("DELETE FROM meta WHERE name = ?", (_TARGET,))
