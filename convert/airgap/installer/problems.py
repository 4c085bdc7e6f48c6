"""Errors of the installer, in words that a person can act on; each kind has its exit code."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class InstallError(Exception):
    """Base of all errors that are shown: what happened, and what to do about it."""

    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "It was not installed"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RefusedError(InstallError):
    """The archive can't be trusted: changed, signed by another key, or older."""

    exit_code = 7
    title = "The archive is refused"


class MachineError(InstallError):
    """The machine lacks what the archive needs."""

    exit_code = 3
    title = "This machine can't run it"


class AskedError(InstallError):
    """What was asked for can't be done as put."""

    exit_code = 2
    title = "That can't be done"


class StoppedError(InstallError):
    """The person pressed Ctrl-C."""

    exit_code = 130
    title = "Stopped"


@contextmanager
def system_errors(doing: str, place: Path) -> Iterator[None]:
    """Translate what the system refuses while `doing` something at `place`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise InstallError(
                f"The disk of {place} is full.",
                "Make room there, or choose another folder: --prefix FOLDER.",
            ) from error
        reason = error.strerror or type(error).__name__
        where = shown(str(error.filename)) if error.filename else str(place)
        raise InstallError(f"{doing} failed: {where}: {reason}.") from error


def shown(text: str) -> str:
    """Return foreign text as it may stand on a terminal: printable, on one line, not long."""
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return plain if len(plain) <= 400 else plain[:400] + "…"
