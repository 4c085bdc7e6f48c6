"""The library screen: list documents, add them with progress, forget them."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Static

from assistant.text.counted import counted
from assistant.tui import safe_content, workers
from assistant.tui.app_state import INGEST, AppState, LibraryState
from assistant.tui.ingest_progress import Progress
from assistant.tui.messages import IngestEnded, IngestWaiting, Outbox
from assistant.tui.screens.add_documents import AddDialog
from assistant.tui.screens.dialogs import ConfirmDialog, ErrorDialog
from assistant.tui.screens.main_screen import MainScreen
from assistant.tui.widgets.ingest_panel import IngestPanel
from assistant.tui.widgets.title_bar import TitleBar
from assistant.types import DocumentRecord, IngestEvent

TYPE_WORDS = {
    "application/pdf": "PDF",
    "text/markdown": "Markdown",
    "text/plain": "text",
}


OTHER_COLUMNS = 46
"""Cells that margins and all columns but the name take."""


class LibraryScreen(MainScreen):
    """Owns the progress of adding. At most one run of adding at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "app.add_documents", "Add"),
        Binding("f,delete", "forget", "Forget"),
        Binding("escape", "cancel", "Back"),
    ]

    def __init__(self, app_state: AppState) -> None:
        super().__init__(app_state)
        self._progress: Progress | None = None
        self._shown: tuple[DocumentRecord, ...] | None = None

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield Static(id="library-empty")
        yield DataTable[object](id="documents", cursor_type="row", zebra_stripes=False)
        yield IngestPanel()
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for name in ("Document", "Type", "Pages", "Chunks", "Added"):
            table.add_column(safe_content.cell(name), key=name)
        table.focus()

    # Documents -----------------------------------------------------------------------

    def state_changed(self, app_state: AppState) -> None:
        table = self.query_one(DataTable)
        if not table.columns:
            self.call_after_refresh(self.state_changed, app_state)
            return
        empty = self.query_one("#library-empty", Static)
        table.display = bool(app_state.documents)
        empty.display = not app_state.documents
        empty.update(safe_content.block(_empty(app_state), "$foreground-muted"))
        if app_state.documents != self._shown:
            self._shown = app_state.documents
            self._fill(table, app_state.documents)

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._shown = None  # names are cut to the width
        self.call_after_refresh(self.state_changed, self.app_state)

    def _fill(self, table: DataTable[object], documents: tuple[DocumentRecord, ...]) -> None:
        row = table.cursor_row
        room = max(self.size.width - OTHER_COLUMNS, 16)
        table.clear()
        for document in documents:
            table.add_row(
                safe_content.cell(safe_content.shortened_name(document.name, room)),
                safe_content.cell(TYPE_WORDS.get(document.media_type, document.media_type)),
                safe_content.cell(f"{document.pages:>5}"),
                safe_content.cell(f"{document.chunks:>6}"),
                safe_content.cell(document.added_at[:10]),
                key=str(document.id),
            )
        if documents:
            table.move_cursor(row=min(row, len(documents) - 1), animate=False)

    def action_forget(self) -> None:
        """Ask, then forget the selected document."""
        documents = self.app_state.documents
        row = self.query_one(DataTable).cursor_row
        if self.app_state.workspace is None or not 0 <= row < len(documents):
            self.notify("Select a document first.", markup=False)
            return
        document = documents[row]

        def answered(sure: bool | None) -> None:
            if sure:
                self.app_state.run_short(lambda w, post: workers.forget(w, document.id, post))

        self.app.push_screen(
            ConfirmDialog(
                "Forget this document?",
                document.name,
                f"{counted(document.pages, 'page')}, {counted(document.chunks, 'chunk')}. "
                "Its text, index and vectors are erased from the library. "
                "The file itself is not touched. This can't be undone.",
                yes="Forget",
                no="Keep",
            ),
            answered,
        )

    # Adding --------------------------------------------------------------------------

    def add_documents(self) -> None:
        """Ask for paths, then add them."""
        if self.app_state.workspace is None:
            self.notify("The library is not open yet.", severity="warning", markup=False)
        elif self.app_state.busy(INGEST):
            self.notify(
                "Documents are being added already. Escape stops that.",
                severity="warning",
                markup=False,
            )
        else:
            self.app.push_screen(AddDialog(_start_folder()), self._add)

    def _add(self, paths: list[Path] | None) -> None:
        if not paths or self.app_state.state is LibraryState.STOPPING:
            return
        self._progress = Progress()
        self.query_one(IngestPanel).show(self._progress)
        self.app_state.add(paths, self)

    @on(IngestWaiting)
    def _events_wait(self, event: IngestWaiting) -> None:
        self.draw_soon(lambda: self._drain(event.outbox))

    def _drain(self, outbox: Outbox[IngestEvent]) -> None:
        events = outbox.take()
        if self._progress is None or not events:
            return
        grown = [event for event in events if self._progress.apply(event)]
        self.drawn = monotonic()
        self.query_one(IngestPanel).show(self._progress)
        if grown and not self.app_state.busy("short"):
            self.app_state.run_short(workers.list_documents)

    @on(IngestEnded)
    def _ended(self, event: IngestEnded) -> None:
        self._drain(event.outbox)
        if self._progress is None:
            return
        self._progress.end(event.problem)
        self.query_one(IngestPanel).show(self._progress)
        self.notify(safe_content.plain(self._progress.headline), markup=False)
        if event.problem is not None:
            self.app.push_screen(ErrorDialog(event.problem))

    def cancel_adding(self) -> bool:
        """Stop adding; False if nothing is being added."""
        if self._progress is None or not self.app_state.cancel(INGEST):
            return False
        self._progress.stopping = True
        self.query_one(IngestPanel).show(self._progress)
        return True

    def action_stop(self) -> None:
        if not self.cancel_adding():
            self.notify("No documents are being added.", markup=False)

    async def forget(self) -> None:
        """Let go of every name and message. See `ChatScreen.forget`."""
        self._progress = self._shown = None
        self.query_one(DataTable).clear()
        await self.query_one(IngestPanel).remove()

    def action_cancel(self) -> None:
        """Escape: stop adding, else go back to the chat."""
        if not self.cancel_adding():
            self.app.switch_mode("chat")


def _empty(app_state: AppState) -> str:
    if app_state.workspace is None:
        return f"{app_state.state.value.capitalize()}."
    return (
        "The library is empty.\n\n"
        "Press A to add PDF, Markdown or text files, or a whole folder.\n"
        "The files stay where they are; their text is stored encrypted on this machine."
    )


def _start_folder() -> Path:
    try:
        home = Path.home()
    except RuntimeError:
        return Path.cwd()
    return home if home.is_dir() else Path.cwd()
