"""Ask a person for secrets on the controlling terminal, whatever stdin and stdout are."""

from __future__ import annotations

import getpass
import os
import warnings
from pathlib import Path
from typing import Protocol

from assistant.errors import Cancelled
from assistant.safe_text import safe_text

_TTY = Path("/dev/tty")


class Terminal(Protocol):
    """A terminal on which a person can be asked."""

    def secret(self, question: str) -> str:
        """Ask for something that is not shown. Raises `Cancelled`."""
        ...

    def ask(self, question: str) -> str:
        """Ask for something that is shown. Raises `Cancelled`."""
        ...

    def say(self, text: str) -> None: ...

    def show_until_confirmed(self, text: str, question: str) -> str:
        """Show `text` where it leaves no trace, ask, and return what was answered."""
        ...


class ControllingTerminal:
    """The terminal that the process was started from."""

    def secret(self, question: str) -> str:
        with warnings.catch_warnings():
            # Rather no answer than a passphrase that is shown.
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(safe_text(question))
            except (EOFError, OSError, getpass.GetPassWarning) as error:
                raise Cancelled("Nothing was typed.") from error

    def ask(self, question: str) -> str:
        with _TTY.open("r+b", buffering=0) as tty:
            tty.write(safe_text(question).encode())
            line = b""
            while not line.endswith(b"\n"):
                piece = tty.read(1)
                if not piece:
                    raise Cancelled("Nothing was typed.")
                line += piece
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def say(self, text: str) -> None:
        with _TTY.open("wb", buffering=0) as tty:
            tty.write((safe_text(text) + "\n").encode())

    def show_until_confirmed(self, text: str, question: str) -> str:
        """Use the terminal's other screen, which is in no scrollback when it is left."""
        enter, leave = ("", "") if os.environ.get("TERM", "dumb") == "dumb" else _OTHER_SCREEN
        with _TTY.open("wb", buffering=0) as tty:
            tty.write((enter + safe_text(text) + "\n").encode())
        try:
            return self.ask(question)
        finally:
            with _TTY.open("wb", buffering=0) as tty:
                tty.write(leave.encode())


_OTHER_SCREEN = ("\x1b[?1049h\x1b[H\x1b[2J", "\x1b[2J\x1b[?1049l")


def controlling_terminal() -> Terminal | None:
    """Return the terminal, or None if the process has none (a service, a pipeline)."""
    try:
        with _TTY.open("r+b", buffering=0) as tty:
            return ControllingTerminal() if os.isatty(tty.fileno()) else None
    except OSError:
        return None
