"""Keeping a library in step with folders: what is read again, what moves, what is forgotten."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from assistant.config import Settings
from assistant.ingest import Ingester
from assistant.ingest.sync_run import SETTLED
from assistant.store import SqliteStore, StoreKey, open_store
from assistant.types import (
    CancelToken,
    DocumentMoved,
    FileAdded,
    FileGone,
    FileKnown,
    IngestEvent,
    IngestFinished,
    NamesAlike,
    RunProgress,
    Store,
    SyncRules,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.parser import FakeParser

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


def test_circles_of_links_end(bench: Bench) -> None:
    bench.write(a="One.", sub__b="Two.")
    (bench.folder / "sub" / "up").symlink_to(bench.folder)
    bench.sync()
    assert last(bench.sync()).unchanged == 2
    assert set(bench.holds()) == {"a", "sub/b"}


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
