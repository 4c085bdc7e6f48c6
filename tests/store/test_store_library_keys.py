"""Unlocking, changing and renewing keys, with everything around them that can be wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from assistant.errors import (
    Cancelled,
    DiskFullError,
    LockedError,
    PassphraseError,
    StoreBusyError,
    StoreError,
    TooManyTriesError,
    WrongKeyError,
    WrongPassphraseError,
)
from assistant.store import KeyMode, LibraryKeys, StoreKey, copying, rekey, set_passphrase
from assistant.store.connection import connect
from assistant.store.passphrase import prepared
from assistant.store.tries import FREE, LONGEST_WAIT, Tries, wait_after
from tests.store.keyed import PASSPHRASE, fill, keys_in, names, opened, paths_in
from tests.store.material import ROOT

OTHER = "seven other words for the same test"


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


def test_a_library_is_made_unlocked_and_recovered(keys: LibraryKeys, shown: list[str]) -> None:
    assert keys.mode() is KeyMode.PASSPHRASE
    key = keys.unlock(PASSPHRASE).key
    assert keys.recover(shown[0]).key == key
    assert len(names(keys, key)) == 4
    assert keys.paths.wrapped.stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError):
        keys.create(OTHER, None)


def test_changing_rewraps_and_leaves_store_and_recovery_key(
    keys: LibraryKeys, shown: list[str]
) -> None:
    before = keys.paths.store.read_bytes()
    key = keys.unlock(PASSPHRASE).key
    keys.change(key, OTHER)
    with pytest.raises(WrongPassphraseError):
        keys.unlock(PASSPHRASE)
    assert keys.unlock(OTHER).key == key == keys.recover(shown[0]).key
    assert keys.paths.store.read_bytes() == before


def test_a_new_recovery_key_voids_the_old_one(keys: LibraryKeys, shown: list[str]) -> None:
    key = keys.unlock(PASSPHRASE).key
    keys.renew_recovery(key, shown.append)
    with pytest.raises(WrongPassphraseError):
        keys.recover(shown[0])
    assert keys.recover(shown[1]).key == key


def test_a_recovery_key_that_nobody_noted_is_not_used(keys: LibraryKeys, shown: list[str]) -> None:
    def refuse(text: str) -> None:
        raise Cancelled

    key = keys.unlock(PASSPHRASE).key
    for attempt in (
        lambda: keys.renew_recovery(key, refuse),
        lambda: rekey(keys, key, prepared(PASSPHRASE), show=refuse),
    ):
        with pytest.raises(Cancelled):
            attempt()
    assert keys.recover(shown[0]).key == key
    assert names(keys, key)


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
        copying._vacuum_into(connection, tmp_path / "no" / "folder.db", new, None)
    connection.close()
    assert new.hex() not in str(raised.value) + repr(raised.value)
    assert "raw:" not in str(raised.value)


@pytest.mark.parametrize("after", [1, 5])
def test_a_cancelled_rekey_leaves_the_old_key(
    keys: LibraryKeys, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "STEPS", 100)  # the library is small

    def progress(done: int, total: int) -> None:
        nonlocal after
        after -= 1
        if after == 0:
            raise Cancelled

    key = keys.unlock(PASSPHRASE).key
    with pytest.raises(Cancelled):
        rekey(keys, key, prepared(PASSPHRASE), show=None, progress=progress)
    assert leftovers(keys) == []
    assert keys.unlock(PASSPHRASE).key == key
    assert len(names(keys, key)) == 4


def test_two_processes_that_change_at_once_leave_one_passphrase(keys: LibraryKeys) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.store.keyed import *\n"
        "keys = keys_in(Path(sys.argv[1])); key = keys.unlock(PASSPHRASE).key\n"
        "print('ready', flush=True); sys.stdin.readline(); keys.change(key, sys.argv[2])"
    )
    words = [f"passphrase number {n} of all" for n in range(4)]
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(keys.paths.store.parent), word],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        for word in words
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    right = [word for word in words if _opens(keys, word)]
    assert len(right) == 1


def _opens(keys: LibraryKeys, word: str) -> bool:
    keys.paths.tries.unlink(missing_ok=True)
    try:
        return len(names(keys, keys.unlock(word).key)) == 4
    except WrongPassphraseError:
        return False


# Hostile files ---------------------------------------------------------------------------


def test_the_key_file_of_another_library_opens_nothing(keys: LibraryKeys, folder: Path) -> None:
    other = keys_in(folder, "other")
    fill(other, other.create(PASSPHRASE, None), 1)
    shutil.copyfile(other.paths.wrapped, keys.paths.wrapped)
    with pytest.raises(WrongKeyError):
        names(keys, keys.unlock(PASSPHRASE).key)


def _truncate(path: Path) -> None:
    os.truncate(path, 300)


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _others(path: Path) -> None:
    path.chmod(0o640)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _endless(path: Path) -> None:
    path.write_bytes(b" " * 10**6)


@pytest.mark.parametrize("harm", [_truncate, _link, _others, _pipe, _folder, _endless])
def test_odd_key_files_are_refused_and_left(
    keys: LibraryKeys, harm: Callable[[Path], None]
) -> None:
    harm(keys.paths.wrapped)
    before = sorted(p.name for p in keys.paths.store.parent.iterdir())
    with pytest.raises(StoreError) as raised:
        keys.unlock(PASSPHRASE)
    assert raised.value.hint
    after = sorted(p.name for p in keys.paths.store.parent.iterdir())
    assert set(after) - set(before) <= {"library.tries"}


def test_a_planted_next_file_does_not_replace_the_key(keys: LibraryKeys, folder: Path) -> None:
    other = keys_in(folder, "other")
    fill(other, other.create(PASSPHRASE, None), 1)
    shutil.copy(other.paths.wrapped, keys.paths.next)
    (folder / "library.next").touch()
    assert len(names(keys, keys.unlock(PASSPHRASE).key)) == 4
    assert not keys.paths.next.exists()


def test_a_planted_key_file_is_not_taken_for_a_new_library(folder: Path) -> None:
    keys = keys_in(folder)
    keys.paths.raw.touch(mode=0o600)
    keys.paths.raw.write_text("00" * 32)
    assert keys.mode() is KeyMode.NEW
    assert keys.create(PASSPHRASE, None) != StoreKey(bytes(32))


def test_a_store_without_any_key_says_what_is_missing(keys: LibraryKeys) -> None:
    keys.paths.wrapped.unlink()
    with pytest.raises(WrongKeyError, match="missing"):
        keys.mode()


def test_a_full_disk_leaves_the_old_passphrase(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.store.test_store_library_keys import *\n"
        "change_on_full_disk(Path(sys.argv[1]))"
    )
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["unshare", "-m", sys.executable, "-c", code, str(mount)]
    if os.geteuid() or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("making a small disk needs root")
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout == "ok\n", done.stderr


def change_on_full_disk(mount: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)], check=True)
    keys = keys_in(mount)
    fill(keys, keys.create(PASSPHRASE, None), 2)
    key = keys.unlock(PASSPHRASE).key
    with pytest.raises(DiskFullError):
        rekey(keys, key, prepared(PASSPHRASE), show=None)
    with (mount / "spare").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    with pytest.raises(DiskFullError):
        keys.change(key, OTHER)
    assert keys.unlock(PASSPHRASE).key == key
    (mount / "spare").unlink()
    assert len(names(keys, key)) == 2
    print("ok")


# Waiting ---------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_wrong_tries_wait_longer_and_longer(tmp_path: Path) -> None:
    clock = Clock()
    waits = []
    for number in range(14):
        tries = Tries(tmp_path / "library.tries", clock)  # as after a restart
        assert tries.failed() == number
        waits.append(tries.wait())
        if waits[-1]:
            with pytest.raises(TooManyTriesError) as raised:
                tries.begin()
            assert raised.value.wait_seconds == waits[-1]
            assert tries.failed() == number
        clock.now += waits[-1]
        assert tries.begin() == number
    assert waits[:7] == [0, 0, 0, 1, 2, 4, 8]
    assert max(waits) == wait_after(10**5) == LONGEST_WAIT
    tries.end()
    assert Tries(tmp_path / "library.tries", clock).wait() == 0


def test_a_clock_that_is_set_back_does_not_lock_out_for_ever(tmp_path: Path) -> None:
    clock = Clock()
    tries = Tries(tmp_path / "library.tries", clock)
    for _ in range(FREE):
        tries.begin()
    clock.now -= 10**6
    assert tries.wait() == 1.0
    clock.now += 1.0
    assert tries.wait() == 0


@pytest.mark.parametrize("content", [b"", b"[]", b'{"failed": "x"}', b"\xff", b"[" * 150])
def test_a_damaged_count_counts_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "library.tries"
    path.touch(mode=0o600)
    path.write_bytes(content)
    assert Tries(path).begin() == 0


def test_wrong_passphrases_are_counted_before_they_are_tried(keys: LibraryKeys) -> None:
    for number in range(FREE):
        with pytest.raises(WrongPassphraseError):
            keys.unlock(f"a wrong passphrase {number}")
    with pytest.raises(TooManyTriesError):
        keys.unlock(PASSPHRASE)
    keys.paths.tries.unlink()
    assert keys.unlock(PASSPHRASE).failed_before == 0
    with pytest.raises(LockedError):
        keys.unlock(PASSPHRASE + "!")
    assert keys.unlock(PASSPHRASE).failed_before == 1
    assert not keys.paths.tries.exists()
    assert paths_in(keys.paths.store.parent).tries.name == "library.tries"


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
