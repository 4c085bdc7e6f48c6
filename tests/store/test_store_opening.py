"""Everything that can be wrong with a store's file before the first query."""

from __future__ import annotations

import contextlib
import os
import random
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from assistant.errors import (
    EmbedderMismatchError,
    NewerStoreError,
    StoreError,
    WrongKeyError,
)
from assistant.store import SqliteStore, StoreKey, open_store, store_health
from assistant.store.connection import connect
from tests.fakes.embedder import FakeEmbedder
from tests.store.conftest import OpenStore
from tests.store.material import put


def test_a_wrong_key(closed: Path, key: StoreKey) -> None:
    before = closed.read_bytes()
    with pytest.raises(WrongKeyError, match=r"library\.db"):
        open_store(closed, StoreKey(bytes(32)), create=True, embedder=None)
    with pytest.raises(WrongKeyError):
        store_health(closed, StoreKey(bytes(32)))
    assert closed.read_bytes() == before


def test_random_bytes(store_path: Path, key: StoreKey) -> None:
    store_path.parent.mkdir()
    for size in (1, 15, 100, 4096, 8192, 50_000):
        content = random.Random(size).randbytes(size)
        store_path.write_bytes(content)
        kind = WrongKeyError if size >= 8192 else StoreError
        with pytest.raises(kind) as caught:
            open_store(store_path, key, create=True, embedder=None)
        assert "from a backup" in caught.value.hint
        assert store_path.read_bytes() == content


def test_a_store_of_zero_bytes_is_not_taken_for_a_new_one(closed: Path, key: StoreKey) -> None:
    closed.write_bytes(b"")
    with pytest.raises(StoreError, match=r"\(0 bytes\)") as caught:
        open_store(closed, key, create=True, embedder=None)
    assert "backup" in caught.value.hint
    assert closed.read_bytes() == b""


@pytest.mark.parametrize("kept", [0.01, 0.2, 0.5, 0.9])
def test_a_truncated_store(closed: Path, key: StoreKey, kept: float) -> None:
    content = closed.read_bytes()
    closed.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(StoreError) as caught:
        open_store(closed, key, create=True, embedder=None)
    assert "backup" in caught.value.hint
    assert str(closed) in caught.value.message


def test_damage_is_never_read_as_content(closed: Path, key: StoreKey) -> None:
    """Flip one bit at a time, all over the file: an error, or what was there before."""
    content = closed.read_bytes()
    expected = _use_all(closed, key)
    chance = random.Random(7)
    flips = [(chance.randrange(len(content)), 1 << chance.randrange(8)) for _ in range(60)]
    noticed = 0
    for at, bit in flips:
        spoiled = bytearray(content)
        spoiled[at] ^= bit
        closed.write_bytes(spoiled)
        with contextlib.suppress(StoreError):
            assert _use_all(closed, key) == expected
        try:
            noticed += not store_health(closed, key).ok
        except StoreError:
            noticed += 1
    assert noticed == len(flips)


def test_a_missing_end_is_noticed(closed: Path, key: StoreKey) -> None:
    content = closed.read_bytes()
    closed.write_bytes(content[:-100])
    assert store_health(closed, key).damage


def _use_all(path: Path, key: StoreKey) -> list[object]:
    with open_store(path, key, create=False, embedder=None) as store:
        return _content(store)


def _content(store: SqliteStore) -> list[object]:
    documents = store.documents()
    pages = [store.page_text(d.id, 1) for d in documents]
    return [documents, pages, store.search_text("warranty clause", 100), store.passages([1, 9])]


def test_a_database_without_encryption(store_path: Path, key: StoreKey) -> None:
    store_path.parent.mkdir()
    connection = apsw.Connection(str(store_path))
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(StoreError, match="without encryption"):
        open_store(store_path, key, create=True, embedder=None)


def test_a_database_of_another_program(store_path: Path, key: StoreKey) -> None:
    store_path.parent.mkdir()
    connection = connect(store_path, key, create=True, cache_mib=1, busy_ms=0)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(StoreError, match="no library of this program"):
        open_store(store_path, key, create=True, embedder=None)


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO migrations VALUES (99, '0099_from_the_future', '2030-01-01', '9.0')",
        "PRAGMA user_version = 99",
        "UPDATE migrations SET name = '0002_other' WHERE number = 2",
    ],
)
def test_a_store_from_a_newer_version(closed: Path, key: StoreKey, change: str) -> None:
    connection = connect(closed, key, cache_mib=1, busy_ms=0)
    connection.execute(change).fetchall()
    connection.close()
    before = closed.read_bytes()
    for use in (
        lambda: open_store(closed, key, create=True, embedder=None),
        lambda: store_health(closed, key),
    ):
        with pytest.raises(NewerStoreError) as caught:
            use()
        assert "Install the newer version" in caught.value.hint
    assert closed.read_bytes() == before
    assert [p.name for p in closed.parent.iterdir()] == [closed.name]


def test_another_embedder(
    closed: Path, key: StoreKey, embedder: FakeEmbedder, open_again: OpenStore
) -> None:
    mine = embedder.identity
    for other in (
        replace(mine, name="other", sha256="f" * 64),
        replace(mine, query_prefix="query: "),
        replace(mine, dimension=128),
        replace(mine, max_tokens=512),
    ):
        with pytest.raises(EmbedderMismatchError) as caught:
            open_again(embedder=other)
        assert f"'{mine.name}'" in caught.value.message
        assert f"'{other.name}'" in caught.value.message
        assert f"config.toml back to {mine.name}" in caught.value.hint
    assert open_again().embedder == mine
    assert open_again(embedder=None).embedder == mine


def test_a_library_of_a_sentence_transformers_model(
    open_again: OpenStore, embedder: FakeEmbedder
) -> None:
    """Earlier versions could fill one; no embedder of today can go on with it."""
    open_again(embedder=replace(embedder.identity, name="all-mpnet", pooling="mean_tokens"))
    with pytest.raises(EmbedderMismatchError, match="all-mpnet") as caught:
        open_again()
    assert "assistant-convert embedder export" in caught.value.hint
    assert "new library" in caught.value.hint


def test_an_embedder_is_recorded_when_it_is_first_known(
    open_again: OpenStore, embedder: FakeEmbedder
) -> None:
    store = open_again(embedder=None)
    assert store.embedder is None
    with pytest.raises(StoreError, match="without an embedder"):
        put(store, embedder, "text")
    assert open_again().embedder == embedder.identity
    with pytest.raises(EmbedderMismatchError):
        open_again(embedder=replace(embedder.identity, name="late"))


def test_a_dimension_without_whole_bytes(
    open_again: OpenStore, embedder: FakeEmbedder, store_path: Path
) -> None:
    with pytest.raises(StoreError, match="multiple of 8"):
        open_again(embedder=replace(embedder.identity, dimension=100))
    assert list(store_path.parent.iterdir()) == []


def test_a_new_store_is_private_and_complete(open_again: OpenStore, store_path: Path) -> None:
    open_again().close()
    assert store_path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in store_path.parent.iterdir()] == ["library.db"]


def test_what_a_killed_creation_left_is_cleared_up(open_again: OpenStore, store_path: Path) -> None:
    store_path.parent.mkdir()
    old = store_path.with_name("library.db.new-0011")
    young = store_path.with_name("library.db.new-2233")
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    os.utime(old, (1, 1))
    open_again().close()
    assert not old.exists()
    assert young.exists()
