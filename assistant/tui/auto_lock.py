"""Lock the app by hand or after idle minutes: clear the screens, close the library, wipe its key.

Locking takes the conversation, the list of documents and every dialog off the screen at
once, by throwing their screens away; then it waits for the workers it has cancelled, closes
the library and wipes its key. What Python can't promise: strings that were freed are not
overwritten, and the terminal's own scrollback is not ours (the app uses the other screen,
which leaves none).
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

from assistant.tui.app_state import ANSWER, GRID, INGEST, LibraryState
from assistant.tui.screens.unlock import LockableLibrary, UnlockScreen
from assistant.tui.shutdown import ShutdownApp
from assistant.tui.workers import attempt

LOOK_SECONDS = 2.0
"""How often the idle time is looked at."""

CLOSE_SECONDS = 60.0
"""How long work that was cancelled may take to stop before the app ends instead."""

LOCKED_MODE = "locked"


def clock() -> float:
    """Seconds that also pass while the machine sleeps, where the system counts those."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class AutoLock:
    """Locks the app by hand or after `minutes` without a key or the mouse (0: never).

    An answer that is written and documents that are added count as being used.
    """

    def __init__(
        self,
        app: ShutdownApp,
        library_lock: LockableLibrary | None,
        minutes: float,
        now: Callable[[], float] = clock,
    ) -> None:
        self._app = app
        self._library_lock = library_lock
        self._seconds = minutes * 60
        self._now = now
        self._used = now()
        self.locked = library_lock is not None and library_lock.locked

    def start(self) -> None:
        """Begin to watch the time."""
        if self._library_lock is not None and self._library_lock.lockable and self._seconds:
            self._app.set_interval(LOOK_SECONDS, self.look)

    def used(self) -> None:
        """The person has done something."""
        self._used = self._now()

    async def look(self) -> None:
        """Lock if nothing was done for long enough."""
        app_state = self._app.app_state
        if self.locked or any(map(app_state.busy, (ANSWER, INGEST, GRID))):
            self.used()
        elif self._now() - self._used >= self._seconds:
            await self.lock()

    async def show(self) -> None:
        """Put the unlock screen up; everything else is thrown away."""
        app, library_lock = self._app, self._library_lock
        if library_lock is None:
            return
        app.add_mode(LOCKED_MODE, lambda: UnlockScreen(library_lock))
        await app.switch_mode(LOCKED_MODE)

    async def lock(self) -> None:
        """Take the library off the screen, then close it and wipe its key."""
        app, library_lock = self._app, self._library_lock
        if library_lock is None or self.locked or app.app_state.state is LibraryState.STOPPING:
            return
        if not library_lock.lockable:
            app.notify(
                "This library has no passphrase, so it can't be locked. Give it one with: "
                "assistant passphrase set",
                markup=False,
            )
            return
        self.locked = True
        app.app_state.lock()
        await self.show()
        app.clear_notifications()
        app.forget_clipboard()
        await app.forget_screens()
        app.run_worker(self._close(library_lock), name="lock", exit_on_error=False)

    async def _close(self, library_lock: LockableLibrary) -> None:
        app_state = self._app.app_state
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await app_state.quiet()
        except TimeoutError:
            self._app.leave_now()
            return
        workspace, app_state.workspace = app_state.workspace, None
        if workspace is not None:
            await asyncio.to_thread(attempt, workspace.close)
        del workspace
        library_lock.lock()
        gc.collect()
        if isinstance(self._app.screen, UnlockScreen):
            self._app.screen.ready()

    async def unlocked(self) -> None:
        """The passphrase was right: make the screens anew and open the library."""
        self.locked = False
        self.used()
        await self._app.make_screens()
        await self._app.remove_mode(LOCKED_MODE)
        self._app.app_state.open()
