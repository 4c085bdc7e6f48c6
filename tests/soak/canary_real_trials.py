"""Kill the real command with its real engines, and look for planted words on the disk.

    python -m tests.soak.canary_real_trials FOLDER TRIALS SEED MODELS [LEAK]

Each trial is a fork of a process that has imported the program, and runs the command's own
`main`: lockdown, passphrase, parser child, embedder and chat model are those of a user. It is
killed at a random moment of its course, every second time with all that it started. Then
every file in the data folder, the home folder, the current folder and the folder for temporary
files is searched, and what is new in the system's own. `LEAK` plants a leak, which must be
found: "parser" or "log". Prints one JSON object.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant import store as store_package
from assistant.cli.main import main as command
from assistant.documents.sandboxed_parser import ChildParser
from assistant.engine import engine_loader
from assistant.engine.chat_model import LlamaChat
from assistant.engine.embedder import OnnxEmbedder
from assistant.lockdown import linux
from assistant.store import KeyPaths, LibraryKeys, SqliteStore, open_store
from tests.soak import kills
from tests.soak.canaries import hits
from tests.soak.planted import new_word, plant
from tests.store.keyed import CHEAP

_PRELOADED = ("apsw", "llama_cpp", "nacl.pwhash", "numpy", "onnxruntime", "sqlite_vec")
LEAKS = {"parser": "add to a library", "log": "ask"}
"""Where each planted leak shows."""

_SHARED = ("/tmp", "/var/tmp", "/dev/shm")
_LARGEST_SHARED = 16 << 20


@dataclass
class Task:
    """A command, the state of the data folder that it begins with, and how long it took last."""

    name: str
    base: Path
    arguments: tuple[str, ...]
    seconds: float = 0.0


class Trials:
    def __init__(self, folder: Path, seed: int, models: Path, leak: str) -> None:
        self.chance = random.Random(seed)
        self.folder, self.models, self.began = folder, models, time.time()
        for name in ("home", "current", "temporary", "secret", "empty"):
            (folder / name).mkdir(mode=0o700, parents=True)
        self.papers = plant(folder / "papers")
        self.words = self.papers.words
        self.passphrase = f"{new_word()} and {new_word()}"
        self.data = folder / "data"
        self._environment()
        if leak == "log":
            (folder / "empty" / "config.toml").write_text("audit_content = true\n")
        self.found: list[str] = []
        self.recovery: list[str] = []
        self._make_filled()
        if leak == "parser":
            _let_the_parser_leak()
        wanted = LEAKS.get(leak)
        tasks = [task for task in self._tasks() if wanted in (None, task.name)]
        self.tasks = [self._timed(task) for task in tasks]
        self.outcomes: Counter[str] = Counter()
        self.phases: Counter[str] = Counter()

    def _environment(self) -> None:
        secret = self.folder / "secret"
        (secret / "passphrase").touch(mode=0o600)
        (secret / "passphrase").write_text(self.passphrase + "\n")
        os.environ.update(
            ASSISTANT_DATA_DIR=str(self.data),
            ASSISTANT_PASSPHRASE_FILE=str(secret / "passphrase"),
            ASSISTANT_RECOVERY_FILE=str(secret / "recovery"),
            HOME=str(self.folder / "home"),
            TMPDIR=str(self.folder / "temporary"),
        )
        for name in [name for name in os.environ if name.startswith("XDG_")]:
            del os.environ[name]
        os.chdir(self.folder / "current")

    def _tasks(self) -> list[Task]:
        empty, filled = self.folder / "empty", self.folder / "filled"
        old, new = str(self.papers.old), str(self.papers.new)
        judged = ("--question", self.words.question, "--verdict", "right")
        return [
            Task("add to a new library", empty, ("add", old, new)),
            Task("ask", filled, ("ask", "--reading", "together", self.words.question)),
            Task("add to a library", filled, ("add", new)),
            Task("rekey", filled, ("rekey",)),
            Task("feedback", filled, ("feedback", "add", *judged)),
            Task("forget", filled, ("forget", f"report-{self.words.name}.md", "--yes")),
        ]

    def _make_filled(self) -> None:
        """A library with documents, whose passphrase costs little to try."""
        keys = self._keys(self.folder / "empty")
        self.key = keys.create(self.passphrase, self.recovery.append)
        self._run_to_its_end(Task("fill", self.folder / "empty", ("add", str(self.papers.old))))
        shutil.copytree(self.data, self.folder / "filled", symlinks=True)
        keys.paths.wrapped.unlink()

    def _keys(self, folder: Path) -> LibraryKeys:
        paths = (folder / f"library.{end}" for end in ("db", "key", "keys"))
        return LibraryKeys(KeyPaths(*paths), CHEAP)

    def _timed(self, task: Task) -> Task:
        started = time.monotonic()
        said = self._run_to_its_end(task)
        if task.name == "ask":
            assert self.words.text in said["answer"], said
            assert said["timings"]["generated_tokens"] > 0, "the chat model was not asked"
        seconds = time.monotonic() - started
        self._search(f"{task.name} to its end")
        return Task(task.name, task.base, task.arguments, seconds)

    def _run_to_its_end(self, task: Task) -> dict[str, Any]:
        self._fresh(task)
        output = self.folder / "secret" / "output"
        child = self._start(task, output)
        kills.ended_within(child, 600.0)
        status = kills.reap(child)
        errors = (self.folder / "secret" / "errors").read_text()
        assert status == 0, f"{task.name} ended with {status}: {errors}"
        said: dict[str, Any] = json.loads(output.read_text())
        return said

    def run(self, number: int) -> None:
        """Kill one command, and search all that it could have written."""
        task = self.tasks[number % len(self.tasks)]
        self._fresh(task)
        child = self._start(task, Path(os.devnull))
        began = time.monotonic()
        if kills.ended_within(child, self.chance.uniform(0.02, 1.02 * task.seconds)):
            task.seconds = time.monotonic() - began  # the machine has become quieter
        kills.kill(child, tree=self.chance.random() < 0.5)
        status = kills.reap(child)
        killed = os.WIFSIGNALED(status)
        assert killed or status == 0, (self.folder / "secret" / "errors").read_text()
        self.outcomes[task.name + ("" if killed else " to its end")] += 1
        if killed:
            self.phases[kills.where()] += 1
        self._search(task.name)

    def _search(self, name: str) -> None:
        self.found += [f"{name}: {hit}" for hit in self._hits(self._secrets())]

    def _fresh(self, task: Task) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(task.base, self.data, symlinks=True)
        if not (self.data / "models").is_symlink():
            (self.data / "models").symlink_to(self.models)
        (self.folder / "secret" / "recovery").unlink(missing_ok=True)

    def _start(self, task: Task, output: Path) -> int:
        errors = self.folder / "secret" / "errors"

        def run() -> None:
            for path, number in ((output, 1), (errors, 2)):
                made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                os.dup2(made, number)
            sys.argv = ["assistant", *task.arguments, "--json", "--threads", "1"]
            command()

        return kills.start(run)

    def _secrets(self) -> list[bytes]:
        """The passphrase, and what the files at hand open with it: nothing else may hold them."""
        written = self.folder / "secret" / "recovery"
        texts = [*self.recovery, written.read_text().strip() if written.exists() else ""]
        return [
            self.passphrase.encode(),
            self.key.reveal(),
            *self._opened(),
            *(text.encode() for text in texts if text),
        ]

    def _opened(self) -> list[bytes]:
        """Unlock a copy, and read it: killed or not, it has to open. Return its key."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.data, copy, symlinks=True)
        keys = self._keys(copy)
        if not keys.paths.wrapped.exists():
            return []
        key = keys.unlock(self.passphrase).key
        if keys.paths.store.exists():
            with open_store(keys.paths.store, key, create=False, embedder=None) as opened:
                opened.documents()
        return [key.reveal()]

    def _hits(self, secrets: list[bytes]) -> list[str]:
        markers = [*self.papers.markers, *secrets]
        places = (self.data, *(self.folder / name for name in ("home", "current", "temporary")))
        return [hit for place in places for hit in hits(place, markers)]

    def shared_hits(self) -> list[str]:
        """What is new since the beginning in the system's folders for temporary files."""
        copies = self.folder / "shared"
        copies.mkdir()
        for at, path in enumerate(self._shared_files()):
            try:
                shutil.copyfile(path, copies / f"{at}-{path.name}"[:200], follow_symlinks=False)
            except OSError:
                continue  # gone, or another user's
        return hits(copies, [*self.papers.markers, *self._secrets()])

    def _shared_files(self) -> list[Path]:
        found = []
        for place in map(Path, _SHARED):
            for folder, folders, names in os.walk(place):
                folders[:] = [name for name in folders if Path(folder, name) != self.folder.parent]
                found += [path for name in names if self._is_new(path := Path(folder, name))]
        return found

    def _is_new(self, path: Path) -> bool:
        try:
            status = path.lstat()
        except OSError:
            return False
        young = status.st_mtime >= self.began - 1.0 and status.st_uid == os.geteuid()
        return young and status.st_size <= _LARGEST_SHARED and path.is_file()


def _mark_phases() -> None:
    """Note where a kill hits. The calls stay what they are."""
    kills.mark_from(linux, "engage", "locking, or between two phases")
    kills.mark(LibraryKeys, "unlock", "unlocking")
    kills.mark(LibraryKeys, "create", "making a key")
    kills.mark(ChildParser, "parse", "parsing")
    kills.mark(engine_loader, "load_embedder", "loading the embedder")
    kills.mark(OnnxEmbedder, "embed_documents", "embedding")
    kills.mark(OnnxEmbedder, "embed_query", "embedding")
    kills.mark(SqliteStore, "add", "storing")
    kills.mark(SqliteStore, "forget", "forgetting")
    kills.mark(engine_loader, "load_chat", "loading the chat model")
    kills.mark_from(LlamaChat, "render", "answering")
    kills.mark(store_package, "rekey", "encrypting anew")


def _let_the_parser_leak() -> None:
    real: Callable[..., Any] = ChildParser.parse

    def leaking(*arguments: Any, **options: Any) -> Any:
        parsed = real(*arguments, **options)
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(parsed.document.text)
        return parsed

    ChildParser.parse = leaking  # type: ignore[method-assign]


def main(folder: str, count: str, seed: str, models: str, leak: str = "") -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    assert len(list(Path("/proc/self/task").iterdir())) == 1, (
        "a fork of threads is not a fresh process"
    )
    kills.adopt_orphans()
    _mark_phases()
    trials = Trials(Path(folder), int(seed), Path(models), leak)
    for number in range(int(count)):
        trials.run(number)
    report = {
        "words": asdict(trials.words),
        "hits": (trials.found + trials.shared_hits())[:20],
        "outcomes": trials.outcomes,
        "phases": trials.phases,
        "seconds": {task.name: round(task.seconds, 2) for task in trials.tasks},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
