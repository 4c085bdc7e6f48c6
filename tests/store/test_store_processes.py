"""Several processes on one store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import StoreBusyError
from assistant.store import StoreKey, open_store, store_health
from assistant.store.connection import connect
from tests.fakes.embedder import FakeEmbedder
from tests.store.adder import KEY
from tests.store.conftest import OpenStore
from tests.store.material import ROOT, bytes_on_disk, put

SECONDS = 120


def start_adders(path: Path, labels: list[str], count: int) -> list[str]:
    """Let several processes add at once; return the lines that they printed."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.store.adder", str(path), label, "0", str(count)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for label in labels
    ]
    lines: list[str] = []
    for child in children:
        out, errors = child.communicate(timeout=SECONDS)
        assert child.returncode == 0, errors
        lines += out.split()
    return lines


def test_two_processes_create_and_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "data" / "library.db"
    lines = start_adders(path, ["one", "two"], 12)
    added = {line[1:] for line in lines if line[0] == "+"}
    gone = {line[1:] for line in lines if line[0] == "-"}
    with open_store(path, KEY, create=False, embedder=None) as store:
        records = store.documents()
    assert {r.content_hash for r in records} == added - gone
    assert len(added) == 24
    assert len({r.name for r in records}) == len(records)
    assert store_health(path, KEY).ok
    assert [p.name for p in path.parent.iterdir()] == ["library.db"]


def test_two_processes_add_the_same_documents(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    start_adders(path, ["same", "same"], 2)
    with open_store(path, KEY, create=False, embedder=None) as store:
        assert len(store.documents()) == 2


def test_a_writer_that_does_not_finish(
    open_again: OpenStore, embedder: FakeEmbedder, store_path: Path, key: StoreKey
) -> None:
    store = open_again(busy_seconds=0.2)
    put(store, embedder, "first")
    other = connect(store_path, key, cache_mib=1, busy_ms=0)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusyError) as caught:
            put(store, embedder, "second")
        assert "try again" in caught.value.hint
        assert len(store.documents()) == 1  # reading goes on
    finally:
        other.execute("ROLLBACK")
        other.close()
    put(store, embedder, "second")
    assert len(store.documents()) == 2


def test_forgetting_while_another_reads_says_so_and_is_finished_later(
    open_again: OpenStore, embedder: FakeEmbedder, store_path: Path, key: StoreKey
) -> None:
    store = open_again(busy_seconds=0.2)
    record = put(store, embedder, "a secret " * 50)
    reader = connect(store_path, key, cache_mib=1, busy_ms=0)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM documents").get == 1
    with pytest.raises(StoreBusyError, match="traces stay"):
        store.forget(record.id)
    assert store.documents() == []
    assert bytes_on_disk(store_path.parent)["library.db-wal"]
    reader.execute("ROLLBACK")
    reader.close()
    open_again(busy_seconds=0.2)
    assert bytes_on_disk(store_path.parent)["library.db-wal"] == b""


CHECKPOINT_BYTE = 121
"""Of the index beside the store: who makes a checkpoint locks it (SQLite's WAL format, 2.3.1)."""

HOLDER = """
import fcntl, sys, time
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX, 1, int(sys.argv[2]))
    print("held", flush=True)
    time.sleep(float(sys.argv[3]))
"""


@pytest.mark.parametrize("held", [0.5, 30.0])
def test_forgetting_waits_for_the_checkpoint_of_another_process(
    open_again: OpenStore, embedder: FakeEmbedder, store_path: Path, held: float
) -> None:
    """SQLite itself doesn't: it says at once that the log is in use."""
    store = open_again(busy_seconds=2.0)
    record = put(store, embedder, "a secret " * 50)
    command = [sys.executable, "-c", HOLDER, f"{store_path}-shm", str(CHECKPOINT_BYTE), str(held)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        if held > 2:
            with pytest.raises(StoreBusyError, match="traces stay"):
                store.forget(record.id)
            other.kill()
        else:
            store.forget(record.id)
            assert bytes_on_disk(store_path.parent)["library.db-wal"] == b""


def test_looking_at_the_header_keeps_the_locks(
    open_again: OpenStore, embedder: FakeEmbedder, store_path: Path, key: StoreKey
) -> None:
    """Closing any descriptor of the file would drop them: another process then sees no user.

    It is told by what SQLite does when its last user leaves: it removes the log.
    """
    store = open_again()
    put(store, embedder, "text")
    open_again().close()
    store_health(store_path, key)
    code = (
        "import sys; from pathlib import Path; from assistant.store import *\n"
        "open_store(Path(sys.argv[1]), StoreKey(bytes(range(32))), create=False, embedder=None)"
        ".close()"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(store_path)], check=True, timeout=SECONDS, cwd=ROOT
    )
    assert store_path.with_name("library.db-wal").exists()
    assert len(store.documents()) == 1
