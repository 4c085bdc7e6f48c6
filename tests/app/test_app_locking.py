"""The lock: nothing is shown before the passphrase, and nothing is left after locking."""

from __future__ import annotations

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from assistant.tui.app import AssistantApp
from assistant.tui.app_state import LibraryState
from assistant.tui.auto_lock import AutoLock
from assistant.tui.screens.unlock import PassphraseInput, UnlockScreen
from assistant.tui.turn_state import Turn
from assistant.tui.widgets.turn_view import TurnView
from assistant.types import Workspace
from tests.app.helpers import SETTLED, ask, notices, said, text_of, type_text, wait_until
from tests.fakes.gate import RIGHT, FakeLibraryLock
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import Hold


class Libraries:
    """Opens a new fake workspace each time, as the real opener does."""

    def __init__(self, *fakes: FakeWorkspace) -> None:
        self.fakes = list(fakes)
        self.opened: list[FakeWorkspace] = []

    def __call__(self) -> Workspace:
        fake = self.fakes.pop(0) if self.fakes else FakeWorkspace(forbidden=-1)
        self.opened.append(fake)
        return fake


@asynccontextmanager
async def started(
    library_lock: FakeLibraryLock, *fakes: FakeWorkspace, minutes: float = 0
) -> AsyncIterator[tuple[AssistantApp, Pilot[None], Libraries]]:
    libraries = Libraries(*fakes)
    app = AssistantApp(
        libraries, library_lock=library_lock, lock_minutes=minutes, hard_exit=lambda code: None
    )
    async with app.run_test(size=(120, 36)) as pilot:
        try:
            yield app, pilot, libraries
        finally:
            library_lock.hold.set()
            for fake in libraries.opened:
                fake.release_all()
            app.app_state.cancel()


def seen(app: AssistantApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def give(pilot: Pilot[None], passphrase: str) -> None:
    pilot.app.screen.query_one(PassphraseInput).value = passphrase
    await pilot.press("enter")


async def unlock(app: AssistantApp, pilot: Pilot[None]) -> None:
    await wait_until(pilot, lambda: ready(app), "the passphrase is asked for")
    await give(pilot, RIGHT)
    await wait_until(pilot, lambda: app.app_state.state in SETTLED, "opened and warm")


def ready(app: AssistantApp) -> bool:
    screen = app.screen
    return isinstance(screen, UnlockScreen) and not screen._busy


async def test_nothing_is_opened_before_the_passphrase() -> None:
    library_lock = FakeLibraryLock()
    async with started(library_lock) as (app, pilot, libraries):
        assert isinstance(app.screen, UnlockScreen)
        assert "The library 'ward-3' is locked." in text_of(app.screen)
        assert libraries.opened == []
        assert set(app._screen_stacks) & {"chat", "library"} == set()
        for key in ("f3", "ctrl+o", "f5", "f2", "f4"):
            await pilot.press(key)
        for action in ("library", "ask", "new_conversation", "forget_document", "reopen"):
            await app.run_action(action)
        assert isinstance(app.screen, UnlockScreen)
        assert libraries.opened == []
        await unlock(app, pilot)
        assert len(libraries.opened) == 1
        assert "Ask about your" in seen(app)
        assert library_lock.tried[0][1] != threading.get_ident()


async def test_the_passphrase_is_masked_and_can_not_be_copied() -> None:
    async with started(FakeLibraryLock()) as (app, pilot, _):
        await type_text(pilot, "secret words")
        field = app.screen.query_one(Input)
        assert field.value == "secret words"
        assert "secret" not in seen(app)
        await pilot.press("ctrl+a")
        for action in ("copy", "cut"):
            await field.run_action(action)
        assert app.clipboard == ""
        assert field.value == "secret words"
        await pilot.press("escape")
        assert field.value == ""


async def test_a_wrong_passphrase_is_said_and_its_wait_shown() -> None:
    library_lock = FakeLibraryLock(waits=(0.0, 8.0))
    async with started(library_lock) as (app, pilot, libraries):
        await give(pilot, "wrong")
        await wait_until(pilot, lambda: "does not open" in text_of(app.screen))
        assert app.screen.query_one(Input).value == ""
        await give(pilot, "wrong again")
        await wait_until(pilot, lambda: "possible in 8 s" in text_of(app.screen))
        assert app.screen.query_one(Input).disabled
        assert len(library_lock.tried) == 2
        library_lock.waiting = 0.0
        await wait_until(pilot, lambda: not app.screen.query_one(Input).disabled)
        await unlock(app, pilot)
        assert len(libraries.opened) == 1


async def test_the_app_answers_while_the_passphrase_is_checked() -> None:
    library_lock = FakeLibraryLock()
    library_lock.hold.clear()
    async with started(library_lock) as (app, pilot, _):
        await give(pilot, RIGHT)
        await wait_until(pilot, lambda: library_lock.tried)
        assert "Checking" in text_of(app.screen)
        await give(pilot, "impatient")
        assert len(library_lock.tried) == 1
        await pilot.press("ctrl+q")
        await wait_until(pilot, lambda: app._exit)


async def test_locking_takes_everything_away() -> None:
    library_lock = FakeLibraryLock(locked=False)
    async with started(library_lock) as (app, pilot, libraries):
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        await ask(pilot, "How long is the warranty?")
        await wait_until(pilot, lambda: "total" in said(app) and app.app_state.idle)
        await type_text(pilot, "a draft of")
        app.copy_to_clipboard("copied text")
        app.notify("a notice", markup=False)
        await pilot.press("f4")
        await wait_until(pilot, lambda: library_lock.locked)
        await wait_until(pilot, lambda: ready(app))
        shown = seen(app)
        for words in ("warranty", "draft", "contract", "notice"):
            assert words not in shown
        assert libraries.opened[0].closed
        assert app.app_state.workspace is None
        assert app.app_state.documents == ()
        assert app.clipboard == ""
        assert notices(app) == []
        assert set(app._screen_stacks) & {"chat", "library"} == set()
        await unlock(app, pilot)
        assert len(libraries.opened) == 2
        assert "How long is the warranty?" not in said(app)
        assert app._chat.query_one("#composer").text == ""  # type: ignore[attr-defined]


def conversation() -> dict[int, object]:
    """What there is of conversations, by its identity (and held, so that none is reused)."""
    gc.collect()
    return {id(o): o for o in gc.get_objects() if isinstance(o, Turn | TurnView)}


async def test_no_text_of_the_conversation_is_kept_in_the_apps_objects() -> None:
    library_lock = FakeLibraryLock(locked=False)
    earlier = conversation()  # of other tests' apps, which may live on
    async with started(library_lock) as (app, pilot, libraries):
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        await ask(pilot, "Where is the Quillfeather file?")
        assert len(conversation()) > len(earlier)
        await wait_until(pilot, lambda: "total" in said(app) and app.app_state.idle)
        await app.auto_lock.lock()
        await wait_until(pilot, lambda: ready(app))
        libraries.opened.clear()
        await pilot.pause(0.1)
        left = conversation()
        assert [o for number, o in left.items() if number not in earlier] == []


async def test_locking_stops_an_answer_and_adding() -> None:
    library_lock = FakeLibraryLock(locked=False)
    fake = FakeWorkspace(forbidden=-1, answers=[[Hold("answer")]], ingests=[[Hold("ingest")]])
    async with started(library_lock, fake) as (app, pilot, _):
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        await ask(pilot, "q")
        app._library._add([Path("/x")])
        await wait_until(
            pilot, lambda: app.app_state.busy("answer") and app.app_state.busy("ingest")
        )
        await pilot.press("f4")
        await wait_until(pilot, lambda: library_lock.locked)
        assert fake.closed
        assert sorted(fake.stopped) == ["add", "ask"]
        assert isinstance(app.screen, UnlockScreen)


async def test_locking_in_the_middle_of_opening() -> None:
    library_lock = FakeLibraryLock(locked=False)
    fake = FakeWorkspace(forbidden=-1, warm_up=[Hold("warm")])
    async with started(library_lock, fake) as (app, pilot, _):
        await wait_until(pilot, lambda: app.app_state.state is LibraryState.WARMING)
        await pilot.press("f4")
        await wait_until(pilot, lambda: "Locking" in text_of(app.screen))
        await give(pilot, RIGHT)
        assert library_lock.tried == []
        fake.release("warm")  # what was sent meanwhile is tried now
        await wait_until(pilot, lambda: len(library_lock.tried) == 1)
        assert fake.closed
        await wait_until(pilot, lambda: app.app_state.state in SETTLED, "opened again")


async def test_a_dialog_does_not_keep_the_lock_from_falling() -> None:
    library_lock = FakeLibraryLock(locked=False)
    async with started(library_lock) as (app, pilot, _):
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        await pilot.press("f1")
        await app.auto_lock.lock()
        await wait_until(pilot, lambda: ready(app))
        await unlock(app, pilot)
        assert not app.screen.is_modal


async def test_a_library_without_passphrase_says_why_it_stays_open() -> None:
    async with started(FakeLibraryLock(locked=False, lockable=False)) as (app, pilot, _):
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        await pilot.press("f4")
        await wait_until(pilot, lambda: any("passphrase set" in n for n in notices(app)))
        assert not app.auto_lock.locked


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_it_locks_after_idle_minutes() -> None:
    library_lock = FakeLibraryLock(locked=False)
    clock = Clock()
    async with started(library_lock) as (app, pilot, _):
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        app.auto_lock = AutoLock(app, library_lock, 15, clock)
        clock.now = 14.9 * 60
        await app.auto_lock.look()
        assert not app.auto_lock.locked
        await pilot.press("a")
        clock.now = 29.8 * 60
        await app.auto_lock.look()
        assert not app.auto_lock.locked
        clock.now = 29.91 * 60
        await app.auto_lock.look()
        assert app.auto_lock.locked
        await wait_until(pilot, lambda: library_lock.locked)


@pytest.mark.parametrize(
    ("minutes", "lockable", "timers"), [(0, True, 0), (5, False, 0), (5, True, 1)]
)
async def test_the_clock_runs_only_where_it_can_lock(
    minutes: float, lockable: bool, timers: int
) -> None:
    library_lock = FakeLibraryLock(locked=False, lockable=lockable)
    async with started(library_lock, minutes=minutes) as (app, pilot, _):
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        assert len([t for t in app._timers if t._callback == app.auto_lock.look]) == timers


async def test_work_that_runs_is_use() -> None:
    library_lock = FakeLibraryLock(locked=False)
    clock = Clock()
    fake = FakeWorkspace(forbidden=-1, ingests=[[Hold("ingest")]])
    async with started(library_lock, fake) as (app, pilot, _):
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        app.auto_lock = AutoLock(app, library_lock, 15, clock)
        app._library._add([Path("/x")])
        await wait_until(pilot, lambda: app.app_state.busy("ingest"))
        clock.now = 3600
        await app.auto_lock.look()
        assert not app.auto_lock.locked
        fake.release("ingest")
        await wait_until(pilot, lambda: app.app_state.idle)
        clock.now = 7200
        await app.auto_lock.look()
        assert app.auto_lock.locked
        await wait_until(pilot, lambda: library_lock.locked)
