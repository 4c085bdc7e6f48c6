"""The page as it is printed: quotes in colour, nearer and farther, and what can't be drawn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from textual.pilot import Pilot

from assistant.errors import DocumentError
from assistant.tui.app import AssistantApp
from assistant.tui.screens import page_view
from assistant.tui.screens.dialogs import TextDialog
from assistant.tui.screens.help import HelpScreen
from assistant.tui.screens.page_view import PageScreen
from assistant.tui.widgets.page_picture import PagePictureView
from tests.app.helpers import ask, running, said, text_of, wait_until
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import WARRANTY_WORDS


@asynccontextmanager
async def at_the_page(fake: FakeWorkspace) -> AsyncIterator[tuple[AssistantApp, Pilot[None]]]:
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        await pilot.press("f2", "enter")
        await wait_until(pilot, lambda: isinstance(app.screen, PageScreen))
        await wait_until(pilot, lambda: "5. Liability" in text_of(app.screen))
        yield app, pilot


def picture(app: AssistantApp) -> PagePictureView:
    return app.screen.query_one(PagePictureView)


async def test_the_page_is_drawn_with_its_quote_in_colour() -> None:
    fake = FakeWorkspace()
    async with at_the_page(fake) as (app, pilot):
        await pilot.press("v")
        await wait_until(pilot, lambda: picture(app).display)
        assert not app.screen.query_one("#page-body").display
        document, page, view = fake.drawn[-1]
        assert (document, page, view.quotes) == (1, 2, (WARRANTY_WORDS,))
        colours = {
            segment.style.bgcolor.name
            for y in range(picture(app).size.height)
            for segment in picture(app).render_line(y)
            if segment.style is not None and segment.style.bgcolor is not None
        }
        assert "#ffffff" in colours
        assert "#ffdb59" in colours
        await pilot.press("v")
        assert app.screen.query_one("#page-body").display
        assert not picture(app).display


async def test_nearer_farther_and_about() -> None:
    fake = FakeWorkspace()
    async with at_the_page(fake) as (app, pilot):
        await pilot.press("v")
        await wait_until(pilot, lambda: picture(app).display)
        count = len(fake.drawn)
        before = fake.drawn[-1][2]
        for key in ("plus", "plus", "down", "l", "minus"):
            await pilot.press(key)
            count += 1
            await wait_until(pilot, lambda: len(fake.drawn) == count)  # noqa: B023 - at once
        views = [view for _, _, view in fake.drawn[-5:]]
        assert [view.width // before.width for view in views] == [2, 4, 4, 4, 2]
        assert views[2].part[1] > views[1].part[1]
        assert views[3].part[0] > views[2].part[0]
        assert all(0 <= side <= 1 for view in views for side in view.part)


async def test_what_cannot_be_drawn_is_said_and_the_text_stays() -> None:
    fake = FakeWorkspace()
    fake.undrawable = DocumentError("It is no longer there.", hint="Put it back.")
    async with at_the_page(fake) as (app, pilot):
        await pilot.press("v")
        await wait_until(pilot, lambda: "It is no longer there. Put it back." in notes(app))
        assert app.screen.query_one("#page-body").display
        assert not app.app_state.shows_pictures


def notes(app: AssistantApp) -> str:
    return " ".join(note.message for note in app._notifications)


async def test_the_quote_is_copied_with_its_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    words = " ".join(WARRANTY_WORDS.split())
    monkeypatch.setattr(page_view, "now", lambda: datetime(2026, 12, 1))  # noqa: DTZ001
    fake = FakeWorkspace()
    async with at_the_page(fake) as (app, pilot):
        for key, start, end in (
            ("c", f"\u201c{words}\u201d", "page 2)"),
            ("o", f"\u2018{words}\u2019", "2."),
            ("m", f"\u201c{words}\u201d", "[cited 2026 Dec 1]; p. 2."),
        ):
            await pilot.press(key)
            assert app.clipboard.startswith(start)
            assert app.clipboard.endswith(end)


async def test_the_app_says_where_the_file_is_and_starts_nothing() -> None:
    fake = FakeWorkspace()
    async with at_the_page(fake) as (app, pilot):
        await pilot.press("e")
        await wait_until(pilot, lambda: "can start no other program" in notes(app))
        assert app.clipboard == app.app_state.documents[0].source


async def test_why_the_passage_is_shown() -> None:
    async with at_the_page(FakeWorkspace()) as (app, pilot):
        await pilot.press("w")
        assert isinstance(app.screen, TextDialog)
        assert "Passage 1 of 4" in text_of(app.screen)
        await pilot.press("escape", "escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, PageScreen))
        await pilot.press("w")  # from the list of passages, too
        await wait_until(pilot, lambda: isinstance(app.screen, TextDialog))


async def test_help_opens_over_the_page() -> None:
    async with at_the_page(FakeWorkspace()) as (app, pilot):
        await pilot.press("f1")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, PageScreen)
