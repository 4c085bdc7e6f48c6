"""Hold the key of the library that the app shows: drop it on locking, get it back on unlocking."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from assistant.config import Settings
from assistant.console.output import Output
from assistant.errors import LockedError, WrongPassphraseError
from assistant.unlock import secret_inputs
from assistant.unlock.unlock import LibraryUnlocker, keys_of, record_failed_unlock

if TYPE_CHECKING:
    from assistant.store import StoreKey


class LibraryLock:
    """Gives the key to the workspace while the app is unlocked (a `LockableLibrary`).

    A library without a passphrase can't be locked: `lockable` says so.
    """

    def __init__(self, settings: Settings, key: StoreKey | None, *, lockable: bool) -> None:
        self._settings = settings
        self._key = key
        self._lockable = lockable
        self._guard = threading.Lock()

    @property
    def library(self) -> str:
        return self._settings.library

    @property
    def lockable(self) -> bool:
        return self._lockable

    @property
    def locked(self) -> bool:
        with self._guard:
            return self._key is None

    def wait(self) -> float:
        return keys_of(self._settings).attempts.wait()

    def unlock(self, passphrase: str) -> None:
        try:
            found = keys_of(self._settings).unlock(passphrase)
        except WrongPassphraseError:
            record_failed_unlock(self._settings)
            raise
        with self._guard:
            self._key = found.key

    def lock(self) -> None:
        with self._guard:
            if self._key is not None:
                self._key.wipe()
            self._key = None

    def get(self, create: bool) -> StoreKey:
        """Return the key (it is the workspace's `KeySource`). Raises `LockedError`."""
        del create
        with self._guard:
            if self._key is None:
                raise LockedError("The library is locked.", hint="Give its passphrase.")
            return self._key


def open_library_lock(
    settings: Settings, output: Output, *, without_passphrase: bool = False
) -> LibraryLock:
    """Make the lock of a library; a new library gets its passphrase here, in the terminal.

    Locked, unless a script gave the passphrase or the library has none, as the person may
    have chosen (`without_passphrase`).
    """
    from assistant.store import KeyMode

    asking = LibraryUnlocker(settings, output, without_passphrase=without_passphrase)
    mode = asking.keys.mode()
    if mode is KeyMode.PASSPHRASE and secret_inputs.given(secret_inputs.PASSPHRASE) is None:
        return LibraryLock(settings, None, lockable=True)
    return LibraryLock(settings, asking.get(create=True), lockable=mode is not KeyMode.KEY_FILE)
