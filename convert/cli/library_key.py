"""Ask for the keys of a library that is packed: its own, and the transfer key."""

from __future__ import annotations

from pathlib import Path

from assistant.config import Settings
from assistant.console.output import Output
from assistant.console.terminal import controlling_terminal
from assistant.errors import Cancelled, LockedError, UsageError
from assistant.unlock.secret_inputs import write_recovery_key
from assistant.unlock.unlock import LibraryUnlocker
from convert.bundle.packed_library import TransferKeys

_TRIES = 3


def seal_with(library: Path, transfer_file: Path | None, output: Output) -> TransferKeys:
    """Unlock the library, and say how its transfer key is given to a person.

    Raises `UsageError` for a file that is no library with its key beside it, `LockedError`
    where nobody can be asked or shown anything.
    """
    full = library.absolute()
    settings = Settings(data_dir=full.parent, library=full.stem)
    if full != settings.store_path or not full.is_file():
        raise UsageError(f"There is no library {library}.", hint="Name its file: NAME.db")
    if transfer_file is None and controlling_terminal() is None:
        raise LockedError(
            "Nobody is here to write the transfer key down.",
            hint="Name a new private file for it: --transfer-key-file FILE",
        )
    key = LibraryUnlocker(settings, output).get(create=False)

    def show(text: str) -> None:
        if transfer_file is not None:
            write_recovery_key(transfer_file, text)
        else:
            _show(text)

    return TransferKeys(key, show)


def _show(text: str) -> None:
    """Show the key until its last group was copied. Raises `Cancelled`."""
    terminal = controlling_terminal()
    if terminal is None:
        raise LockedError("Nobody is here to write the transfer key down.")
    page = (
        f"Transfer key of this bundle:\n\n    {text}\n\n"
        "It opens the library on the laptop. Carry it on paper or read it out, never with the "
        "bundle. It is shown this once and stored nowhere.\n"
    )
    for _ in range(_TRIES):
        answer = terminal.show_until_confirmed(page, "Type its last group, from the paper: ")
        if answer.strip().upper() == text.rpartition("-")[2]:
            return
        terminal.say("That is not the last group.")
    raise Cancelled("The transfer key was not written down; nothing was packed.")
