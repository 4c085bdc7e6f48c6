"""The audit log of one open library: append records to the file and its head to the store.

Order of every append: the record goes to the log and to the disk, then the head inside the
store follows. So the log is never behind the head unless somebody cut it, and it is ahead of
the head by what was written when the program was killed (or the power went).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from assistant.audit.chain import Chain, Ledger, Root
from assistant.audit.log_file import OLD_HINT, VERIFY_HINT, LogFile, refusal
from assistant.audit.log_head import Head
from assistant.audit.log_keys import AuditKeys
from assistant.audit.log_record import (
    ACCEPTED,
    ALARM,
    BEGIN,
    MAX_LINE,
    RECOVERED,
    SEALED,
    BadRecordError,
    Record,
    read_record,
)
from assistant.audit.page_hashes import PageTree, tree_path
from assistant.errors import AuditError, DiskFullError, StoreBusyError
from assistant.store.audit_state import AuditState, StoredPages

_MANY = 1000
"""Records after the last root over the pages, all of which the next opening reads."""


class AuditLog:
    """The log of a library that is open. Safe to use from any thread; several processes may.

    Every method raises `AuditError` when the log can't be written or does not fit the
    library; what was to be recorded must then not be done.
    """

    def __init__(self, file: LogFile, state: AuditState, keys: AuditKeys) -> None:
        """Use `opening.open_log`."""
        self._file, self._state, self.keys = file, state, keys
        self._guard = threading.RLock()
        self._session = secrets.token_hex(4)
        self._chain = Chain(keys)
        self._ledger = Ledger()
        self._start = 0
        self._tree = PageTree(tree_path(file.path))
        self._checked = False
        self.lag = 0
        """Records that the store did not know of when the log was opened."""
        self._now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def append(
        self, action: str, *, pages: bool = False, durable: bool = False, **fields: Any
    ) -> int:
        """Write a record, on the disk when this returns; return its number.

        With `pages` it also holds a root over the store's pages as they are now. With either,
        the head in the store is on the disk too.
        """
        with self._writing():
            if pages:
                # While another process reads, the pages can't be looked at: then the next
                # record with a root covers them.
                with suppress(StoreBusyError, DiskFullError), self._state.settled() as stored:
                    fields["root"] = self._fresh_root(stored)
            return self._append(action, fields, durable=pages or durable)

    def before_write(self) -> None:
        """Make sure, once, that the store is as it was left, before anything changes in it.

        Otherwise a page that was replaced behind our back would get into the next root. What a
        killed process left is recorded and taken as it is; anything else raises `AuditError`.
        """
        with self._writing():
            if not self._checked:
                self._check_pages()
            self._checked = True

    def accept(self, reason: str) -> None:
        """Take the store as it is now, and say so in the log for good."""
        with self._writing():
            with self._state.settled() as stored:
                fields = {"reason": reason, "root": self._fresh_root(stored)}
            self._append(ACCEPTED, fields, durable=True)
            self._checked = True

    @property
    def count(self) -> int:
        """How many records there are."""
        return self._chain.count

    @property
    def root(self) -> Root | None:
        """The last root over the store's pages."""
        return self._ledger.root

    def content(self) -> tuple[int, bytes]:
        """Return the number of records and the log's bytes up to the last one."""
        with self._writing():
            parts: list[bytes] = []
            at, end = 0, self._chain.offset
            while at < end:
                parts.append(self._file.read(at, end - at))
                if not parts[-1]:
                    raise refusal(self._file.path, "its end was cut off", VERIFY_HINT)
                at += len(parts[-1])
            return self._chain.count, b"".join(parts)

    def close(self, **fields: Any) -> None:
        """Record the end of this session, make the head durable, and close the log."""
        try:
            with self._writing():
                pages = self._ledger.touched or self._ledger.records > _MANY
            self.append("lock", pages=pages, durable=True, **fields)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the log without a record, as after a failure."""
        with self._guard, suppress(OSError):
            self._file.close()

    # Opening -------------------------------------------------------------------------

    def start(self, fresh: bool, mend: bool, **fields: Any) -> None:
        """Catch up with the log, mend what a killed process left; called once by `open_log`."""
        with self._guard, self._file.locked():
            self._file.stay()
            if not fresh:
                self._catch_up_from_head()
            elif self._file.size():
                raise refusal(self._file.path, "it belongs to no library that is here", OLD_HINT)
            if self._chain.count == 0:
                with self._state.settled() as stored:
                    root = self._fresh_root(stored)
                begin = {"public_key": self.keys.public_key, "root": root, **fields}
                self._append(BEGIN, begin, durable=True)
            self._seal_open_records()
            if mend and not self._file.others():
                self._mend()

    def _mend(self) -> None:
        """Take the store as a killed process, or the upgrade at its opening, has left it."""
        known = self._ledger.root
        if self._ledger.touched:
            self._check_pages()
        elif known is not None and self._state.schema() > known.schema:
            with suppress(StoreBusyError):  # then the next opening or change does
                self._check_pages()

    def _catch_up_from_head(self) -> None:
        head = self._read_head()
        if head is None:
            if self._file.size() > 4 * MAX_LINE:  # a killed beginning leaves a record or none
                raise refusal(self._file.path, "the library does not know it", VERIFY_HINT)
            self._catch_up()
            return
        if self._file.size() < head.end:
            raise refusal(self._file.path, "its end was cut off", VERIFY_HINT)
        self._begin_at(head.start)
        passed = False
        for record in self._follow():
            if record.seq == head.count - 1:
                passed = record.hash == head.hash and self._chain.offset == head.end
        if not passed:
            raise refusal(self._file.path, "it is not the one that the library knows", VERIFY_HINT)
        self.lag = self._chain.count - self._chain.unsealed - head.count

    def _read_head(self) -> Head | None:
        try:
            return Head.read(self._state.head())
        except BadRecordError as error:
            raise refusal(self._file.path, str(error), VERIFY_HINT) from None

    def _begin_at(self, start: int) -> None:
        """Begin in the middle: at a record that this library's key has sealed."""
        line = self._file.read(start, MAX_LINE).split(b"\n")[0]
        try:
            record = read_record(line)
        except BadRecordError as error:
            raise self._bad(error) from None
        self._chain = Chain(self.keys, record.seq, record.prev, start)
        self._start = start

    # Appending -----------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the log, with all that other processes wrote taken in."""
        with self._guard, self._file.locked():
            self._catch_up()
            self._seal_open_records()
            yield

    def _catch_up(self) -> None:
        size = self._file.size()
        if size < self._chain.offset:
            raise refusal(self._file.path, "its end was cut off", VERIFY_HINT)
        if size > self._chain.offset:
            for _ in self._follow():
                pass

    def _follow(self) -> Iterator[Record]:
        """Take in what follows in the file; a last line without its end is left alone."""
        for line, whole in self._file.lines(self._chain.offset):
            if not whole:
                return
            try:
                at = self._chain.offset
                record = self._chain.follow(line)
                self._note(record, at)
            except BadRecordError as error:
                raise self._bad(error) from None
            yield record

    def _bad(self, error: BadRecordError) -> AuditError:
        return refusal(self._file.path, f"record {self._chain.count}: {error}", VERIFY_HINT)

    def _note(self, record: Record, at: int) -> None:
        self._ledger.note(record)
        if self._ledger.settled:
            self._start = at

    def _seal_open_records(self) -> None:
        """Seal what was recorded while the library was locked, as it was found."""
        if self._chain.unsealed:
            first = self._chain.count - self._chain.unsealed
            self._append(SEALED, {"first": first, "count": self._chain.unsealed}, durable=True)

    def _append(self, action: str, fields: dict[str, Any], *, durable: bool = False) -> int:
        torn = self._file.size() - self._chain.offset
        if torn > 0 and action != SEALED:
            fields = {**fields, "torn": torn}
        record, line = self._chain.next(action, fields, self._session, self._now())
        at = self._chain.offset
        self._file.append(line, at)
        self._chain.count, self._chain.hash = record.seq + 1, record.hash
        self._chain.offset, self._chain.unsealed = at + len(line), 0
        self._note(record, at)
        self._set_head(durable=durable)
        return record.seq

    def _set_head(self, *, durable: bool) -> None:
        chain = self._chain
        head = Head(chain.count, chain.offset, chain.hash, self._start)
        # The record is on the disk. Where the store can't be written now, the next record
        # brings the head along.
        with suppress(StoreBusyError, DiskFullError):
            self._state.set_head(head.write(), durable=durable)

    # The store's pages -----------------------------------------------------------------

    def _check_pages(self) -> None:
        known = self._ledger.root
        with self._state.settled() as stored:
            loaded = known is not None and self._tree.load(known)
            root, changed = self._tree.update(stored)
            table = Root(root, stored.count, stored.head_page, stored.schema, 0).fields()
            as_left = known is not None and root == known.root
            upgraded = known is not None and stored.schema > known.schema
        if as_left and not self._ledger.touched:
            return
        excused = self._ledger.touched or upgraded
        fields: dict[str, Any] = {"changed": len(changed) if loaded else None}
        if excused or known is None:
            if self._file.others():  # they have their own write under way, and will end it
                return
            self._tree.save()
            reason = "upgrade" if upgraded else "interrupted"
            fields |= {"reason": reason, "root": table}
            self._append(RECOVERED, fields, durable=True)
            return
        fields["pages"] = changed[:16] if loaded else []
        fields["since"] = known.seq
        self._append(ALARM, fields, durable=True)
        raise AuditError(
            "The library is not as this program left it: "
            f"{len(changed) if loaded else 'some'} of its pages were replaced.",
            hint=VERIFY_HINT,
        )

    def _fresh_root(self, stored: StoredPages) -> dict[str, Any]:
        if self._ledger.root is not None:
            self._tree.load(self._ledger.root)
        root, _ = self._tree.update(stored)
        self._tree.save()
        return Root(root, stored.count, stored.head_page, stored.schema, 0).fields()
