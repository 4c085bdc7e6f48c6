"""Open, lend out and take back connections to one encrypted file.

Nothing in this program may `open` the store's file itself while it holds a connection to
it: POSIX drops *all* locks that a process has on a file as soon as it closes *any* descriptor
of it (measured: one `open(path).read(16)` and the lock is gone), and another process could
then write over a live reader. `first_bytes` reads through SQLite, which knows about this.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import apsw

from assistant.errors import StoreBusyError, StoreError
from assistant.store.key_source import StoreKey
from assistant.store.query_rows import fetch, fetch_one
from assistant.store.sqlite_errors import BUSY, translating

CIPHER = "aegis"
"""Of 400 bit flips it detects 400, and with a warm cache it costs nothing measurable."""

PAGE_SIZE = 8192
"""Five 384-float vectors fit a page; 4096 wastes a quarter of it (109 against 89 MB)."""

PLAIN_HEADER = b"SQLite format 3\0"
"""What an unencrypted SQLite file begins with."""

_IDLE_CONNECTIONS = 4
_CHECKPOINT_PAUSE = 0.02
"""Seconds between two tries to empty the log while another checkpoint is made."""

Opener = Callable[[], apsw.Connection]


def connect(
    path: Path,
    key: StoreKey,
    *,
    create: bool = False,
    cache_mib: int,
    busy_ms: int,
    uris: bool = False,
) -> apsw.Connection:
    """Open `path` with `key`, check that the key fits, and harden the connection.

    Raises apsw's errors: the callers translate them. `create` makes a new file. With `uris`
    file names in statements may be URIs, which is how a copy gets a key of its own.
    """
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    flags |= apsw.SQLITE_OPEN_URI if uris else 0
    connection = apsw.Connection(str(path), flags=flags)
    try:
        connection.set_busy_timeout(busy_ms)
        connection.pragma("cipher", CIPHER)
        connection.pragma("key", f"raw:{key.hex()}")
        if create:
            connection.pragma("page_size", PAGE_SIZE)
        harden(connection, cache_mib)
        _check_encrypted(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_encrypted(connection: apsw.Connection, path: Path) -> None:
    fetch(connection, "SELECT count(*) FROM sqlite_schema")  # decrypts page 1: the key fits
    if first_bytes(path) == PLAIN_HEADER:
        raise apsw.NotADBError("the file is not encrypted")


@cache
def _vector_extension() -> str:
    """Where sqlite-vec's library lies. Importing the package would import numpy (0.1 s)."""
    found = find_spec("sqlite_vec")
    if found is None or found.origin is None:
        raise StoreError("sqlite-vec is not installed.", hint="Install the program again.")
    return str(Path(found.origin).with_name("vec0"))


def harden(connection: apsw.Connection, cache_mib: int) -> None:
    """Set all that holds for a connection's life: durability, forgetting, distrust."""
    connection.enable_load_extension(True)
    connection.load_extension(_vector_extension())
    connection.enable_load_extension(False)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
    # An upper bound: SQLite takes memory for the pages it has touched, no more.
    connection.pragma("cache_size", -1024 * cache_mib)
    connection.pragma("synchronous", "FULL")
    connection.pragma("secure_delete", "ON")
    connection.pragma("foreign_keys", "ON")
    connection.pragma("temp_store", "MEMORY")
    connection.pragma("cell_size_check", "ON")
    connection.pragma("mmap_size", 0)


def opens(path: Path, key: StoreKey, *, busy_ms: int) -> bool:
    """Tell whether `key` is the key of the store at `path`. Raises apsw's other errors."""
    try:
        connect(path, key, cache_mib=1, busy_ms=busy_ms).close()
    except apsw.NotADBError:
        return False
    return True


def first_bytes(path: Path, length: int = len(PLAIN_HEADER)) -> bytes:
    """Return the bytes (16 of them) with which the file begins, as they are on the disk."""
    system = next(n for n in apsw.vfs_names() if not n.startswith("multipleciphers"))
    flags = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY
    file = apsw.VFSFile(system, str(path), [flags, 0])
    try:
        return file.xRead(length, 0)
    finally:
        file.xClose()


def truncate_log(connection: apsw.Connection, wait_ms: int = 0) -> bool:
    """Move the write-ahead log into the store and cut it to nothing; False if it was in use.

    Without this, old images of deleted rows stay readable in the log. SQLite waits for readers
    and writers as long as the connection's busy time, but not for another checkpoint: each
    commit of another process may make one. `wait_ms` is how long that is tried again.
    """
    end = time.monotonic() + wait_ms / 1000
    while True:
        row = fetch_one(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        if row is not None and row[0] == 0:
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(_CHECKPOINT_PAUSE)


class Pool:
    """Lends each thread a connection of its own, and takes it back for the next one.

    The connection used last is lent first: its page cache is warm. Writers of this process
    wait for each other on a lock, writers of several processes on SQLite's.
    """

    def __init__(
        self, path: Path, opener: Opener, *, busy_ms: int, first: apsw.Connection | None = None
    ) -> None:
        self.path = path
        self._opener = opener
        self.busy_ms = busy_ms
        self._guard = threading.Lock()
        self._writer = threading.Lock()
        self._idle: list[apsw.Connection] = [first] if first else []
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Lend a connection inside a read transaction: all queries see one state."""
        with self.lend() as connection, transaction(connection, "BEGIN"):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """Lend a connection inside a write transaction; an error undoes all of it."""
        with self.lend_to_writer() as connection, transaction(connection):
            yield connection

    @contextmanager
    def lend_to_writer(self, *, durable: bool = True) -> Iterator[apsw.Connection]:
        """Lend a connection to the only writer of this process, without a transaction.

        What is committed is on the disk then, unless `durable` is false.
        """
        if not self._writer.acquire(timeout=self.busy_ms / 1000):
            raise StoreBusyError(BUSY.message.format(path=self.path), hint=BUSY.hint)
        try:
            with self.lend() as connection:
                connection.pragma("synchronous", "FULL" if durable else "NORMAL")
                yield connection
        finally:
            self._writer.release()

    def truncate_log(self) -> bool:
        """Empty the log as `truncate_log` does; False if it stayed in use for the busy time."""
        with self.lend_to_writer() as connection:
            return truncate_log(connection, self.busy_ms)

    @contextmanager
    def lend(self) -> Iterator[apsw.Connection]:
        """Lend a connection without a transaction. Translates every error inside."""
        with translating(self.path):
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def close(self) -> None:
        """Close every connection; those that are lent now are closed when they come back."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        with translating(self.path):
            for connection in idle:
                connection.close()

    def _take(self) -> apsw.Connection:
        with self._guard:
            if self._closed:
                raise StoreError(
                    f"The library {self.path} was closed.", hint="Open it again: start anew."
                )
            if self._idle:
                return self._idle.pop()
        return self._opener()

    def _give_back(self, connection: apsw.Connection) -> None:
        with self._guard:
            if not self._closed and len(self._idle) < _IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()


@contextmanager
def transaction(connection: apsw.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Commit when the block ends well, undo all of it when it does not."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself (a full disk).
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def without_waiting(connection: apsw.Connection, busy_ms: int) -> Iterator[None]:
    """Let `connection` give up at once inside the block when the store is in use."""
    connection.set_busy_timeout(0)
    try:
        yield
    finally:
        connection.set_busy_timeout(busy_ms)
