"""Count wrong passphrases, and make the next attempt wait.

Kept in a file beside the store, so that it survives restarts. An attempt is counted *before* it
is made: a process that is killed in the middle has tried. This slows somebody at the
keyboard. It does not slow somebody who has a copy of the files: only Argon2id does.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from assistant.errors import StoreError, TooManyTriesError
from assistant.store.private_files import read_private, replace_private
from assistant.strict_reader import BadInputError, Meta, read_json

FREE = 3
"""Wrong attempts that cost no wait."""

LONGEST_WAIT = 300.0
"""Seconds. Longer would hand a prankster a way to keep the owner out."""

_LONGEST_FILE = 200


@dataclass(frozen=True, slots=True)
class _State:
    failed: Annotated[int, Meta(ge=0, lt=10**6)]
    last: float


def wait_after(failed: int) -> float:
    """Return the seconds to wait after so many wrong attempts: 0, 0, 1, 2, 4 ... 300."""
    return 0.0 if failed < FREE else min(LONGEST_WAIT, 2.0 ** min(failed - FREE, 20))


class UnlockAttempts:
    """The count of one library. `clock` gives seconds since 1970."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    def failed(self) -> int:
        """Return the number of wrong attempts since the last right one."""
        return self._read().failed

    def wait(self) -> float:
        """Return the seconds that the next attempt still has to wait."""
        state = self._read()
        return max(0.0, wait_after(state.failed) - max(0.0, self._clock() - state.last))

    def begin(self) -> int:
        """Count an attempt before it is made; return the number of wrong ones before it.

        Raises `TooManyTriesError` if it comes too early; then it is not counted.
        """
        state = self._read()
        wait = self.wait()
        if wait > 0:
            raise TooManyTriesError(
                f"{state.failed} tries were wrong: the next one is possible in "
                f"{max(1, round(wait))} s.",
                hint="Wait, then give the passphrase again; or use the recovery key: "
                "assistant passphrase recover",
                wait_seconds=wait,
            )
        # A disk that is full must not lock the owner out: then it is not counted.
        with contextlib.suppress(OSError):
            self._write(_State(state.failed + 1, self._clock()))
        return state.failed

    def end(self) -> None:
        """The attempt was right: reset the count. Raises `OSError`."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> _State:
        """A file that is damaged or missing counts nothing: whoever can write there can."""
        try:
            state = read_json(read_private(self._path, _LONGEST_FILE), _State)
        except (OSError, StoreError, BadInputError):
            return _State(0, 0.0)
        now = self._clock()
        if 0 <= state.last <= now:
            return state
        # The clock was set back (or this is no time at all): the wait begins anew, once.
        state = _State(state.failed, now)
        with contextlib.suppress(OSError):
            self._write(state)
        return state

    def _write(self, state: _State) -> None:
        content = json.dumps({"failed": state.failed, "last": round(state.last, 3)})
        replace_private(self._path, content.encode("ascii"))
