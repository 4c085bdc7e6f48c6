"""What the audit log costs: python -m tests.bench.bench_audit [--json FILE].

Appending a record (write, fsync, head into the encrypted store) beside a bare write and fsync
of the same bytes, in turn and in one run; the root over the pages of a store of a given size,
after one document came in and from nothing; opening and checking a long log.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audit import open_log, verify_library
from assistant.audit.page_hashes import PageTree, tree_path
from assistant.store import SqliteStore, StoreKey, open_store
from tests.bench.bench_search import clustered, fill
from tests.bench.report import Figure, add_json_option, at_most, publish
from tests.fakes.embedder import FakeEmbedder

KEY = StoreKey(bytes(range(32)))
EMBEDDER = FakeEmbedder(dimension=384, token_limit=100_000)


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds that `work` takes."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def appending(folder: Path, store: SqliteStore, times: int) -> dict[str, float]:
    """Append records and bare lines of the same length in turn; return the medians (ms)."""
    log = open_log(folder / "library.audit", store.audit)
    question = log.keys.identifier("question", "How long is the warranty?")

    def append() -> None:
        log.append("ask", question=question, length=25)

    append()
    content = (folder / "library.audit").read_bytes().splitlines(keepends=True)[-1]
    bare = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def bare_append() -> None:
        os.write(bare, content)
        os.fsync(bare)

    for _ in range(20):
        append()
        bare_append()
    ours, bares = [], []
    for _ in range(times):
        ours.append(timed(append))
        bares.append(timed(bare_append))
    os.close(bare)
    log.close()
    return {
        "append_ms": statistics.median(ours),
        "bare_fsync_ms": statistics.median(bares),
        "bytes": len(content),
    }


def rooting(folder: Path, store: SqliteStore) -> dict[str, float]:
    """Time the root over all pages from nothing, with nothing changed, after one document."""
    rng = np.random.default_rng(9)
    tree = PageTree(tree_path(folder / "bench.audit"))
    with store.audit.settled() as pages:
        count = pages.count
        whole = timed(lambda: tree.update(pages))
        same = timed(lambda: tree.update(pages))
    vectors = clustered(rng, 100, rng.standard_normal((10, 384), dtype=np.float32))
    fill(store, np.random.default_rng(77), vectors)
    changed: list[int] = []
    with store.audit.settled() as pages:
        after = timed(lambda: changed.extend(tree.update(pages)[1]))
    return {
        "pages": count,
        "mib": count * 8192 / 2**20,
        "from_nothing_ms": whole,
        "unchanged_ms": same,
        "after_a_document_ms": after,
        "changed_pages": len(changed),
        "save_ms": timed(tree.save),
    }


def checking(folder: Path, store: SqliteStore, records: int) -> dict[str, float]:
    """Time opening and checking a log with `records` records since the last root."""
    path = folder / "library.audit"
    log = open_log(path, store.audit)
    log._file._disk.sync = lambda _: None  # type: ignore[method-assign]
    for number in range(records):
        log.append("ask", question=f"{number:032x}", length=25)
    log.abandon()
    opening = timed(lambda: open_log(path, store.audit).abandon())
    return {"records": records, "open_ms": opening, "verify_ms": _verified(path, store)}


def _verified(path: Path, store: SqliteStore) -> float:
    verdicts: list[str] = []
    took = timed(lambda: verdicts.append(verify_library(path, store.audit).verdict))
    if verdicts != ["ok"]:
        raise AssertionError(verdicts)
    return took


def run(chunks: int, times: int, records: int, folder: Path) -> dict[str, Any]:
    """Measure everything once."""
    rng = np.random.default_rng(5)
    identity = EMBEDDER.identity
    with open_store(folder / "library.db", KEY, create=True, embedder=identity) as store:
        vectors = clustered(rng, chunks, rng.standard_normal((40, 384), dtype=np.float32))
        fill(store, rng, vectors)
        pages = rooting(folder, store)
        appended = appending(folder, store, times)
        return {"append": appended, "root": pages, "check": checking(folder, store, records)}


def figures(found: dict[str, Any]) -> list[Figure]:
    append, root, check = found["append"], found["root"], found["check"]
    ratio = append["append_ms"] / append["bare_fsync_ms"]
    size = f"{root['mib']:.0f} MiB"
    return [
        at_most("audit: append beside a bare fsync, p50", ratio, 1.5, "x"),
        Figure("audit: append, p50", append["append_ms"], "ms"),
        Figure("audit: bare fsync of the same bytes, p50", append["bare_fsync_ms"], "ms"),
        Figure(f"audit: root after a document, {size}", root["after_a_document_ms"], "ms"),
        Figure(f"audit: root with all pages hashed, {size}", root["from_nothing_ms"], "ms"),
        Figure(f"audit: opening a log, {check['records']} records", check["open_ms"], "ms"),
        Figure(f"audit: verify, {check['records']} records, {size}", check["verify_ms"], "ms"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--appends", type=int, default=500)
    parser.add_argument("--records", type=int, default=5_000)
    parser.add_argument("--folder", type=Path, help="where to write [default: a temporary one]")
    add_json_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        found = run(options.chunks, options.appends, options.records, Path(name))
    publish("audit", figures(found), found, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
