"""Unlock a library for a command: ask a person, or read a script's secret."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.config import Settings
from assistant.console.output import Output
from assistant.console.terminal import Terminal, controlling_terminal
from assistant.errors import (
    Cancelled,
    LockedError,
    PassphraseError,
    TooManyTriesError,
    WrongPassphraseError,
)
from assistant.unlock import secret_inputs

if TYPE_CHECKING:
    from assistant.store import LibraryKeys, StoreKey

MAX_ATTEMPTS = 3
"""How often a person is asked before the command gives up."""

WITHOUT = (
    "This library has no passphrase: its key lies in the open beside it. Whoever has the "
    "folder or the disk can read it. Give it one with: assistant passphrase set"
)
NO_RECOVERY = (
    "No recovery key was made, because nobody could write it down: without the passphrase the "
    "library is lost. Make one in a terminal: assistant passphrase recovery-key"
)
_HOW = (
    "In a terminal it is asked for. A script names a private file (mode 600) with it: "
    "ASSISTANT_PASSPHRASE_FILE=PATH, or a descriptor: ASSISTANT_PASSPHRASE_FD=N"
)


def keys_of(settings: Settings) -> LibraryKeys:
    """Return the keys of the library that the settings name."""
    from assistant.store import KeyPaths, LibraryKeys

    paths = KeyPaths(settings.store_path, settings.key_path, settings.wrapped_key_path)
    return LibraryKeys(paths)


def record_failed_unlock(settings: Settings) -> None:
    """Put a wrong passphrase into the library's audit log. Raises `AuditError`."""
    from assistant.audit import append_unsealed

    append_unsealed(settings.audit_path, "unlock-failed", tries=keys_of(settings).attempts.failed())


class LibraryUnlocker:
    """A `KeySource` that asks: a script's file or descriptor first, else the terminal.

    `without_passphrase` is the explicit choice for a library that is made now. `failed` is
    told of each wrong passphrase; `unlocked`, after a right one, how many were wrong before.
    `secret` is the passphrase that was right, kept only where `keeps_secret` was set before.
    """

    def __init__(
        self,
        settings: Settings,
        output: Output,
        *,
        without_passphrase: bool = False,
        terminal: Callable[[], Terminal | None] = controlling_terminal,
        failed: Callable[[], None] | None = None,
        unlocked: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.keys = keys_of(settings)
        self._name = settings.library
        self._output = output
        self._without = without_passphrase
        self._terminal = terminal
        self._failed = failed or functools.partial(record_failed_unlock, settings)
        self._unlocked = unlocked
        self.keeps_secret = False
        self.secret = ""
        self.recovery = "none"

    def get(self, create: bool) -> StoreKey:
        """Return the key; make one first if there is no library and `create` is true.

        Raises `LockedError` when nobody can be asked or a passphrase was given in vain,
        `WrongPassphraseError`, `TooManyTriesError`, `Cancelled`, `StoreError`.
        """
        from assistant.store import KeyMode

        mode = self.keys.mode()
        if mode is KeyMode.PASSPHRASE:
            return self.unlock()
        if mode is KeyMode.KEY_FILE:
            self._refuse_a_passphrase_in_vain()
        if mode is KeyMode.KEY_FILE or not create:
            return self.keys.key_file()
        if self._without:
            self._output.note(("note: ", "yellow"), WITHOUT)
            return self.keys.create_without_passphrase()
        return self.keys.create(self.new_passphrase(secret_inputs.PASSPHRASE), self.shower())

    def unlock(self) -> StoreKey:
        """Ask for the passphrase until it is right, `MAX_ATTEMPTS` times at most."""
        text = secret_inputs.given(secret_inputs.PASSPHRASE)
        if text is not None:
            return self._try(text)
        terminal = self.need_terminal(f"The library '{self._name}' has a passphrase.")
        for left in range(MAX_ATTEMPTS - 1, -1, -1):
            self._wait(terminal)
            try:
                return self._try(terminal.secret(f"Passphrase of '{self._name}': "))
            except (WrongPassphraseError, PassphraseError, TooManyTriesError) as error:
                if not left:
                    raise
                terminal.say(error.message)
        raise AssertionError

    def recover(self, recovery_key: str) -> StoreKey:
        """Unlock with the recovery key. Raises `WrongPassphraseError`, `PassphraseError`."""
        try:
            return self.keys.recover(recovery_key).key
        except WrongPassphraseError:
            self._failed()
            raise

    def new_passphrase(self, *variables: str) -> str:
        """Return a passphrase to use from now on: a script's, or typed twice."""
        from assistant.store.passphrase import SHORTEST, check_new

        texts = (secret_inputs.given(variable) for variable in variables)
        text = next((text for text in texts if text is not None), None)
        if text is not None:
            check_new(text)
            return text
        terminal = self.need_terminal(f"The library '{self._name}' needs a passphrase.")
        terminal.say(
            f"Choose a passphrase for the library '{self._name}': {SHORTEST} characters or more, "
            "for example six words. It can't be looked up anywhere."
        )
        for left in range(MAX_ATTEMPTS - 1, -1, -1):
            text = terminal.secret("New passphrase: ")
            try:
                check_new(text)
            except PassphraseError as error:
                if not left:
                    raise
                terminal.say(f"{error.message} {error.hint}")
                continue
            if terminal.secret("The same once more: ") == text:
                return text
            terminal.say("The two are not the same.")
        raise PassphraseError("No passphrase was chosen.", hint="Try again.")

    def shower(self, *, note: bool = True) -> Callable[[str], None] | None:
        """Return what shows a new recovery key, or None if nobody is there to note it.

        `note` says so on stderr.
        """
        file = secret_inputs.recovery_file()
        terminal = self._terminal()
        if file is not None:

            def write(text: str) -> None:
                secret_inputs.write_recovery_key(file, text)
                self.recovery = "file"

            return write
        if terminal is None or secret_inputs.given(secret_inputs.PASSPHRASE) is not None:
            if note:
                self._output.note(("note: ", "yellow"), NO_RECOVERY)
            return None

        def show(text: str) -> None:
            _confirm(terminal, text, self._name)
            self.recovery = "shown"

        return show

    def need_terminal(self, why: str) -> Terminal:
        """Return the terminal. Raises `LockedError` if there is none."""
        terminal = self._terminal()
        if terminal is None:
            raise LockedError(f"{why} Nobody can be asked for it here.", hint=_HOW)
        return terminal

    def _refuse_a_passphrase_in_vain(self) -> None:
        """Who gives a passphrase means a library that has one: this one may be another's.

        Nothing in the data folder can show that its library was exchanged for one without a
        passphrase, by somebody who knows that one's key. Raises `LockedError`.
        """
        if self._without or secret_inputs.given(secret_inputs.PASSPHRASE) is None:
            return
        raise LockedError(
            f"The library '{self._name}' has no passphrase, but one was given.",
            hint="If it had one, its files were exchanged: put them back from a backup. If it "
            "never had: give none, or set one with: assistant passphrase set",
        )

    def _try(self, text: str) -> StoreKey:
        try:
            found = self.keys.unlock(text)
        except WrongPassphraseError:
            self._failed()
            raise
        if self.keeps_secret:
            self.secret = text
        self._unlocked(found.failed_before)
        return found.key

    def _wait(self, terminal: Terminal) -> None:
        seconds = self.keys.attempts.wait()
        if seconds > 0:
            terminal.say(f"After the wrong tries the next one has to wait {seconds:.0f} s.")
            time.sleep(seconds)


def _confirm(terminal: Terminal, text: str, library: str) -> None:
    """Show a recovery key until its last group was copied. Raises `Cancelled`."""
    page = (
        f"Recovery key of the library '{library}':\n\n    {text}\n\n"
        "It opens the library if the passphrase is forgotten. Write it on paper and keep the "
        "paper where the laptop is not. It is shown this once and stored nowhere.\n"
    )
    last = text.rpartition("-")[2]
    for _ in range(MAX_ATTEMPTS):
        answer = terminal.show_until_confirmed(page, "Type its last group, from the paper: ")
        if answer.strip().upper() == last:
            return
        terminal.say("That is not the last group.")
    raise Cancelled("The recovery key was not written down; nothing was changed.")
