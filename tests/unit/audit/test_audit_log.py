"""Appending: what is acknowledged is on the disk, and nothing happens without a record."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.audit import open_log, restart_log, verify_library
from assistant.audit.chain import Chain
from assistant.audit.log_file import Disk, LogFile
from assistant.audit.log_record import MAX_LINE, read_record
from assistant.errors import AuditError
from assistant.store import open_store
from assistant.store.audit_state import AuditState
from assistant.store.connection import Pool, connect
from tests.store.fixtures import make_store_0004 as fourth
from tests.unit.audit.library import Library


def actions(library: Library) -> list[str]:
    return [read_record(line.rstrip(b"\n")).action for line in library.lines()]


def test_every_session_is_in_the_log(library: Library) -> None:
    library.use("open", "ask", "cite")
    assert actions(library) == ["begin", "add", "add", "lock", "open", "ask", "cite", "lock"]
    report = library.verify()
    assert (report.verdict, report.records, report.findings) == ("ok", 8, [])
    assert library.log.stat().st_mode & 0o777 == 0o600


class RecordingDisk(Disk):
    def __init__(self) -> None:
        self.order: list[str] = []

    def write(self, descriptor: int, content: bytes) -> int:
        self.order.append("write")
        return super().write(descriptor, content)

    def sync(self, descriptor: int) -> None:
        self.order.append("sync")
        super().sync(descriptor)


def test_a_record_is_on_the_disk_when_append_returns(library: Library) -> None:
    disk = RecordingDisk()
    with library.opened(disk=disk) as (store, log):
        before = store.audit.head()
        disk.order.clear()
        log.append("ask")
        assert disk.order == ["write", "sync"]
        assert store.audit.head() != before
        assert library.lines()[-1].startswith(b'{"action":"ask"')


class FailingDisk(Disk):
    """A disk that fails at one kind of call, after `room` bytes."""

    def __init__(self, call: str, room: int = 0) -> None:
        self.call, self.room = call, room

    def write(self, descriptor: int, content: bytes) -> int:
        if self.call != "write":
            return super().write(descriptor, content)
        if self.room:
            written = super().write(descriptor, content[: self.room])
            self.room = 0
            return written
        raise OSError(errno.ENOSPC, "No space left on device")

    def sync(self, descriptor: int) -> None:
        if self.call == "sync":
            raise OSError(errno.EIO, "Input/output error")
        super().sync(descriptor)


@pytest.mark.parametrize(("call", "room"), [("write", 0), ("write", 40), ("sync", 0)])
def test_a_disk_that_fails(library: Library, call: str, room: int) -> None:
    before = library.log.read_bytes()
    with library.opened() as (_, log):
        log._file._disk = FailingDisk(call, room)
        with pytest.raises(AuditError) as caught:
            log.append("ask")
        assert caught.value.exit_code == 10
        assert caught.value.hint
        assert ("the disk is full" in caught.value.message) == (call == "write")
        assert library.log.read_bytes() == before
        log._file._disk = Disk()
        if call == "sync":
            # What a failed fsync could not write may be lost without a further word.
            with pytest.raises(AuditError, match="failed before"):
                log.append("ask")
        else:
            log.append("ask")
    assert library.verify().verdict == "ok"


def test_a_log_that_is_taken_away_or_replaced(library: Library) -> None:
    with library.opened() as (_, log):
        content = library.log.read_bytes()
        library.log.rename(library.log.with_name("elsewhere"))
        with pytest.raises(AuditError, match="taken away"):
            log.append("ask")
        library.log.write_bytes(content)
        with pytest.raises(AuditError, match="replaced"):
            log.append("ask")


def test_a_log_that_is_cut_while_it_is_open(library: Library) -> None:
    with library.opened() as (_, log):
        os.truncate(library.log, library.log.stat().st_size - 5)
        with pytest.raises(AuditError, match="cut off"):
            log.append("ask")


def test_a_process_that_keeps_the_log_is_not_waited_for_for_ever(library: Library) -> None:
    lock = library.log.with_name("library.audit.lock")
    with library.opened(longest_wait=0.05) as (_, log), lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(AuditError, match="another process keeps it"):
            log.append("ask")
        fcntl.flock(held, fcntl.LOCK_UN)
        log.append("ask")


def test_no_log_no_library(library: Library) -> None:
    library.log.unlink()
    with (
        library.open_store() as store,
        pytest.raises(AuditError, match="missing") as caught,
    ):
        open_log(library.log, store.audit)
    assert "audit accept" in caught.value.hint
    assert library.verify().verdict == "tampered"


def test_a_log_of_another_library_is_left_alone(library: Library, tmp_path: Path) -> None:
    other = Library(tmp_path / "other")
    other.folder.mkdir()
    other.log.write_bytes(library.log.read_bytes())
    with other.open_store() as store, pytest.raises(AuditError, match="no library that is here"):
        open_log(other.log, store.audit)
    assert other.log.read_bytes() == library.log.read_bytes()


def test_what_cannot_be_a_log(library: Library) -> None:
    library.log.unlink()
    library.log.mkdir()
    with library.open_store() as store, pytest.raises(AuditError):
        open_log(library.log, store.audit)
    library.log.rmdir()
    library.log.symlink_to(library.store)
    with library.open_store() as store, pytest.raises(AuditError):
        open_log(library.log, store.audit)


def test_a_new_log_says_why_it_was_begun(library: Library) -> None:
    content = library.log.read_bytes()
    library.log.write_bytes(content[:-400])
    with library.open_store() as store:
        restart_log(library.log, store.audit, "cut").close()
    first = read_record(library.lines()[0].rstrip(b"\n"))
    assert (first.fields["reason"], first.fields["known_count"]) == ("cut", 4)
    report = library.verify()
    assert report.verdict == "ok"
    assert "in place of an older one" in report.findings[0].message
    kept = [p for p in library.folder.iterdir() if p.name.startswith("library.audit.20")]
    assert [p.read_bytes() for p in kept] == [content[:-400]]


def test_a_torn_record_is_cut_off_and_told_of(library: Library) -> None:
    with library.log.open("ab") as file:
        file.write(b'{"action":"ask","fields":{"le')
    report = library.verify()
    assert report.verdict == "interrupted"
    assert "29 bytes" in report.findings[0].message
    library.use("open")
    record = read_record(library.lines()[4].rstrip(b"\n"))
    assert (record.action, record.fields["torn"]) == ("open", 29)
    assert library.verify().verdict == "ok"


def test_a_clock_that_goes_back_is_told_of(library: Library) -> None:
    with library.opened() as (_, log):
        log._now = lambda: datetime(2020, 1, 1, tzinfo=UTC)
        log.append("ask")
        log.close()
    report = library.verify()
    assert report.verdict == "ok"
    assert [f.record for f in report.findings if "clock" in f.message] == [4]


def test_records_that_are_too_long_are_refused(library: Library) -> None:
    with library.opened() as (_, log):
        with pytest.raises(ValueError, match="too long"):
            log.append("ask", text="x" * MAX_LINE)
        log.append("ask", text="x" * 1000)
    assert library.verify().verdict == "ok"


def test_a_chain_can_be_read_without_a_key(library: Library) -> None:
    file = LogFile(library.log)
    chain = Chain(None)
    seqs = [chain.follow(line).seq for line, whole in file.lines(0) if whole]
    file.close()
    assert seqs == [0, 1, 2, 3]


def test_an_upgraded_store_is_sealed_when_it_is_opened(tmp_path: Path) -> None:
    path, log_path = tmp_path / "library.db", tmp_path / "library.audit"
    shutil.copyfile(fourth.PATH, path)
    connection = connect(path, fourth.KEY, cache_mib=1, busy_ms=0)
    pool = Pool(path, lambda: connection, busy_ms=0, first=connection)
    log = open_log(log_path, AuditState(pool))
    log.close()
    pool.close()
    with open_store(path, fourth.KEY, create=False, embedder=None) as store:
        assert verify_library(log_path, store.audit).verdict == "interrupted"
        open_log(log_path, store.audit).close()
        report = verify_library(log_path, store.audit)
        assert report.verdict == "ok"
        assert [f.message for f in report.findings] == [
            "the library was taken as it was found (upgrade)"
        ]
        open_log(log_path, store.audit).close()
        assert verify_library(log_path, store.audit).records == report.records + 1
