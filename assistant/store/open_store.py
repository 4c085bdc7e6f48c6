"""Create a store, or open one after checking all that could be wrong with it."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import apsw

from assistant.errors import StoreError
from assistant.store.connection import (
    PAGE_SIZE,
    PLAIN_HEADER,
    Pool,
    connect,
    first_bytes,
    truncate_log,
    without_waiting,
)
from assistant.store.embedder_identity import enforce, recorded
from assistant.store.header_check import record_salt
from assistant.store.key_source import StoreKey, sync_folder
from assistant.store.migrations import check_schema, migrate
from assistant.store.sqlite_errors import translating
from assistant.store.sqlite_store import SqliteStore
from assistant.store.store_names import usable_path
from assistant.types import EmbedderIdentity

EmbedderChoice = Callable[[EmbedderIdentity | None], EmbedderIdentity]
"""Names the embedder that a store is opened with, given the recorded one (None: there is none)."""

CACHE_MIB = 128
BUSY_SECONDS = 10.0

_STALE_SECONDS = 3600.0


def open_store(
    path: Path,
    key: StoreKey,
    *,
    create: bool,
    embedder: EmbedderIdentity | EmbedderChoice | None,
    cache_mib: int = CACHE_MIB,
    busy_seconds: float = BUSY_SECONDS,
) -> SqliteStore:
    """Open the store at `path`, bringing an older one up to date; make one if `create`.

    `embedder` (or what it returns) is recorded in a new store and must equal the recorded one
    afterwards; None opens without the check (to list and forget). `cache_mib` bounds each
    connection's page cache, `busy_seconds` the wait for another process. Raises `WrongKeyError`,
    `NewerStoreError`, `EmbedderMismatchError`, `StoreBusyError`, `DiskFullError`, `StoreError`.
    """
    path = usable_path(path)
    busy_ms = int(busy_seconds * 1000)
    with translating(path, opening=True):
        if create and not path.exists():
            _create(path, key, embedder(None) if callable(embedder) else embedder)
        check_file(path)

        def opener() -> apsw.Connection:
            return connect(path, key, cache_mib=cache_mib, busy_ms=busy_ms)

        pool = Pool(path, opener, busy_ms=busy_ms, first=opener())
    try:
        with pool.lend_to_writer() as connection:
            found = _prepare(connection, path, embedder, busy_ms)
    except BaseException:
        pool.close()
        raise
    return SqliteStore(pool, found)


def check_file(path: Path) -> None:
    """Refuse what is no encrypted store before SQLite gets to see it. Raises `StoreError`."""
    if not path.exists():
        raise StoreError(
            f"There is no library at {path}.", hint="Add a document first: assistant add PATH"
        )
    if not path.is_file():
        raise StoreError(f"{path} is not a file.", hint="Move it away: the library belongs there.")
    size = path.stat().st_size
    if size and first_bytes(path) == PLAIN_HEADER:
        raise StoreError(
            f"{path} is a database without encryption.",
            hint="This program did not make it so. Move the file away; add the documents again.",
        )
    if size < PAGE_SIZE:  # SQLite would take it for a new database.
        raise StoreError(
            f"{path} is cut off ({size} bytes): its content is lost.",
            hint="Restore the library from a backup, or delete the file to begin a new one.",
        )


def _create(path: Path, key: StoreKey, embedder: EmbedderIdentity | None) -> None:
    """Make the store under another name and link it into place when it is complete.

    So a store is never seen half made: not after a crash, not by a second process.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_stale_drafts(path)
    draft = path.with_name(f"{path.name}.new-{secrets.token_hex(8)}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        connection = connect(draft, key, create=True, cache_mib=8, busy_ms=0)
        try:
            _log_ahead(connection, path)
            migrate(connection)
            if embedder is not None:
                enforce(connection, embedder, path)
            record_salt(connection, draft)
            _move_log_into(connection, draft)
        finally:
            connection.close()
        check_file(draft)
        _link(draft, path)
    finally:
        for leftover in (draft, *(Path(f"{draft}{end}") for end in ("-wal", "-shm", "-journal"))):
            leftover.unlink(missing_ok=True)
    sync_folder(path.parent)


def _move_log_into(connection: apsw.Connection, draft: Path) -> None:
    """Make `draft` whole without its log. Raises `apsw.Error` where that fails.

    Closing would do the same, but say nothing when the disk is full, and the log that then
    holds the only copy of most pages goes with the draft.
    """
    moved = truncate_log(connection)
    whole = connection.pragma("page_count") * connection.pragma("page_size")
    if not moved or draft.stat().st_size != whole:
        raise apsw.FullError("the new store could not be written as a whole")


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # Another process was faster; its store is as good.
    except OSError:
        # A file system without hard links.
        if not path.exists():
            draft.rename(path)


def _remove_stale_drafts(path: Path) -> None:
    """Remove what a killed creation left; a young one may belong to a living process."""
    for draft in path.parent.glob(f"{_glob_quoted(path.name)}.new-*"):
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > _STALE_SECONDS:
                draft.unlink()


def _glob_quoted(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _prepare(
    connection: apsw.Connection,
    path: Path,
    embedder: EmbedderIdentity | EmbedderChoice | None,
    busy_ms: int,
) -> EmbedderIdentity | None:
    check_schema(connection, path)
    if connection.pragma("journal_mode") != "wal":
        _log_ahead(connection, path)
    migrate(connection)
    found = recorded(connection, path)
    if embedder is not None:
        wanted = embedder(found) if callable(embedder) else embedder
        found = enforce(connection, wanted, path)
    with contextlib.suppress(apsw.FullError, apsw.BusyError):
        record_salt(connection, path)
    _remove_cold_journal(path)
    # What a forgetting could not remove from the log because another process read it. A disk
    # that is full keeps no one from reading: then it is done at some later opening.
    with contextlib.suppress(apsw.FullError), without_waiting(connection, busy_ms):
        truncate_log(connection)
    return found


def _remove_cold_journal(path: Path) -> None:
    """Remove the rollback journal that a killed rekey began and left empty of use.

    A journal that counts was played back when the store was opened just now. As long as a
    connection in write-ahead mode is open, no process can begin another one.
    """
    with contextlib.suppress(OSError):
        Path(f"{path}-journal").unlink(missing_ok=True)


def _log_ahead(connection: apsw.Connection, path: Path) -> None:
    if connection.pragma("journal_mode", "WAL") != "wal":
        raise StoreError(
            f"The disk under {path} can't share memory between processes.",
            hint="Put the data folder on a local disk, not on a network share.",
        )
