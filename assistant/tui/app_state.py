"""The state that all screens share: the open library and the jobs that run on it.

Lives on the app's thread. Work runs in threads that are handed what they need.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path

from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.signal import Signal

from assistant.tui import workers
from assistant.tui.grid_workers import fill_grid
from assistant.tui.messages import JobEnded, Post
from assistant.types import CancelToken, DocumentRecord, Workspace
from assistant.types.tabular import GridSpec

ANSWER = "answer"
INGEST = "ingest"
GRID = "grid"
OPENING = "opening"
SHORT = "short"


class LibraryState(Enum):
    OPENING = "opening the library"
    WARMING = "loading the models"
    READY = "ready"
    COLD = "models not loaded"
    CLOSED = "library not open"
    LOCKED = "locked"
    STOPPING = "stopping"


class AppState:
    """The workspace and its jobs. `changed` is published after every change."""

    def __init__(self, app: App[None], open_workspace: Callable[[], Workspace]) -> None:
        self._app = app
        self._open_workspace = open_workspace
        self._jobs: dict[str, list[CancelToken]] = {}
        self.changed: Signal[AppState] = Signal(app, "app_state")
        self.workspace: Workspace | None = None
        self.state = LibraryState.OPENING
        self.library = ""
        self.model = ""
        self.keeps = True
        """Whether conversations are kept in the library."""
        self.shows_pictures = False
        """Whether pages are shown as they are printed, and not as text."""
        self.reading = ""
        """Answering strategy chosen with F7; "" for the setting."""
        self.documents: tuple[DocumentRecord, ...] = ()
        self._quiet = asyncio.Event()

    # What runs -----------------------------------------------------------------------

    def busy(self, name: str) -> bool:
        return bool(self._jobs.get(name))

    @property
    def idle(self) -> bool:
        return not any(self._jobs.values())

    def cancel(self, *names: str) -> bool:
        """Ask the named jobs (all, if none is named) to stop; False if nothing new did."""
        tokens = [
            token
            for name, held in self._jobs.items()
            if not names or name in names
            for token in held
        ]
        fresh = [token for token in tokens if not token.is_cancelled]
        for token in fresh:
            token.cancel()
        return bool(fresh)

    def ended(self, name: str, token: CancelToken) -> None:
        """A job is over."""
        if token in self._jobs.get(name, ()):
            self._jobs[name].remove(token)
        if self.idle:
            self._quiet.set()
        self.publish()

    async def quiet(self) -> None:
        """Wait until no job runs."""
        while not self.idle:
            self._quiet.clear()
            await self._quiet.wait()

    def lock(self) -> None:
        """Cancel everything and forget what is known of the library, but for closing it."""
        self.state = LibraryState.LOCKED
        self.cancel()
        self.library = self.model = ""
        self.documents = ()

    def publish(self) -> None:
        self.changed.publish(self)

    # What can be started -------------------------------------------------------------

    def open(self) -> None:
        self.state = LibraryState.OPENING
        self._start(
            OPENING, self._app, lambda _, post: workers.open_library(self._open_workspace, post)
        )

    def ask(self, question: str, listener: MessagePump, previous: str = "") -> None:
        """Ask; `previous` is the question that this one may go on from."""
        workspace, way = self._open(), self.reading
        how = {"strategy": way, "previous": previous}
        self._start(ANSWER, listener, lambda t, p: workers.answer(workspace, question, t, p, how))

    def add(self, paths: list[Path], listener: MessagePump) -> None:
        workspace = self._open()
        self._start(INGEST, listener, lambda t, p: workers.ingest(workspace, paths, t, p))

    def fill(self, spec: GridSpec, listener: MessagePump) -> None:
        """Read what is missing in a table."""
        workspace = self._open()
        self._start(GRID, listener, lambda t, p: fill_grid(workspace, spec, t, p))

    def run_short(
        self, work: Callable[[Workspace, Post], None], listener: MessagePump | None = None
    ) -> None:
        """Run a short piece of work in a thread; what it posts goes to `listener`, or the app."""
        workspace = self._open()
        self._start(SHORT, listener or self._app, lambda _, p: work(workspace, p))

    def _open(self) -> Workspace:
        if self.workspace is None:
            raise RuntimeError("the library is not open")
        return self.workspace

    def _start(
        self, name: str, listener: MessagePump, work: Callable[[CancelToken, Post], None]
    ) -> None:
        token = CancelToken()
        self._jobs.setdefault(name, []).append(token)
        app = self._app

        def post(message: Message) -> None:
            # The loop may be closed by now if the person left in a hurry.
            with suppress(RuntimeError):
                listener.post_message(message)

        def run() -> None:
            try:
                work(token, post)
            finally:
                with suppress(RuntimeError):
                    app.post_message(JobEnded(name, token))

        app.run_worker(run, name=name, group=name, thread=True, exit_on_error=False)
        self.publish()
