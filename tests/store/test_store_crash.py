"""kill -9 in the middle of adding and forgetting, many times, on one store."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.store import store_health
from tests.soak.scale import count
from tests.store.adder import EMBEDDER, KEY, add_one, open_for_child
from tests.store.material import ROOT

KILLS = count(300, least=10)
"""How often to kill: all 300 of the project's figure in `make soak`."""


def run_and_kill(path: Path, label: str, delay: float) -> list[str]:
    """Start an adder, kill it `delay` seconds after its first commit; return what it said."""
    command = [sys.executable, "-m", "tests.store.adder", str(path), label, "0", "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(delay)
        child.kill()
        lines += child.stdout.readlines()
    assert lines[0], "the child added nothing"
    return [line.strip() for line in lines if line.endswith("\n")]


@pytest.mark.slow
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    chance = random.Random(11)
    present: set[str] = set()
    doubtful: set[str] = set()
    gone: set[str] = set()
    for kill in range(KILLS):
        for line in run_and_kill(path, f"run {kill}", chance.uniform(0.0, 0.12)):
            {"+": present, "?": doubtful, "-": gone}[line[0]].add(line[1:])
        health = store_health(path, KEY)
        assert health.ok, health.damage
    with open_for_child(path) as store:
        kept = {d.content_hash for d in store.documents()}
        lost = present - doubtful - kept
        assert lost == set()
        assert gone & kept == set()
        assert len(present) > KILLS
        before = store.documents()
        again = [add_one(store, f"run {n}", 0) for n in range(KILLS)]
        assert store.documents() == before
        assert {r.content_hash for r in again} <= kept
        for record in before[:: max(1, len(before) // 20)]:
            assert store.page_text(record.id, 1).startswith("Document ")
        number_of_chunks, _ = store.term_frequencies("clause")
        assert number_of_chunks == sum(d.chunks for d in before)
        assert len(store.search_text("clause", 10**6)) == number_of_chunks
        vector = EMBEDDER.embed_query("clause")
        assert len(store.search_dense(vector, 10**6)) == number_of_chunks
