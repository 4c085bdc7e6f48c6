"""The library screen: the table, adding with progress and failures, forgetting."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import DataTable, ProgressBar

from assistant.errors import DiskFullError, DocumentError, StoreError
from assistant.tui.app import AssistantApp
from assistant.tui.screens.add_documents import AddDialog
from assistant.tui.screens.dialogs import ConfirmDialog, ErrorDialog
from assistant.tui.widgets.file_picker import FileTree, PathInput, complete, paths_of
from assistant.tui.widgets.ingest_panel import IngestPanel
from assistant.types import FileAdded, FileFailed, FileKnown, FileProgress, FilesFound
from tests.app.helpers import notices, running, said, text_of, wait_until, welcome
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import Forever, Hold, record


def names(app: AssistantApp) -> list[str]:
    table = app._library.query_one(DataTable)
    return [str(table.get_row_at(row)[0]) for row in range(table.row_count)]


async def add_path(pilot, app: AssistantApp, path: Path | str) -> None:  # type: ignore[no-untyped-def]
    await pilot.press("ctrl+o")
    await wait_until(pilot, lambda: isinstance(app.screen, AddDialog))
    app.screen.query_one(PathInput).value = str(path)
    await pilot.press("enter")
    await wait_until(pilot, lambda: not isinstance(app.screen, AddDialog))


async def test_the_table_shows_every_document() -> None:
    async with running(FakeWorkspace()) as (app, pilot):
        await pilot.press("f3")
        assert names(app) == ["supply-contract.pdf", "clinic-guideline.md", "station-log.txt"]
        row = [str(cell).strip() for cell in app._library.query_one(DataTable).get_row_at(0)]
        chunks = str(FakeWorkspace(forbidden=0).record_of("supply-contract.pdf").chunks)
        assert row == ["supply-contract.pdf", "PDF", "3", chunks, "2026-01-15"]
        await pilot.press("f3")
        assert app.current_mode == "chat"


async def test_an_empty_library_tells_how_to_begin() -> None:
    async with running(FakeWorkspace(pages={})) as (app, pilot):
        assert "Press Ctrl+O to add documents" in welcome(app)
        await pilot.press("f3")
        assert "Press A to add" in text_of(app.screen)


async def test_adding_shows_real_progress_and_keeps_the_failures(tmp_path: Path) -> None:
    good, bad, same = (tmp_path / n for n in ("good.pdf", "bad.pdf", "same.txt"))
    error = DocumentError(f"{bad.name} is encrypted.", hint="Save a copy without a password.")
    document = record(50, good.name, ("x",))
    fake = FakeWorkspace(
        ingests=[
            [
                Hold("walk"),
                FilesFound(3),
                FileProgress(good, 0, "embedding", 24, 96),
                Hold("embedding"),
                FileAdded(good, 0, document),
                Hold("added"),
                FileFailed(bad, 1, error),
                FileKnown(same, 2, document),
            ]
        ]
    )
    async with running(fake) as (app, pilot):
        await add_path(pilot, app, tmp_path)
        panel = app._library.query_one(IngestPanel)
        await wait_until(pilot, lambda: "Looking for files" in text_of(panel))
        fake.release("walk")
        await wait_until(pilot, lambda: "good.pdf: indexing 24 of 96" in text_of(panel))
        assert "Adding file 1 of 3" in text_of(panel)
        assert panel.query_one("#ingest-steps", ProgressBar).percentage == pytest.approx(0.25)
        fake.release("embedding")
        files = panel.query_one("#ingest-files", ProgressBar)
        await wait_until(pilot, lambda: files.percentage == pytest.approx(1 / 3))
        await wait_until(pilot, lambda: "good.pdf" in names(app), "the table grows meanwhile")
        fake.release("added")
        await wait_until(pilot, lambda: "Added 1, 1 here already, 1 not added" in text_of(panel))
        await wait_until(pilot, lambda: not app.app_state.busy("ingest"))
        for words in ("bad.pdf is encrypted.", "What to do: Save a copy without a password."):
            assert words in text_of(panel)
        assert fake.added == [tmp_path]
        await pilot.press("f3", "f3")
        assert "bad.pdf is encrypted." in text_of(panel)


async def test_escape_stops_adding_and_what_is_stored_stays(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    fake = FakeWorkspace(
        ingests=[
            [
                FilesFound(2),
                FileAdded(path, 0, record(60, "first.pdf", ("x",))),
                Forever(FileProgress(path, 1, "embedding", 1, 9)),
            ]
        ]
    )
    async with running(fake) as (app, pilot):
        await add_path(pilot, app, tmp_path)
        panel = app._library.query_one(IngestPanel)
        await wait_until(pilot, lambda: "long.pdf" in text_of(panel))
        await pilot.press("escape")
        await wait_until(pilot, lambda: "Cancelled. Added 1." in text_of(panel))
        await wait_until(pilot, lambda: not app.app_state.busy("ingest"))
        assert fake.stopped == ["add"]
        assert "first.pdf" in names(app)
        assert app.current_mode == "library"
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.current_mode == "chat")


async def test_an_error_in_the_middle_is_shown_and_adding_works_again(tmp_path: Path) -> None:
    full = DiskFullError("There is no room left on the disk.", hint="Free 100 MB, then add again.")
    fake = FakeWorkspace(ingests=[[FilesFound(5), full]])
    async with running(fake) as (app, pilot):
        await add_path(pilot, app, tmp_path)
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "Free 100 MB" in text_of(app.screen)
        await pilot.press("escape")
        assert "Stopped by an error." in text_of(app._library.query_one(IngestPanel))
        await wait_until(pilot, lambda: not app.app_state.busy("ingest"))
        await add_path(pilot, app, tmp_path)
        await wait_until(pilot, lambda: len(fake.added) == 2)


async def test_adding_twice_at_once_is_refused(tmp_path: Path) -> None:
    fake = FakeWorkspace(ingests=[[Hold("x")]])
    async with running(fake) as (app, pilot):
        await add_path(pilot, app, tmp_path)
        await wait_until(pilot, lambda: fake.added)
        await pilot.press("a")
        await wait_until(pilot, lambda: any("being added already" in n for n in notices(app)))
        assert not isinstance(app.screen, AddDialog)
        fake.release("x")


async def test_asking_works_while_documents_are_added(tmp_path: Path) -> None:
    fake = FakeWorkspace(ingests=[[Hold("x")]])
    async with running(fake) as (app, pilot):
        await add_path(pilot, app, tmp_path)
        await wait_until(pilot, lambda: fake.added)
        await pilot.press("f3", "q", "enter")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        fake.release("x")


async def test_forget_asks_first_and_names_the_document() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await pilot.press("f3", "down", "f")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "clinic-guideline.md" in text_of(app.screen)
        await pilot.press("enter")  # the harmless button has the focus
        await pilot.pause()
        assert "forget" not in [name for name, _ in fake.calls]
        await pilot.press("f")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.click("#yes")
        await wait_until(pilot, lambda: names(app) == ["supply-contract.pdf", "station-log.txt"])
        assert "Forgotten: clinic-guideline.md" in notices(app)


async def test_a_failed_forget_is_shown() -> None:
    busy = StoreError("Another process is writing.", hint="Try again when it has finished.")
    fake = FakeWorkspace(forgetting=[busy])
    async with running(fake) as (app, pilot):
        await pilot.press("f3", "f")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.click("#yes")
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "Another process is writing." in text_of(app.screen)
        assert len(names(app)) == 3


async def test_a_file_is_chosen_in_the_tree(tmp_path: Path) -> None:
    home = Path.home()
    home.mkdir(parents=True, exist_ok=True)
    odd = home / "odd \x1b]52;c;QQ==\x07[b]name\n.txt"
    odd.write_text("x")
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await pilot.press("ctrl+o")
        await wait_until(pilot, lambda: isinstance(app.screen, AddDialog))
        tree = app.screen.query_one(FileTree)
        await wait_until(pilot, lambda: tree.root.children)
        label = str(tree.root.children[0].label)
        assert "\x1b" not in label
        assert "[b]name" in label
        await pilot.press("tab", "down", "enter")
        await wait_until(pilot, lambda: fake.added == [odd])


async def test_a_folder_is_added_from_the_tree(tmp_path: Path) -> None:
    folder = Path.home() / "contracts"
    folder.mkdir(parents=True)
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await pilot.press("ctrl+o")
        await wait_until(pilot, lambda: isinstance(app.screen, AddDialog))
        tree = app.screen.query_one(FileTree)
        await wait_until(pilot, lambda: tree.root.children)
        await pilot.press("tab", "down", "ctrl+s")
        await wait_until(pilot, lambda: fake.added == [folder])


async def test_nothing_chosen_adds_nothing() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await pilot.press("ctrl+o")
        await wait_until(pilot, lambda: isinstance(app.screen, AddDialog))
        await pilot.press("enter")
        await wait_until(pilot, lambda: any("Type a path" in n for n in notices(app)))
        await pilot.press("escape")
        assert fake.added == []


def test_paths_as_typed_pasted_and_dropped(tmp_path: Path) -> None:
    spaced = tmp_path / "a file.pdf"
    other = tmp_path / "it's.txt"
    for path in (spaced, other):
        path.write_text("x")
    assert paths_of(f"  {spaced} ") == [spaced]
    assert paths_of(f"'{spaced}' \"{other}\"") == [spaced, other]
    assert paths_of(str(spaced).replace(" ", "\\ ")) == [spaced]
    assert paths_of(f"file://{other}") == [other]
    assert paths_of("") == []
    assert paths_of("/no/such file") == [Path("/no/such file")]
    assert paths_of("'unbalanced") == [Path("'unbalanced")]
    assert paths_of("~nobody-of-that-name/x") == [Path("~nobody-of-that-name/x")]


def test_completion_offers_only_names_that_show_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "contract.pdf").write_text("x")
    (tmp_path / "evil\x1b[2J.pdf").write_text("x")
    (tmp_path / ".hidden").write_text("x")
    assert complete(f"{tmp_path}/con") == f"{tmp_path}/contract.pdf"
    assert complete(f"{tmp_path}/evil") is None
    assert complete(f"{tmp_path}/") is None
    assert complete(f"{tmp_path}/.h") == f"{tmp_path}/.hidden"
    assert complete("/no/such/folder/x") is None


async def test_what_to_know_of_an_added_document_stays_readable(tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    document = record(50, scan.name, ("x",))
    note = "2 of 4 pages have no text."
    added = FileAdded(scan, 0, document, replaced=record(9, scan.name, ("y",)), note=note)
    fake = FakeWorkspace(ingests=[[FilesFound(1), added]])
    async with running(fake) as (app, pilot):
        await pilot.press("f3")
        await add_path(pilot, app, scan)
        await wait_until(pilot, lambda: "Added 1" in text_of(app.screen))
        shown = text_of(app.screen)
        assert note in shown
        assert "1 of them newer versions" in shown
