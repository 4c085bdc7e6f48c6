"""Which commits wait for the disk: all of them, but for the head of the audit log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import apsw
import pytest

from assistant.store import StoreKey, open_store
from assistant.store.audit_state import HEAD_BYTES, AuditState
from assistant.store.connection import Pool, connect

KEY = StoreKey(bytes(range(32)))
NORMAL, FULL = 1, 2


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    path = tmp_path / "library.db"
    open_store(path, KEY, create=True, embedder=None).close()
    made = Pool(path, lambda: connect(path, KEY, cache_mib=1, busy_ms=1000), busy_ms=1000)
    yield made
    made.close()


def mode(connection: apsw.Connection) -> int:
    return int(connection.pragma("synchronous"))


def test_a_write_after_the_heads_waits_for_the_disk(pool: Pool) -> None:
    state = AuditState(pool)
    for number in range(3):
        state.set_head(bytes([number]) * HEAD_BYTES, durable=False)
        with pool.lend_to_writer(durable=False) as connection:
            assert mode(connection) == NORMAL
        with pool.writing() as connection:
            assert mode(connection) == FULL
        state.set_head(bytes([number]) * HEAD_BYTES, durable=False)
        with pool.lend_to_writer() as connection:
            assert mode(connection) == FULL
        with state.settled():
            pass
    assert state.head() == bytes([2]) * HEAD_BYTES


def test_every_connection_waits_whichever_is_lent(pool: Pool) -> None:
    """Several were relaxed, in any order; each waits again when it is to."""
    with ExitStack() as readers:
        for _ in range(3):
            readers.enter_context(pool.lend())
            AuditState(pool).set_head(bytes(HEAD_BYTES), durable=False)
    for _ in range(3):
        with ExitStack() as readers:
            for _ in range(4):
                readers.enter_context(pool.lend())
                with pool.writing() as connection:
                    assert mode(connection) == FULL


def test_threads_that_write_heads_and_documents(pool: Pool) -> None:
    seen: list[int] = []

    def work() -> None:
        for _ in range(30):
            AuditState(pool).set_head(bytes(HEAD_BYTES), durable=False)
            with pool.writing() as connection:
                seen.append(mode(connection))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [FULL] * 180
