"""The audit log's state inside the encrypted store, and read access to the store's pages.

The log itself is a file beside the store. In the store are its secret, from which all its keys
come, and its head: the last record that the store knows of. Both are out of reach for whoever
has no key to the store, and stay what they are when the store is encrypted anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from assistant.errors import StoreBusyError, StoreError
from assistant.store.connection import PAGE_SIZE, Pool, truncate_log
from assistant.store.query_rows import fetch_one

HEAD_BYTES = 64
"""Every head is as long as the one before: writing it changes one page and no other."""

SEAL_BYTES = 64
"""Nonce and tag with which the cipher `aegis` ends each page; a page that is written again
gets a new nonce, so that equal seals mean an unchanged page."""

_TRIES = 5


@dataclass(frozen=True, slots=True)
class StoredPages:
    """The pages of a store as they lie on the disk, encrypted, while nobody can write.

    Pages are counted from 1. `head_page` holds the log's head and changes with every record.
    `schema` is the number of steps that the store's schema has been through.
    """

    count: int
    head_page: int
    schema: int
    page_size: int
    _file: apsw.VFSFile

    def read(self, first: int, count: int) -> bytes:
        """Return `count` pages from page `first` on. Raises `StoreError` if they are not there."""
        wanted = count * self.page_size
        found = self._file.xRead(wanted, (first - 1) * self.page_size)
        if len(found) != wanted:
            raise apsw.CorruptError("the file is shorter than its number of pages")
        return bytes(found)

    def size(self) -> int:
        """Return the file's length in bytes; more than its pages means that something was added."""
        return int(self._file.xFileSize())


class AuditState:
    """Secret and head of the audit log in one store. Safe to use from any thread.

    Methods raise `StoreError` (or a subclass) when the store can't be read or written.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def path(self) -> Path:
        return self._pool.path

    def secret(self) -> bytes | None:
        """Return the log's secret; None if no log was ever begun for this store."""
        with self._pool.reading() as connection:
            row = fetch_one(connection, "SELECT secret FROM audit_key WHERE id = 1")
        return None if row is None else bytes(row[0])

    def head(self) -> bytes | None:
        """Return the log's head as it was last written; None if there was none yet."""
        with self._pool.reading() as connection:
            row = fetch_one(connection, "SELECT head FROM audit_head WHERE id = 1")
        return None if row is None else bytes(row[0])

    def schema(self) -> int:
        """Return the number of steps that the store's schema has been through."""
        with self._pool.reading() as connection:
            return int(connection.pragma("user_version"))

    def begin(self, secret: bytes) -> None:
        """Keep a new secret and drop the head: a new log begins. Durable on return."""
        with self._pool.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO audit_key VALUES (1, ?)", (secret,))
            connection.execute("DELETE FROM audit_head")

    def set_head(self, head: bytes, *, durable: bool) -> None:
        """Write the log's head. Unless `durable`, without waiting for the disk.

        What is not durable outlives the end of this process at any point, but a loss of power
        may take the last heads; never one alone that is older than another that was lost.
        """
        if len(head) != HEAD_BYTES:
            raise ValueError(f"a head has {HEAD_BYTES} bytes, not {len(head)}")
        with self._pool.lend_to_writer(durable=durable) as connection:
            connection.execute("INSERT OR REPLACE INTO audit_head VALUES (1, ?)", (head,))

    @contextmanager
    def settled(self) -> Iterator[StoredPages]:
        """Lend the store's pages with all that was committed in them, and let nobody write.

        Raises `StoreBusyError` when another process keeps the write-ahead log in use.
        """
        with self._pool.lend_to_writer() as connection:
            _settle(connection, self.path, self._pool.busy_ms)
            try:
                with _pages(connection, self.path) as pages:
                    yield pages
            finally:
                connection.execute("ROLLBACK")


def _settle(connection: apsw.Connection, path: Path, wait_ms: int) -> None:
    """Move the log into the store and take the right to write, with nothing in between."""
    log = Path(f"{path}-wal")
    for _ in range(_TRIES):
        if not truncate_log(connection, wait_ms):
            break
        connection.execute("BEGIN IMMEDIATE")
        # Between the two, another process may have written again.
        if not log.exists() or log.stat().st_size == 0:
            return
        connection.execute("ROLLBACK")
    raise StoreBusyError(
        f"Another process is using {path}, so its pages can't be examined now.",
        hint="Close the other windows of the program, then try again.",
    )


@contextmanager
def _pages(connection: apsw.Connection, path: Path) -> Iterator[StoredPages]:
    row = fetch_one(connection, "SELECT rootpage FROM sqlite_schema WHERE name = 'audit_head'")
    if row is None:
        raise StoreError(f"{path} has no place for an audit log.", hint="Open it with assistant.")
    # Through SQLite, which knows of the locks that a plain `open` and `close` would drop.
    system = next(n for n in apsw.vfs_names() if not n.startswith("multipleciphers"))
    flags = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY
    file = apsw.VFSFile(system, str(path), [flags, 0])
    try:
        count, schema = connection.pragma("page_count"), connection.pragma("user_version")
        yield StoredPages(int(count), int(row[0]), int(schema), PAGE_SIZE, file)
    finally:
        file.xClose()
