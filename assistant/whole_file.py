"""Writing a file so that nobody ever reads half of it."""

from __future__ import annotations

import os
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file (mode 0600) that is there whole or not at all, also after a power cut.

    Raises `OSError`; what was there before is then untouched.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        _write(draft, data, os.O_EXCL)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def write_in_place(path: Path, data: bytes) -> None:
    """Write a file (mode 0600 if it is new): under the lockdown none can be made beside it.

    Raises `OSError`; the file is then not whole.
    """
    _write(path, data, os.O_TRUNC)


def _write(path: Path, data: bytes, flag: int) -> None:
    with os.fdopen(os.open(path, _FLAGS | flag, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
