"""Read secrets from a script: from private files or descriptors, never from arguments.

An argument can be read by every user of the machine (`ps`), and an environment variable by
every process of the same user: so the variables hold the *name* of a file or the number of
a descriptor, not the secret.

    ASSISTANT_PASSPHRASE_FILE, ASSISTANT_PASSPHRASE_FD           the passphrase
    ASSISTANT_NEW_PASSPHRASE_FILE, ASSISTANT_NEW_PASSPHRASE_FD   the one from now on
    ASSISTANT_RECOVERY_FILE    where a new recovery key is written, and `recover` reads it

Imports nothing heavy: `take_descriptors` runs before the process is locked down.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from assistant.errors import PassphraseError, StoreError

PASSPHRASE = "ASSISTANT_PASSPHRASE"  # noqa: S105 - a name
NEW_PASSPHRASE = "ASSISTANT_NEW_PASSPHRASE"  # noqa: S105
RECOVERY_FILE = "ASSISTANT_RECOVERY_FILE"
LONGEST = 4096

_taken: dict[str, bytes] = {}


def take_descriptors() -> None:
    """Read what waits in the named descriptors, and close them.

    Called once at the very start, before inherited descriptors are closed. Raises
    `PassphraseError` for a number that is none, or a descriptor that can't be read.
    """
    for name in (PASSPHRASE, NEW_PASSPHRASE):
        number = os.environ.get(f"{name}_FD")
        if number is not None and name not in _taken:
            _taken[name] = _read_descriptor(f"{name}_FD", number)


def given(name: str) -> str | None:
    """Return the secret `name` (PASSPHRASE, NEW_PASSPHRASE), or None if none was handed in.

    Raises `PassphraseError` for an empty one or one that is not UTF-8, `StoreError` for a
    file that others may read, that is not ours or no plain file.
    """
    take_descriptors()
    file = os.environ.get(f"{name}_FILE")
    if name in _taken:
        return _first_line(_taken[name], f"{name}_FD")
    return _first_line(_read_file(Path(file)), f"{name}_FILE") if file else None


def given_recovery_key() -> str | None:
    """Return the recovery key in the file that the variable names. Raises as `given` does."""
    file = os.environ.get(RECOVERY_FILE)
    return _first_line(_read_file(Path(file)), RECOVERY_FILE) if file else None


def recovery_file() -> Path | None:
    """Return where a new recovery key is to be written, if a file was named."""
    file = os.environ.get(RECOVERY_FILE)
    return Path(file) if file else None


def write_recovery_key(path: Path, text: str) -> None:
    """Write a recovery key into a private file that is empty or new.

    In place, because the lockdown grants the file and not its folder. Raises `StoreError`.
    """
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            status = os.fstat(file.fileno())
            private = stat.S_ISREG(status.st_mode) and (
                os.name != "posix" or (status.st_uid == os.geteuid() and not status.st_mode & 0o077)
            )
            if not private or status.st_size:
                raise StoreError(
                    f"{RECOVERY_FILE} names a file that is not empty or not private.",
                    hint="Name a new file, or an empty one of yours with the mode 600.",
                )
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            f"The recovery key can't be written: {error.strerror or error}.",
            hint=f"Name a file in a folder of yours: {RECOVERY_FILE}=PATH",
        ) from error


def _read_descriptor(variable: str, number: str) -> bytes:
    if not (number.isascii() and number.isdigit() and len(number) < 6) or number in ("1", "2"):
        raise PassphraseError(
            f"{variable} is not the number of an open descriptor.",
            hint="In a shell: ASSISTANT_PASSPHRASE_FD=3 assistant ... 3< FILE",
        )
    content = b""
    try:
        while len(content) <= LONGEST and b"\n" not in content:
            piece = os.read(int(number), LONGEST)
            if not piece:
                break
            content += piece
        if int(number) > 2:
            os.close(int(number))
    except OSError as error:
        raise PassphraseError(
            f"The descriptor of {variable} can't be read: {error.strerror or error}.",
            hint="In a shell: ASSISTANT_PASSPHRASE_FD=3 assistant ... 3< FILE",
        ) from error
    return content


def _read_file(path: Path) -> bytes:
    from assistant.store.private_files import read_private, translating_files

    with translating_files(path):
        return read_private(path, LONGEST)


def _first_line(content: bytes, variable: str) -> str:
    line = content.split(b"\n", 1)[0].removesuffix(b"\r")
    if not line:
        raise PassphraseError(
            f"{variable} gives an empty first line.", hint="The first line is the passphrase."
        )
    if len(line) >= LONGEST:
        raise PassphraseError(
            f"The first line of {variable} is too long.", hint="The first line is the passphrase."
        )
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise PassphraseError(
            f"The first line of {variable} is not text in UTF-8.", hint="Write it anew as UTF-8."
        ) from None
