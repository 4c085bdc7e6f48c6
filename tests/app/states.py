"""The app in one state, for a test that takes its terminal away: STATE MARK.

MARK is a file that says at the end whether the library was closed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from assistant.tui.app import AssistantApp
from assistant.types import FilesFound, Generated
from tests.fakes.gate import FakeGate
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import Forever, Hold


class Marking(FakeWorkspace):
    """Writes into `mark` when it is closed."""

    mark: Path

    def close(self) -> None:
        super().close()
        self.mark.write_text("closed", encoding="utf-8")


def app_in(state: str) -> tuple[FakeWorkspace, FakeGate | None]:
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
    gate = FakeGate(locked=True) if state in ("unlock", "checking") else None
    if gate is not None and state == "checking":
        gate.hold.clear()
    return fakes[state](), gate


if __name__ == "__main__":
    workspace, gate = app_in(sys.argv[1])
    Marking.mark = Path(sys.argv[2])
    AssistantApp(lambda: workspace, gate=gate).run()
    sys.exit(0)
