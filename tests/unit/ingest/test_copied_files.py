"""Copies of a file, paths that come and go, and runs that were interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.ingest import Ingester
from assistant.types import (
    CancelToken,
    FileAdded,
    FileProgress,
    IngestFinished,
)
from tests.unit.ingest.test_moved_files import FEBRUARY, JANUARY, MARCH, Bench, ids


@pytest.mark.parametrize(("changed", "left"), [("a", "b"), ("b", "a")])
def test_one_of_two_copies_changes(moves: Bench, changed: str, left: str) -> None:
    moves.write(a=JANUARY, b=JANUARY)
    assert moves.add()[-1] == IngestFinished(added=1, known=1, failed=0, cancelled=False)
    assert moves.holds() == {JANUARY: ("a", "b")}
    moves.write(**{changed: FEBRUARY})
    events = moves.add(moves.path(changed))
    assert [e.replaced for e in events if isinstance(e, FileAdded)] == [None]
    assert moves.holds() == {JANUARY: (left,), FEBRUARY: (changed,)}
    assert moves.names() == {f"{left}.txt": JANUARY, f"{changed}.txt": FEBRUARY}


def test_both_copies_change(moves: Bench) -> None:
    moves.write(a=JANUARY, b=JANUARY)
    moves.add()
    [january] = moves.store.documents()
    moves.write(a=FEBRUARY, b=MARCH)
    events = moves.add()
    assert [e.replaced for e in events if isinstance(e, FileAdded)] == [None, january]
    assert moves.holds() == {FEBRUARY: ("a",), MARCH: ("b",)}


def test_both_copies_change_to_the_same(moves: Bench) -> None:
    moves.write(a=JANUARY, b=JANUARY)
    moves.add()
    [january] = moves.store.documents()
    moves.write(a=FEBRUARY, b=FEBRUARY)
    events = moves.add()
    assert [e.replaced for e in events if isinstance(e, FileAdded)] == [january]
    assert moves.holds() == {FEBRUARY: ("a", "b")}


def test_a_copy_is_made_and_then_the_original_changed(moves: Bench) -> None:
    moves.write(a=JANUARY)
    moves.add()
    before = ids(moves)
    moves.write(copy=JANUARY, a=FEBRUARY)
    moves.add()
    assert moves.holds() == {JANUARY: ("copy",), FEBRUARY: ("a",)}
    assert moves.names() == {"copy.txt": JANUARY, "a.txt": FEBRUARY}
    assert ids(moves)[JANUARY] == before[JANUARY]


def test_the_same_content_from_two_folders_in_two_runs(moves: Bench) -> None:
    moves.write(one__a=JANUARY, two__a=JANUARY)
    moves.add(moves.folder / "one")
    assert moves.add(moves.folder / "two")[-1] == IngestFinished(0, 1, 0, cancelled=False)
    assert moves.holds() == {JANUARY: ("one/a", "two/a")}
    moves.write(one__a=FEBRUARY)
    moves.add(moves.folder / "one")
    assert moves.holds() == {JANUARY: ("two/a",), FEBRUARY: ("one/a",)}
    moves.write(two__a=FEBRUARY)
    moves.add(moves.folder / "two")
    assert moves.holds() == {FEBRUARY: ("one/a", "two/a")}


def test_a_copy_on_a_medium_that_is_not_there_now(moves: Bench, tmp_path: Path) -> None:
    moves.write(stick__a=JANUARY, home__a=JANUARY)
    moves.add()
    (moves.folder / "stick").rename(tmp_path / "unplugged")
    moves.write(home__a=FEBRUARY)
    moves.add()
    assert moves.holds() == {JANUARY: ("stick/a",), FEBRUARY: ("home/a",)}


def test_a_copy_that_was_deleted_keeps_nothing(moves: Bench) -> None:
    moves.write(a=JANUARY, b=JANUARY)
    moves.add()
    moves.path("b").unlink()
    moves.write(a=FEBRUARY)
    moves.add()
    assert moves.holds() == {FEBRUARY: ("a",)}


def test_forgetting_forgets_every_place(moves: Bench) -> None:
    moves.write(a=JANUARY, b=JANUARY)
    moves.add()
    [record] = moves.store.documents()
    moves.store.forget(record.id)
    assert moves.store.sources() == {}
    assert moves.store.find(record.content_hash) is None
    moves.add()
    assert moves.holds() == {JANUARY: ("a", "b")}


@pytest.mark.parametrize("moment", range(4))
def test_a_run_that_was_interrupted_and_begun_again(moves: Bench, moment: int) -> None:
    moves.write(a=JANUARY, b=FEBRUARY)
    moves.add()
    before = ids(moves)
    moves.rename(("a", "z"), ("b", "a"))
    moves.write(b=MARCH)
    token = CancelToken()
    settings = Settings(data_dir=moves.folder.parent / "data")
    events = Ingester(moves.store, moves.embedder, moves.parser, settings).add(
        [moves.folder], token
    )
    seen = 0
    for event in events:
        seen += isinstance(event, FileProgress)
        if seen > moment:
            token.cancel()
    assert {JANUARY, FEBRUARY} <= moves.names().keys() | set(moves.names().values())
    moves.add()
    assert moves.holds() == {JANUARY: ("z",), FEBRUARY: ("a",), MARCH: ("b",)}
    assert ids(moves) == before | {MARCH: ids(moves)[MARCH]}
