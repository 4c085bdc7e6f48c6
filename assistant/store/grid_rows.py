"""Keep grids (questions by documents) inside the encrypted file.

A cell is written whole, as JSON: it holds quotes of one document and goes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import apsw
import msgspec

from assistant.errors import StoreBusyError, UsageError
from assistant.store.connection import Pool
from assistant.store.query_rows import fetch, fetch_one
from assistant.store.store_names import shown, storable
from assistant.types.tabular import Cell, GridSpec, column_key

GRIDS = """
CREATE TABLE grids (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    spec       BLOB NOT NULL,
    created_at TEXT NOT NULL
);

-- "column" is the key of the question and its type: a question that is worded anew is another.
CREATE TABLE grid_cells (
    grid_id     INTEGER NOT NULL REFERENCES grids (id),
    document_id INTEGER NOT NULL REFERENCES documents (id),
    "column"    TEXT NOT NULL,
    cell        BLOB NOT NULL,
    PRIMARY KEY (grid_id, document_id, "column")
) WITHOUT ROWID;
CREATE INDEX grid_cells_document ON grid_cells (document_id);
"""


class GridRows:
    """The grids in one store. Safe to use from any thread; see `types.GridState`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def names(self) -> list[str]:
        """Return the names of all grids, the oldest first."""
        with self._pool.reading() as connection:
            return [name for (name,) in fetch(connection, "SELECT name FROM grids ORDER BY id")]

    def spec(self, name: str) -> tuple[GridSpec, str]:
        """Return a grid's columns and references, and when it was made.

        Raises `UsageError` if there is none of that name.
        """
        with self._pool.reading() as connection:
            _, spec, created_at = _grid(connection, name)
            return spec, created_at

    def save(self, spec: GridSpec) -> None:
        """Make a grid, or change it; cells of questions that are gone go too."""
        spec = replace(spec, name=storable(spec.name))
        with self._pool.writing() as connection:
            connection.execute(
                "INSERT INTO grids (name, spec, created_at) VALUES (?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET spec = excluded.spec",
                (spec.name, _written(spec), datetime.now(UTC).isoformat(timespec="seconds")),
            )
            number = _grid(connection, spec.name)[0]
            kept = {column_key(column) for column in spec.columns}
            query = 'SELECT DISTINCT "column" FROM grid_cells WHERE grid_id = ?'
            gone = {key for (key,) in fetch(connection, query, (number,))} - kept
            connection.executemany(
                'DELETE FROM grid_cells WHERE grid_id = ? AND "column" = ?',
                [(number, key) for key in sorted(gone)],
            )

    def cells(self, name: str) -> dict[tuple[int, str], Cell]:
        """Return the cells by document and key; quotes have the document's name of today."""
        with self._pool.reading() as connection:
            number = _grid(connection, name)[0]
            query = (
                'SELECT document_id, "column", cell, name FROM grid_cells '
                "JOIN documents ON documents.id = document_id WHERE grid_id = ?"
            )
            rows = fetch(connection, query, (number,))
            return {(d, key): _named(_CELL.decode(cell), name) for d, key, cell, name in rows}

    def put(self, name: str, document_id: int, cells: Sequence[tuple[str, Cell]]) -> bool:
        """Keep cells of a document in one transaction; False if document or grid is gone."""
        with self._pool.writing() as connection:
            known = fetch_one(connection, "SELECT 1 FROM documents WHERE id = ?", (document_id,))
            grid = fetch_one(connection, "SELECT id FROM grids WHERE name = ?", (name,))
            if known is None or grid is None:
                return False
            connection.executemany(
                "INSERT OR REPLACE INTO grid_cells VALUES (?, ?, ?, ?)",
                [(grid[0], document_id, key, _written(cell)) for key, cell in cells],
            )
            return True

    def remove(self, name: str) -> None:
        """Delete a grid so that no byte of it stays. Raises `UsageError` if there is none.

        Also `StoreBusyError` if it was deleted but another process keeps old pages in use;
        the next opening removes them.
        """
        with self._pool.writing() as connection:
            number = _grid(connection, name)[0]
            connection.execute("DELETE FROM grid_cells WHERE grid_id = ?", (number,))
            connection.execute("DELETE FROM grids WHERE id = ?", (number,))
        if not self._pool.truncate_log():
            raise StoreBusyError(
                f"The table '{shown(name)}' was removed, but traces stay in the encrypted log "
                "of the library: another process is reading it.",
                hint="Close the other windows of the program; its next start removes them.",
            )


_CELL = msgspec.json.Decoder(Cell)
_SPEC = msgspec.json.Decoder(GridSpec)


def _written(value: Cell | GridSpec) -> bytes:
    return msgspec.json.encode(value)


def _grid(connection: apsw.Connection, name: str) -> tuple[int, GridSpec, str]:
    query = "SELECT id, spec, created_at FROM grids WHERE name = ?"
    row = fetch_one(connection, query, (storable(name),))
    if row is None:
        raise UsageError(
            f"The library has no table '{shown(name)}'.", hint="List them: assistant table list"
        )
    return row[0], _SPEC.decode(row[1]), row[2]


def _named(cell: Cell, document: str) -> Cell:
    items = tuple(
        replace(item, places=tuple(replace(place, document=document) for place in item.places))
        for item in cell.items
    )
    return replace(cell, items=items)
