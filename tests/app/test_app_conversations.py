"""Conversations in the app: kept turn by turn, gone on with, left without a trace."""

from __future__ import annotations

from textual.widgets import OptionList

from assistant.errors import StoreBusyError
from assistant.tui.app import AssistantApp
from assistant.tui.screens.conversations import ConversationsDialog
from assistant.tui.screens.dialogs import ErrorDialog
from tests.app.helpers import SETTLED, ask, notices, running, said, wait_until
from tests.fakes.workspace import FakeWorkspace


async def test_turns_are_kept_and_a_conversation_goes_on() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await ask(pilot, "How long is the warranty?")
        await wait_until(pilot, lambda: fake.conversations.kept and app.app_state.idle, "kept")
        await pilot.press("ctrl+l")
        assert "How long" not in said(app)
        await pilot.press("f9")
        await wait_until(pilot, lambda: isinstance(app.screen, ConversationsDialog), "dialog")
        await wait_until(pilot, lambda: app.app_state.idle, "listed")
        await pilot.pause()
        await pilot.press("enter")
        await wait_until(pilot, lambda: "How long is the warranty?" in said(app), "opened")
        await wait_until(pilot, lambda: "total" in said(app), "with its answer")
        await ask(pilot, "And for pumps?")
        await wait_until(pilot, lambda: len(fake.conversations.load(1).turns) == 2, "goes on")
        assert fake.previous == ["", "How long is the warranty?"]
        assert list(fake.conversations.kept) == [1]


async def test_nothing_is_left_of_a_conversation_where_a_person_wants_it_so() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await ask(pilot, "How long is the warranty?")
        await wait_until(pilot, lambda: fake.conversations.kept and app.app_state.idle, "kept")
        await pilot.press("ctrl+t")
        await wait_until(pilot, lambda: not fake.conversations.kept, "gone")
        await wait_until(pilot, lambda: app.app_state.idle)
        await ask(pilot, "And for pumps?")
        await wait_until(pilot, lambda: said(app).count("total") == 2 and app.app_state.idle)
        assert not fake.conversations.kept


async def test_a_conversation_that_could_not_be_deleted_is_not_called_gone() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await ask(pilot, "How long is the warranty?")
        await wait_until(pilot, lambda: fake.conversations.kept and app.app_state.idle, "kept")
        fake.conversations.broken = StoreBusyError("another process is reading it.")
        await pilot.press("ctrl+t")
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog), "said")
        assert not notices(app)
        fake.conversations.broken = None
        await pilot.press("enter", "ctrl+t")
        await wait_until(pilot, lambda: not fake.conversations.kept, "gone at the second try")
        await wait_until(pilot, lambda: bool(notices(app)), "and said")


async def test_the_setting_keeps_none() -> None:
    fake = FakeWorkspace()
    app = AssistantApp(lambda: fake, keep_conversations=False)
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_until(pilot, lambda: app.app_state.state in SETTLED)
        await ask(pilot, "How long is the warranty?")
        await wait_until(pilot, lambda: "total" in said(app) and app.app_state.idle)
        assert not fake.conversations.kept
        await pilot.press("f9")
        await wait_until(pilot, lambda: listed(app) == ["None is kept yet."])


def listed(app: AssistantApp) -> list[str]:
    """The lines of the dialog, none while it is not open."""
    return [str(option.prompt) for rows in app.screen.query(OptionList) for option in rows.options]
