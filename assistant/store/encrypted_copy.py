"""Copy a store under another key: encrypt every page anew, verify, sync."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import apsw

from assistant.errors import Cancelled, StoreError
from assistant.store.connection import CIPHER, connect
from assistant.store.header_check import record_salt
from assistant.store.health import damage
from assistant.store.key_source import StoreKey
from assistant.store.open_store import check_file
from assistant.store.query_rows import fetch, fetch_one
from assistant.store.sqlite_errors import translating

Progress = Callable[[int, int], None]
"""Told (bytes written, bytes in all) now and then. May raise `Cancelled`."""

_CACHE_MIB = 32
_BUSY_MS = 2000
STEPS = 20_000
"""Steps of SQLite's machine between two reports: some milliseconds."""


def write_copy(
    source: Path, key: StoreKey, target: Path, new: StoreKey, progress: Progress | None = None
) -> None:
    """Write the store at `source` to `target`, which must not exist, under the key `new`.

    The copy is compared with the store and is on the disk when this returns; if it raises
    (`StoreError`, `WrongKeyError`, `DiskFullError`, `Cancelled`), there is none.
    """
    with translating(source, opening=True):
        check_file(source)
        connection = connect(source, key, cache_mib=_CACHE_MIB, busy_ms=_BUSY_MS, uris=True)
        try:
            copy_open(connection, target, new, progress)
        finally:
            connection.close()


def copy_open(
    connection: apsw.Connection, target: Path, new: StoreKey, progress: Progress | None
) -> None:
    """As `write_copy`, from a store that is open (with `uris`). Raises apsw's errors too."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _vacuum_into(connection, target, new, progress)
        _check_copy(connection, target, new)
    except BaseException:
        for end in ("", "-journal"):
            target.with_name(target.name + end).unlink(missing_ok=True)
        raise


def _vacuum_into(
    connection: apsw.Connection, target: Path, new: StoreKey, progress: Progress | None
) -> None:
    total = connection.pragma("page_count") * connection.pragma("page_size")
    raised: list[BaseException] = []

    def report() -> bool:
        """Tell how far it is; True stops SQLite. An exception can't pass through it."""
        try:
            if progress is not None:
                progress(min(target.stat().st_size, total), total)
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)
        return bool(raised)

    connection.set_progress_handler(report, STEPS)
    name = urllib.parse.quote(str(target), safe="/")
    uri = f"file:{name}?cipher={CIPHER}&key=raw:{new.hex()}"
    try:
        fetch(connection, "VACUUM INTO ?", (uri,))
    except apsw.InterruptError:
        raise (raised[0] if raised else Cancelled()) from None
    except apsw.Error as error:
        # SQLite's own message can repeat the URI, and with it the key.
        raise type(error)("the copy could not be written") from None
    finally:
        connection.set_progress_handler(None)
    if progress is not None:
        progress(total, total)


def _check_copy(connection: apsw.Connection, path: Path, new: StoreKey) -> None:
    """Open the copy as any later process will, and compare it with the store."""
    copy = connect(path, new, cache_mib=_CACHE_MIB, busy_ms=0)
    try:
        copy.pragma("journal_mode", "MEMORY")
        record_salt(copy, path, again=True)
        if damage(copy, path) or _shape(copy) != _shape(connection):
            raise StoreError(
                "The copy under the new key is not the same: nothing was changed.",
                hint="Check the disk and the memory of this machine.",
            )
    finally:
        copy.close()
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _shape(connection: apsw.Connection) -> list[tuple[object, ...]]:
    """Return what both must have in common: schema, versions, and each table's row count."""
    rows = fetch(connection, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
    counts: list[tuple[object, ...]] = []
    for kind, name, sql in rows:
        virtual = str(sql or "").upper().startswith("CREATE VIRTUAL")
        if kind == "table" and not virtual and name != "meta":
            quoted = str(name).replace('"', '""')
            counts.append((name, fetch_one(connection, f'SELECT count(*) FROM "{quoted}"')))  # noqa: S608 - our own schema, quoted
    versions = [(connection.pragma(name),) for name in ("application_id", "user_version")]
    return [*rows, *counts, *versions]
