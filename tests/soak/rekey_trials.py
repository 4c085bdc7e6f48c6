"""Kill a rekey at any moment, many times: run as a process of its own, which forks.

    python -m tests.soak.rekey_trials FOLDER TRIALS SEED

Half of the kills come at a random time, half between two calls of the file system, so that
every place in the protocol is hit. Each trial begins with a fresh copy of one library
(every third one a library that gets its first passphrase) and ends with unlocking it, and
reading every page and every document. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, WrongPassphraseError
from assistant.store import KeyMode, LibraryKeys, rekey, set_passphrase
from assistant.store.passphrase import prepared
from tests.store.keyed import PASSPHRASE, fill, keys_in, names

CALLS = ("open", "fsync", "link", "replace", "unlink", "truncate", "close")
"""Functions of `os` that the protocol consists of, besides SQLite's own."""


class Trials:
    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.outcomes: Counter[str] = Counter()
        self.recovery: list[str] = []
        for name, with_passphrase in (("wrapped", True), ("raw", False)):
            keys = self._keys(name)
            keys.paths.store.parent.mkdir(parents=True)
            key = (
                keys.create(PASSPHRASE, self.recovery.append)
                if with_passphrase
                else keys.create_without_passphrase()
            )
            fill(keys, key)
            self.documents = names(keys, key)
        started = time.monotonic()
        self.calls = self._count_calls()
        self.seconds = time.monotonic() - started

    def _keys(self, name: str) -> LibraryKeys:
        return keys_in(self.folder / name)

    def run(self, number: int) -> None:
        """Kill one rekey, then judge what is left. Raises `AssertionError`."""
        base = "raw" if number % 3 == 2 else "wrapped"
        shutil.rmtree(self.folder / "trial", ignore_errors=True)
        shutil.copytree(self.folder / base, self.folder / "trial")
        when = self.chance.uniform(0.0, self.seconds * 1.2)
        call = self.chance.randrange(2 * self.calls + 2)
        if number % 2:
            self._fork(lambda: signal.setitimer(signal.ITIMER_REAL, when))
        else:
            self._fork(lambda: _kill_at(call))
        self.judge()

    def judge(self) -> None:
        keys = self._keys("trial")
        papers = self._papers()
        interrupted = keys.paths.next.exists()
        if keys.mode() is KeyMode.KEY_FILE:
            key = keys.key_file()
            state = "without passphrase"
        elif papers and self.chance.random() < 0.3:
            key = self._recovered(keys, papers)
            state = "recovered"
        else:
            key = keys.unlock(PASSPHRASE).key
            state = "unlocked"
        assert names(keys, key) == self.documents
        assert not keys.paths.next.exists()
        files = {p.name.removeprefix("library.") for p in keys.paths.store.parent.iterdir()}
        assert files - {"db", "keys", "keys.lock", "key"} == set(), files
        assert not {"key", "keys"} <= files, files
        self.outcomes[f"{state}{', interrupted' if interrupted else ''}"] += 1

    def _papers(self) -> list[str]:
        noted = self.folder / "trial-paper"
        new = [noted.read_text()] if noted.exists() else []
        noted.unlink(missing_ok=True)
        return self.recovery + new

    def _recovered(self, keys: LibraryKeys, papers: list[str]) -> Any:
        for paper in papers:
            try:
                return keys.recover(paper).key
            except WrongPassphraseError:
                continue
        # A conversion has no old paper, and none at all before the new one was noted.
        return keys.unlock(PASSPHRASE).key

    def _fork(self, arm: Callable[[], object]) -> int:
        child = os.fork()
        if child == 0:
            try:
                arm()
                self._rekey()
            except AssistantError as error:
                print(error, file=sys.stderr)
                os._exit(3)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, status
            self.outcomes["not killed"] += 1
        return status

    def _rekey(self) -> None:
        keys = self._keys("trial")

        def note(paper: str) -> None:
            (self.folder / "trial-paper").write_text(paper)

        if keys.mode() is KeyMode.KEY_FILE:
            set_passphrase(keys, PASSPHRASE, show=note)
        else:
            key = keys.unlock(PASSPHRASE).key
            rekey(keys, key, prepared(PASSPHRASE), show=note)

    def _count_calls(self) -> int:
        """Let one rekey run to its end; return how many calls it made."""
        shutil.copytree(self.folder / "wrapped", self.folder / "trial")
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            counted = _count()
            self._rekey()
            os.write(writer, str(sum(counted.values())).encode())
            os._exit(0)
        os.close(writer)
        number = int(os.read(reader, 20))
        os.waitpid(child, 0)
        self.judge()
        return number


def _count() -> Counter[str]:
    counted: Counter[str] = Counter()
    _wrap(lambda name: counted.update([name]), lambda name: None)
    return counted


def _kill_at(point: int) -> None:
    """Kill this process before call number point / 2, or after it if `point` is odd."""
    seen = 0

    def before(name: str) -> None:
        nonlocal seen
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    _wrap(before, before)


def _wrap(before: Callable[[str], object], after: Callable[[str], object]) -> None:
    def wrapped(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            before(name)
            result = function(*arguments, **options)
            after(name)
            return result

        return call

    for name in CALLS:
        setattr(os, name, wrapped(name, getattr(os, name)))


def main(folder: str, count: str, seed: str) -> None:
    trials = Trials(Path(folder), int(seed))
    for number in range(int(count)):
        trials.run(number)
    print(json.dumps({"trials": int(count), "calls": trials.calls, **trials.outcomes}))


if __name__ == "__main__":
    main(*sys.argv[1:])
