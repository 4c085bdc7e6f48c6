"""A process that dies at every write of an append, and in the middle of each."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from assistant.audit.log_file import Disk
from assistant.audit.log_record import read_record
from assistant.store.audit_state import AuditState
from tests.unit.audit.library import Library, in_child

KILLED = 9


class DyingDisk(Disk):
    """Ends the process at its call number `at`, after `part` of a write's bytes."""

    def __init__(self, at: int, part: float) -> None:
        self.at, self.part, self.calls = at, part, 0

    def _next(self) -> bool:
        self.calls += 1
        return self.calls == self.at

    def write(self, descriptor: int, content: bytes) -> int:
        if self._next():
            super().write(descriptor, content[: int(len(content) * self.part)])
            os._exit(KILLED)
        return super().write(descriptor, content)

    def sync(self, descriptor: int) -> None:
        if self._next():
            os._exit(KILLED)
        super().sync(descriptor)


def session(library: Library, told: Path, disk: Disk) -> None:
    """Append records, and tell the parent of each that was acknowledged."""
    with library.opened(disk=disk) as (_, log):
        with told.open("a") as file:
            for number in range(4):
                seq = log.append("ask", number=number)
                file.write(f"{seq} {number}\n")
                file.flush()
        log.close()


def check(library: Library, told: Path) -> str:
    """Every acknowledged record is there; the check names what else it finds."""
    report = library.verify()
    assert report.verdict in ("ok", "interrupted"), report.findings
    records = {}
    for line in library.lines():
        if line.endswith(b"\n"):
            record = read_record(line[:-1])
            records[record.seq] = record
    for line in told.read_text().splitlines():
        seq, number = map(int, line.split())
        assert records[seq].fields["number"] == number
    return report.verdict


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99, 1.0])
def test_killed_at_each_call(library: Library, tmp_path: Path, part: float) -> None:
    told = tmp_path / "told"
    verdicts = []
    for at in range(1, 10):
        told.write_text("")
        disk = DyingDisk(at, part)
        assert in_child(functools.partial(session, library, told, disk)) == KILLED
        verdicts.append(check(library, told))
    # Killed between the log and the head, or in the middle of a record: it is told of.
    assert "interrupted" in verdicts
    library.use("open")
    assert library.verify().verdict == "ok"


class DyingHead(AuditState):
    """Ends the process when the head is to be written, once that is armed."""

    armed = False

    def __init__(self, state: AuditState) -> None:
        super().__init__(state._pool)

    def set_head(self, head: bytes, *, durable: bool) -> None:
        if self.armed:
            os._exit(KILLED)
        super().set_head(head, durable=durable)


def test_killed_before_the_head_is_written(library: Library) -> None:
    def work() -> None:
        with library.opened(DyingHead) as (_, log):
            DyingHead.armed = True  # in this process, which ends
            log.append("ask", number=0)

    assert in_child(work) == KILLED
    report = library.verify()
    assert report.verdict == "interrupted"
    assert "the log has 1 more" in report.findings[0].message
    with library.opened() as (_, log):
        assert log.lag == 1
        log.close()
    assert library.verify().verdict == "ok"


def test_killed_while_the_log_begins(tmp_path: Path) -> None:
    for at in (1, 2):
        for part in (0.0, 0.5, 1.0):
            library = Library(tmp_path / f"{at}-{part}")
            library.folder.mkdir()

            def work(library: Library = library, at: int = at, part: float = part) -> None:
                with library.opened(disk=DyingDisk(at, part)):
                    pass

            assert in_child(work) == KILLED
            library.use("open")
            assert library.verify().verdict == "ok"
