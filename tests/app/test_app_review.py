"""The review in the app: one key each, written at once, and nothing hostile on the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from assistant.errors import StoreError
from assistant.tui.app import AssistantApp
from assistant.tui.review_workers import WINDOW
from assistant.tui.screens.dialogs import ErrorDialog
from assistant.tui.screens.review import ReviewScreen
from assistant.tui.screens.review_edit import EditBox, EditDialog
from tests.app.helpers import WIDE, notices, text_of, wait_until
from tests.app.hostile import POISON
from tests.fakes.drafts import LIBRARY, drafted, read_lines
from tests.fakes.evaluation import write_suite
from tests.fakes.gate import FakeLibraryLock
from tests.fakes.workspace import FakeWorkspace

ABSENT = drafted(
    id="d002", question="What is said about piano tuning?", answers=None, spans=None,
    unanswerable=True, note='far: no page holds "piano tuning"',
)  # fmt: skip
HEADING = drafted(id="d003", question="What is said about warranty?", answers=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_suite(tmp_path / "q.jsonl", drafted(), ABSENT, HEADING)


@asynccontextmanager
async def reviewing(
    path: Path, fake: FakeWorkspace | None = None, *, named: bool = True
) -> AsyncIterator[tuple[AssistantApp, Pilot[None]]]:
    """Run the app on a suite; `named` as `assistant eval review` does, else from the palette."""
    opened = fake or FakeWorkspace(pages=dict(LIBRARY))
    review = path if named else None
    app = AssistantApp(lambda: opened, review=review, hard_exit=lambda code: None)
    async with app.run_test(size=WIDE) as pilot:
        try:
            if named:
                await wait_until(pilot, lambda: isinstance(app.screen, ReviewScreen), "review")
                await wait_until(pilot, lambda: "Question 1 of" in shown(app), "question")
            yield app, pilot
        finally:
            opened.release_all()
            app.app_state.cancel()
    assert opened.ui_calls == []


def shown(app: AssistantApp) -> str:
    return text_of(app.screen)


async def until(app: AssistantApp, pilot: Pilot[None], *words: str) -> None:
    await wait_until(pilot, lambda: all(word in shown(app) for word in words), str(words))


def states(path: Path) -> list[Any]:
    return [line["review"] for line in read_lines(path)]


async def test_question_answer_and_passage_are_shown(path: Path) -> None:
    async with reviewing(path) as (app, pilot):
        await until(
            app, pilot, "How many months does the warranty last?", "Answer: 24 months",
            "agreement.pdf, page 2", "3 left", "lasts 24 months from the date",
        )  # fmt: skip
        passage = app.screen.query_one("#review-text", Static).visual
        marked = [str(passage)[s.start : s.end] for s in passage.spans]  # type: ignore[attr-defined]
        assert "24 months" in marked


async def test_one_key_each_and_the_file_has_it_at_once(path: Path) -> None:
    async with reviewing(path) as (app, pilot):
        await pilot.press("k")
        await until(app, pilot, "Question 2 of 3", "2 left, 1 kept", "can't answer this")
        assert states(path) == ["kept", "draft", "draft"]
        await pilot.press("d")
        await until(app, pilot, "Question 3 of 3", "1 dropped")
        await pilot.press("u")
        await until(app, pilot, "0 left", "1 mended")
        assert states(path) == ["kept", "dropped", "mended"]
        assert read_lines(path)[2]["unanswerable"]
        assert notices(app) == ["All are reviewed. Escape closes."]
        await pilot.press("z")
        await until(app, pilot, "1 left")
        assert states(path) == ["kept", "dropped", "draft"]
        await pilot.press("left", "p")
        await until(app, pilot, "Question 1 of 3", "kept")
        await pilot.press("n")
        await until(app, pilot, "Question 2 of 3")


async def test_keys_that_come_fast_are_all_taken(path: Path) -> None:
    async with reviewing(path) as (app, pilot):
        await pilot.press("k", "d", "k")
        await until(app, pilot, "0 left")
        assert states(path) == ["kept", "dropped", "kept"]


async def test_the_question_is_mended(path: Path) -> None:
    async with reviewing(path) as (app, pilot):
        await pilot.press("e")
        await wait_until(pilot, lambda: isinstance(app.screen, EditDialog), "dialog")
        box = app.screen.query_one(EditBox)
        assert box.text == "How many months does the warranty last?"
        box.text = "How long is the warranty?"
        await pilot.press("enter")
        await until(app, pilot, "Question 2 of 3")
        assert read_lines(path)[0]["question"] == "How long is the warranty?"
        assert states(path)[0] == "mended"


async def test_the_answer_is_mended_and_its_place_found(path: Path) -> None:
    async with reviewing(path) as (app, pilot):
        for answer, said in (("date of delivery", "mark was moved"), ("2 years", "a wording")):
            await pilot.press("a")
            await wait_until(pilot, lambda: isinstance(app.screen, EditDialog), "dialog")
            app.screen.query_one(EditBox).text = answer
            await pilot.press("enter")
            await wait_until(pilot, lambda said=said: any(said in n for n in notices(app)), said)
            await pilot.press("left", "left")
            await until(app, pilot, "Question 1 of 3", answer)
        line = read_lines(path)[0]
        assert line["spans"][0]["text"] == "date of delivery"
        assert line["answers"] == ["2 years"]


async def test_escape_in_a_dialog_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    async with reviewing(path) as (app, pilot):
        for key in ("e", "a"):
            await pilot.press(key)
            await wait_until(pilot, lambda: isinstance(app.screen, EditDialog), "dialog")
            await pilot.press("x", "escape")
            await wait_until(pilot, lambda: isinstance(app.screen, ReviewScreen), "closed")
        assert path.read_bytes() == before
        await pilot.press("escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, ReviewScreen), "left")


async def test_the_palette_opens_it_again_where_one_was(path: Path) -> None:
    async with reviewing(path) as (app, pilot):
        await pilot.press("k")
        await until(app, pilot, "Question 2 of 3")
        await pilot.press("escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, ReviewScreen), "closed")
        await app.run_action("review")
        await wait_until(pilot, lambda: isinstance(app.screen, ReviewScreen), "review")
        await until(app, pilot, "Question 2 of 3", "2 left, 1 kept")


async def test_without_a_file_the_palette_says_how_to_begin(path: Path) -> None:
    async with reviewing(path, named=False) as (app, pilot):
        await wait_until(pilot, lambda: app.app_state.workspace is not None, "opened")
        await app.run_action("review")
        said = "assistant eval review FILE"
        await wait_until(pilot, lambda: any(said in one for one in notices(app)), said)
        assert not isinstance(app.screen, ReviewScreen)


async def test_locking_takes_the_review_off_the_screen(path: Path) -> None:
    fake, library_lock = (
        FakeWorkspace(pages=dict(LIBRARY), forbidden=-1),
        FakeLibraryLock(locked=False),
    )
    app = AssistantApp(
        lambda: fake, library_lock=library_lock, review=path, hard_exit=lambda code: None
    )
    async with app.run_test(size=WIDE) as pilot:
        await wait_until(pilot, lambda: "Question 1 of" in shown(app), "question")
        await pilot.press("f4")
        await wait_until(pilot, lambda: library_lock.locked, "locked")
        assert "warranty" not in shown(app)
        stacks = [screen for stack in app._screen_stacks.values() for screen in stack]
        assert not any(isinstance(screen, ReviewScreen) for screen in stacks)


async def test_opening_is_recorded_as_an_export_of_text(path: Path) -> None:
    fake = FakeWorkspace(pages=dict(LIBRARY))
    async with reviewing(path, fake) as (app, pilot):
        await until(app, pilot, "Question 1 of 3")
    assert fake.exported == [("review", 3, (1,))]


async def test_a_file_changed_by_somebody_else_is_said(path: Path) -> None:
    async with reviewing(path) as (app, pilot):
        path.write_text(path.read_text() + "\n")
        await pilot.press("k")
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog), "problem")
        assert "changed by another program" in shown(app)
        assert states(path) == ["draft"] * 3


async def test_a_document_that_is_gone_and_a_page_that_fails(path: Path) -> None:
    async with reviewing(path, FakeWorkspace(pages={"other.txt": ("x",)})) as (app, pilot):
        await until(app, pilot, "not in the library (any more)")
    failing = FakeWorkspace(pages=dict(LIBRARY), paging=[StoreError("The page is damaged.")])
    async with reviewing(path, failing) as (app, pilot):
        await until(app, pilot, "The page is damaged.")
        await pilot.press("k")
        await until(app, pilot, "Question 2 of 3")


async def test_only_a_part_of_a_long_page_is_laid_out(tmp_path: Path) -> None:
    page = "before " * 5_000 + "the very words" + " after" * 5_000
    start = page.index("the very words")
    span = {"document": "long.txt", "page": 1, "start": start, "end": start + 14}
    path = write_suite(tmp_path / "q.jsonl", drafted(spans=[span | {"text": "the very words"}]))
    async with reviewing(path, FakeWorkspace(pages={"long.txt": (page,)})) as (app, pilot):
        await until(app, pilot, "the very words", "...")
        assert len(str(app.screen.query_one("#review-text", Static).visual)) < 2 * WINDOW + 100


async def test_hostile_text_is_shown_as_inert_text(tmp_path: Path) -> None:
    name, page = f"DOCWORD{POISON}.pdf", f"PAGEWORD {POISON} 24 months {POISON} end"
    start = page.index("24 months")
    line = drafted(
        question=f"QUESTIONWORD {POISON.replace(chr(0), '')}?",
        answers=[f"ANSWERWORD {POISON}"],
        note=f"NOTEWORD {POISON}",
        spans=[{"document": name, "page": 1, "start": start, "end": start + 9}],
    )
    path = write_suite(tmp_path / "q.jsonl", line)
    async with reviewing(path, FakeWorkspace(pages={name: (page,)})) as (app, pilot):
        words = ("QUESTIONWORD", "ANSWERWORD", "NOTEWORD", "DOCWORD", "PAGEWORD")
        await until(app, pilot, *words)
        seen = "".join(str(widget.visual) for widget in app.screen.query(Static))
        await pilot.press("e")
        await wait_until(pilot, lambda: isinstance(app.screen, EditDialog), "dialog")
        seen += app.screen.query_one(EditBox).text
        for character in "\x1b\x07\x9b\x9d\u202e\u2066\u200b\x00\x08\x7f\x0e\x85":
            assert character not in seen, repr(character)
        assert "[bold red]" in seen, "markup is text"
