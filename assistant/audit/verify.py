"""Verify a log from its first byte, and the store's pages against it.

What can be found, from harmless to grave:

- notes: the clock went back; a killed program left traces that were mended; unlocking failed;
- interrupted: the program was killed and nobody has opened the library since. A person who
  puts one old page back can make it look like that, so it is no clean bill of health;
- tampered: a record or a page is not what this program wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from assistant.audit.chain import Chain, Ledger, Root
from assistant.audit.log_file import LogFile
from assistant.audit.log_head import Head
from assistant.audit.log_keys import AuditKeys
from assistant.audit.log_record import ACCEPTED, ALARM, BEGIN, RECOVERED, BadRecordError, Record
from assistant.audit.page_hashes import PageTree, tree_path
from assistant.store.audit_state import AuditState

Verdict = Literal["ok", "busy", "interrupted", "tampered"]
Progress = Callable[[int, int], None]

_GRAVITY: dict[str, int] = {"ok": 0, "busy": 1, "interrupted": 2, "tampered": 3}


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of the check. `record` is the number of the record it concerns, if any."""

    verdict: Verdict
    message: str
    record: int | None = None


@dataclass(slots=True)
class Report:
    """The outcome of a check. `records` are all that are whole and right, from the first on."""

    records: int = 0
    hash: str = ""
    root: Root | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """The gravest of all findings."""
        grave = max(self.findings, key=lambda f: _GRAVITY[f.verdict], default=None)
        return grave.verdict if grave else "ok"

    def add(self, verdict: Verdict, message: str, record: int | None = None) -> None:
        self.findings.append(Finding(verdict, message, record))


class LogWalk:
    """Reads the log's lines up to the first bad one and collects findings."""

    def __init__(self, keys: AuditKeys | None) -> None:
        self.chain = Chain(keys)
        self.ledger = Ledger()
        self.report = Report()
        self.torn = 0
        self.first_bad: Finding | None = None
        self._last: Record | None = None
        self._alarms: list[int] = []

    def records(self, lines: Iterable[tuple[bytes, bool]]) -> Iterator[Record]:
        """Yield every good record up to the first bad one."""
        for line, whole in lines:
            if not whole:
                self.torn = len(line)
                return
            number = self.chain.count
            try:
                record = self.chain.follow(line)
                self.ledger.note(record)
            except BadRecordError as error:
                self.report.add("tampered", f"{error}", number)
                self.first_bad = self.report.findings[-1]
                return
            self._see(record)
            self._last = record
            yield record

    def _see(self, record: Record) -> None:
        report, fields, n = self.report, record.fields, record.seq
        if self._last and record.time < self._last.time:
            report.add("ok", f"the clock went back to {record.time}", n)
        if record.action == ALARM:
            self._alarms.append(len(report.findings))
            report.add("tampered", "pages of the library had been replaced before this record", n)
        elif record.action == ACCEPTED:
            report.add("ok", "a person took the library as it was then", n)
            for at in self._alarms:
                seen = report.findings[at]
                message = f"{seen.message}; accepted in record {n}"
                report.findings[at] = replace(seen, verdict="ok", message=message)
            self._alarms.clear()
        elif record.action == RECOVERED:
            report.add("ok", f"the library was taken as it was found ({fields.get('reason')})", n)
        elif record.action == BEGIN and "known_count" in fields:
            report.add("ok", "this log was begun in place of an older one", n)
        elif "torn" in fields:
            report.add("ok", "a record before this one was broken off and never counted", n)


def verify_library(
    log_path: Path,
    state: AuditState,
    *,
    against: Iterable[bytes] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Check the log of an open store, and every page of the store, without changing either.

    `against` are the lines of an export: the log must begin with just them. Raises
    `AuditError` if the log can't be read, `StoreError` if the store can't.
    """
    secret = state.secret()
    report = Report()
    if secret is None:
        report.add("tampered" if log_path.exists() else "ok", "this library has no log yet")
        return report
    try:
        file = LogFile(log_path)
    except FileNotFoundError:
        report.add("tampered", "the log is missing")
        return report
    try:
        with file.locked():
            file.stay()
            return _verify(file, AuditKeys(secret), state, against, progress)
    finally:
        file.close()


def _verify(
    file: LogFile,
    keys: AuditKeys,
    state: AuditState,
    against: Iterable[bytes] | None,
    progress: Progress | None,
) -> Report:
    others = file.others()
    walk = LogWalk(keys)
    report = walk.report
    size = file.size()
    expected = iter(against) if against is not None else None
    head = _read_head(state, report)
    known = HeadCheck(head)
    lines = file.lines(0)
    for record in walk.records(_compared(lines, expected, report, walk)):
        known.see(record, walk.chain.offset)
        if progress and record.seq % 512 == 0:
            progress(walk.chain.offset, size)
    report.records, report.hash, report.root = walk.chain.count, walk.chain.hash, walk.ledger.root
    if report.verdict != "tampered" or walk.chain.offset == size:
        known.judge(walk, report, others=others)
    _judge_pages(walk.ledger, state, report, tree_path(file.path), others=others)
    return report


def _read_head(state: AuditState, report: Report) -> Head | None:
    try:
        return Head.read(state.head())
    except BadRecordError as error:
        report.add("tampered", str(error))
        return None


def _compared(
    lines: Iterable[tuple[bytes, bool]],
    expected: Iterator[bytes] | None,
    report: Report,
    walk: LogWalk,
) -> Iterator[tuple[bytes, bool]]:
    """Pass the lines on, and compare the first ones with those of an export."""
    for line, whole in lines:
        wanted = next(expected, None) if expected else None
        if wanted is not None and (not whole or wanted != line):
            report.add("tampered", "it differs from the export", walk.chain.count)
            expected = None
        yield line, whole
    if expected and next(expected, None) is not None:
        report.add("tampered", "the export goes on where the log ends", walk.chain.count)


class HeadCheck:
    """Whether the log goes through the head that the store keeps, and how far beyond it."""

    def __init__(self, head: Head | None) -> None:
        self._head = head
        self._passed = head is None

    def see(self, record: Record, offset: int) -> None:
        head = self._head
        if head and record.seq == head.count - 1:
            self._passed = record.hash == head.hash and offset == head.end

    def judge(self, walk: LogWalk, report: Report, *, others: bool) -> None:
        head, count = self._head, walk.chain.count
        known = head.count if head else 0
        if count < known:
            report.add("tampered", f"it was cut off here: the library knows {known} records", count)
        elif not self._passed:
            report.add("tampered", "it is not the record that the library knows", known - 1)
        left: Verdict = "busy" if others else "interrupted"
        ahead = count - walk.chain.unsealed - known
        if ahead > 0:
            report.add(
                left,
                f"the library knows {known} records and the log has {ahead} more: the program "
                "was killed, or the library was set back",
                known,
            )
        if walk.torn:
            report.add(left, f"{walk.torn} bytes of a record that was broken off", count)
        if walk.chain.unsealed:
            report.add(
                "ok", f"{walk.chain.unsealed} last records wait for the next unlock to be sealed"
            )


def _judge_pages(
    ledger: Ledger, state: AuditState, report: Report, tree: Path, *, others: bool
) -> None:
    known = ledger.root
    if known is None:
        if report.verdict != "tampered":
            report.add("tampered", "the log holds no root over the library's pages")
        return
    pages = PageTree(tree)
    with state.settled() as stored:
        named = pages.load(known)
        root, changed = pages.update(stored, all_pages=True)
        extra = stored.size() - stored.count * stored.page_size
        upgraded = stored.schema > known.schema
    if extra:
        report.add("tampered", f"{extra} bytes were added to the library's file")
    if root == known.root and not ledger.touched:
        return
    what = f"pages {_listed(changed)}" if named and changed else "pages"
    if ledger.touched:
        left: Verdict = "busy" if others else "interrupted"
        message = "a change of the library was announced and not completed"
        if root != known.root:
            message += f"; {what} differ from record {known.seq}"
        report.add(left, message, min(ledger.open, default=known.seq))
    elif upgraded:
        report.add("interrupted", "the library was upgraded and not opened since", known.seq)
    else:
        report.add("tampered", f"{what} of the library are not those of record {known.seq}")


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:16]))
    return f"{shown} and {len(numbers) - 16} more" if len(numbers) > 16 else shown
