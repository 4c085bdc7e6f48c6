"""Libraries to add to: over the fake store and over the real one, which must not differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.store import StoreKey, open_store
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore
from tests.unit.ingest.test_moved_files import Bench as MovesBench
from tests.unit.ingest.test_sync import Bench, real_store


@pytest.fixture(params=["fake", "real"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "documents"
    folder.mkdir()
    if request.param == "fake":
        yield Bench(folder, FakeStore(FakeEmbedder(dimension=64).identity))
        return
    with real_store(tmp_path) as store:
        yield Bench(folder, store)


@pytest.fixture(params=["fake", "real"])
def moves(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MovesBench]:
    embedder = FakeEmbedder(dimension=64)
    folder = tmp_path / "documents"
    folder.mkdir()
    if request.param == "fake":
        yield MovesBench(folder, FakeStore(embedder.identity), embedder)
        return
    key = StoreKey(bytes(range(32)))
    with open_store(
        tmp_path / "data" / "library.db", key, create=True, embedder=embedder.identity
    ) as store:
        yield MovesBench(folder, store, embedder)
