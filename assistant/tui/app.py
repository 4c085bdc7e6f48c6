"""The app: opens the library, holds the screens, shows problems, and stops cleanly."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, cast

from textual import events, on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from assistant.tui import safe_content
from assistant.tui.app_state import GRID, AppState, LibraryState
from assistant.tui.auto_lock import AutoLock
from assistant.tui.clipboard import copy_selection
from assistant.tui.command_palette import AssistantCommands
from assistant.tui.messages import (
    DocumentsListed,
    Forgotten,
    JobEnded,
    WarmedUp,
    WorkFailed,
    WorkspaceFailed,
    WorkspaceOpened,
)
from assistant.tui.screens.chat import ChatScreen
from assistant.tui.screens.dialogs import ErrorDialog
from assistant.tui.screens.help import HelpScreen
from assistant.tui.screens.library import LibraryScreen
from assistant.tui.screens.lockdown import LockdownDialog
from assistant.tui.screens.page_view import PageScreen
from assistant.tui.screens.review import ReviewScreen
from assistant.tui.screens.tables import TablesDialog
from assistant.tui.screens.unlock import LockableLibrary, Unlocked
from assistant.tui.shutdown import ShutdownApp
from assistant.types import Workspace

WHILE_LOCKED = frozenset(
    {"quit", "interrupt", "toggle_dark", "change_theme", "focus_next", "focus_previous", "lockdown"}
)
"""Actions of the app that need no library."""


class AssistantApp(ShutdownApp):
    """The terminal app over a `Workspace`.

    `open_workspace` runs in a worker thread; it may take its time, and may raise an
    `AssistantError`, which is shown. The app closes the workspace when it leaves.
    With `review`, a file of drafted questions, it begins with looking through them.
    `library_lock` keeps the library's key: while it is locked nothing of the library is shown, and
    after `lock_minutes` without use it is locked. `hard_exit` ends the process when work
    does not stop (the store's transactions make that safe).
    """

    TITLE = "airgap-assistant"
    CSS_PATH = Path(__file__).with_name("assistant.tcss")
    COMMANDS: ClassVar[set[Any]] = App.COMMANDS | {AssistantCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help"),
        Binding("f3", "toggle_library", "Library"),
        Binding("ctrl+o", "add_documents", "Add", show=False),
        Binding("f4", "lock", "Lock", show=False),
        Binding("f10", "lockdown", "Offline", show=False),
        Binding("f8", "tables", "Tables", show=False),
        Binding("f5", "reopen", "Open again", show=False),
        Binding("ctrl+c", "interrupt", "Cancel or quit", show=False, priority=True),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]

    def __init__(
        self,
        open_workspace: Callable[[], Workspace],
        *,
        library_lock: LockableLibrary | None = None,
        lock_minutes: float = 0,
        keep_conversations: bool = True,
        review: Path | None = None,
        hard_exit: Callable[[int], object] = os._exit,
    ) -> None:
        super().__init__(hard_exit)
        self.app_state = AppState(self, open_workspace)
        self.app_state.keeps = keep_conversations
        self.auto_lock = AutoLock(self, library_lock, lock_minutes)
        self._review = review
        self._reviews_first = review is not None

    async def on_mount(self) -> None:
        self.auto_lock.start()
        if self.auto_lock.locked:
            self.app_state.lock()
            await self.auto_lock.show()
        else:
            await self.make_screens()
            self.app_state.open()

    async def make_screens(self) -> None:
        self.add_mode("chat", lambda: ChatScreen(self.app_state))
        self.add_mode("library", lambda: LibraryScreen(self.app_state))
        await self.switch_mode("library")
        await self.switch_mode("chat")

    # The lock ------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent | events.Paste):
            self.auto_lock.used()
        await super().on_event(event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the library is locked, only what has nothing to do with it is possible."""
        if self.auto_lock.locked and action not in WHILE_LOCKED:
            return False
        return super().check_action(action, parameters)

    async def action_lock(self) -> None:
        await self.auto_lock.lock()

    @on(Unlocked)
    async def _unlocked(self) -> None:
        await self.auto_lock.unlocked()

    async def forget_screens(self) -> None:
        await self._chat.forget()
        await self._library.forget()
        for mode in ("chat", "library"):
            await self.remove_mode(mode)

    # The library ---------------------------------------------------------------------

    @on(WorkspaceOpened)
    def _opened(self, event: WorkspaceOpened) -> None:
        app_state = self.app_state
        app_state.workspace = event.workspace
        if app_state.state is LibraryState.LOCKED:  # locked meanwhile: it is only kept to be closed
            return
        app_state.library = event.library
        app_state.model = event.model
        app_state.documents = event.documents
        if app_state.state is LibraryState.OPENING:
            app_state.state = LibraryState.WARMING
        app_state.publish()
        if self._reviews_first:
            self._reviews_first = False
            self.action_review()

    @on(WorkspaceFailed)
    def _not_opened(self, event: WorkspaceFailed) -> None:
        if self.app_state.state in (LibraryState.STOPPING, LibraryState.LOCKED):
            return
        self.app_state.state = LibraryState.CLOSED
        self.app_state.publish()

        def closed(again: bool | None) -> None:
            if again:
                self.action_reopen()

        self.push_screen(ErrorDialog(event.problem, retry=True), closed)

    @on(WarmedUp)
    def _warm(self, event: WarmedUp) -> None:
        if self.auto_lock.locked:
            return
        self.app_state.model = event.model
        if self.app_state.state is LibraryState.WARMING:
            self.app_state.state = (
                LibraryState.READY if event.problem is None else LibraryState.COLD
            )
        self.app_state.publish()
        if event.problem is not None and self.app_state.state is LibraryState.COLD:
            self.push_screen(ErrorDialog(event.problem))

    @on(DocumentsListed)
    def _listed(self, event: DocumentsListed) -> None:
        if not self.auto_lock.locked:
            self.app_state.documents = event.documents
            self.app_state.publish()

    @on(Forgotten)
    def _forgotten(self, event: Forgotten) -> None:
        if not self.auto_lock.locked:
            self.notify(safe_content.plain_line(f"Forgotten: {event.document.name}"), markup=False)

    @on(WorkFailed)
    def _failed(self, event: WorkFailed) -> None:
        if not self.auto_lock.locked:
            self.push_screen(ErrorDialog(event.problem))

    @on(JobEnded)
    def _job_ended(self, event: JobEnded) -> None:
        self.app_state.ended(event.name, event.token)

    def action_reopen(self) -> None:
        if self.app_state.state is LibraryState.CLOSED:
            self.app_state.open()

    # Going places --------------------------------------------------------------------

    @property
    def _chat(self) -> ChatScreen:
        return cast("ChatScreen", self._screen_stacks["chat"][0])

    @property
    def _library(self) -> LibraryScreen:
        return cast("LibraryScreen", self._screen_stacks["library"][0])

    @property
    def _dialog_open(self) -> bool:
        return self.screen.is_modal

    async def _go(self, mode: str) -> None:
        if self.current_mode != mode and not self._dialog_open:
            await self.switch_mode(mode)

    async def action_toggle_library(self) -> None:
        await self._go("chat" if self.current_mode == "library" else "library")

    async def action_in(self, mode: str, action: str = "") -> None:
        """Go to the chat or the library, and do there what the palette offers."""
        await self._go(mode)
        if action:
            await self.run_action(action, self._chat if mode == "chat" else self._library)

    async def action_add_documents(self) -> None:
        if not self._dialog_open:
            await self._go("library")
            self._library.add_documents()

    def action_tables(self) -> None:
        if not self._dialog_open and self.app_state.workspace is not None:
            self.push_screen(TablesDialog(self.app_state))

    def action_review(self) -> None:
        """Look through drafted questions: only of a file that was named at the start, as the
        lock lets nothing else be written, and the data folder holds nothing in the clear.
        """
        if self._review is None:
            self.notify(
                "Start with the file of questions: assistant eval review FILE. "
                "A new one is drafted with: assistant eval draft FILE",
                markup=False,
            )
        elif not self._dialog_open and self.app_state.workspace is not None:
            self.push_screen(ReviewScreen(self.app_state, self._review))

    def action_help(self) -> None:
        if not self._dialog_open or isinstance(self.screen, PageScreen):
            self.push_screen(HelpScreen())

    def action_lockdown(self) -> None:
        if not isinstance(self.screen, LockdownDialog):
            self.push_screen(LockdownDialog())

    def action_toggle_dark(self) -> None:
        dark = self.current_theme.dark
        self.theme = "textual-light" if dark else "textual-dark"

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Only the themes: a screenshot would write confidential text to a file."""
        del screen
        yield SystemCommand("Theme", "Choose among all themes", self.action_change_theme)

    # Stopping ------------------------------------------------------------------------

    def action_interrupt(self) -> None:
        """Ctrl+C: copy a selection, else cancel what runs, else quit."""
        if self.auto_lock.locked:
            self.leave()
            return
        if copy_selection(self):
            return
        stopped = [self._chat.cancel_answer(), self._library.cancel_adding()]
        stopped.append(self.app_state.cancel(GRID))
        if any(stopped):
            self.notify("Cancelling; Ctrl+C again quits.", markup=False)
        else:
            self.leave()

    async def action_quit(self) -> None:
        self.leave()
