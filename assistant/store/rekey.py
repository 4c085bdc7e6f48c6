"""Give a store a new key: a full copy under the new key, then one rename.

1. The next key file is written (`NAME.keys.next`).
2. The store is copied with VACUUM INTO, every page encrypted under the new key.
3. The copy is checked page by page and row count by row count, and is on the disk (fsync).
4. The copy is renamed over the store. THIS IS THE SWITCH: before it the old key counts,
   after it the new one. `LibraryKeys` finds out which by trying.
5. The old file's content is cut off, the next key file takes its place, a key that lay in
   the open is overwritten and removed.

While this runs the store is locked against every other process (SQLite's exclusive lock,
in rollback mode, so that it is excluded too who opens it only now), and the key files by
flock. A process that waited for the old file finds it empty and says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import apsw

from assistant.errors import DiskFullError, StoreBusyError
from assistant.store.connection import connect, truncate_log
from assistant.store.encrypted_copy import Progress, copy_open
from assistant.store.key_files import KeyPaths
from assistant.store.key_source import StoreKey, sync_folder
from assistant.store.library_keys import LibraryKeys, Shown
from assistant.store.open_store import check_file
from assistant.store.passphrase import check_new
from assistant.store.private_files import alone, replace_private, translating_files
from assistant.store.sqlite_errors import translating

_CACHE_MIB = 32
_BUSY_MS = 2000
_MARGIN = 16 * 1024 * 1024


def rekey(
    keys: LibraryKeys,
    old: StoreKey,
    secret: bytes,
    *,
    show: Shown | None,
    progress: Progress | None = None,
) -> StoreKey:
    """Encrypt the whole store under a new key, wrapped by the passphrase `secret`.

    `old` is the key that opens the store now; `show` is given the new recovery key before
    anything is changed. Returns the new key. Raises `StoreBusyError` when the library is
    open elsewhere, `DiskFullError`, `Cancelled` (from `progress`), `StoreError`; the library
    then has its old key.
    """
    paths = keys.paths
    with translating_files(paths.lock), alone(paths.lock), translating(paths.store, opening=True):
        check_file(paths.store)
        connection = connect(paths.store, old, cache_mib=_CACHE_MIB, busy_ms=_BUSY_MS, uris=True)
        try:
            _lock_out_others(connection)
            _check_room(paths.store)
            keys.remove_copies()
            new = StoreKey.random()
            replace_private(paths.next, keys.fresh(new, secret, show).to_bytes())
            try:
                copy_open(connection, paths.copy, new, progress)
            except BaseException:
                _undo(keys)
                raise
            _switch(paths)
            keys.promote()
        finally:
            connection.close()
    return new


def set_passphrase(
    keys: LibraryKeys,
    passphrase: str,
    *,
    show: Shown | None,
    progress: Progress | None = None,
) -> StoreKey:
    """Give a passphrase to a library whose key lay in the open; it gets a new key as well.

    Raises as `rekey` does, and `PassphraseError` for a weak passphrase.
    """
    secret = check_new(passphrase)
    return rekey(keys, keys.key_file(), secret, show=show, progress=progress)


def _lock_out_others(connection: apsw.Connection) -> None:
    """Take the store for this process alone, until the connection is closed.

    Raises `StoreBusyError` when any other connection is open.
    """
    busy = StoreBusyError(
        "The library is open in another window or command.",
        hint="Close it there (assistant app, add, ask), then try again.",
    )
    try:
        truncate_log(connection)
        connection.pragma("locking_mode", "EXCLUSIVE")
        mode = connection.pragma("journal_mode", "DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except apsw.BusyError as error:
        raise busy from error
    if mode != "delete":
        raise busy


def _check_room(path: Path) -> None:
    size = path.stat().st_size
    free = shutil.disk_usage(path.parent).free
    if free < size + _MARGIN:
        wanted = (size + _MARGIN - free) / 2**20
        raise DiskFullError(
            f"A new key needs room for a whole copy of the library: {wanted:.0f} MiB more.",
            hint="Make room on the disk and try again; nothing was changed.",
        )


def _switch(paths: KeyPaths) -> None:
    """Put the copy in the store's place, then empty the file that was there."""
    with contextlib.suppress(OSError):  # a file system without hard links
        os.link(paths.store, paths.old)
    paths.copy.replace(paths.store)
    sync_folder(paths.store.parent)
    with contextlib.suppress(FileNotFoundError):
        os.truncate(paths.old, 0)
        paths.old.unlink()


def _undo(keys: LibraryKeys) -> None:
    """Back to before. What can't be removed now is removed at the next unlocking."""
    with contextlib.suppress(OSError):
        keys.paths.next.unlink(missing_ok=True)
        keys.remove_copies()
