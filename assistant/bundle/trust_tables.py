"""Read and write the tables of the trust folder: atomically, one writer at a time.

A table that is damaged is never taken for an empty one: that would lift a revocation or
lower a minimum version. Only a folder without any table is a new one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import BundleError
from assistant.store.key_source import sync_folder
from assistant.strict_reader import BadInputError, MissingInputError, read_file, read_json
from assistant.whole_file import write_whole

try:
    import fcntl
except ImportError:  # a platform without it: then nobody waits
    fcntl = None  # type: ignore[assignment]

FOLDER = "trust"
FORMAT = 1
_MAX_BYTES = 8 << 20
_LOCK = ".lock"
_Table = TypeVar("_Table")


def read_table(path: Path, kind: type[_Table]) -> _Table | None:
    """Read a table; None if there is none. Raises `BundleError` if it is damaged."""
    try:
        return read_json(read_file(path, _MAX_BYTES), kind)
    except MissingInputError:
        return None
    except BadInputError as error:
        raise BundleError(
            f"{path} is damaged: {error}.",
            hint="It says which keys are trusted and which versions were installed. Restore it "
            "from a backup; or, if you know why it is damaged, remove the whole folder and trust "
            "your keys anew.",
        ) from error


def write_table(path: Path, table: Mapping[str, Any]) -> None:
    """Write a table with mode 0600 and make it durable. Raises `BundleError`."""
    text = json.dumps({"format": FORMAT, **table}, indent=1) + "\n"
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all. Raises `BundleError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, content)
        sync_folder(path.parent)
    except OSError as error:
        raise BundleError(
            f"{path} can't be written: {error.strerror or error}.",
            hint="Check the rights of the data folder, and the room on its disk.",
        ) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from changing the tables while the block runs."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (folder / _LOCK).open("a")
    except OSError as error:
        raise BundleError(f"{folder} can't be written: {error.strerror or error}.") from error
    with file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
