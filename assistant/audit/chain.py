"""The hash chain of the audit log: each record must continue the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assistant.audit.log_keys import AuditKeys
from assistant.audit.log_record import (
    ACCEPTED,
    BEGIN,
    NO_HASH,
    RECOVERED,
    SEALED,
    WITHOUT_KEY,
    BadRecordError,
    Record,
    make_record,
    read_record,
    timestamp,
)

WRITES = frozenset(
    {"add", "move", "note", "forget", "rekey", "feedback", "feedback-remove", "feedback-export"}
    | {"table", "table-cells", "table-remove", "label", "re-embed", "ocr-pages"}
    | {"conversation", "conversation-rename", "conversation-remove"}
)
"""Actions that change the store's pages: each is announced (`intent`) before it happens."""

MAX_UNSEALED = 1_000_000
"""Unsealed records in a row; more can only be the work of someone who wants to fill the disk."""


@dataclass(frozen=True, slots=True)
class Root:
    """A root over the store's pages: `pages` of them, of which `head_page` is left out."""

    root: str
    pages: int
    head_page: int
    schema: int
    seq: int

    def fields(self) -> dict[str, Any]:
        """Return what stands in a record."""
        return {
            "root": self.root,
            "pages": self.pages,
            "head_page": self.head_page,
            "schema": self.schema,
        }


@dataclass(slots=True)
class Ledger:
    """The state of the store's pages according to a part of the log.

    The pages may differ from the last `root` only while `touched`: after a write was announced.
    `open` are announcements without an outcome.
    """

    root: Root | None = None
    touched: bool = False
    open: set[int] = field(default_factory=set)
    records: int = 0
    last: tuple[int, str] = (-1, "")

    def note(self, record: Record) -> None:
        """Take the next record in."""
        self.records += 1
        fields = record.fields
        self.last = (record.seq, record.action)
        if record.action in WRITES and fields.get("phase") == "intent":
            self.open.add(record.seq)
            self.touched = True
        if type(fields.get("of")) is int:
            self.open.discard(fields["of"])
        if record.action in (RECOVERED, ACCEPTED):
            self.open.clear()
        root = read_root(record)
        if root is not None:
            self.root, self.touched, self.records = root, bool(self.open), 0

    @property
    def settled(self) -> bool:
        """Whether a reader may begin here instead of at the first record."""
        return self.root is not None and not self.touched and self.records == 0


def read_root(record: Record) -> Root | None:
    """Return the root over the pages that a sealed record holds, if it holds one."""
    table = record.fields.get("root")
    if not isinstance(table, dict) or not record.sealed:
        return None
    numbers = ("pages", "head_page", "schema")
    if (
        table.keys() != {"root", *numbers}
        or not isinstance(table["root"], str)
        or not all(type(table[name]) is int and 0 <= table[name] < 2**32 for name in numbers)
    ):
        raise BadRecordError("its root over the pages is malformed")
    return Root(seq=record.seq, **table)


@dataclass(slots=True)
class Chain:
    """The end of a chain; `follow` appends to it only what fits.

    Without `keys` seals are not looked at. `count` records and `hash` of the last one are
    known, `offset` is where the next one begins.
    """

    keys: AuditKeys | None
    count: int = 0
    hash: str = NO_HASH
    offset: int = 0
    unsealed: int = 0

    def follow(self, line: bytes) -> Record:
        """Check a line (without its newline) as the next record. Raises `BadRecordError`."""
        record = read_record(line)
        if record.seq != self.count:
            raise BadRecordError(f"it calls itself number {record.seq}")
        if record.prev != self.hash:
            raise BadRecordError("it does not follow the record before it")
        if (record.action == BEGIN) != (self.count == 0):
            raise BadRecordError("a log begins once, with its first record")
        if record.sealed:
            self._check_sealed(record)
        elif record.action not in WITHOUT_KEY or self.unsealed >= MAX_UNSEALED:
            raise BadRecordError("it is not sealed")
        self.unsealed = 0 if record.sealed else self.unsealed + 1
        self.count, self.hash = record.seq + 1, record.hash
        self.offset += len(line) + 1
        return record

    def next(
        self, action: str, fields: Mapping[str, Any], session: str, moment: datetime
    ) -> tuple[Record, bytes]:
        """Return the record that comes next, and its line; sealed if there are keys."""
        body = {
            "seq": self.count,
            "time": timestamp(moment),
            "session": session,
            "action": action,
            "fields": fields,
            "prev": self.hash,
        }
        return make_record(body, self.keys)

    def _check_sealed(self, record: Record) -> None:
        if self.keys and not self.keys.is_seal(bytes.fromhex(record.hash), record.mac):
            raise BadRecordError("its seal was not made with the key of this library")
        expected = {"first": self.count - self.unsealed, "count": self.unsealed}
        if (record.action == SEALED) != (self.unsealed > 0) or (
            self.unsealed and record.fields != expected
        ):
            raise BadRecordError("unsealed records before it were added or taken away")
