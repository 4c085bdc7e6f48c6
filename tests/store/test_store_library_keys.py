"""Unlocking, changing and renewing keys, with everything around them that can be wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from assistant.errors import (
    Cancelled,
    DiskFullError,
    StoreError,
    WrongKeyError,
    WrongPassphraseError,
)
from assistant.store import KeyMode, LibraryKeys, StoreKey, rekey
from assistant.store.passphrase import prepared
from tests.store.keyed import PASSPHRASE, fill, keys_in, names
from tests.store.material import ROOT

OTHER = "seven other words for the same test"


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
    keys.paths.attempts.unlink(missing_ok=True)
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
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1536k", "tmpfs", str(mount)], check=True)
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
