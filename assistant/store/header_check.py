"""Check the file's first bytes, the only ones that no page's authentication tag covers.

In the first 16 the cipher keeps a salt. It has no use with a raw key, so that a change of it
changes nothing; but the promise is that *every* changed bit is found. So they are written
down inside, where they are sealed, and compared. The 8 bytes after them (page size, format
versions, room for the seal) stay readable so that SQLite can open the file at all; it checks
them itself, but for the version for writing, which is always the one for reading.
"""

from __future__ import annotations

from pathlib import Path

import apsw

from assistant.store.connection import first_bytes
from assistant.store.query_rows import fetch_one

_NAME = "salt"
_SALT_BYTES = 16
_VERSIONS = slice(18, 20)


def record_salt(connection: apsw.Connection, path: Path, *, again: bool = False) -> None:
    """Write down the salt of a store that has none recorded; with `again`, of a copy."""
    if again or recorded_salt(connection) is None:
        connection.execute(
            "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
            (_NAME, first_bytes(path).hex()),
        )


def recorded_salt(connection: apsw.Connection) -> str | None:
    row = fetch_one(connection, "SELECT value FROM meta WHERE name = ?", (_NAME,))
    return None if row is None else str(row[0])


def beginning_changed(connection: apsw.Connection, path: Path) -> bool:
    """Whether the first bytes are not as they must be. A store may have no salt recorded."""
    recorded = recorded_salt(connection)
    found = first_bytes(path, _VERSIONS.stop)
    writing, reading = found[_VERSIONS]
    return writing != reading or recorded not in (None, found[:_SALT_BYTES].hex())
