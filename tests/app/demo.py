"""The app over a fake workspace, to look at: `python -m tests.app.demo [scenario]`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from assistant.errors import StoreError
from assistant.tui.app import AssistantApp
from assistant.types import AnswerEvent, CancelToken, IngestEvent
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import abstained_script


class SlowWorkspace(FakeWorkspace):
    """Takes its time, as real models do."""

    pause = 0.25

    def warm_up(self) -> None:
        time.sleep(1.0)
        super().warm_up()

    def ask(
        self, question: str, cancel: CancelToken | None = None, **how: str
    ) -> Iterator[AnswerEvent]:
        for event in super().ask(question, cancel, **how):
            time.sleep(self.pause)
            yield event

    def add(self, paths, cancel=None, **how) -> Iterator[IngestEvent]:  # type: ignore[no-untyped-def]
        for event in super().add(paths, cancel, **how):
            time.sleep(self.pause)
            yield event


def open_demo(scenario: str) -> FakeWorkspace:
    time.sleep(0.5)
    if scenario == "broken":
        raise StoreError(
            "/data/library.db is not a library of this program, or its key is another one.",
            hint="Restore the key file that belongs to it, or move the file away.",
        )
    if scenario == "empty":
        return SlowWorkspace(pages={}, forbidden=0)
    fake = SlowWorkspace(forbidden=0)
    if scenario == "abstain":
        fake._answers = [abstained_script(fake)]
    return fake


if __name__ == "__main__":
    AssistantApp(lambda: open_demo(sys.argv[1] if len(sys.argv) > 1 else "")).run()
