"""Tables in the app: filled, looked through, marked with one key; keys stay quick meanwhile."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from textual.pilot import Pilot
from textual.widgets import DataTable, OptionList

from assistant.tui.app import AssistantApp
from assistant.tui.app_state import GRID
from assistant.tui.screens.grid import GridScreen
from assistant.tui.screens.review_edit import EditDialog
from assistant.tui.screens.tables import TablesDialog
from assistant.types import CancelToken, Reading
from assistant.types.tabular import GridSpec
from tests.app.helpers import running, text_of, type_text, wait_until
from tests.app.hostile import POISON
from tests.fakes.reader import FakeReader
from tests.fakes.workspace import FakeWorkspace
from tests.unit.tabular.grids import ANSWERS, DUTIES, FEE, LAW

PAGES = {
    "a.txt": ("Made in Hull.\n", "The law of Ostravia governs. ", "The fee is USD 1,500."),
    "b.txt": ("The law of Hull governs. Pay rent. Keep quiet.",),
    "c.txt": ("Nothing of the kind.",),
}


def library(pages: dict[str, tuple[str, ...]] | None = None) -> FakeWorkspace:
    fake = FakeWorkspace(pages=pages or dict(PAGES))
    fake.reader = FakeReader(ANSWERS)
    return fake


@asynccontextmanager
async def table(
    fake: FakeWorkspace, spec: GridSpec
) -> AsyncIterator[tuple[AssistantApp, Pilot[None], GridScreen]]:
    """Run the app with a new table on the screen."""
    async with running(fake) as (app, pilot):
        screen = GridScreen(app.app_state, spec.name, spec)
        await app.push_screen(screen)
        yield app, pilot, screen


def rows(screen: GridScreen) -> list[list[str]]:
    grid = screen.query_one(DataTable)
    return [[str(cell) for cell in grid.get_row_at(n)] for n in range(grid.row_count)]


async def filled(app: AssistantApp, pilot: Pilot[None], screen: GridScreen) -> None:
    await wait_until(
        pilot,
        lambda: not app.app_state.busy(GRID) and "not read" not in text_of(screen) and rows(screen)
        and not any(cell == "\u2026" for row in rows(screen) for cell in row),
        "filled",
    )  # fmt: skip


async def test_a_table_is_filled_and_the_page_stands_beside() -> None:
    async with table(library(), GridSpec("deals", (LAW, FEE))) as (app, pilot, screen):
        await filled(app, pilot, screen)
        assert rows(screen)[0] == ["a.txt", "Ostravia", "1500 usd"]
        assert rows(screen)[2][1:] == ["not in this document"] * 2
        await wait_until(pilot, lambda: "a.txt, page 2" in text_of(screen), "page")
        assert "The law of Ostravia governs." in text_of(screen)
        assert "Which law governs?" in text_of(screen)
        await pilot.press("right")
        await wait_until(pilot, lambda: "a.txt, page 3" in text_of(screen), "next page")


async def test_one_key_accepts_rejects_corrects_and_takes_back() -> None:
    fake = library()
    async with table(fake, GridSpec("deals", (LAW,))) as (app, pilot, screen):
        await filled(app, pilot, screen)
        await pilot.press("a")
        await wait_until(pilot, lambda: len(fake.judged) == 1, "accepted")
        await pilot.press("x")  # the cursor has gone on
        await wait_until(pilot, lambda: rows(screen)[1][1] == "rejected", "rejected")
        await pilot.press("c")
        await wait_until(pilot, lambda: isinstance(app.screen, EditDialog), "dialog")
        await type_text(pilot, "nothing")
        await pilot.press("enter")
        await wait_until(pilot, lambda: rows(screen)[2][1] == "nothing", "corrected")
        assert [(f.verdict, f.question) for f in fake.judged] == [
            ("right", "Which law governs? (a.txt)"),
            ("wrong", "Which law governs? (b.txt)"),
            ("wrong", "Which law governs? (c.txt)"),
        ]
        await pilot.press("z")
        await wait_until(pilot, lambda: rows(screen)[2][1] == "not in this document", "undone")
        assert len(fake.judged) == 2


async def test_rows_are_sorted_and_filtered() -> None:
    async with table(library(), GridSpec("deals", (LAW, DUTIES))) as (app, pilot, screen):
        await filled(app, pilot, screen)
        await pilot.press("s")
        assert [row[0] for row in rows(screen)] == ["b.txt", "a.txt", "c.txt"]
        await pilot.press("s")
        assert [row[0] for row in rows(screen)][1:] == ["a.txt", "b.txt"]
        await pilot.press("f", "f")  # doubtful, found
        assert sorted(row[0] for row in rows(screen)) == ["a.txt", "b.txt"]
        assert "filter: found" in text_of(screen)
        await pilot.press("f")
        assert [row[0] for row in rows(screen)] == ["c.txt"]


async def test_a_table_is_opened_from_a_template_and_again_by_its_name() -> None:
    fake = library()
    async with running(fake) as (app, pilot):
        await pilot.press("f8")
        await wait_until(pilot, lambda: isinstance(app.screen, TablesDialog), "dialog")
        options = app.screen.query_one(OptionList)
        await wait_until(pilot, lambda: options.option_count == 6, "templates")
        options.highlighted = 5  # nda
        await pilot.press("enter")
        await wait_until(pilot, lambda: isinstance(app.screen, EditDialog), "scope")
        await type_text(pilot, "a.txt")
        await pilot.press("enter")
        await wait_until(pilot, lambda: isinstance(app.screen, GridScreen), "grid")
        await wait_until(pilot, lambda: len(rows(_grid(app))) == 1, "filled")
        await wait_until(pilot, lambda: not app.app_state.busy(GRID), "read")
        await pilot.press("escape", "f8")
        await wait_until(pilot, lambda: isinstance(app.screen, TablesDialog), "dialog again")
        options = app.screen.query_one(OptionList)
        await wait_until(pilot, lambda: options.option_count == 7, "the kept one")
        await pilot.press("enter")
        await wait_until(pilot, lambda: isinstance(app.screen, GridScreen), "grid again")
        await wait_until(pilot, lambda: len(rows(_grid(app))) == 1, "loaded")


def _grid(app: AssistantApp) -> GridScreen:
    screen = app.screen
    assert isinstance(screen, GridScreen)
    return screen


async def test_escape_stops_reading_and_r_goes_on() -> None:
    pages = {f"{n}.txt": (f"The law of Ostravia governs {n}.",) for n in range(9)}
    fake = library(pages)
    fake.reader = reader = HoldingReader(ANSWERS)
    async with table(fake, GridSpec("deals", (LAW,))) as (app, pilot, screen):
        await wait_until(pilot, lambda: "3 of 9 cells" in text_of(screen), "reading")
        await pilot.press("escape")
        await wait_until(pilot, lambda: not app.app_state.busy(GRID), "stopped")
        await wait_until(pilot, lambda: len(rows(screen)) == 9, "kept")
        assert sum(row[1] == "Ostravia" for row in rows(screen)) == 3
        reader.free = True
        await pilot.press("r")
        await wait_until(pilot, lambda: sum(r[1] == "Ostravia" for r in rows(screen)) == 9, "all")


class HoldingReader(FakeReader):
    """Reads three documents, then waits until it is cancelled or let go."""

    free = False

    def read(
        self, question: str, passages: Sequence[str], cancel: CancelToken | None = None
    ) -> list[Reading]:
        while len(self.asked) >= 3 and not self.free:
            time.sleep(0.01)
            assert cancel is not None
            cancel.raise_if_cancelled()
        return super().read(question, passages, cancel)


async def test_nothing_hostile_reaches_the_screen() -> None:
    pages = {f"{POISON}.txt": (f"The law of {POISON} Ostravia governs.",)}
    async with table(library(pages), GridSpec("deals", (LAW,))) as (app, pilot, screen):
        await filled(app, pilot, screen)
        await wait_until(pilot, lambda: "page 1" in text_of(screen), "page")
        assert "\x1b" not in text_of(screen) + str(rows(screen))


async def test_keys_stay_quick_while_a_large_table_fills() -> None:
    pages = {f"{n}.txt": (f"The law of Ostravia governs {n}. Pay rent.",) for n in range(45)}
    columns = tuple(
        replace(LAW, name=f"Law {n}", question=f"Which law governs part {n}?") for n in range(10)
    )
    fake = library(pages)
    fake.reader = FakeReader({column.question: {"Ostravia": 5.0} for column in columns})
    async with table(fake, GridSpec("deals", columns)) as (app, pilot, screen):
        await wait_until(pilot, lambda: len(rows(screen)) == 45, "rows")
        times: list[float] = []
        grid = screen.query_one(DataTable)
        for key, step in (
            ("down", (1, 0)),
            ("right", (0, 1)),
            ("left", (0, -1)),
            ("down", (1, 0)),
        ) * 5:
            at = grid.cursor_coordinate
            began = time.process_time()
            await pilot.press(key)
            assert grid.cursor_coordinate == (at.row + step[0], at.column + step[1])
            times.append(time.process_time() - began)
        await wait_until(pilot, lambda: not app.app_state.busy(GRID), "read")
        # What a key costs the processor, the reading of the table beside it included.
        assert sorted(times)[len(times) // 2] < 0.25
