"""How fast the store finds chunks: python -m tests.bench.bench_search [--json FILE].

Fills an encrypted store with clustered unit vectors and text of skewed word frequencies,
then measures each way of searching in the same run, warm, one query at a time: the store's
dense search (encrypted, and on a decrypted copy of the very same file), NumPy's exact scan of
a matrix in memory, and the store's text search. Recall is against that exact scan.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import apsw
import numpy as np

from assistant.store import SqliteStore, StoreKey, open_store
from assistant.store.connection import Pool, harden
from assistant.types import Chunk, EmbedderIdentity, NewDocument, ParsedDocument, Vectors
from tests.bench.report import Figure, add_json_option, at_least, publish

PER_DOCUMENT = 100
WORDS_PER_CHUNK = 120
VOCABULARY = 30_000
CACHE_MIB = 128
HITS = 10

Query = TypeVar("Query")
Found = TypeVar("Found")


def clustered(rng: np.random.Generator, rows: int, centres: Vectors) -> Vectors:
    """Unit vectors in clusters that share a direction, as sentence embeddings do."""
    points = centres[rng.integers(0, len(centres), rows)]
    points += np.float32(0.15) + 0.9 * rng.standard_normal(points.shape, dtype=np.float32)
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), dtype=np.float32)


def words(rng: np.random.Generator, count: int) -> list[str]:
    """Words whose frequencies fall as those of a language do (Zipf)."""
    ranks = np.minimum(rng.zipf(1.2, count), VOCABULARY)
    return [f"word{rank}" for rank in ranks]


def fill(store: SqliteStore, rng: np.random.Generator, vectors: Vectors) -> float:
    """Add the vectors with text, PER_DOCUMENT chunks to a document; return the seconds."""
    began = time.perf_counter()
    for first in range(0, len(vectors), PER_DOCUMENT):
        part = vectors[first : first + PER_DOCUMENT]
        text, chunks = "", []
        for ordinal in range(len(part)):
            start = len(text)
            text += " ".join(words(rng, WORDS_PER_CHUNK)) + "\n"
            chunks.append(Chunk(ordinal, start, len(text) - 1, f"Part {ordinal}"))
        store.add(
            NewDocument(
                name=f"{first}.txt",
                sources=(f"{first}.txt",),
                content_hash=f"{first:064x}",
                document=ParsedDocument(text, (0,), "text/plain"),
                chunks=chunks,
                vectors=part,
            )
        )
    return time.perf_counter() - began


@contextmanager
def decrypted(path: Path, key: StoreKey, embedder: EmbedderIdentity) -> Iterator[SqliteStore]:
    """Open a decrypted copy of a closed store, to see what the encryption costs."""
    copy = path.with_name("plain.db")
    shutil.copyfile(path, copy)
    connection = apsw.Connection(str(copy))
    connection.pragma("cipher", "aegis")
    connection.pragma("key", f"raw:{key.hex()}")
    connection.pragma("journal_mode", "delete")
    connection.execute("PRAGMA rekey=''").fetchall()
    connection.pragma("journal_mode", "wal")
    connection.close()

    def opener() -> apsw.Connection:
        plain = apsw.Connection(str(copy))
        harden(plain, CACHE_MIB)
        return plain

    store = SqliteStore(Pool(copy, opener, busy_ms=1000), embedder)
    try:
        yield store
    finally:
        store.close()


def measure(
    search: Callable[[Query], Found], queries: Sequence[Query]
) -> tuple[dict[str, float], list[Found]]:
    """Run every query twice, time the second pass; return {p50_ms, p95_ms} and its results."""
    for query in queries:
        search(query)
    times, found = [], []
    for query in queries:
        began = time.perf_counter()
        found.append(search(query))
        times.append(1000 * (time.perf_counter() - began))
    cuts = statistics.quantiles(times, n=20)
    return {"p50_ms": round(statistics.median(times), 3), "p95_ms": round(cuts[18], 3)}, found


def run(chunks: int, dimension: int, queries: int, folder: Path) -> dict[str, Any]:
    """Measure everything once; return the figures."""
    rng = np.random.default_rng(5)
    centres = rng.standard_normal((max(chunks // 40, 1), dimension), dtype=np.float32)
    vectors = clustered(rng, chunks, centres)
    asked = list(clustered(rng, queries, centres))
    texts = [" ".join(words(rng, 12)) for _ in range(queries)]
    embedder = EmbedderIdentity("bench", "0" * 64, dimension, "mean", "", "", 256)
    key, path = StoreKey.random(), folder / "bench.db"
    figures: dict[str, Any] = {"chunks": chunks, "dimension": dimension, "queries": queries}

    with open_store(path, key, create=True, embedder=embedder, cache_mib=CACHE_MIB) as store:
        seconds = fill(store, rng, vectors)
    figures["chunks_added_per_s"] = round(chunks / seconds)
    figures["store_mb"] = round(path.stat().st_size / 1e6, 1)

    with open_store(path, key, create=False, embedder=embedder, cache_mib=CACHE_MIB) as store:
        began = time.perf_counter()
        store.search_dense(asked[0], HITS)
        figures["dense_first_ms"] = round(1000 * (time.perf_counter() - began), 1)
        figures["dense"], dense = measure(lambda q: store.search_dense(q, HITS), asked)
        figures["dense_50"], _ = measure(lambda q: store.search_dense(q, 50), asked)
        figures["text"], _ = measure(lambda q: store.search_text(q, 50), texts)
    with decrypted(path, key, embedder) as store:
        figures["dense_plain"], _ = measure(lambda q: store.search_dense(q, HITS), asked)
        figures["text_plain"], _ = measure(lambda q: store.search_text(q, 50), texts)

    def exact(query: Vectors) -> list[int]:
        scores = vectors @ query
        best = np.argpartition(-scores, HITS)[:HITS]
        return [int(i) + 1 for i in best[np.argsort(-scores[best])]]

    figures["numpy_exact"], truth = measure(exact, asked)
    right = sum(len({i for i, _ in a} & set(b)) for a, b in zip(dense, truth, strict=True))
    figures["recall_at_10"] = round(right / (HITS * queries), 4)
    return figures


def as_figures(found: dict[str, Any]) -> list[Figure]:
    """Choose the rows of the table."""
    note = f"{found['chunks']:,} chunks of {found['dimension']} numbers, warm, encrypted"
    dense, exact = found["dense"]["p50_ms"], found["numpy_exact"]["p50_ms"]
    return [
        Figure("dense search, p50", dense, "ms", note=f"{note}, {HITS} hits"),
        Figure("dense search unencrypted, p50", found["dense_plain"]["p50_ms"], "ms"),
        Figure("NumPy's exact scan in memory, p50", exact, "ms", note="the same run"),
        Figure("dense search, 50 hits, p50", found["dense_50"]["p50_ms"], "ms"),
        Figure("dense search, first after opening", found["dense_first_ms"], "ms"),
        at_least("recall@10 against the exact scan", found["recall_at_10"], 0.99),
        Figure("text search, 12 words, p50", found["text"]["p50_ms"], "ms", note="50 hits"),
        Figure("text search unencrypted, p50", found["text_plain"]["p50_ms"], "ms"),
        Figure("chunks written", found["chunks_added_per_s"], "1/s", note="without embedding"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Dense and text search of the store.")
    parser.add_argument("--chunks", type=int, default=50_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--queries", type=int, default=60)
    add_json_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(options.chunks, options.dimension, options.queries, Path(folder))
    found["sqlite"] = apsw.sqlite_lib_version()
    publish("search in the store", as_figures(found), found, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
