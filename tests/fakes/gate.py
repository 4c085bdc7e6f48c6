"""A gate without a key: it takes one passphrase, and waits as it is told."""

from __future__ import annotations

import threading

from assistant.errors import TooManyTriesError, WrongPassphraseError

RIGHT = "six plain words for a test"


class FakeLibraryLock:
    """`waits` are the seconds that follow the wrong tries, one after the other."""

    library = "ward-3"

    def __init__(
        self, *, locked: bool = True, lockable: bool = True, waits: tuple[float, ...] = ()
    ) -> None:
        self.lockable = lockable
        self.locked = locked
        self.tried: list[tuple[str, int]] = []
        self.waiting = 0.0
        self._waits = list(waits)
        self.hold = threading.Event()
        self.hold.set()

    def wait(self) -> float:
        return self.waiting

    def unlock(self, passphrase: str) -> None:
        self.tried.append((passphrase, threading.get_ident()))
        self.hold.wait(30)
        if self.waiting:
            raise TooManyTriesError("Too early.", wait_seconds=self.waiting)
        if passphrase != RIGHT:
            self.waiting = self._waits.pop(0) if self._waits else 0.0
            raise WrongPassphraseError("The passphrase does not open this library.")
        self.locked = False

    def lock(self) -> None:
        self.locked = True
