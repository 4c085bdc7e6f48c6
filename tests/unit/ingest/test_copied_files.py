"""Copies of a file, paths that come and go, and runs that were interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.ingest import Ingester
from assistant.store import StoreKey, open_store
from assistant.types import (
    CancelToken,
    FileAdded,
    FileProgress,
    IngestFinished,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore
from tests.unit.ingest.test_moved_files import FEBRUARY, JANUARY, MARCH, Bench, ids


@pytest.fixture(params=["fake", "real"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    embedder = FakeEmbedder(dimension=64)
    folder = tmp_path / "documents"
    folder.mkdir()
    if request.param == "fake":
        yield Bench(folder, FakeStore(embedder.identity), embedder)
        return
    key = StoreKey(bytes(range(32)))
    with open_store(
        tmp_path / "data" / "library.db", key, create=True, embedder=embedder.identity
    ) as store:
        yield Bench(folder, store, embedder)


@pytest.mark.parametrize(("changed", "left"), [("a", "b"), ("b", "a")])
def test_one_of_two_copies_changes(bench: Bench, changed: str, left: str) -> None:
    bench.write(a=JANUARY, b=JANUARY)
    assert bench.add()[-1] == IngestFinished(added=1, known=1, failed=0, cancelled=False)
    assert bench.holds() == {JANUARY: ("a", "b")}
    bench.write(**{changed: FEBRUARY})
    events = bench.add(bench.path(changed))
    assert [e.replaced for e in events if isinstance(e, FileAdded)] == [None]
    assert bench.holds() == {JANUARY: (left,), FEBRUARY: (changed,)}
    assert bench.names() == {f"{left}.txt": JANUARY, f"{changed}.txt": FEBRUARY}


def test_both_copies_change(bench: Bench) -> None:
    bench.write(a=JANUARY, b=JANUARY)
    bench.add()
    [january] = bench.store.documents()
    bench.write(a=FEBRUARY, b=MARCH)
    events = bench.add()
    assert [e.replaced for e in events if isinstance(e, FileAdded)] == [None, january]
    assert bench.holds() == {FEBRUARY: ("a",), MARCH: ("b",)}


def test_both_copies_change_to_the_same(bench: Bench) -> None:
    bench.write(a=JANUARY, b=JANUARY)
    bench.add()
    [january] = bench.store.documents()
    bench.write(a=FEBRUARY, b=FEBRUARY)
    events = bench.add()
    assert [e.replaced for e in events if isinstance(e, FileAdded)] == [january]
    assert bench.holds() == {FEBRUARY: ("a", "b")}


def test_a_copy_is_made_and_then_the_original_changed(bench: Bench) -> None:
    bench.write(a=JANUARY)
    bench.add()
    before = ids(bench)
    bench.write(copy=JANUARY, a=FEBRUARY)
    bench.add()
    assert bench.holds() == {JANUARY: ("copy",), FEBRUARY: ("a",)}
    assert bench.names() == {"copy.txt": JANUARY, "a.txt": FEBRUARY}
    assert ids(bench)[JANUARY] == before[JANUARY]


def test_the_same_content_from_two_folders_in_two_runs(bench: Bench) -> None:
    bench.write(one__a=JANUARY, two__a=JANUARY)
    bench.add(bench.folder / "one")
    assert bench.add(bench.folder / "two")[-1] == IngestFinished(0, 1, 0, cancelled=False)
    assert bench.holds() == {JANUARY: ("one/a", "two/a")}
    bench.write(one__a=FEBRUARY)
    bench.add(bench.folder / "one")
    assert bench.holds() == {JANUARY: ("two/a",), FEBRUARY: ("one/a",)}
    bench.write(two__a=FEBRUARY)
    bench.add(bench.folder / "two")
    assert bench.holds() == {FEBRUARY: ("one/a", "two/a")}


def test_a_copy_on_a_medium_that_is_not_there_now(bench: Bench, tmp_path: Path) -> None:
    bench.write(stick__a=JANUARY, home__a=JANUARY)
    bench.add()
    (bench.folder / "stick").rename(tmp_path / "unplugged")
    bench.write(home__a=FEBRUARY)
    bench.add()
    assert bench.holds() == {JANUARY: ("stick/a",), FEBRUARY: ("home/a",)}


def test_a_copy_that_was_deleted_keeps_nothing(bench: Bench) -> None:
    bench.write(a=JANUARY, b=JANUARY)
    bench.add()
    bench.path("b").unlink()
    bench.write(a=FEBRUARY)
    bench.add()
    assert bench.holds() == {FEBRUARY: ("a",)}


def test_forgetting_forgets_every_place(bench: Bench) -> None:
    bench.write(a=JANUARY, b=JANUARY)
    bench.add()
    [record] = bench.store.documents()
    bench.store.forget(record.id)
    assert bench.store.sources() == {}
    assert bench.store.find(record.content_hash) is None
    bench.add()
    assert bench.holds() == {JANUARY: ("a", "b")}


@pytest.mark.parametrize("moment", range(4))
def test_a_run_that_was_interrupted_and_begun_again(bench: Bench, moment: int) -> None:
    bench.write(a=JANUARY, b=FEBRUARY)
    bench.add()
    before = ids(bench)
    bench.rename(("a", "z"), ("b", "a"))
    bench.write(b=MARCH)
    token = CancelToken()
    settings = Settings(data_dir=bench.folder.parent / "data")
    events = Ingester(bench.store, bench.embedder, bench.parser, settings).add(
        [bench.folder], token
    )
    seen = 0
    for event in events:
        seen += isinstance(event, FileProgress)
        if seen > moment:
            token.cancel()
    assert {JANUARY, FEBRUARY} <= bench.names().keys() | set(bench.names().values())
    bench.add()
    assert bench.holds() == {JANUARY: ("z",), FEBRUARY: ("a",), MARCH: ("b",)}
    assert ids(bench) == before | {MARCH: ids(bench)[MARCH]}
