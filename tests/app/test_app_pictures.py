"""How the app looks: snapshots, and the README's picture, which must be of this app.

After a wanted change: `python -m pytest tests/app/test_app_pictures.py --snapshot-update`
and `python -m tests.app.pictures` (or `make pictures`), then look at the pictures.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Footer

from assistant import lockdown
from assistant.errors import DocumentError
from assistant.tui.app import AssistantApp
from assistant.tui.screens.page_view import PageScreen
from assistant.types import FileAdded, FileFailed, FilesFound
from tests.app import pictures
from tests.app.helpers import SETTLED, ask, said, text_of, wait_until
from tests.fakes.gate import FakeLibraryLock
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import record


@pytest.fixture(autouse=True)
def locked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the real command starts it."""
    monkeypatch.setattr(lockdown, "current", lambda: pictures.LOCKED)


async def _ready(pilot: Pilot[None]) -> None:
    await wait_until(pilot, lambda: pilot.app.app_state.state in SETTLED)


async def _answered(pilot: Pilot[None]) -> None:
    await _ready(pilot)
    await ask(pilot, "How long is the warranty?")
    app = pilot.app
    await wait_until(pilot, lambda: "total" in said(app) and not app.app_state.busy("answer"))


@pytest.mark.parametrize("size", [(120, 36), (70, 24)])
def test_chat_with_citations(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    fake = FakeWorkspace()
    app = AssistantApp(lambda: fake)
    assert snap_compare(app, terminal_size=size, run_before=_answered)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
@pytest.mark.parametrize("drawn", [False, True])
def test_page(snap_compare, size: tuple[int, int], drawn: bool) -> None:  # type: ignore[no-untyped-def]
    fake = FakeWorkspace()

    async def page(pilot: Pilot[None]) -> None:
        await _answered(pilot)
        pilot.app.screen.query_one(Footer).display = False  # beneath the page it comes and goes
        await pilot.press("f2", "enter")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, PageScreen))
        await wait_until(pilot, lambda: "5. Liability" in text_of(pilot.app.screen))
        if drawn:
            await pilot.press("v")
            await wait_until(pilot, lambda: pilot.app.screen.query_one("#page-picture").display)

    app = AssistantApp(lambda: fake)
    assert snap_compare(app, terminal_size=size, run_before=page)


def test_passages_in_a_narrow_terminal(snap_compare) -> None:  # type: ignore[no-untyped-def]
    fake = FakeWorkspace()

    async def passages(pilot: Pilot[None]) -> None:
        await _answered(pilot)
        await pilot.press("f2")

    app = AssistantApp(lambda: fake)
    assert snap_compare(app, terminal_size=(60, 20), run_before=passages)


@pytest.mark.parametrize("size", [(120, 36), (60, 20)])
def test_library_after_adding(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    error = DocumentError(
        "scan.pdf has no text layer: its pages are pictures.",
        hint="Run text recognition on it (for example with OCRmyPDF), then add the result.",
    )
    fake = FakeWorkspace(
        ingests=[
            [
                FilesFound(2),
                FileAdded(Path("/x/amendment.pdf"), 0, record(9, "amendment.pdf", ("x" * 900,))),
                FileFailed(Path("/x/scan.pdf"), 1, error),
            ]
        ]
    )

    async def added(pilot: Pilot[None]) -> None:
        await _ready(pilot)
        await pilot.press("f3")
        library = pilot.app._library
        library._add([Path("/x")])
        await wait_until(pilot, lambda: pilot.app.app_state.idle)
        await wait_until(pilot, lambda: "Added 1, 1 not added" in text_of(library))
        pilot.app.clear_notifications()

    app = AssistantApp(lambda: fake)
    assert snap_compare(app, terminal_size=size, run_before=added)


@pytest.mark.parametrize("size", [(120, 36), (60, 20)])
def test_locked(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    library_lock = FakeLibraryLock(waits=(12.0,))

    async def wrong(pilot: Pilot[None]) -> None:
        await pilot.press(*"wrong", "enter")
        await wait_until(pilot, lambda: "possible in 12 s" in text_of(pilot.app.screen))

    app = AssistantApp(FakeWorkspace, library_lock=library_lock)
    assert snap_compare(app, terminal_size=size, run_before=wrong)


async def test_the_readme_shows_the_app_as_it_is() -> None:
    drawn = await pictures.draw()
    assert drawn == pictures.PICTURE.read_text(encoding="utf-8"), (
        "docs/images/app.svg is out of date: look at the change, then run `make pictures`"
    )


def test_the_picture_fetches_nothing() -> None:
    svg = pictures.PICTURE.read_text(encoding="utf-8")
    links = set(re.findall(r"https?://[^\s\"')]+", svg))
    assert links <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", svg)
