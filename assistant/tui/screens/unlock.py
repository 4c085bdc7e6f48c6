"""The unlock screen: nothing of the library is shown until the passphrase is right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Input, Static

from assistant.errors import LockedError
from assistant.tui import safe_content
from assistant.tui.error_view import ErrorView, error_view_of
from assistant.tui.widgets.lock_mark import MarkedHead

LONGEST = 1024


class LockableLibrary(Protocol):
    """Holds the library's key. `unlock` takes a while and is called from a worker."""

    @property
    def library(self) -> str: ...

    @property
    def lockable(self) -> bool:
        """False for a library without a passphrase."""
        ...

    @property
    def locked(self) -> bool: ...

    def wait(self) -> float:
        """Return the seconds until the next try may be made."""
        ...

    def unlock(self, passphrase: str) -> None:
        """Raises `LockedError` (wrong, or too early), `PassphraseError`, `StoreError`."""
        ...

    def lock(self) -> None:
        """Drop and wipe the key."""
        ...


class PassphraseInput(Input):
    """Shows dots; what is in it can be pasted, but not cut or copied to a clipboard."""

    def __init__(self) -> None:
        super().__init__(
            password=True,
            max_length=LONGEST,
            placeholder="Passphrase",
            id="passphrase",
            select_on_focus=False,
        )
        self.cursor_blink = False

    def action_cut(self) -> None:
        """Keep it off the clipboard."""

    def action_copy(self) -> None:
        """Keep it off the clipboard."""

    def _on_paste(self, event: events.Paste) -> None:
        clean = safe_content.plain_line(event.text.split("\n")[0].rstrip("\r"))
        event.prevent_default()
        event.stop()
        super()._on_paste(events.Paste(clean))


class Unlocked(Message):
    """The passphrase was right."""


@dataclass
class NotUnlocked(Message):
    """It was not, or something else went wrong."""

    problem: ErrorView


class UnlockScreen(Screen[None]):
    """Asks for the passphrase. Argon2id runs in a worker; a wait is counted down here."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "clear", "Clear", show=False)]

    def __init__(self, library_lock: LockableLibrary) -> None:
        super().__init__()
        self._library_lock = library_lock
        self._busy = not library_lock.locked  # until the library is closed
        self._sent = False
        self._waiting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield MarkedHead("unlock-head", "airgap-assistant")
        with Vertical(id="unlock"):
            yield Static(
                safe_content.line(f"The library '{self._library_lock.library}' is locked."),
                classes="dialog-title",
            )
            yield PassphraseInput()
            yield Static(id="unlock-state")
            with Horizontal(classes="buttons"):
                yield Button("Unlock", id="do-unlock", variant="primary")
                yield Button("Quit", id="quit")
            yield Static(
                safe_content.block(
                    "Forgotten? The recovery key opens it: assistant passphrase recover",
                    "$foreground-muted",
                ),
                classes="hint",
            )

    def on_mount(self) -> None:
        self.query_one(PassphraseInput).focus()
        if self._busy:
            self._say("Locking ...")
        else:
            self._count_down()

    def ready(self) -> None:
        """The library is closed: the passphrase can be given."""
        self._busy = False
        self._count_down()
        if self._sent:
            self._try()

    def action_clear(self) -> None:
        self.query_one(PassphraseInput).value = ""

    @on(Button.Pressed, "#quit")
    async def _quit(self) -> None:
        await self.app.run_action("quit")

    @on(Input.Submitted)
    @on(Button.Pressed, "#do-unlock")
    def _try(self) -> None:
        field = self.query_one(PassphraseInput)
        if not field.value:
            return
        if self._busy:  # keep what was typed until the library is closed
            self._sent = True
            return
        passphrase, field.value = field.value, ""
        if self._library_lock.wait() > 0:
            self._count_down()
            return
        self._busy = True
        self._say("Checking ...")
        library_lock = self._library_lock

        def check() -> None:
            try:
                library_lock.unlock(passphrase)
            except Exception as error:  # noqa: BLE001 - a worker must not die in silence
                self.post_message(NotUnlocked(_problem(error)))
            else:
                self.post_message(Unlocked())

        self.run_worker(check, name="unlock", thread=True, exit_on_error=False)

    @on(NotUnlocked)
    def _wrong(self, event: NotUnlocked) -> None:
        self._busy = self._sent = False
        self._count_down(event.problem.message)
        self.query_one(PassphraseInput).focus()

    def _count_down(self, before: str = "") -> None:
        """Say how long the next try has to wait, every second until it is over."""
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None
        seconds = math.ceil(self._library_lock.wait())
        field = self.query_one(PassphraseInput)
        field.disabled = seconds > 0
        if seconds > 0:
            self._say(f"{before} The next try is possible in {seconds} s.".lstrip())
            self._waiting = self.set_timer(1.0, lambda: self._count_down(before))
        else:
            self._say(before)
            field.focus()

    def _say(self, message: str) -> None:
        style = "" if self._busy else "$text-warning"
        self.query_one("#unlock-state", Static).update(safe_content.block(message, style))


def _problem(error: Exception) -> ErrorView:
    """Leave out of the wait's message what is counted down anyway."""
    problem = error_view_of(error)
    if isinstance(error, LockedError) and error.wait_seconds > 0:
        return ErrorView(problem.title, "")
    return problem
