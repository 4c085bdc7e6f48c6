"""Read the bytes of one regular file, without ever waiting for a pipe or a device."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from pathlib import Path

from assistant.documents.parse_errors import shown_name
from assistant.errors import DocumentError
from assistant.lockdown import current

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO must not wait for a writer
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)
_REASONS = {
    errno.ENOENT: ("does not exist", "Check the name."),
    errno.EACCES: ("can't be read: permission denied", "Give yourself the right to read it."),
    errno.EPERM: ("can't be read: permission denied", "Give yourself the right to read it."),
    errno.ELOOP: ("leads in a circle of links", "Name the file itself."),
    errno.EIO: ("can't be read: the disk reports an error", "Copy it from another source."),
    errno.ENXIO: ("is a socket or a device, not a file", "Name a document."),
    errno.ENAMETOOLONG: ("has a name that is too long", "Give it a shorter name."),
}


def read_document(path: Path, max_mb: int) -> bytes:
    """Return the bytes of a file of at most `max_mb` MiB.

    A link is followed to its end first, and the end is opened as no link, so that what
    is checked is what is read. Raises `DocumentError` that names the file.
    """
    try:
        real = os.path.realpath(path, strict=True)
        descriptor = os.open(real, _FLAGS)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise not_a_file(path, status.st_mode)
        with io.FileIO(descriptor, closefd=False) as file:
            return _whole(file, path, status.st_size, max_mb)
    except OSError as error:
        raise unreadable(path, error) from error
    finally:
        os.close(descriptor)


def content_hash(path: Path, max_mb: int) -> str | DocumentError:
    """Return the SHA-256 of a file in hex, or why it can't be read."""
    try:
        return hashlib.sha256(read_document(path, max_mb)).hexdigest()
    except DocumentError as error:
        return error


def _whole(file: io.FileIO, path: Path, size: int, max_mb: int) -> bytes:
    limit = max_mb * 1024 * 1024
    if size <= limit:
        parts: list[bytes] = []
        left = limit + 1  # a file may grow while it is read, or state no size at all
        while left > 0 and (part := file.read(min(left, max(size + 1, 65536)))):
            parts.append(part)
            left -= len(part)
        if left > 0:
            return parts[0] if len(parts) == 1 else b"".join(parts)
    raise DocumentError(
        f"'{shown_name(path)}' is larger than {max_mb} MiB.",
        hint="Split it into smaller documents, or raise 'max_file_mb' in the settings.",
    )


def not_a_file(path: Path, mode: int) -> DocumentError:
    """Return the error for a path that is something else than a regular file."""
    kind = next((words for test, words in _KINDS if test(mode)), "something else")
    return DocumentError(
        f"'{shown_name(path)}' is {kind}, not a file.", hint="Name a document or a folder."
    )


def unreadable(path: Path, error: OSError | ValueError) -> DocumentError:
    """Return the error for a path that the system refuses to open or read."""
    if isinstance(error, OSError):
        if error.errno == errno.EACCES and _kept_out(path):
            return DocumentError(
                f"'{shown_name(path)}' lies outside the folders that this program may read.",
                hint="Add it from the command line (assistant add PATH), or name its folder as "
                "'document_folders' in config.toml.",
            )
        known = _REASONS.get(error.errno or 0)
        reason, hint = known or (f"can't be read: {error.strerror}", "Check the disk and the name.")
    else:
        reason, hint = "is no possible file name", "Check the name."
    return DocumentError(f"'{shown_name(path)}' {reason}.", hint=hint)


def _kept_out(path: Path) -> bool:
    """Tell whether the lockdown refuses a file that the person may read (access(2) doesn't ask
    Landlock).
    """
    return current() is not None and os.access(path, os.R_OK)
