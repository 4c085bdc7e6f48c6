"""A library gets another key: all of it or nothing, and nothing of the old one stays."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from assistant.errors import (
    Cancelled,
    PassphraseError,
    StoreBusyError,
    WrongKeyError,
    WrongPassphraseError,
)
from assistant.store import KeyMode, LibraryKeys, StoreKey, encrypted_copy, rekey, set_passphrase
from assistant.store.connection import connect
from assistant.store.passphrase import prepared
from tests.store.keyed import PASSPHRASE, fill, keys_in, names, opened


def test_rekey_encrypts_every_page_anew(keys: LibraryKeys, shown: list[str]) -> None:
    old = keys.unlock(PASSPHRASE).key
    known = names(keys, old)
    pages = set(pages_of(keys.paths.store))
    told: list[tuple[int, int]] = []
    new = rekey(
        keys,
        old,
        prepared(PASSPHRASE),
        show=shown.append,
        progress=lambda done, total: told.append((done, total)),
    )
    assert new != old
    assert pages & set(pages_of(keys.paths.store)) == set()
    assert keys.unlock(PASSPHRASE).key == new == keys.recover(shown[1]).key
    assert names(keys, new) == known
    assert told[-1][0] == told[-1][1] > 0
    with pytest.raises(WrongPassphraseError):
        keys.recover(shown[0])
    with pytest.raises(WrongKeyError):
        opened(keys, old)
    assert leftovers(keys) == []


def pages_of(path: Path) -> list[bytes]:
    raw = path.read_bytes()
    return [raw[at : at + 8192] for at in range(0, len(raw), 8192)]


def leftovers(keys: LibraryKeys) -> list[str]:
    wanted = {"library.db", "library.keys", "library.keys.lock"}
    return sorted({p.name for p in keys.paths.store.parent.iterdir()} - wanted)


def test_a_key_file_becomes_a_passphrase_and_another_key(folder: Path, shown: list[str]) -> None:
    keys = keys_in(folder)
    raw = keys.create_without_passphrase()
    fill(keys, raw)
    assert keys.mode() is KeyMode.KEY_FILE
    assert keys.key_file() == raw
    new = set_passphrase(keys, PASSPHRASE, show=shown.append)
    assert new != raw
    assert keys.mode() is KeyMode.PASSPHRASE
    assert keys.unlock(PASSPHRASE).key == new
    assert not keys.paths.raw.exists()
    assert raw.hex().encode() not in b"".join(p.read_bytes() for p in folder.iterdir())
    assert len(names(keys, new)) == 4


def test_a_weak_passphrase_changes_nothing(folder: Path) -> None:
    keys = keys_in(folder)
    fill(keys, keys.create_without_passphrase())
    with pytest.raises(PassphraseError):
        set_passphrase(keys, "short", show=None)
    assert keys.mode() is KeyMode.KEY_FILE
    with pytest.raises(PassphraseError):
        keys_in(folder, "new").create("short", None)
    assert keys_in(folder, "new").mode() is KeyMode.NEW


def test_a_library_that_is_open_is_not_rekeyed(keys: LibraryKeys) -> None:
    key = keys.unlock(PASSPHRASE).key
    with opened(keys, key) as store:
        store.documents()
        with pytest.raises(StoreBusyError, match="open in another"):
            rekey(keys, key, prepared(PASSPHRASE), show=None)
        assert len(store.documents()) == 4
    assert names(keys, keys.unlock(PASSPHRASE).key)
    assert leftovers(keys) == []


def test_an_error_never_repeats_the_new_key(keys: LibraryKeys, tmp_path: Path) -> None:
    new = StoreKey.random()
    path = keys.paths.store
    connection = connect(path, keys.unlock(PASSPHRASE).key, cache_mib=1, busy_ms=0, uris=True)
    with pytest.raises(apsw.Error) as raised:
        encrypted_copy._vacuum_into(connection, tmp_path / "no" / "folder.db", new, None)
    connection.close()
    assert new.hex() not in str(raised.value) + repr(raised.value)
    assert "raw:" not in str(raised.value)


def lengthen(keys: LibraryKeys, key: StoreKey) -> None:
    """Give a library so many rows that its copy is told of more than once on the way."""
    connection = connect(keys.paths.store, key, cache_mib=4, busy_ms=0)
    connection.execute(
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 30000) "
        "INSERT INTO sources (document_id, source) SELECT 1, 'source ' || x FROM n"
    )
    connection.close()


@pytest.mark.parametrize("after", [1, 5])
def test_a_cancelled_rekey_leaves_the_old_key(keys: LibraryKeys, after: int) -> None:
    key = keys.unlock(PASSPHRASE).key
    lengthen(keys, key)

    def progress(done: int, total: int) -> None:
        nonlocal after
        after -= 1
        if after == 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        rekey(keys, key, prepared(PASSPHRASE), show=None, progress=progress)
    assert leftovers(keys) == []
    assert keys.unlock(PASSPHRASE).key == key
    assert len(names(keys, key)) == 4


def test_a_journal_that_a_killed_rekey_left_is_removed(tmp_path: Path) -> None:
    keys = keys_in(tmp_path / "data")
    keys.paths.store.parent.mkdir(parents=True)
    key = keys.create_without_passphrase()
    fill(keys, key)
    journal = keys.paths.store.with_name(f"{keys.paths.store.name}-journal")
    journal.write_bytes(bytes(512))  # begun, and of no use: SQLite leaves it alone
    before = names(keys, key)
    assert not journal.exists()
    assert names(keys, key) == before
