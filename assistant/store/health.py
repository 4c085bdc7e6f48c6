"""The health of a store, as `assistant doctor` reports it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import apsw

from assistant.store.connection import connect
from assistant.store.embedder_identity import recorded
from assistant.store.header_check import beginning_changed
from assistant.store.key_source import StoreKey
from assistant.store.migrations import applied, check_schema
from assistant.store.open_store import check_file
from assistant.store.query_rows import fetch_one
from assistant.store.schema import MIGRATIONS
from assistant.store.sqlite_errors import translating
from assistant.store.store_names import usable_path
from assistant.types import EmbedderIdentity

_CACHE_MIB = 16
_BUSY_MS = 2000


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """The state of a store. `damage` lists what SQLite's quick check found; () is healthy.

    `size` is in bytes, with the write-ahead log. `pending` are the steps that the next
    opening will apply. `sqlite` and `ciphers` are versions of the libraries in use.
    """

    path: Path
    size: int
    cipher: str
    schema: str
    pending: tuple[str, ...]
    documents: int
    chunks: int
    embedder: EmbedderIdentity | None
    damage: tuple[str, ...]
    sqlite: str
    ciphers: str

    @property
    def ok(self) -> bool:
        return not self.damage


def store_health(path: Path, key: StoreKey) -> StoreHealth:
    """Examine the store at `path`: reads every page, changes nothing, upgrades nothing.

    Raises what `open_store` raises when the store can't be opened at all.
    """
    path = usable_path(path)
    with translating(path, opening=True):
        check_file(path)
        connection = connect(path, key, cache_mib=_CACHE_MIB, busy_ms=_BUSY_MS)
    with translating(path):
        try:
            check_schema(connection, path)
            return _examine(connection, path)
        finally:
            connection.close()


def _examine(connection: apsw.Connection, path: Path) -> StoreHealth:
    names = applied(connection)
    count = fetch_one(connection, "SELECT count(*), coalesce(sum(chunks), 0) FROM documents")
    documents, chunks = count or (0, 0)
    return StoreHealth(
        path=path,
        size=_size(path) + _size(Path(f"{path}-wal")),
        cipher=connection.pragma("cipher"),
        schema=names[-1],
        pending=tuple(m.name for m in MIGRATIONS if m.name not in names),
        documents=documents,
        chunks=chunks,
        embedder=recorded(connection, path),
        damage=damage(connection, path),
        sqlite=apsw.sqlite_lib_version(),
        ciphers=str(getattr(apsw, "mc_version", "")),
    )


def damage(connection: apsw.Connection, path: Path) -> tuple[str, ...]:
    """List what is wrong with an open store: every page that holds something is unsealed.

    Pages that hold nothing (after a forgetting) are not read by SQLite; the page root of
    the audit log covers them too.
    """
    try:
        found = [str(line) for (line,) in connection.execute("PRAGMA quick_check(20)")]
        changed = beginning_changed(connection, path)
    except (apsw.CorruptError, apsw.NotADBError, apsw.IOError) as error:
        return (f"{type(error).__name__}: {error}",)
    if changed:
        found.append("the beginning of the file was changed")
    return () if found == ["ok"] else tuple(line for line in found if line != "ok")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
