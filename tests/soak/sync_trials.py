"""Kill syncs at any moment, many times: run as a process of its own, which forks.

    python -m tests.soak.sync_trials FOLDER TRIALS SEED

Before each trial files are added, changed, moved, swapped, copied and deleted; then a sync
without a grace is killed. What it had acknowledged and what the library held before must be
there as long as a file holds it, each content once; a sync that is let through at the end must
leave exactly what is on the disk. Prints one JSON object.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from assistant.config import Settings
from assistant.ingest import Ingester
from assistant.store import SqliteStore, store_health
from assistant.types import FileAdded, FileGone, SyncRules
from tests.fakes.parser import FakeParser
from tests.store.adder import EMBEDDER, KEY, open_for_child, text_of

_RULES = SyncRules(grace=0.0)


class Trials:
    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.papers = folder / "papers"
        self.papers.mkdir(parents=True)
        self.library = folder / "data" / "library.db"
        self.outcomes: Counter[str] = Counter()
        self.held: set[str] = set()
        self.made = 0
        (self.papers / "kept.txt").write_text("This file always stays. " * 9)
        self.seconds = 0.0
        self.judge(self._sync_and_die(60.0))

    def run(self) -> None:
        """Change the folder, kill a sync, judge. Raises `AssertionError`."""
        for _ in range(self.chance.randint(1, 12)):
            self._change()
        # Some are let through: how long a sync takes grows with the library, and what is
        # forgotten at its end is seen too.
        seconds = 60.0 if self.chance.random() < 0.25 else self.seconds * self.chance.random() * 1.3
        self.judge(self._sync_and_die(seconds))

    def finish(self) -> None:
        """Let a sync through; the library then holds what is on the disk."""
        self.judge(self._sync_and_die(600.0))
        on_disk = self._on_disk()
        assert self.held == set(on_disk.values())
        with open_for_child(self.library) as store:
            assert set(store.sources()) == {str(path.resolve()) for path in on_disk}

    def judge(self, said: list[str]) -> None:
        """Compare what the library holds with the disk and with what was acknowledged."""
        health = store_health(self.library, KEY)
        assert health.ok, health.damage
        on_disk = set(self._on_disk().values())
        with open_for_child(self.library) as store:
            records = store.documents()
            hashes = [record.content_hash for record in records]
            where = store.sources()
            chunks = store.term_frequencies("document")[0]
        acknowledged = {line[1:] for line in said if line[0] == "+"}
        assert len(set(hashes)) == len(hashes)
        assert set(where.values()) == {record.id for record in records}
        assert chunks == sum(record.chunks for record in records)
        lost = ((self.held | acknowledged) & on_disk) - set(hashes)
        assert lost == set(), lost
        self.held = set(hashes)
        self.outcomes["acknowledged"] += len(acknowledged)
        self.outcomes["forgotten"] += sum(line[0] == "-" for line in said)

    def _on_disk(self) -> dict[Path, str]:
        files = [path for path in self.papers.rglob("*.txt") if path.is_file()]
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def _change(self) -> None:
        movable = sorted(path for path in self._on_disk() if path.name != "kept.txt")
        kinds = ["new", "new", "change", "move", "swap", "copy", "delete"]
        kind = self.chance.choice(kinds) if len(movable) > 1 else "new"
        self.outcomes[kind] += 1
        self.made += 1
        place = self.papers / self.chance.choice(["", "a", "b/c"]) / f"{self.made}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        if kind == "new":
            place.write_text(text_of("trial", self.made))
            return
        one, other = self.chance.sample(movable, 2)
        if kind == "change":
            one.write_text(text_of("changed", self.made))
        elif kind == "move":
            one.rename(place)
        elif kind == "copy":
            shutil.copyfile(one, place)
        elif kind == "delete":
            one.unlink()
        else:
            one.rename(place)
            other.rename(one)
            place.rename(other)

    def _sync_and_die(self, seconds: float) -> list[str]:
        """Sync in a fork that is killed after so many seconds; return what it acknowledged."""
        began = time.monotonic()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-4))  # SIGALRM ends it
            try:
                self._sync(writer)
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as file:
            said = file.read().decode()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        self.outcomes["killed" if killed else "not killed"] += 1
        self.seconds = self.seconds if killed else time.monotonic() - began
        return [line for line in said.split("\n")[:-1] if line]

    def _sync(self, writer: int) -> None:
        with open_for_child(self.library) as store:
            for event in _ingester(store, self.papers).add([self.papers], sync=_RULES):
                if isinstance(event, FileAdded):
                    os.write(writer, f"+{event.document.content_hash}\n".encode())
                elif isinstance(event, FileGone) and event.forgotten:
                    os.write(writer, f"-{event.document.content_hash}\n".encode())


def _ingester(store: SqliteStore, folder: Path) -> Ingester:
    settings = Settings(data_dir=folder.parent / "data")
    # Ahead of the disk's clock, so that stamps are trusted: that is what is tested.
    return Ingester(store, EMBEDDER, FakeParser(), settings, clock=lambda: time.time() + 60)


def main(folder: str, count: str, seed: str) -> None:
    trials = Trials(Path(folder), int(seed))
    for _ in range(int(count)):
        trials.run()
    trials.finish()
    print(json.dumps({"trials": int(count), **trials.outcomes}))


if __name__ == "__main__":
    main(*sys.argv[1:])
