"""The key of a library: create it, unlock it, change the passphrase.

Two files may hold it: the wrapped key, and, while a rekey is under way, the wrapped key that
comes next. The store itself says which counts: exactly one of the two keys opens it. So the
switch from one to the other is one rename of the store's file (`rekey.py`), and a process
killed at any moment leaves a library that the next unlocking puts in order.
"""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import LockedError, StoreError, WrongKeyError, WrongPassphraseError
from assistant.store.connection import opens
from assistant.store.key_files import KeyMode, KeyPaths
from assistant.store.key_source import KeyFile, StoreKey
from assistant.store.key_wrap import (
    LONGEST_FILE,
    Cost,
    Kind,
    WrappedKey,
    new_wrapped_key,
    parse,
)
from assistant.store.passphrase import check_new, prepared
from assistant.store.private_files import (
    alone,
    read_private,
    replace_private,
    translating_files,
    wipe_file,
)
from assistant.store.recovery_key import new_recovery_key, recovery_secret
from assistant.store.sqlite_errors import translating
from assistant.store.unlock_attempts import UnlockAttempts

_BUSY_MS = 10_000

Shown = Callable[[str], None]
"""Shows a recovery key to the person. May raise: then nothing is changed."""


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The key, and the number of wrong attempts before this one."""

    key: StoreKey
    failed_before: int = 0


class LibraryKeys:
    """All that is done with the key of one library. Safe to use from several processes.

    `cost` is that of new wrappings. All methods raise `StoreError` when files can't be read
    or written, `StoreBusyError` while another process is at work on them, `WrongKeyError`
    when they are damaged.
    """

    def __init__(self, paths: KeyPaths, cost: Cost | None = None) -> None:
        self.paths = paths
        self.cost = cost or Cost()
        self.attempts = UnlockAttempts(paths.attempts)

    # Looking -------------------------------------------------------------------------

    def mode(self) -> KeyMode:
        """Tell how the library is opened. Raises `WrongKeyError` for a store without any key."""
        paths = self.paths
        if paths.wrapped.exists():
            return KeyMode.PASSPHRASE
        if paths.next.exists() and not self._raw_counts():
            return KeyMode.PASSPHRASE
        if paths.raw.exists() and paths.store.exists():
            return KeyMode.KEY_FILE
        if paths.store.exists():
            # As before there were passphrases: the message names the file that is missing.
            KeyFile(paths.raw).get(create=False)
        return KeyMode.NEW

    def wrapped(self) -> WrappedKey:
        """Read the wrapped key that is in use. Raises `WrongKeyError` if there is none."""
        files = self._files()
        if not files:
            raise WrongKeyError(
                "The library has no passphrase.", hint="Give it one: assistant passphrase set"
            )
        return next(iter(files.values()))

    # Opening -------------------------------------------------------------------------

    def unlock(self, passphrase: str) -> Unlocked:
        """Unwrap the key with the passphrase (a third of a second, 64 MiB).

        Raises `WrongPassphraseError`, `TooManyTriesError`, `PassphraseError`.
        """
        return self._unlock("passphrase", prepared(passphrase))

    def recover(self, recovery_key: str) -> Unlocked:
        """Unwrap the key with the recovery key. Raises as `unlock` does."""
        return self._unlock("recovery", recovery_secret(recovery_key))

    def key_file(self) -> StoreKey:
        """Return the key of a library without a passphrase."""
        with self._alone():
            key = KeyFile(self.paths.raw).get(create=False)
            if self.paths.next.exists() and self.paths.store.exists():
                if not self._opens(key):
                    raise LockedError(
                        "The library has a passphrase.", hint="Give it: assistant passphrase status"
                    )
                self._forget_next()
            return key

    # Making and changing -------------------------------------------------------------

    def create(self, passphrase: str, show: Shown | None) -> StoreKey:
        """Make the key of a library that is not there yet; `show` is given the recovery key.

        Without `show` there is no recovery key. Raises `PassphraseError` for a weak
        passphrase, `StoreError` if there is a library or a key already.
        """
        secret = check_new(passphrase)
        with self._alone():
            if self.mode() is not KeyMode.NEW:
                raise StoreError(
                    "The library is there already.", hint="Change it: assistant passphrase change"
                )
            key = StoreKey.random()
            self._save(self.fresh(key, secret, show), key, "passphrase", secret)
            return key

    def create_without_passphrase(self) -> StoreKey:
        """Make, or find, the key file of a library that the person wants without a passphrase."""
        with self._alone():
            return KeyFile(self.paths.raw).get(create=True)

    def change(self, key: StoreKey, passphrase: str) -> None:
        """Wrap `key` with another passphrase. The store and the recovery key stay."""
        secret = check_new(passphrase)
        with self._alone():
            changed = self._current(key).with_slot(key, "passphrase", secret, self.cost)
            self._save(changed, key, "passphrase", secret)

    def renew_recovery(self, key: StoreKey, show: Shown) -> None:
        """Replace the recovery key by a new one; the old one opens nothing any more."""
        with self._alone():
            text = new_recovery_key()
            secret = recovery_secret(text)
            changed = self._current(key).with_slot(key, "recovery", secret, self.cost)
            show(text)
            self._save(changed, key, "recovery", secret)

    def fresh(self, key: StoreKey, secret: bytes, show: Shown | None) -> WrappedKey:
        """Return a wrapped key with new salts for `key`; `show` is given its recovery key."""
        made = new_wrapped_key().with_slot(key, "passphrase", secret, self.cost)
        if show is None:
            return made
        text = new_recovery_key()
        made = made.with_slot(key, "recovery", recovery_secret(text), self.cost)
        show(text)
        return made

    def secret_that_opens(self, passphrase: str, key: StoreKey) -> bytes:
        """Return the bytes of the passphrase. Raises `WrongPassphraseError` if it is another's."""
        secret = prepared(passphrase)
        if self.wrapped().unwrap("passphrase", secret) != key:
            raise _wrong("passphrase")
        return secret

    # Inside --------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with translating_files(self.paths.lock), alone(self.paths.lock):
            self._remove_drafts()
            yield

    def _remove_drafts(self) -> None:
        """Remove what a process left that was killed while it wrote: nobody writes now."""
        paths = self.paths
        for path in (paths.wrapped, paths.next, paths.attempts, paths.raw):
            for draft in path.parent.glob(f"{glob.escape(path.name)}.new-*"):
                wipe_file(draft)

    def _unlock(self, kind: Kind, secret: bytes) -> Unlocked:
        with self._alone():
            # A recovery key can't be guessed, so its tries need no wait.
            failed = self.attempts.begin() if kind == "passphrase" else self.attempts.failed()
            files = self._files()
            found = {path: file.unwrap(kind, secret) for path, file in files.items()}
            keys = {path: key for path, key in found.items() if key is not None}
            if not keys:
                if kind == "recovery" and not any(file.has(kind) for file in files.values()):
                    raise WrongPassphraseError(
                        "This library has no recovery key.", hint="Only its passphrase opens it."
                    )
                raise _wrong(kind)
            self.attempts.end()
            return Unlocked(self._settled(keys), failed)

    def _settled(self, keys: dict[Path, StoreKey]) -> StoreKey:
        """Return the key that counts, and finish or undo a rekey that was interrupted.

        `keys` are those that were unwrapped, by the file that each came out of.
        """
        paths = self.paths
        first = next(iter(keys.values()))
        if not paths.store.exists() or not (paths.next.exists() or paths.raw.exists()):
            return first
        source = next((path for path, key in keys.items() if self._opens(key)), None)
        if source is None:
            if paths.next in self._files() and paths.next not in keys:
                raise WrongPassphraseError(
                    "That is from before the library got a new key.",
                    hint="Use the newer recovery key, or the passphrase.",
                )
            return first  # opening the store says what is wrong
        if source == paths.next:
            self.promote()
        else:  # the store has the key of the file in use: nothing else is needed
            paths.next.unlink(missing_ok=True)
            wipe_file(paths.raw)
        self.remove_copies()
        return keys[source]

    def promote(self) -> None:
        """The store has its next key: so has the library. Raises `OSError`."""
        paths = self.paths
        replace_private(paths.wrapped, read_private(paths.next, LONGEST_FILE))
        paths.next.unlink()
        wipe_file(paths.raw)

    def remove_copies(self) -> None:
        """Remove what an interrupted rekey left of its copy."""
        for path in (self.paths.copy, self.paths.old):
            for end in ("", "-journal", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)

    def _forget_next(self) -> None:
        self.paths.next.unlink(missing_ok=True)
        self.remove_copies()

    def _raw_counts(self) -> bool:
        """Whether the key file still opens the store although a next key is there."""
        paths = self.paths
        if not (paths.raw.exists() and paths.store.exists()):
            return False
        return self._opens(KeyFile(paths.raw).get(create=False))

    def _opens(self, key: StoreKey) -> bool:
        with translating(self.paths.store, opening=True):
            return opens(self.paths.store, key, busy_ms=_BUSY_MS)

    def _files(self) -> dict[Path, WrappedKey]:
        """Read the file in use and the next one, in this order, as far as they are there."""
        files = {}
        for path in (self.paths.wrapped, self.paths.next):
            with contextlib.suppress(FileNotFoundError):
                files[path] = parse(read_private(path, LONGEST_FILE))
        return files

    def _current(self, key: StoreKey) -> WrappedKey:
        """Read the file again: another process may have changed it since `key` was unwrapped."""
        current = self.wrapped()
        if self.paths.next.exists() or (self.paths.store.exists() and not self._opens(key)):
            raise WrongKeyError(
                "The library got another key in the meantime.", hint="Unlock it again, then retry."
            )
        return current

    def _save(self, wrapped: WrappedKey, key: StoreKey, kind: Kind, secret: bytes) -> None:
        """Replace the file, after the new one was read and unwrapped as it will be."""
        raw = wrapped.to_bytes()
        if parse(raw).unwrap(kind, secret) != key:
            raise StoreError(
                "The new key file does not open the library: nothing was changed.",
                hint="Check the machine's memory, then try again.",
            )
        replace_private(self.paths.wrapped, raw)


def _wrong(kind: Kind) -> WrongPassphraseError:
    name = "passphrase" if kind == "passphrase" else "recovery key"
    return WrongPassphraseError(
        f"The {name} does not open this library.",
        hint="Check the keyboard's language and Caps Lock, and which library you want "
        "(--library). The recovery key opens it too: assistant passphrase recover",
    )
