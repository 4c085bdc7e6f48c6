"""Small private files in the data folder: read as hostile input, replaced atomically."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from assistant.errors import DiskFullError, StoreBusyError, StoreError
from assistant.store.key_source import sync_folder
from assistant.store.store_names import shown, usable_path

if os.name == "posix":
    import fcntl

_STEP = 0.05


@contextmanager
def translating_files(path: Path) -> Iterator[None]:
    """Raise `StoreError` for what the file system raises inside the block."""
    try:
        yield
    except OSError as error:
        kind = DiskFullError if error.errno in (errno.ENOSPC, errno.EDQUOT) else StoreError
        raise kind(
            f"{shown(str(path))} can't be read or written: {error.strerror or error}.",
            hint="Check that the data folder exists, is yours and has room. Nothing was changed.",
        ) from error


def read_private(path: Path, longest: int) -> bytes:
    """Read a plain file of at most `longest` bytes that nobody else may read or write.

    Links are not followed. Raises `OSError` (`FileNotFoundError`), and `StoreError` for a
    file that is no plain file, too long, another user's, or open to others.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise _refused(path, "is a link", "Put the file itself there.") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, "is not a file", "A file that only you can read belongs there.")
        if os.name == "posix":
            if status.st_uid != os.geteuid():
                raise _refused(path, "belongs to another user", "Make it yours: chown.")
            if status.st_mode & 0o077:
                raise _refused(
                    path,
                    "may be read or written by other users of this machine",
                    f"Take that right away: chmod 600 '{shown(str(path))}'",
                )
        content = file.read(longest + 1)
    if len(content) > longest:
        raise _refused(path, f"is longer than {longest} bytes", "That is not the right file.")
    return content


def _refused(path: Path, why: str, hint: str) -> StoreError:
    return StoreError(f"{shown(str(path))} {why}.", hint=hint)


def replace_private(path: Path, content: bytes) -> None:
    """Put `content` at `path`, readable by its owner only: all of it, or the file as it was.

    The draft is on the disk (fsync), read back and compared before it takes the name.
    Raises `OSError`.
    """
    usable_path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.new-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "r+b") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            _check_written(file, content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _check_written(file: BinaryIO, content: bytes) -> None:
    file.seek(0)
    if file.read() != content:
        raise OSError(errno.EIO, "what was written reads back otherwise")


def wipe_file(path: Path) -> None:
    """Overwrite a small file with zeros and remove it. Raises `OSError`; absent is fine.

    A disk that copies on write (SSD, btrfs) may keep the old bytes in cells that no program
    can reach: see docs/encryption.md.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "wb", closefd=True) as file:
        file.write(bytes(os.fstat(file.fileno()).st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


@contextmanager
def alone(path: Path, seconds: float = 10.0, busy: StoreBusyError | None = None) -> Iterator[None]:
    """Let only one process at a time into the block, by flock(2) on the file `path`.

    Raises `busy` (by default: that the key is at work on) when another one does not leave in
    `seconds`. The file stays.
    """
    if os.name != "posix":
        yield
        return
    usable_path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        _lock(descriptor, busy or _key_in_use(path), time.monotonic() + seconds)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _key_in_use(path: Path) -> StoreBusyError:
    return StoreBusyError(
        f"Another process is at work on the key of the library "
        f"'{shown(path.name.split('.keys')[0])}' and did not finish in time.",
        hint="Wait for it (a rekey may take minutes), then try again.",
    )


def _lock(descriptor: int, busy: StoreBusyError, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise busy from error
            time.sleep(_STEP)
        else:
            return
