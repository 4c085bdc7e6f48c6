"""What a sync makes of files and folders that are gone: nothing is lost early."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.types import (
    FileAdded,
    FileFailed,
    FileGone,
    FilesKept,
    SyncRules,
)
from tests.unit.ingest.test_sync import AT_ONCE, DAY, Bench, last, of


def test_a_file_is_forgotten_when_its_grace_is_over(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.sync()
    bench.path("a").unlink()
    [gone] = of(FileGone, bench.sync())
    assert (gone.path, gone.forgotten) == (bench.path("a").resolve(), False)
    assert gone.due > "2026"
    bench.ahead += 6.9 * DAY
    [still] = of(FileGone, bench.sync())
    assert still.due == gone.due
    assert set(bench.holds()) == {"a", "b"}
    bench.ahead += 0.2 * DAY
    [forgotten] = of(FileGone, bench.sync())
    assert forgotten.forgotten
    assert forgotten.document == gone.document
    assert bench.holds() == {"b": "Two."}
    assert len(bench.store.known_files()) == 1


def test_a_file_that_comes_back_begins_anew(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.sync()
    bench.path("a").rename(bench.folder.parent / "away")
    [first] = of(FileGone, bench.sync())
    bench.ahead += 6 * DAY
    (bench.folder.parent / "away").rename(bench.path("a"))
    assert of(FileGone, bench.sync()) == []
    bench.path("a").unlink()
    [again] = of(FileGone, bench.sync())
    assert again.due > first.due
    assert set(bench.holds()) == {"a", "b"}


def test_without_a_grace_a_file_is_forgotten_at_once(bench: Bench) -> None:
    bench.write(a="One.", b="Two.", copy="Two.")
    bench.sync()
    bench.path("a").unlink()
    bench.path("b").unlink()  # its copy is still there
    [gone] = of(FileGone, bench.sync(rules=AT_ONCE))
    assert gone.forgotten
    assert bench.holds() == {"copy": "Two."}
    [record] = bench.store.documents()
    assert record.name == "copy.txt"


def test_a_clock_that_was_set_back_forgets_nothing_early(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.ahead = 100 * DAY
    bench.sync()
    bench.path("a").unlink()
    bench.sync()
    bench.ahead = 60.0  # the grace that began in the future begins now
    [gone] = of(FileGone, bench.sync())
    bench.ahead += 6 * DAY
    [still] = of(FileGone, bench.sync())
    assert still.due == gone.due
    assert "a" in bench.holds()


def test_a_folder_that_vanished_loses_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.write(a="One.", b="Two.")
    bench.sync()
    bench.folder.rename(tmp_path / "elsewhere")
    events = bench.sync(rules=AT_ONCE)
    [kept] = of(FilesKept, events)
    assert (kept.folder, kept.files) == (bench.folder, 2)
    assert "does not exist" in str(kept.error)
    assert of(FileFailed, events) == []
    assert len(bench.store.documents()) == 2
    (tmp_path / "elsewhere").rename(bench.folder)
    assert last(bench.sync(rules=AT_ONCE)).unchanged == 2


def test_a_folder_that_was_never_there_is_named(bench: Bench) -> None:
    [kept] = of(FilesKept, bench.sync(bench.folder / "absent"))
    assert kept.files == 0


@pytest.mark.parametrize("others", [0, 1])
def test_a_stick_that_was_pulled_out_loses_nothing(bench: Bench, others: int) -> None:
    """Its mount point stays, empty; or another stick is there."""
    bench.write(a="One.", b="Two.")
    bench.sync()
    bench.path("a").unlink()
    bench.path("b").unlink()
    if others:
        bench.write(c="Three.")
    events = bench.sync(rules=AT_ONCE)
    [kept] = of(FilesKept, events)
    assert kept.files == 2
    assert "--emptied" in kept.error.hint
    assert of(FileGone, events) == of(FileFailed, events) == []
    assert {"a", "b"} <= set(bench.holds())
    believed = bench.sync(rules=SyncRules(grace=0.0, emptied=True))
    assert [e.forgotten for e in of(FileGone, believed)] == [True, True]
    assert set(bench.holds()) == ({"c"} if others else set())


def test_a_moved_file_shows_that_the_folder_is_there(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.sync()
    bench.path("a").rename(bench.path("moved"))
    bench.path("b").unlink()
    events = bench.sync(rules=AT_ONCE)
    assert of(FilesKept, events) == []
    assert bench.holds() == {"moved": "One."}


def test_one_of_two_folders_vanishes(bench: Bench) -> None:
    bench.write(one__a="One.", one__b="Too.", two__c="Two.", two__d="Four.")
    folders = (bench.folder / "one", bench.folder / "two")
    bench.sync(*folders)
    shutil.rmtree(folders[0])
    bench.path("two/d").unlink()
    events = bench.sync(*folders, rules=AT_ONCE)
    assert [e.folder for e in of(FilesKept, events)] == [folders[0]]
    assert [e.path.name for e in of(FileGone, events)] == ["d.txt"]
    assert set(bench.holds()) == {"one/a", "one/b", "two/c"}


def test_what_can_not_be_looked_for_is_not_gone(bench: Bench) -> None:
    bench.write(a="One.", sub__b="Two.")
    bench.sync()
    real = bench.folder / "sub"
    hidden = bench.folder.parent / "hidden"
    real.rename(hidden)
    real.symlink_to(real)  # a circle: nothing below it can be asked for
    events = bench.sync(rules=AT_ONCE)
    assert [e.path.name for e in of(FileFailed, events)] == ["sub"]
    assert set(bench.holds()) == {"a", "sub/b"}
    assert of(FileGone, events) == []


def test_a_forgotten_document_whose_file_is_there_comes_back(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.sync()
    bench.store.forget(bench.numbers()["One."])
    assert [Path(source).name for source in bench.store.known_files()] == ["b.txt"]
    assert len(of(FileAdded, bench.sync())) == 1


_MOUNT = """
import sys, subprocess
from pathlib import Path
from assistant.types import FileGone, FilesKept
from tests.unit.ingest.test_sync import AT_ONCE, Bench, of, real_store
top = Path(sys.argv[1])
stick = top / "documents" / "stick"
stick.mkdir(parents=True)
subprocess.run(["mount", "-t", "tmpfs", "none", str(stick)], check=True)
with real_store(top) as store:
    bench = Bench(top / "documents", store)
    bench.write(a="One.", b="Two.", stick__c="Three.", stick__d="Four.")
    bench.sync()
    subprocess.run(["umount", str(stick)], check=True)
    bench.path("a").unlink()
    events = bench.sync(rules=AT_ONCE)
    assert [(e.files, "medium" in str(e.error)) for e in of(FilesKept, events)] == [(2, True)]
    assert [e.path.name for e in of(FileGone, events)] == ["a.txt"]
    assert set(bench.holds()) == {"b", "stick/c", "stick/d"}
"""


def test_a_medium_inside_the_folder_is_unplugged(tmp_path: Path) -> None:
    """A real mount, in a name space of its own."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-Urm", "true"], check=False).returncode:
        pytest.skip("no mounts in a user name space here")
    command = [unshare, "-Urm", sys.executable, "-c", _MOUNT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
