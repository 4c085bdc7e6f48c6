"""Problems: a library that can't be opened, models that can't be loaded, our own faults."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator

import pytest
from rich.console import Console
from textual.command import CommandPalette

from assistant.errors import ModelError, WrongKeyError
from assistant.tui.app import AssistantApp
from assistant.tui.app_state import LibraryState
from assistant.tui.command_palette import COMMANDS
from assistant.tui.error_view import error_view_of
from assistant.tui.screens.dialogs import ErrorDialog
from assistant.tui.screens.help import HelpScreen
from assistant.types import CancelToken, Workspace
from tests.app.helpers import ask, notices, running, said, text_of, type_text, wait_until
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import Forever, Hold


async def test_a_library_that_does_not_open_can_be_tried_again() -> None:
    fake = FakeWorkspace()
    outcomes: Iterator[Workspace | Exception] = iter(
        [WrongKeyError("library.db: the key does not fit.", hint="Restore library.key."), fake]
    )

    def opening() -> Workspace:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async with running(fake, open_workspace=opening) as (app, pilot):
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "library.db: the key does not fit." in text_of(app.screen)
        assert "What to do: Restore library.key." in text_of(app.screen)
        assert app.app_state.state is LibraryState.CLOSED
        await pilot.press("enter")
        await wait_until(pilot, lambda: app.app_state.state is LibraryState.READY)
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))


async def test_a_closed_library_refuses_questions_and_can_be_left() -> None:
    def opening() -> Workspace:
        raise WrongKeyError("no")

    fake = FakeWorkspace()
    async with running(fake, open_workspace=opening) as (app, pilot):
        await pilot.press("escape")
        await ask(pilot, "hello")
        await wait_until(pilot, lambda: any("not open yet" in n for n in notices(app)))
        await pilot.press("ctrl+q")
        await wait_until(pilot, lambda: not app.is_running)


async def test_opening_and_loading_are_visible() -> None:
    fake = FakeWorkspace(warm_up=[Hold("models")])
    async with running(fake, settled=False) as (app, pilot):
        await wait_until(pilot, lambda: "loading the models ..." in text_of(app.screen))
        assert "3 documents" in text_of(app.screen)
        fake.release("models")
        await wait_until(pilot, lambda: "ready" in text_of(app.screen))


async def test_models_that_do_not_load_are_a_dialog_not_the_end() -> None:
    fake = FakeWorkspace(warm_up=[ModelError("chat.gguf is cut short.", hint="Copy it again.")])
    async with running(fake) as (app, pilot):
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "Copy it again." in text_of(app.screen)
        await pilot.press("escape")
        assert "models not loaded" in text_of(app.screen)
        await pilot.press("f3")
        assert app.current_mode == "library"


def test_an_unexpected_error_gives_a_place_but_no_content() -> None:
    secret = "patient Smith"
    with pytest.raises(KeyError) as caught:
        {}[secret]
    problem = error_view_of(caught.value)
    assert secret not in repr(problem)
    assert problem.reference.startswith("KeyError at test_app_problems.py:")
    assert error_view_of(ValueError(secret)).reference == "ValueError"


def test_a_fault_of_the_app_prints_no_traceback_and_no_content() -> None:
    secret = "patient Smith"

    class Faulty(AssistantApp):
        def action_help(self) -> None:
            words = secret  # a local variable: Textual's own traceback would print it
            raise KeyError(words)

    fake = FakeWorkspace()
    app = Faulty(lambda: fake)
    app.error_console = Console(file=io.StringIO())

    with pytest.raises(KeyError):
        asyncio.run(_press_f1(app))
    printed = " ".join(app.error_console.file.getvalue().split())
    assert "KeyError at test_app_problems.py:" in printed
    assert secret not in printed
    assert "Traceback" not in printed
    assert app.return_code == 1


async def test_the_palette_offers_every_action_and_no_screenshot() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        for name, _, action in COMMANDS:
            own, _, there = action.rstrip(")'").partition("(")
            assert hasattr(app, f"action_{own}"), name
            screen = app._chat if "chat" in there else app._library
            inner = there.split("'")[-1] if "," in there else ""
            assert not inner or hasattr(screen, f"action_{inner}"), name
        assert [c.title for c in app.get_system_commands(app.screen)] == ["Theme"]
        await pilot.press("ctrl+p")
        await wait_until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await type_text(pilot, "show the library")
        await wait_until(pilot, lambda: _options(app))
        await pilot.press("enter")
        await wait_until(pilot, lambda: app.current_mode == "library")


@pytest.mark.parametrize("action", [action for _, _, action in COMMANDS if action != "quit"])
async def test_every_action_of_the_palette_runs_when_idle(action: str) -> None:
    async with running(FakeWorkspace()) as (app, pilot):
        await app.run_action(action)
        await pilot.pause()
        assert app.is_running


async def test_help_and_key_hints() -> None:
    async with running(FakeWorkspace()) as (app, pilot):
        footer = {key for key, active in app.active_bindings.items() if active.binding.show}
        assert {"enter", "f1", "f2", "f3", "ctrl+q"} <= footer
        await pilot.press("f1")
        assert isinstance(app.screen, HelpScreen)
        assert "(unsupported)" in text_of(app.screen)
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


async def test_light_and_dark() -> None:
    async with running(FakeWorkspace()) as (app, pilot):
        assert app.current_theme.dark
        await app.run_action("toggle_dark")
        await pilot.pause()
        assert not app.current_theme.dark


# Leaving -------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_leaving_when_idle_closes_the_library(key: str) -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await pilot.press(key)
        await wait_until(pilot, lambda: not app.is_running)
        assert fake.closed


@pytest.mark.parametrize("keys", [["ctrl+q"], ["ctrl+c", "ctrl+c"]])
async def test_leaving_in_the_middle_of_an_answer_cancels_it(keys: list[str]) -> None:
    fake = FakeWorkspace(answers=[[Forever()]])
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "and so on" in said(app))
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.1)
        await wait_until(pilot, lambda: not app.is_running)
        assert fake.stopped == ["ask"]
        assert fake.closed


async def test_leaving_with_a_dialog_open() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await pilot.press("f1", "ctrl+q")
        await wait_until(pilot, lambda: not app.is_running)
        assert fake.closed


async def test_leaving_waits_for_what_can_not_be_cancelled() -> None:
    fake = FakeWorkspace(warm_up=[Hold("models")])
    async with running(fake, settled=False) as (app, pilot):
        await wait_until(pilot, lambda: app.app_state.state is LibraryState.WARMING)
        await pilot.press("ctrl+q")
        await wait_until(pilot, lambda: "stopping ..." in text_of(app.screen))
        assert not fake.closed
        fake.release("models")
        await wait_until(pilot, lambda: not app.is_running)
        assert fake.closed


async def test_leaving_twice_leaves_at_once() -> None:
    fake = FakeWorkspace(warm_up=[Hold("models")])
    exits: list[int] = []
    app = AssistantApp(lambda: fake, hard_exit=exits.append)
    async with app.run_test() as pilot:
        await wait_until(pilot, lambda: app.app_state.state is LibraryState.WARMING)
        await pilot.press("ctrl+q", "ctrl+q")
        await wait_until(pilot, lambda: exits == [130])
        fake.release_all()


async def test_a_library_that_closes_badly_says_so_at_exit() -> None:
    fake = FakeWorkspace(closing=[WrongKeyError("library.db was replaced.")])
    async with running(fake) as (app, pilot):
        app.error_console = Console(file=io.StringIO())
        await pilot.press("ctrl+q")
        await wait_until(pilot, lambda: not app.is_running)
    assert "library.db was replaced." in app.error_console.file.getvalue()


async def test_ctrl_c_copies_a_selection_instead_of_leaving() -> None:
    async with running(FakeWorkspace()) as (app, pilot):
        await type_text(pilot, "word")
        await pilot.press("shift+left", "shift+left", "ctrl+c")
        assert app.clipboard == "rd"
        assert app.is_running


async def test_the_fake_notices_a_call_on_the_apps_thread() -> None:
    """The check under all other tests can fail."""

    class Careless(AssistantApp):
        def action_help(self) -> None:
            list(self.app_state.workspace.ask("q", CancelToken()))

    fake = FakeWorkspace()
    app = Careless(lambda: fake)
    with pytest.raises(AssertionError, match="app's thread"):
        await _press_f1(app)
    assert fake.ui_calls == ["ask"]


async def _press_f1(app: AssistantApp) -> None:
    async with app.run_test() as pilot:
        await wait_until(pilot, lambda: app.app_state.state is LibraryState.READY)
        await pilot.press("f1")
        await pilot.pause()


def _options(app: AssistantApp) -> int:
    palette = app.screen
    return palette.query_one("CommandList").option_count if palette.query("CommandList") else 0
