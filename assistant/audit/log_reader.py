"""Read a log for a person: every good record, up to the first bad one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assistant.audit.log_file import LogFile
from assistant.audit.log_keys import AuditKeys
from assistant.audit.log_record import Record
from assistant.audit.verify import LogWalk
from assistant.errors import UsageError


class LogReader:
    """The records of a log; after reading, `bad` says why it ended early ("" if it did not).

    Without `keys` seals are not checked.
    """

    def __init__(self, path: Path, keys: AuditKeys | None) -> None:
        self._path, self._keys = path, keys
        self.bad = ""

    def records(self) -> Iterator[Record]:
        """Yield the records from the first on. Raises `UsageError` if there is no log."""
        try:
            file = LogFile(self._path)
        except FileNotFoundError:
            raise UsageError(
                "This library has no log yet.", hint="It begins when the library is opened."
            ) from None
        try:
            with file.locked():
                walk = LogWalk(self._keys)
                yield from walk.records(file.lines(0))
                first = walk.first_bad
                self.bad = f"record {first.record}: {first.message}" if first else ""
        finally:
            file.close()
