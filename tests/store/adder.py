"""A child process that adds documents and says which are committed. Usage: see `main`."""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.store import SqliteStore, StoreKey, open_store
from assistant.types import DocumentRecord
from tests.fakes.embedder import FakeEmbedder
from tests.store.material import put

KEY = StoreKey(bytes(range(32)))
EMBEDDER = FakeEmbedder(dimension=64, token_limit=100_000)


def text_of(label: str, number: int) -> str:
    """Return a document that is long enough for several pages of the file."""
    sentence = f"Document {number} of {label}: the supplier shall deliver item{number}. "
    return sentence * (20 + number % 30)


def add_one(store: SqliteStore, label: str, number: int) -> DocumentRecord:
    """Add one document; every chunk has the heading "Clause"."""
    text = text_of(label, number)
    return put(store, EMBEDDER, text, name=f"{number}.txt", heading="Clause")


def open_for_child(path: Path, busy_seconds: float = 60.0) -> SqliteStore:
    return open_store(path, KEY, create=True, embedder=EMBEDDER.identity, busy_seconds=busy_seconds)


def main(path: str, label: str, first: str, count: str) -> None:
    """Add `count` documents from number `first`; print a line for each that is committed.

    Every third is forgotten again, which is told as well ("-" before its hash).
    """
    with open_for_child(Path(path)) as store:
        for number in range(int(first), int(first) + int(count)):
            record = add_one(store, label, number)
            print(f"+{record.content_hash}", flush=True)
            if number % 3 == 2:
                print(f"?{record.content_hash}", flush=True)
                store.forget(record.id)
                print(f"-{record.content_hash}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
