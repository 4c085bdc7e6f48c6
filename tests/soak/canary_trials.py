"""Kill the program while it adds, asks or rekeys, and look for planted words on the disk.

    python -m tests.soak.canary_trials FOLDER TRIALS SEED

The workspace is the real one (store, audit log, keys); only the engines and the parser are
fakes, so that a trial takes milliseconds. Each trial is a fork that is killed at a random
moment. Prints one JSON object.
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
from contextlib import suppress
from pathlib import Path
from typing import Any

from assistant.cli import wiring
from assistant.config import Settings
from assistant.documents import sandboxed_parser
from assistant.engine import engine_loader
from assistant.errors import AssistantError
from assistant.store import LibraryKeys, StoreKey, open_store, rekey
from assistant.store.passphrase import prepared
from tests.fakes.engine import FakeChat
from tests.fakes.parser import FakeParser
from tests.soak.canaries import hits
from tests.store.adder import EMBEDDER
from tests.store.keyed import CHEAP, PASSPHRASE, keys_in

WORDS = ("Quillfeather", "Marrowstone", "Zephyrine", "Oxbowlake")
"""Planted in a document's text, its heading, the answer of the model, and the question."""

NAME = "Thistledown-versus-Ravensworth.txt"
TASKS = ("ingest", "ask", "rekey")


class Trials:
    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.base, self.data = folder / "base", folder / "data"
        self.papers = folder / "papers"
        self.papers.mkdir(parents=True)
        self.base.mkdir(mode=0o700)
        text = (
            f"# {WORDS[1]}\n\nThe patient {WORDS[0]} was seen. " + "Nothing else was found. " * 60
        )
        for number in range(6):
            (self.papers / f"{number}-{NAME}").write_text(f"{text}\nVisit {number}.\n")
        _use_fakes()
        self.recovery: list[str] = []
        keys = keys_in(self.base)
        self.key = keys.create(PASSPHRASE, self.recovery.append)
        self._work("ingest", self.base, self.key)
        shutil.copytree(self.base, self.data)
        self.seconds = {task: self._timed(task) for task in TASKS}
        self.outcomes: Counter[str] = Counter()
        self.found: list[str] = []

    def markers(self) -> list[bytes]:
        secrets = [self.key.reveal(), PASSPHRASE.encode(), *(r.encode() for r in self.recovery)]
        names = [NAME.removesuffix(".txt").encode(), *(word.encode() for word in WORDS)]
        return secrets + names

    def run(self, task: str) -> None:
        shutil.rmtree(self.data)
        shutil.copytree(self.base, self.data)
        if task == "ingest":
            for path in self.data.iterdir():
                if not path.name.endswith(".keys"):
                    path.unlink()
        status = self._fork(task, self.chance.uniform(0.0, 1.1 * self.seconds[task]))
        self.outcomes[f"{task}{'' if os.WIFSIGNALED(status) else ' to its end'}"] += 1
        self.found += hits(self.data, self.markers())

    def _timed(self, task: str) -> float:
        started = time.monotonic()
        self._fork(task, 0.0)
        return time.monotonic() - started

    def _fork(self, task: str, seconds: float) -> int:
        child = os.fork()
        if child == 0:
            # No `finally` may tidy up: SIGALRM's default ends the process at once.
            signal.setitimer(signal.ITIMER_REAL, seconds)
            with suppress(AssistantError):
                self._work(task, self.data, self.key)
            os._exit(0)
        return os.waitpid(child, 0)[1]

    def _work(self, task: str, folder: Path, key: StoreKey) -> None:
        settings = Settings(data_dir=folder)
        if task == "rekey":
            keys = LibraryKeys(keys_in(folder).paths, CHEAP)
            rekey(
                keys, keys.unlock(PASSPHRASE).key, prepared(PASSPHRASE), show=self.recovery.append
            )
            return
        workspace = wiring.open_workspace(settings, Given(key))
        if task == "ingest":
            for _ in workspace.add([self.papers]):
                pass
        for _ in workspace.ask(f"What is known of {WORDS[0]} and {WORDS[3]}?"):
            pass
        workspace.close()


class Given:
    """A `KeySource` that has the key."""

    def __init__(self, key: StoreKey) -> None:
        self._key = key

    def get(self, create: bool) -> StoreKey:
        del create
        return self._key


def _use_fakes() -> None:
    chat = FakeChat((f'"The patient {WORDS[0]} was seen." ', f"{WORDS[2]} too. ") * 4)
    fakes: dict[Any, dict[str, Any]] = {
        sandboxed_parser: {"ChildParser": lambda settings, **_: FakeParser()},
        engine_loader: {
            "embedder_identity": lambda settings: EMBEDDER.identity,
            "load_embedder": lambda settings: EMBEDDER,
            "has_chat_model": lambda settings: True,
            "load_chat": lambda settings: chat,
            "load_reader": lambda settings: None,
        },
        wiring: {
            "active_chat_name": lambda settings: chat.name,
        },
    }
    for module, named in fakes.items():
        for name, fake in named.items():
            assert hasattr(module, name), name
            setattr(module, name, fake)


def main(folder: str, count: str, seed: str) -> None:
    trials = Trials(Path(folder), int(seed))
    with open_store(trials.base / "library.db", trials.key, create=False, embedder=None) as store:
        assert len(store.documents()) == 6, "nothing was planted"
    for number in range(int(count)):
        trials.run(TASKS[number % len(TASKS)])
    print(json.dumps({"hits": trials.found[:20], **trials.outcomes}))


if __name__ == "__main__":
    main(*sys.argv[1:])
