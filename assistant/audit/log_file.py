"""The log's file: one process appends at a time, and each record is synced before it counts.

Two locks, both of the system (they end with the process): `NAME.audit.lock` is held while a
record is written or the file is examined; the log itself is held, shared, by everyone who
has the library open, so that a check can tell a library in use from one that was left.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assistant.audit.log_record import MAX_LINE
from assistant.errors import AuditError
from assistant.safe_text import safe_text
from assistant.store.key_source import sync_folder

try:
    import fcntl
except ImportError:  # a platform without it: then nobody waits for anybody
    fcntl = None  # type: ignore[assignment]

_FLAGS = (
    os.O_RDWR
    | os.O_APPEND
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
_BLOCK = 1 << 20

LONGEST_WAIT = 60.0
"""Seconds to wait for another process that writes to the log or checks it."""

_STEP = 0.002


class Disk:
    """The system calls that change the log: the seam at which tests let them fail or die."""

    def write(self, descriptor: int, content: bytes) -> int:
        return os.write(descriptor, content)

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def cut(self, descriptor: int, length: int) -> None:
        os.ftruncate(descriptor, length)


class LogFile:
    """An open log. Methods raise `AuditError` for what the system refuses."""

    def __init__(
        self,
        path: Path,
        *,
        create: bool = False,
        disk: Disk | None = None,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        """Open the log at `path`. Raises `FileNotFoundError` if it is not there to be opened.

        `longest_wait`: seconds that another process may keep its lock.
        """
        self.path = path
        self._name = os.fspath(path)  # asked for with each record
        self._disk = disk or Disk()
        self._longest_wait = longest_wait
        self._broken = False
        with translating_system(path):
            self._descriptor = _opened(path, create=create)
            self._lock = _opened(lock_path(path), create=True)

    def close(self) -> None:
        """Close the file. Safe to repeat: the numbers may long be those of other files."""
        descriptors = (self._descriptor, self._lock)
        self._descriptor = self._lock = -1
        for descriptor in descriptors:
            if descriptor >= 0:
                os.close(descriptor)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from writing to the log while the block runs.

        Raises `AuditError` on entering it.
        """
        self.lock()
        try:
            yield
        finally:
            self.unlock()

    def lock(self) -> None:
        """Take the lock of `locked`. Raises `AuditError`; the lock is then not held."""
        try:
            self._wait_for_lock()
        except OSError as error:
            raise _refused(self.path, error) from error
        try:
            self._check_same_file()
        except BaseException as error:
            self.unlock()
            if isinstance(error, OSError):
                raise _refused(self.path, error) from error
            raise

    def unlock(self) -> None:
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _wait_for_lock(self) -> None:
        """Wait for the others, but not for ever: one of them may be stopped."""
        until = time.monotonic() + self._longest_wait
        while fcntl is not None:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise refusal(self.path, "another process keeps it", _BUSY_HINT) from None
                time.sleep(_STEP)
            else:
                return

    def stay(self) -> None:
        """Show other processes that the library is in use, until `close`. Call it locked."""
        if fcntl is not None:
            with suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def others(self) -> bool:
        """Tell whether another process has the library in use. Call it locked, after `stay`."""
        if fcntl is not None:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
            finally:
                self.stay()  # a failed change of a lock may have lost it
        return False

    def size(self) -> int:
        # Asked for several times with each record, so without a context manager's cost.
        try:
            return os.fstat(self._descriptor).st_size
        except OSError as error:
            raise _refused(self.path, error) from error

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset` on."""
        with translating_system(self.path):
            if hasattr(os, "pread"):
                return os.pread(self._descriptor, count, offset)
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, count)

    def lines(self, offset: int) -> Iterator[tuple[bytes, bool]]:
        """Yield each line from `offset` on without its newline, and whether it had one.

        A line that is longer than any record is cut there: it is bad whatever follows.
        """
        rest = b""
        while block := self.read(offset, _BLOCK):
            offset += len(block)
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                yield line, True
            if len(rest) > 2 * MAX_LINE:
                break
        if rest:
            yield rest, False

    def append(self, line: bytes, end: int) -> None:
        """Write a record at `end`, where the last one ended, and wait until it is on the disk.

        What lies after `end` is the beginning of a record that nobody was told of; it is cut
        off. When the system refuses, the file is as it was, and `AuditError` says why.
        """
        if self._broken:
            raise refusal(self.path, "the disk failed before", _DISK_HINT)
        try:
            if os.fstat(self._descriptor).st_size > end:
                self._disk.cut(self._descriptor, end)
            left = memoryview(line)
            while left:
                left = left[self._disk.write(self._descriptor, left.tobytes()) :]
            self._sync()
        except OSError as error:
            with suppress(OSError):
                self._disk.cut(self._descriptor, end)
            raise _refused(self.path, error) from error

    def _sync(self) -> None:
        try:
            self._disk.sync(self._descriptor)
        except OSError:
            # The system may have dropped what it could not write, and would report success
            # the next time (known as "fsyncgate"): nothing more is written through this file.
            self._broken = True
            raise

    def _check_same_file(self) -> None:
        """A log that was moved away or replaced must not be written to in vain."""
        mine = os.fstat(self._descriptor)
        try:
            there = os.stat(self._name)  # noqa: PTH116 - a tenth of the time
        except FileNotFoundError:
            raise refusal(self.path, "it was taken away while it was in use", _GONE_HINT) from None
        if (mine.st_ino, mine.st_dev) != (there.st_ino, there.st_dev):
            raise refusal(self.path, "it was replaced while it was in use", _GONE_HINT)


OLD_HINT = (
    "It is the log of a library that was here before. Move it to a safe place (it may have to "
    "be kept), then try again."
)

VERIFY_HINT = (
    "See what happened with 'assistant audit verify'. Restore the log from a backup, or, if you "
    "know why it is so, go on from here with 'assistant audit accept'."
)
_DISK_HINT = "Check the disk, its room and its rights; then try again. Nothing was done."
_BUSY_HINT = "Wait for the other window or command to finish, then try again."
_GONE_HINT = "Put the file back; 'assistant audit verify' says what is missing."


def lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def refusal(path: Path, reason: str, hint: str) -> AuditError:
    """Make the error that says why the log at `path` can't be used."""
    name = safe_text(str(path).encode("utf-8", "backslashreplace").decode(), single_line=True)
    return AuditError(f"The audit log {name} can't be used: {reason}.", hint=hint)


@contextmanager
def translating_system(path: Path) -> Iterator[None]:
    """Raise `AuditError` for what the system refuses, but let a missing file be one."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> AuditError:
    full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    reason = "the disk is full" if full else error.strerror or type(error).__name__
    return refusal(path, reason, _DISK_HINT)


def _opened(path: Path, *, create: bool) -> int:
    """Open a plain file of ours for reading and appending; a new one is private and durable."""
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        if not create:
            raise
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, _FLAGS | os.O_CREAT, 0o600)
        sync_folder(path.parent)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise refusal(path, "it is no plain file", "Move it away: the log belongs there.")
    return descriptor
