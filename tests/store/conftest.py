"""Real files: every test has a folder, a key and a store of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.store import LibraryKeys, SqliteStore, StoreKey, open_store
from tests.fakes.embedder import FakeEmbedder
from tests.store.keyed import PASSPHRASE, fill, keys_in
from tests.store.material import put

OpenStore = Callable[..., SqliteStore]


@pytest.fixture
def key() -> StoreKey:
    return StoreKey(bytes(range(32)))


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder(dimension=64, token_limit=100_000)


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "library.db"


@pytest.fixture
def open_again(store_path: Path, key: StoreKey, embedder: FakeEmbedder) -> Iterator[OpenStore]:
    """Open the test's store (once more); everything is closed in the end."""
    opened: list[SqliteStore] = []

    def open_it(**changes: object) -> SqliteStore:
        wanted = {"create": True, "embedder": embedder.identity, "busy_seconds": 5.0} | changes
        opened.append(open_store(store_path, key, **wanted))  # type: ignore[arg-type]
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: OpenStore) -> SqliteStore:
    return open_again()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "data"
    place.mkdir(mode=0o700)
    return place


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def keys(folder: Path, shown: list[str]) -> LibraryKeys:
    """The keys of a library with four documents, a passphrase and a recovery key."""
    keys = keys_in(folder)
    fill(keys, keys.create(PASSPHRASE, shown.append))
    return keys


@pytest.fixture
def closed(store: SqliteStore, embedder: FakeEmbedder, store_path: Path) -> Path:
    """The path of a store with a few documents that nobody has open."""
    for n in range(5):
        put(store, embedder, f"Clause {n} about warranty. " * 200, name=f"{n}.txt")
    store.close()
    return store_path
