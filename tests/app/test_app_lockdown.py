"""What keeps the app offline: always in the header, explained and tried again on demand."""

from __future__ import annotations

import pytest

from assistant import lockdown
from assistant.lockdown import LockdownReport, Results
from assistant.tui.command_palette import COMMANDS
from assistant.tui.screens.lockdown import LockdownDialog
from assistant.tui.widgets.lock_mark import LockMark
from tests.app.helpers import running, wait_until
from tests.app.pictures import LOCKED
from tests.fakes.workspace import FakeWorkspace

LEAKY = LockdownReport("linux", "reduced", LOCKED.facilities, ("ptrace",), 84)


def mark(app: object) -> str:
    return str(app.screen.query_one(LockMark).render())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("report", "size", "said"),
    [
        (LOCKED, (120, 36), "offline: kernel lock"),
        (LOCKED, (80, 24), "offline"),
        (LEAKY, (80, 24), "PARTLY LOCKED"),
        (None, (80, 24), "NOT LOCKED"),
    ],
)
async def test_the_header_says_what_is_in_force(
    monkeypatch: pytest.MonkeyPatch,
    report: LockdownReport | None,
    size: tuple[int, int],
    said: str,
) -> None:
    monkeypatch.setattr(lockdown, "current", lambda: report)
    async with running(FakeWorkspace(), size=size) as (app, pilot):
        assert mark(app) == said
        await pilot.press("f3")
        assert mark(app) == said


async def test_the_dialog_lists_what_is_locked_and_tries_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    through: list[list[str]] = [[], ["Python socket AF_INET"]]
    monkeypatch.setattr(lockdown, "current", lambda: LOCKED)
    monkeypatch.setattr(
        lockdown, "try_sockets", lambda: Results(["Python socket AF_INET"] * 61, through.pop(0))
    )
    async with running(FakeWorkspace()) as (app, pilot):
        await pilot.press("f10")
        assert isinstance(app.screen, LockdownDialog)

        def shown() -> str:
            return " ".join(str(w.visual) for w in app.screen.query("Static"))

        await wait_until(pilot, lambda: "61 ways out, none got through" in shown())
        assert "84 ways out were tried; none got through" in shown()
        assert "on  system calls: sockets are denied\npartial  files: an older kernel" in shown()
        await pilot.press("r")
        await wait_until(pilot, lambda: "1 of 61 ways out got through" in shown())
        await pilot.press("escape")
        assert not isinstance(app.screen, LockdownDialog)


async def test_the_ways_out_are_really_tried() -> None:
    """This test's own process is not locked: each socket that Python makes gets through."""
    results = lockdown.try_sockets()
    assert "Python socket AF_INET" in results.through
    assert len(results.tried) >= len(results.through)


def test_the_palette_offers_it() -> None:
    assert ("lockdown") in [action for _, _, action in COMMANDS]
