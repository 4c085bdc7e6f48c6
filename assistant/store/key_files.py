"""The key files of a library, and how they say it is unlocked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class KeyMode(Enum):
    """How a library is opened."""

    NEW = "no library yet"
    PASSPHRASE = "passphrase"  # noqa: S105 - a word
    KEY_FILE = "key file without passphrase"


@dataclass(frozen=True, slots=True)
class KeyPaths:
    """The store, and the files around it that have to do with its key."""

    store: Path
    """The encrypted store: `NAME.db`."""

    raw: Path
    """The key in the open, of a library without a passphrase: `NAME.key`."""

    wrapped: Path
    """The wrapped key: `NAME.keys`."""

    @property
    def next(self) -> Path:
        """The wrapped key that counts once the store has been exchanged."""
        return self.wrapped.with_name(f"{self.wrapped.name}.next")

    @property
    def lock(self) -> Path:
        return self.wrapped.with_name(f"{self.wrapped.name}.lock")

    @property
    def attempts(self) -> Path:
        return self.wrapped.with_name(f"{self.wrapped.stem}.tries")

    @property
    def copy(self) -> Path:
        """The store under its new key, while a rekey writes it."""
        return self.store.with_name(f"{self.store.name}.rekey")

    @property
    def old(self) -> Path:
        """The store under its old key, for the moment in which it is voided."""
        return self.store.with_name(f"{self.store.name}.rekey-old")
