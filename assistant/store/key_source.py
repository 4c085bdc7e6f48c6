"""The key of a store, and the sources it can come from.

A store is encrypted with 32 random bytes. *Where* they come from is a seam (`KeySource`):
a passphrase that unwraps them (`library_keys.py`), or, by explicit choice, a key file.

A KEY FILE BESIDE THE STORE PROTECTS A LOST COPY OF THE STORE ONLY: a backup, a stick or an
e-mail that carries the `.db` file alone. Whoever has the whole data folder, or the disk,
has the key as well. Against that only disk encryption or a passphrase helps.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import os
import re
import secrets
import stat
from pathlib import Path
from typing import NoReturn, Protocol

from assistant.errors import DiskFullError, StoreError, WrongKeyError
from assistant.store.secret_memory import SecretBytes
from assistant.store.store_names import usable_path

KEY_BYTES = 32
_HEX_KEY = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_LONGEST_KEY_FILE = 1024


class StoreKey:
    """32 secret bytes. Never shown by `repr`, never pickled, compared in constant time."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a store key has {KEY_BYTES} bytes, not {len(secret)}")
        self._secret = SecretBytes(secret)

    @classmethod
    def random(cls) -> StoreKey:
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_hex(cls, text: str) -> StoreKey:
        """Read exactly 64 hexadecimal digits. Raises `ValueError` for anything else.

        The cipher takes a malformed raw key for a passphrase without a word, so nothing but
        64 digits may ever get that far.
        """
        if not _HEX_KEY.fullmatch(text):
            raise ValueError("a store key is written as 64 hexadecimal digits")
        return cls(bytes.fromhex(text))

    def hex(self) -> str:
        """Return the key as 64 hexadecimal digits. Handle like the key itself."""
        return self.reveal().hex()

    def reveal(self) -> bytes:
        """Return the 32 bytes. Raises `ValueError` once the key was wiped."""
        return self._secret.value()

    def wipe(self) -> None:
        """Overwrite the key in memory: it opens nothing any more. See `memory` for the limits."""
        self._secret.wipe()

    def __repr__(self) -> str:
        return "StoreKey(<hidden>)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StoreKey):
            return NotImplemented
        return hmac.compare_digest(self.reveal(), other.reveal())

    def __hash__(self) -> int:
        return hash((StoreKey, self.reveal()))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a store key is not pickled")


class KeySource(Protocol):
    """A source of a store's key."""

    def get(self, create: bool) -> StoreKey:
        """Return the key; make one first if there is none and `create` is true.

        Raises `WrongKeyError` when there is no key or it is malformed, `StoreError` when it
        can't be read or written.
        """
        ...


class KeyFile:
    """A key in a file of its own that only its owner may read (mode 0600).

    Protects a lost copy of the store, not a lost data folder: see the module's docstring.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, create: bool) -> StoreKey:
        """Read the key, or make a random one; two processes that race get the same key.

        A path that no store could have is refused first: a key there would open nothing.
        """
        usable_path(self._path)
        try:
            return self._read()
        except FileNotFoundError:
            if not create:
                raise WrongKeyError(
                    f"The key {self._path} is missing.",
                    hint="Put the key file back from a backup: without it the library "
                    "beside it can't be opened by anyone.",
                ) from None
        except OSError as error:
            raise self._unusable(error) from error
        try:
            self._write(StoreKey.random())
            return self._read()
        except OSError as error:
            raise self._unusable(error) from error

    def _read(self) -> StoreKey:
        descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise StoreError(f"{self._path} is not a file.", hint="A key file belongs there.")
            if os.name == "posix" and status.st_mode & 0o077:
                raise StoreError(
                    f"Other users of this machine may read the key {self._path}.",
                    hint=f"Take that right away: chmod 600 '{self._path}'",
                )
            content = file.read(_LONGEST_KEY_FILE)
        try:
            return StoreKey.from_hex(content.decode("ascii").strip())
        except ValueError:
            raise WrongKeyError(
                f"{self._path} does not hold a key (64 hexadecimal digits).",
                hint="Put the key file back from a backup.",
            ) from None

    def _write(self, key: StoreKey) -> None:
        """Create the file whole or not at all; leave a key that is there alone."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._path.with_name(f"{self._path.name}.new-{secrets.token_hex(8)}")
        try:
            _write_synced(draft, key)
            os.link(draft, self._path)
        except FileExistsError:
            return
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
                raise
            # A file system without hard links (a memory stick): not atomic, but exclusive.
            with contextlib.suppress(FileExistsError):
                _write_synced(self._path, key)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(self._path.parent)

    def _unusable(self, error: OSError) -> StoreError:
        kind = DiskFullError if error.errno == errno.ENOSPC else StoreError
        return kind(
            f"The key {self._path} can't be read or written: {error.strerror or error}.",
            hint="Check that the data folder exists, is yours and has room.",
        )


def _write_synced(path: Path, key: StoreKey) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)  # half a key would be in the way of a whole one
        raise


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` durable, where the platform can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
