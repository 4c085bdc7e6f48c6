"""Translate every error of SQLite into words a person can act on.

Nothing above `assistant.store` ever sees an exception of apsw: `translating` is around
every use of a connection, and a test walks apsw's exception classes for unmapped ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from assistant.errors import DiskFullError, StoreBusyError, StoreError, WrongKeyError

_BACKUP = "Restore the library from a backup, or move the file away and add the documents again."


@dataclass(frozen=True, slots=True)
class Translation:
    """The error to raise in place of SQLite's; `{path}` and `{error}` are filled in."""

    kind: type[StoreError]
    message: str
    hint: str


WRONG_KEY = Translation(
    WrongKeyError,
    "The key does not open {path}, or the file is no library of this program.",
    "Put the key back that belongs to this library. If the key is right, the file is damaged: "
    "restore it from a backup.",
)
DAMAGED = Translation(StoreError, "{path} is damaged ({error}).", _BACKUP)
DISK_FULL = Translation(
    DiskFullError,
    "The disk is full: nothing was written to {path}.",
    "Make room on the disk and try again; what was in the library is intact.",
)
BUSY = Translation(
    StoreBusyError,
    "Another process is writing to {path} and did not finish in time.",
    "Wait for the other window or command to finish, then try again.",
)
DISK_ERROR = Translation(
    StoreError,
    "The disk failed while {path} was read or written ({error}).",
    "Check the disk and its cable. What was committed before is intact.",
)
READ_ONLY = Translation(
    StoreError,
    "{path} can't be written ({error}).",
    "Check that the file and its folder are yours and that the disk is not mounted read-only.",
)
CANT_OPEN = Translation(
    StoreError,
    "{path} can't be opened ({error}).",
    "Check that the folder exists, that the file and the folder are yours, and that the disk "
    "is not mounted read-only.",
)
NO_MEMORY = Translation(
    StoreError, "There was not enough memory to work on {path}.", "Close other programs, try again."
)
TOO_BIG = Translation(
    StoreError,
    "A document is too big for {path} ({error}).",
    "Split the document and add its parts.",
)
INTERRUPTED = Translation(StoreError, "The work on {path} was interrupted.", "Try again.")
INSTALLATION = Translation(
    StoreError,
    "The database library can't work on {path} ({error}).",
    "The installation is incomplete: install the program again, then run 'assistant doctor'.",
)
INTERNAL = Translation(
    StoreError,
    "The program made a mistake while it worked on {path} ({error}).",
    "The library is intact. Please report this with what you did just before.",
)

# All others are mistakes of this program: `INTERNAL`. A test lists them by name.
TRANSLATIONS: dict[type[apsw.Error], Translation] = {
    apsw.NotADBError: WRONG_KEY,
    apsw.FullError: DISK_FULL,
    apsw.BusyError: BUSY,
    apsw.LockedError: BUSY,
    apsw.ProtocolError: BUSY,
    apsw.CorruptError: DAMAGED,
    apsw.FormatError: DAMAGED,
    apsw.IOError: DISK_ERROR,
    apsw.NoLFSError: DISK_ERROR,
    apsw.ReadOnlyError: READ_ONLY,
    apsw.AuthError: READ_ONLY,
    apsw.PermissionsError: READ_ONLY,
    apsw.CantOpenError: CANT_OPEN,
    apsw.NoMemError: NO_MEMORY,
    apsw.TooBigError: TOO_BIG,
    apsw.AbortError: INTERRUPTED,
    apsw.InterruptError: INTERRUPTED,
    apsw.ExtensionLoadingError: INSTALLATION,
    apsw.NoFTS5Error: INSTALLATION,
    apsw.VFSNotImplementedError: INSTALLATION,
}

_ROOM_TO_WORK = 1024 * 1024


def translate(error: apsw.Error, path: Path, *, opening: bool = False) -> StoreError:
    """Return the `StoreError` that says what happened to the store at `path`.

    Only while `opening` does "not a database" mean a wrong key: once a key has opened the
    store, the same error means a page that is damaged.
    """
    found = TRANSLATIONS.get(type(error), INTERNAL)
    if found is WRONG_KEY and not opening:
        found = DAMAGED
    if found is DISK_ERROR and _is_full(path):
        found = DISK_FULL
    detail = f"{type(error).__name__}: {error}"
    return found.kind(found.message.format(path=path, error=detail), hint=found.hint)


@contextmanager
def translating(path: Path, *, opening: bool = False) -> Iterator[None]:
    """Raise `StoreError` for what apsw or the file system raises inside the block."""
    try:
        yield
    except apsw.Error as error:
        raise translate(error, path, opening=opening) from error
    except OSError as error:
        detail = error.strerror or str(error)
        found = DISK_FULL if _is_full(path) else CANT_OPEN
        message = found.message.format(path=path, error=detail)
        raise found.kind(message, hint=found.hint) from error


def _is_full(path: Path) -> bool:
    """Whether the disk has no room: SQLite can't always tell (its shared memory file)."""
    try:
        return shutil.disk_usage(path.parent).free < _ROOM_TO_WORK
    except OSError:
        return False
