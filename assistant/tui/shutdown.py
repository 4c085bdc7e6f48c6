"""Shut the app down: cancel work and wait for it, and print nothing of a document."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from textual.app import App

from assistant import termination
from assistant.errors import place_of
from assistant.tui import safe_content
from assistant.tui.app_state import AppState, LibraryState
from assistant.tui.workers import attempt

if sys.platform == "win32":
    DRIVER = None
else:
    from assistant.tui.terminal_driver import TerminalDriver

    DRIVER = TerminalDriver

STOP_SECONDS = 10.0
"""How long leaving waits for work that was cancelled, before it leaves all the same."""

ORDER_SECONDS = 1.0
"""How long it waits when the process was told to end; less than `termination.END_SECONDS`."""


class ShutdownApp(App[None]):
    """An app that ends its work before it leaves; `hard_exit` ends the process if that fails."""

    app_state: AppState

    def __init__(self, hard_exit: Callable[[int], object]) -> None:
        super().__init__(driver_class=DRIVER)
        self._hard_exit = hard_exit
        self._library_closed = threading.Event()

    def run(self, **options: Any) -> Any:
        """Run until the person leaves, the terminal goes, or the process is told to end."""
        watch = termination.watching(0, 1, 2, hard_exit=self._hard_exit, always=True)
        with watch, termination.stopping(self.end):
            result = super().run(**options)
            self._close_library()  # after a fault of Textual itself the library is still open
        return result

    async def make_screens(self) -> None:
        """Make the two main screens and show the chat."""
        raise NotImplementedError

    async def forget_screens(self) -> None:
        """Throw the two main screens away, with all that is on them and over them."""
        raise NotImplementedError

    def forget_clipboard(self) -> None:
        """Forget what was copied; the system's clipboard is not ours to clear."""
        self._clipboard = ""

    def leave(self) -> None:
        """Cancel everything, wait for it, close the library, leave; twice: at once."""
        if self.app_state.state is LibraryState.STOPPING:
            self.leave_now()
        else:
            self._leave()

    def _leave(self) -> None:
        if self.app_state.state is not LibraryState.STOPPING:
            self.app_state.state = LibraryState.STOPPING
            self.app_state.cancel()
            self.app_state.publish()
            self.run_worker(self._stop(), name="stop", exit_on_error=False)

    async def _stop(self) -> None:
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.app_state.quiet()
                await asyncio.to_thread(self._close_library)
        except TimeoutError:
            self.leave_now()
            return
        self.exit()

    def _close_library(self) -> None:
        """Close the library, once; may block."""
        workspace, self.app_state.workspace = self.app_state.workspace, None
        if workspace is not None:
            problem = attempt(workspace.close)
            if problem is not None:
                self._say_at_exit(problem.one_line)
        self._library_closed.set()

    def leave_now(self) -> None:
        if self._driver is not None:
            self._driver.stop_application_mode()
            self._driver.close()
        self._hard_exit(130)

    def end(self) -> None:
        """Leave at once and in order, whatever the terminal does; for any thread."""
        threading.Thread(target=self._end, name="end", daemon=True).start()

    def _end(self) -> None:
        self.app_state.cancel()
        if DRIVER is not None and isinstance(self._driver, DRIVER):
            self._driver.stop_reading()
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._leave)
        if not self._library_closed.wait(ORDER_SECONDS):
            self._close_library()
            self.leave_now()

    # The program's own faults --------------------------------------------------------

    def _fatal_error(self) -> None:
        """Leave with a short reference instead of Textual's traceback.

        Textual prints the values of local variables, which hold text of documents.
        """
        error = self._exception
        reference = place_of(error) if error is not None else "unknown"
        self._give_up(f"Unexpected error, the app had to stop. Reference: {reference}.")

    def panic(self, *renderables: Any) -> None:
        """As `_fatal_error`, for what Textual itself finds wrong."""
        del renderables
        self._return_code = 1
        self._give_up("The terminal could not be used any more; the app had to stop.")

    def _give_up(self, message: str) -> None:
        self._say_at_exit(message)
        self.app_state.cancel()
        self._close_messages_no_wait()

    def _say_at_exit(self, message: str) -> None:
        self._exit_renderables.append(safe_content.cell(message))
