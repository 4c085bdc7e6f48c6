"""Remove the audit log's secret and head from a store that travels to another machine."""

from __future__ import annotations

from pathlib import Path

from assistant.store.connection import connect, transaction, truncate_log
from assistant.store.key_source import StoreKey
from assistant.store.query_rows import fetch
from assistant.store.sqlite_errors import translating

_CACHE_MIB = 8
_TABLES = ("audit_key", "audit_head")


def drop_log(path: Path, key: StoreKey) -> None:
    """Remove the secret and the head of the audit log: a new one begins where it arrives.

    For a store that nobody else has open. Raises `StoreError`.
    """
    with translating(path, opening=True):
        connection = connect(path, key, cache_mib=_CACHE_MIB, busy_ms=0)
        try:
            known = {row[0] for row in fetch(connection, "SELECT name FROM sqlite_schema")}
            with transaction(connection):
                for table in _TABLES:
                    if table in known:
                        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            truncate_log(connection)
        finally:
            connection.close()
