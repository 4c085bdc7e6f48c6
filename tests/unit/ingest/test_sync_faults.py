"""A sync meets files that change, grow or can't be read, a cancel, and a second sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import StoreBusyError
from assistant.types import (
    CancelToken,
    FileAdded,
    FileFailed,
    RunProgress,
    SyncRules,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.parser import FakeParser
from tests.fakes.store import FakeStore
from tests.unit.ingest.test_sync import AT_ONCE, Bench, last, of, real_store


def test_a_file_that_grows_while_it_is_read(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")

    def grow(path: Path) -> None:
        if path.name == "a.txt" and path.stat().st_size < 20:
            path.write_text(path.read_text() + " And more.")

    bench.parser = FakeParser(before=grow)
    bench.sync()
    assert bench.holds()["a"] == "One. And more."
    grown = bench.path("a")
    grown.write_text(grown.read_text() + " And still more.")
    bench.sync()
    assert bench.holds()["a"] == "One. And more. And still more."
    assert last(bench.sync()).unchanged == 2


def test_a_file_that_changes_after_it_was_read_is_read_again(bench: Bench) -> None:
    bench.write(a="One.")
    for event in bench.events():
        if isinstance(event, RunProgress) and event.done:
            bench.write(a="Two.")
    bench.sync()
    assert bench.holds() == {"a": "Two."}


def test_a_file_that_can_not_be_read_is_not_tried_again(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.parser = FakeParser(fail_on=("a.txt",))
    [failed] = of(FileFailed, bench.sync())
    [again] = of(FileFailed, bench.sync())
    assert bench.parser.parsed == []
    assert str(again.error) == str(failed.error)
    bench.parser = FakeParser()
    assert len(of(FileAdded, bench.sync(rules=SyncRules(full=True)))) == 1
    bench.write(a="Another.")
    assert len(of(FileAdded, bench.sync())) == 1
    assert last(bench.sync()).unchanged == 2


def test_a_note_of_a_file_that_holds_no_document_goes_with_it(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.parser = FakeParser(fail_on=("a.txt",))
    bench.sync()
    bench.path("a").unlink()
    bench.sync()
    assert [Path(source).name for source in bench.store.known_files()] == ["b.txt"]


def test_a_changed_file_that_can_not_be_read_keeps_what_it_was(bench: Bench) -> None:
    bench.write(a="One.")
    bench.sync()
    bench.write(a="Two.")
    bench.parser = FakeParser(fail_on=("a.txt",))
    bench.sync(rules=AT_ONCE)
    bench.sync(rules=AT_ONCE)
    assert bench.holds() == {"a": "One."}


@pytest.mark.parametrize("after", range(1, 12, 2))
def test_a_sync_that_was_cancelled_goes_on(bench: Bench, after: int) -> None:
    bench.write(**{f"n{number}": f"Text {number}." for number in range(4)})
    token = CancelToken()
    for number, _ in enumerate(bench.events(cancel=token)):
        if number == after:
            token.cancel()
    done = len(bench.store.documents())
    events = bench.sync()
    assert last(events).added == 4 - done
    assert last(events).unchanged + last(events).known == done
    assert len(bench.holds()) == 4


def test_two_libraries_hold_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    first = Bench(folder, FakeStore(FakeEmbedder(dimension=64).identity))
    second = Bench(folder, FakeStore(FakeEmbedder(dimension=64).identity))
    first.write(a="One.", b="Two.")
    first.sync()
    assert last(second.sync()).added == 2
    first.path("a").unlink()
    first.sync(rules=AT_ONCE)
    assert (set(first.holds()), set(second.holds())) == ({"b"}, {"a", "b"})


def test_two_syncs_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    with real_store(tmp_path) as store:
        bench = Bench(folder, store)
        bench.write(a="One.", b="Two.")
        events = bench.events()
        next(events)
        with pytest.raises(StoreBusyError, match="Another sync"):
            bench.sync()
        list(bench.events(rules=None))  # adding is no sync
        list(events)
        assert set(bench.holds()) == {"a", "b"}
        assert len(bench.store.documents()) == 2
        bench.sync()
