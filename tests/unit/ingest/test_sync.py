"""Keeping a library in step with folders: what is read again, what moves, what is forgotten."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from assistant.config import Settings
from assistant.errors import StoreBusyError
from assistant.ingest import Ingester
from assistant.ingest.sync_run import SETTLED
from assistant.store import SqliteStore, StoreKey, open_store
from assistant.types import (
    CancelToken,
    DocumentMoved,
    FileAdded,
    FileFailed,
    FileGone,
    FileKnown,
    FilesKept,
    IngestEvent,
    IngestFinished,
    NamesAlike,
    RunProgress,
    Store,
    SyncRules,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.parser import FakeParser
from tests.fakes.store import FakeStore

DAY = 86400.0
GRACE = SyncRules(grace=7 * DAY)
AT_ONCE = SyncRules(grace=0.0)
_Kind = TypeVar("_Kind")


@dataclass
class Bench:
    """A folder, a library, and a clock that can be put forward and back."""

    folder: Path
    store: Store
    embedder: FakeEmbedder = field(default_factory=lambda: FakeEmbedder(dimension=64))
    parser: FakeParser = field(default_factory=FakeParser)
    ahead: float = 60.0

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.txt"

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            path = self.path(name.replace("__", "/"))
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text)

    def clock(self) -> float:
        return time.time() + self.ahead

    def sync(
        self, *folders: Path, rules: SyncRules = GRACE, cancel: CancelToken | None = None
    ) -> list[IngestEvent]:
        self.parser.parsed.clear()
        return list(self.events(*folders, rules=rules, cancel=cancel))

    def events(
        self, *folders: Path, rules: SyncRules | None = GRACE, cancel: CancelToken | None = None
    ) -> Iterator[IngestEvent]:
        settings = Settings(data_dir=self.folder.parent / "data", max_file_mb=1)
        ingester = Ingester(self.store, self.embedder, self.parser, settings, clock=self.clock)
        return ingester.add(folders or (self.folder,), cancel, sync=rules)

    def holds(self) -> dict[str, str]:
        """Return each document's place below the folder and its text."""
        top = self.folder.resolve()
        return {
            Path(s).relative_to(top).with_suffix("").as_posix(): self.store.page_text(n, 1)
            for s, n in self.store.sources().items()
        }

    def numbers(self) -> dict[str, int]:
        return {self.store.page_text(r.id, 1): r.id for r in self.store.documents()}


def of(kind: type[_Kind], events: list[IngestEvent]) -> list[_Kind]:
    return [event for event in events if isinstance(event, kind)]


def last(events: list[IngestEvent]) -> IngestFinished:
    assert isinstance(events[-1], IngestFinished)
    return events[-1]


@pytest.fixture(params=["fake", "real"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "documents"
    folder.mkdir()
    if request.param == "fake":
        yield Bench(folder, FakeStore(FakeEmbedder(dimension=64).identity))
        return
    with real_store(tmp_path) as store:
        yield Bench(folder, store)


def real_store(folder: Path) -> SqliteStore:
    path = folder / "data" / "library.db"
    key = StoreKey(bytes(range(32)))
    return open_store(path, key, create=True, embedder=FakeEmbedder(dimension=64).identity)


def test_what_is_unchanged_is_not_read_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(a="One.", b="Two.", sub__c="Three.")
    assert last(bench.sync()) == IngestFinished(3, 0, 0, cancelled=False)
    opened: list[object] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda *a, **k: (opened.append(a[0]), real(*a, **k))[1])
    events = bench.sync()
    monkeypatch.undo()
    assert last(events) == IngestFinished(0, 0, 0, cancelled=False, unchanged=3)
    assert [name for name in opened if str(name).endswith(".txt")] == []
    assert of(RunProgress, events) == [RunProgress(0, 0, 0)]
    assert bench.parser.parsed == []


def test_only_what_changed_is_read(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.sync()
    bench.write(b="Two and a half.", c="Three.")
    events = bench.sync()
    assert bench.parser.parsed == ["b.txt", "c.txt"]
    assert last(events).unchanged == 1
    [updated, added] = of(FileAdded, events)
    assert updated.replaced is not None
    assert added.replaced is None
    assert bench.holds() == {"a": "One.", "b": "Two and a half.", "c": "Three."}
    size = len("Two and a half.") + len("Three.")
    assert [(p.files, p.done, p.total) for p in of(RunProgress, events)] == [
        (2, 0, size), (2, len("Two and a half."), size), (2, size, size)
    ]  # fmt: skip
    assert of(RunProgress, events)[-1].seconds_left == 0.0


def test_a_file_that_was_only_touched_keeps_its_document(bench: Bench) -> None:
    bench.write(a="One.")
    bench.sync()
    os.utime(bench.path("a"), (1, 1))
    assert len(of(FileKnown, bench.sync())) == 1
    assert bench.parser.parsed == []
    assert last(bench.sync()).unchanged == 1


def test_the_same_size_and_time_do_not_hide_a_change(bench: Bench) -> None:
    bench.write(a="Version 1.")
    os.utime(bench.path("a"), (10**9, 10**9))
    bench.sync()
    bench.write(a="Version 2.")
    os.utime(bench.path("a"), (10**9, 10**9))
    bench.sync()
    assert bench.holds() == {"a": "Version 2."}


def test_a_change_within_a_tick_of_the_clock_is_seen(bench: Bench) -> None:
    """A file whose last change is not settled is compared by content, whatever its stamp says."""
    bench.write(a="One.")
    for ahead in (0.0, SETTLED / 2, -3600.0):  # the last: the clock was set back since
        bench.ahead = ahead
        bench.sync()
        assert [n.stamp for n in bench.store.known_files().values()] == [""]
    bench.ahead = 60.0
    bench.sync()
    assert [bool(n.stamp) for n in bench.store.known_files().values()] == [True]


def test_full_reads_everything(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.sync()
    events = bench.sync(rules=SyncRules(full=True))
    assert len(of(FileKnown, events)) == 2
    assert last(events).unchanged == 0


@pytest.mark.parametrize(
    "moves",
    [
        {"a": "b", "b": "a"},
        {"a": "b", "b": "c", "c": "a"},
        {"a": "sub/a", "b": "sub/b", "c": "sub/c"},
        {"a": "b", "b": "z"},
        {"a": "A", "b": "B"},
    ],
)
def test_moved_files_stay_the_same_documents(bench: Bench, moves: dict[str, str]) -> None:
    texts = {"a": "Text A.", "b": "Text B.", "c": "Text C."}
    bench.write(**texts)
    for path in bench.folder.iterdir():
        os.utime(path, (10**9, 10**9))
    bench.sync()
    before = bench.numbers()
    for old in moves:
        bench.path(old).rename(bench.path(f"{old}-moving"))
    for old, new in moves.items():
        bench.path(new).parent.mkdir(exist_ok=True)
        bench.path(f"{old}-moving").rename(bench.path(new))
    events = bench.sync(rules=AT_ONCE)
    assert bench.parser.parsed == []
    assert bench.numbers() == before
    assert bench.holds() == {moves.get(name, name): text for name, text in texts.items()}
    names = {Path(event.before).stem for event in of(DocumentMoved, events)}
    assert names == set(moves)
    assert of(FileGone, events) == []
    assert last(bench.sync()).unchanged == 3


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


def test_circles_of_links_end(bench: Bench) -> None:
    bench.write(a="One.", sub__b="Two.")
    (bench.folder / "sub" / "up").symlink_to(bench.folder)
    bench.sync()
    assert last(bench.sync()).unchanged == 2
    assert set(bench.holds()) == {"a", "sub/b"}


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


def test_names_that_differ_in_case_or_form_only_are_named(bench: Bench) -> None:
    names = ["Report", "report", "caf\u00e9", "cafe\u0301"]
    for number, name in enumerate(names):
        bench.path(name).write_text(f"Text {number}.")
    if len(list(bench.folder.iterdir())) < len(names):
        pytest.skip("this file system takes them for the same")
    alike = of(NamesAlike, bench.sync())
    assert sorted(sorted(p.stem for p in e.paths) for e in alike) == [
        ["Report", "report"], ["cafe\u0301", "caf\u00e9"]
    ]  # fmt: skip
    assert len(bench.holds()) == 4
    bench.path("Report").unlink()
    bench.sync(rules=AT_ONCE)
    assert set(bench.holds()) == set(names[1:])


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


def test_a_forgotten_document_whose_file_is_there_comes_back(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    bench.sync()
    bench.store.forget(bench.numbers()["One."])
    assert [Path(source).name for source in bench.store.known_files()] == ["b.txt"]
    assert len(of(FileAdded, bench.sync())) == 1


def test_attachments_go_with_their_mail(bench: Bench) -> None:
    mail = (
        b"Subject: Offer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n--x\r\n"
        b'Content-Disposition: attachment; filename="price.txt"\r\nContent-Type: text/plain\r\n\r\n'
        b"The price is 12.\r\n--x--\r\n"
    )
    (bench.folder / "offer.eml").write_bytes(mail)
    bench.write(a="One.")
    bench.sync()
    assert len(bench.store.documents()) == 3
    assert last(bench.sync(rules=AT_ONCE)).unchanged == 2
    (bench.folder / "offer.eml").unlink()
    gone = of(FileGone, bench.sync(rules=AT_ONCE))
    assert [(e.path.name, e.forgotten) for e in gone if e.path.suffix == ".eml"] == [
        ("offer.eml", True)
    ]
    assert bench.holds() == {"a": "One."}


def test_adding_a_folder_says_what_is_gone_and_forgets_nothing(bench: Bench) -> None:
    bench.write(a="One.", b="Two.")
    list(bench.events(rules=None))
    bench.path("a").unlink()
    [gone] = of(FileGone, list(bench.events(rules=None)))
    assert (gone.path.name, gone.due, gone.forgotten) == ("a.txt", "", False)
    assert set(bench.holds()) == {"a", "b"}
    assert bench.store.known_files() == {}


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


_MOUNT = """
import sys, subprocess
from pathlib import Path
from tests.unit.ingest.test_sync import AT_ONCE, Bench, FileGone, FilesKept, of, real_store
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
