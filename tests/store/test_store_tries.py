"""Waiting after wrong passphrases: counted before each try, kept over restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import LockedError, TooManyTriesError, WrongPassphraseError
from assistant.store import LibraryKeys
from assistant.store.unlock_attempts import FREE, LONGEST_WAIT, UnlockAttempts, wait_after
from tests.store.keyed import PASSPHRASE, paths_in


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_wrong_tries_wait_longer_and_longer(tmp_path: Path) -> None:
    clock = Clock()
    waits = []
    for number in range(14):
        tries = UnlockAttempts(tmp_path / "library.tries", clock)  # as after a restart
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
    assert UnlockAttempts(tmp_path / "library.tries", clock).wait() == 0


def test_a_clock_that_is_set_back_does_not_lock_out_for_ever(tmp_path: Path) -> None:
    clock = Clock()
    tries = UnlockAttempts(tmp_path / "library.tries", clock)
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
    assert UnlockAttempts(path).begin() == 0


def test_wrong_passphrases_are_counted_before_they_are_tried(keys: LibraryKeys) -> None:
    for number in range(FREE):
        with pytest.raises(WrongPassphraseError):
            keys.unlock(f"a wrong passphrase {number}")
    with pytest.raises(TooManyTriesError):
        keys.unlock(PASSPHRASE)
    keys.paths.attempts.unlink()
    assert keys.unlock(PASSPHRASE).failed_before == 0
    with pytest.raises(LockedError):
        keys.unlock(PASSPHRASE + "!")
    assert keys.unlock(PASSPHRASE).failed_before == 1
    assert not keys.paths.attempts.exists()
    assert paths_in(keys.paths.store.parent).attempts.name == "library.tries"
