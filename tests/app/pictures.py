"""Makes the README's picture of the app: `python -m tests.app.pictures`.

The app plays the recorded answer of the real models (`recording.py`), so the picture is
the same on every machine and shows nothing that the product did not say.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from assistant import lockdown
from assistant.lockdown import Facility, LockdownReport
from assistant.sample_library import SAMPLE_QUESTION
from assistant.tui.app import AssistantApp
from assistant.types import (
    AnswerEvent,
    CancelToken,
    DocumentRecord,
    Finished,
    Retrieved,
    SearchResult,
)
from tests.app.helpers import SETTLED, said, wait_until
from tests.app.recording import load
from tests.fakes.workspace import FakeWorkspace

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PICTURE = IMAGES / "app.svg"
SIZE = (118, 34)


class RecordedWorkspace(FakeWorkspace):
    """Answers with the recording."""

    library_name_text = "sample"

    def __init__(self) -> None:
        self._documents, self.recorded = load()
        super().__init__(pages={}, model=self.recorded.model)

    def documents(self) -> list[DocumentRecord]:
        return self._documents

    def ask(
        self, question: str, cancel: CancelToken | None = None, **how: str
    ) -> Iterator[AnswerEvent]:
        assert question == self.recorded.question
        answer = self.recorded
        yield Retrieved(SearchResult(question, answer.passages, answer.relevance, relevant=True))
        yield Finished(answer)


LOCKED = LockdownReport(
    "linux",
    "kernel",
    (
        Facility("system calls", "on", "sockets are denied"),
        Facility("files", "partial", "an older kernel"),
    ),
    probes=84,
)
"""What the real command has in force on Linux."""


async def draw() -> str:
    """Return the picture as SVG."""
    fake = RecordedWorkspace()
    app = AssistantApp(lambda: fake)
    with patch.object(lockdown, "current", lambda: LOCKED):
        return await _drawn(app)


async def _drawn(app: AssistantApp) -> str:
    async with app.run_test(size=SIZE) as pilot:
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        composer = app._chat.query_one("#composer")
        composer.text = SAMPLE_QUESTION
        await pilot.press("enter")
        await wait_until(pilot, lambda: "total" in said(app) and not app.app_state.busy("answer"))
        await pilot.pause(0.2)
        svg = app.export_screenshot(title="airgap-assistant")
    return tidy(svg)


def tidy(svg: str) -> str:
    """Take out what fetches a font from the network and what differs between runs."""
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("font-family: Fira Code", "font-family: Fira Code, Menlo, Consolas")
    svg = re.sub(r"\bterminal-\d+-", "app-", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(asyncio.run(draw()), encoding="utf-8")
    print(f"wrote {PICTURE}")
