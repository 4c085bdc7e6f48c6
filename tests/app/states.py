"""The app in one state, for a test that takes its terminal away: STATE MARK.

MARK is a file that says at the end whether the library was closed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from assistant.tui.app import AssistantApp
from assistant.types import FilesFound, Generated
from tests.fakes.gate import FakeLibraryLock
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import Forever, Hold


class Marking(FakeWorkspace):
    """Writes into `mark` when it is closed."""

    mark: Path

    def close(self) -> None:
        super().close()
        self.mark.write_text("closed", encoding="utf-8")


def app_in(state: str) -> tuple[FakeWorkspace, FakeLibraryLock | None]:
    """Return what the app stands on: it comes to the state by itself or by the test's keys."""
    fakes: dict[str, Callable[[], Marking]] = {
        "idle": lambda: Marking(forbidden=-1),
        "unlock": lambda: Marking(forbidden=-1),
        "checking": lambda: Marking(forbidden=-1),
        "answering": lambda: Marking(answers=[[Forever(Generated("WRITING "))]], forbidden=-1),
        "adding": lambda: Marking(ingests=[[FilesFound(7), Hold("never")]], forbidden=-1),
        # Neither a cancel nor anything else ends these.
        "warming": lambda: Marking(warm_up=[Hold("never")], forbidden=-1),
        "closing": lambda: Marking(closing=[Hold("never")], forbidden=-1),
    }
    library_lock = FakeLibraryLock(locked=True) if state in ("unlock", "checking") else None
    if library_lock is not None and state == "checking":
        library_lock.hold.clear()
    return fakes[state](), library_lock


if __name__ == "__main__":
    workspace, library_lock = app_in(sys.argv[1])
    Marking.mark = Path(sys.argv[2])
    AssistantApp(lambda: workspace, library_lock=library_lock).run()
    sys.exit(0)
