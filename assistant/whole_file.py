"""Write a file atomically, so that nobody ever reads half of it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from assistant.errors import AssistantError

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


def write_in_place(path: Path, data: bytes, hint: str) -> None:
    """Write a file (mode 0600 if it is new): under the lockdown none can be made beside it.

    Raises `AssistantError` with `hint`; the file is then empty.
    """
    try:
        _write(path, data, os.O_TRUNC)
    except OSError as error:
        with suppress(OSError):
            os.truncate(path, 0)
        reason = error.strerror or "unknown reason"
        raise AssistantError(f"{path} can't be written: {reason}.", hint=hint) from error


def _write(path: Path, data: bytes, flag: int) -> None:
    with os.fdopen(os.open(path, _FLAGS | flag, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
