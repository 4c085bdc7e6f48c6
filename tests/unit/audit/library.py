"""A small library with a log, for the tests of the audit log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.audit import AuditedStore, AuditLog, AuditRecorder, Report, open_log, verify_library
from assistant.audit.log_keys import AuditKeys
from assistant.audit.log_record import NO_HASH, make_record
from assistant.store import SqliteStore, StoreKey, open_store
from assistant.store.audit_state import AuditState
from tests.fakes.embedder import FakeEmbedder
from tests.store.material import put

KEY = StoreKey(bytes(range(32)))
EMBEDDER = FakeEmbedder(dimension=64, token_limit=100_000)
KEYS = AuditKeys(bytes(range(1, 33)))


class Library:
    """Where store and log lie; `opened` opens both, `verify` checks the closed ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "library.db"
        self.log = folder / "library.audit"

    def open_store(self) -> SqliteStore:
        return open_store(
            self.store, KEY, create=True, embedder=EMBEDDER.identity, busy_seconds=5.0
        )

    @contextmanager
    def opened(
        self, state: Callable[[AuditState], AuditState] = lambda state: state, **options: Any
    ) -> Iterator[tuple[SqliteStore, AuditLog]]:
        """Open both. `state`: what stands between log and store; `options`: of `open_log`."""
        with self.open_store() as store:
            log = open_log(self.log, state(store.audit), **options)
            try:
                yield store, log
            finally:
                log.abandon()

    def use(self, *actions: str) -> None:
        """Open the library, record `actions` and close it."""
        with self.opened() as (_, log):
            for action in actions:
                log.append(action, number=len(action))
            log.close()

    def add(self, store: SqliteStore, log: AuditLog, name: str) -> None:
        """Add a document as the program does."""
        log.before_write()
        of = log.append("add", phase="intent", name=name)
        put(store, EMBEDDER, f"{name}: clause. " * 300, name=name)
        log.append("add", phase="done", of=of, pages=True)

    def verify(self, **options: object) -> Report:
        with self.open_store() as store:
            return verify_library(self.log, store.audit, **options)  # type: ignore[arg-type]

    def copy(self, name: str) -> Library:
        target = self.folder.with_name(name)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder, target)
        return Library(target)

    def lines(self) -> list[bytes]:
        return self.log.read_bytes().splitlines(keepends=True)


def attached(recorder: AuditRecorder, store: SqliteStore) -> AuditedStore:
    """Join store and log as the program does."""
    recorder.attach(store)
    return AuditedStore(store, recorder)


def made_chain(actions: list[str], keys: AuditKeys | None = KEYS) -> list[bytes]:
    """Return the lines of a chain with these actions, the first of which is "begin"."""
    lines, prev = [], NO_HASH
    for seq, action in enumerate(actions):
        body = {
            "seq": seq,
            "time": f"2026-01-01T00:00:{seq % 60:02d}.000000Z",
            "session": "0011aabb",
            "action": action,
            "fields": {"number": seq},
            "prev": prev,
        }
        record, line = make_record(body, keys)
        lines.append(line)
        prev = record.hash
    return lines


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a forked process; return the status with which it ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    _, waited = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(waited)
