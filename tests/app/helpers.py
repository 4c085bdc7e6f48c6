"""Driving the app in tests: start it on a fake workspace, type, wait for what must come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from assistant.tui.app import AssistantApp
from assistant.tui.app_state import LibraryState
from assistant.types import Workspace
from tests.fakes.workspace import FakeWorkspace

WIDE = (120, 36)
SETTLED = (LibraryState.READY, LibraryState.COLD, LibraryState.CLOSED)


async def wait_until(pilot: Pilot[None], condition: Callable[[], object], what: str = "") -> None:
    """Let the app work until `condition()` holds; fails after about ten seconds."""
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"never came true: {what or condition}")


@asynccontextmanager
async def running(
    fake: FakeWorkspace,
    *,
    size: tuple[int, int] = WIDE,
    open_workspace: Callable[[], Workspace] | None = None,
    settled: bool = True,
) -> AsyncIterator[tuple[AssistantApp, Pilot[None]]]:
    """Run the app on `fake`; at the end, assert that it never called it on its own thread."""
    exits: list[int] = []
    app = AssistantApp(open_workspace or (lambda: fake), hard_exit=exits.append)
    async with app.run_test(size=size) as pilot:
        try:
            if settled:
                await wait_until(pilot, lambda: app.app_state.state in SETTLED, "opened and warm")
            yield app, pilot
        finally:
            fake.release_all()
            app.app_state.cancel()
    assert fake.ui_calls == []
    assert exits == []


async def ask(pilot: Pilot[None], question: str) -> None:
    """Type a question and send it."""
    await type_text(pilot, question)
    await pilot.press("enter")


async def type_text(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*(KEYS.get(character, character) for character in text))


KEYS = {" ": "space", "?": "question_mark", "/": "slash", ".": "full_stop", "-": "minus"}


def said(app: AssistantApp) -> str:
    """The text of all questions and answers."""
    return "\n".join(str(static.render()) for static in app._chat.query(".turn Static"))


def welcome(app: AssistantApp) -> str:
    """The text that stands in the conversation before the first question."""
    return str(app._chat.query_one("#welcome", Static).render())


def text_of(widget: Widget) -> str:
    """The text of all static widgets under `widget`."""
    return "\n".join(str(static.render()) for static in widget.query(Static))


def notices(app: AssistantApp) -> list[str]:
    """The notifications that were given so far."""
    return [notification.message for notification in app._notifications]
