"""Leaving the app: work is cancelled and waited for, and nothing of a document is printed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.app import App

from assistant.tui import safe_content
from assistant.tui.app_state import Desk, State
from assistant.tui.error_view import reference_of
from assistant.tui.workers import attempt

STOP_SECONDS = 10.0
"""How long leaving waits for work that was cancelled, before it leaves all the same."""


class LeavingApp(App[None]):
    """An app with a desk that it leaves in order; `hard_exit` ends the process if it can't."""

    desk: Desk

    def __init__(self, hard_exit: Callable[[int], object]) -> None:
        super().__init__()
        self._hard_exit = hard_exit

    def leave(self) -> None:
        """Cancel everything, wait for it, close the library, leave; twice: at once."""
        if self.desk.state is State.STOPPING:
            self.leave_now()
            return
        self.desk.state = State.STOPPING
        self.desk.cancel()
        self.desk.publish()
        self.run_worker(self._stop(), name="stop", exit_on_error=False)

    async def _stop(self) -> None:
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.desk.quiet()
                workspace = self.desk.workspace
                if workspace is not None:
                    problem = await asyncio.to_thread(attempt, workspace.close)
                    if problem is not None:
                        self._say_at_exit(problem.one_line)
        except TimeoutError:
            self.leave_now()
            return
        self.exit()

    def leave_now(self) -> None:
        if self._driver is not None:
            self._driver.stop_application_mode()
            self._driver.close()
        self._hard_exit(130)

    # The program's own faults --------------------------------------------------------

    def _fatal_error(self) -> None:
        """Leave with a short reference instead of Textual's traceback.

        Textual prints the values of local variables, which hold text of documents.
        """
        error = self._exception
        reference = reference_of(error) if error is not None else "unknown"
        self._say_at_exit(f"Unexpected error, the app had to stop. Reference: {reference}.")
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:
        """As `_fatal_error`, for what Textual itself finds wrong."""
        del renderables
        self._return_code = 1
        self._say_at_exit("The terminal could not be used any more; the app had to stop.")
        self._close_messages_no_wait()

    def _say_at_exit(self, message: str) -> None:
        self._exit_renderables.append(safe_content.cell(message))
