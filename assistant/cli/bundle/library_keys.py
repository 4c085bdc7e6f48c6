"""Ask for the keys of a library that comes in a bundle, or read them from private files."""

from __future__ import annotations

from pathlib import Path

from assistant.bundle.prebuilt_library import LibraryAccess
from assistant.config import Settings
from assistant.console.output import Output
from assistant.console.terminal import controlling_terminal
from assistant.errors import BundleError, LockedError
from assistant.store import StoreKey
from assistant.store.private_files import read_private
from assistant.unlock.unlock import LibraryUnlocker

_LONGEST = 4096


def library_access(
    output: Output, key_file: Path | None, transfer_file: Path | None, *, without_passphrase: bool
) -> LibraryAccess:
    """Tell an import how to come to the keys; nobody is asked before they are needed."""

    def own_key(settings: Settings) -> StoreKey:
        asking = LibraryUnlocker(settings, output, without_passphrase=without_passphrase)
        return asking.get(create=True)

    def transfer_key() -> str:
        return _ask() if transfer_file is None else read_transfer_key(transfer_file)

    return LibraryAccess(transfer_key, key_file, own_key)


def read_transfer_key(path: Path) -> str:
    """Read a transfer key from a private file. Raises `BundleError`, `StoreError`."""
    try:
        return read_private(path, _LONGEST).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"The transfer key {path} can't be read.") from error


def _ask() -> str:
    terminal = controlling_terminal()
    if terminal is None:
        raise LockedError(
            "The library is sealed with a transfer key, and nobody can be asked for it here.",
            hint="Name a private file (mode 600) that holds it: --transfer-key FILE",
        )
    return terminal.secret("Transfer key that the workstation showed: ")
