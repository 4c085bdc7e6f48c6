"""A small library with a passphrase, and cheap ways to open, copy and judge it."""

from __future__ import annotations

from pathlib import Path

from assistant.store import KeyPaths, LibraryKeys, SqliteStore, StoreKey, open_store, store_health
from assistant.store.key_wrap import MIB, Cost
from tests.store.adder import EMBEDDER, add_one

PASSPHRASE = "six plain words for a test"
CHEAP = Cost(1, 8 * MIB)


def paths_in(folder: Path, name: str = "library") -> KeyPaths:
    return KeyPaths(folder / f"{name}.db", folder / f"{name}.key", folder / f"{name}.keys")


def keys_in(folder: Path, name: str = "library") -> LibraryKeys:
    return LibraryKeys(paths_in(folder, name), CHEAP)


def fill(keys: LibraryKeys, key: StoreKey, documents: int = 4) -> None:
    with opened(keys, key, create=True) as store:
        for number in range(documents):
            add_one(store, "keyed", number)


def opened(keys: LibraryKeys, key: StoreKey, *, create: bool = False) -> SqliteStore:
    return open_store(keys.paths.store, key, create=create, embedder=EMBEDDER.identity)


def names(keys: LibraryKeys, key: StoreKey) -> list[str]:
    """The documents of a library that is whole; fails if a page of it is not."""
    health = store_health(keys.paths.store, key)
    assert health.ok, health.damage
    with opened(keys, key) as store:
        assert store.term_frequencies("clause")[0] == health.chunks
        return [document.name for document in store.documents()]
