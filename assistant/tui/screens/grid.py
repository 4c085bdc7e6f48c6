"""The screen of a table: its cells, and beside them the page with the quote."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.coordinate import Coordinate
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Static

from assistant.tui import grid_workers, safe_content
from assistant.tui.app_state import GRID, AppState
from assistant.tui.error_view import ErrorView
from assistant.tui.grid_view import FILTERS, WIDEST, GridView, cell_details, shown_cell
from assistant.tui.grid_workers import CellKept, CellPage, GridEnded, GridLoaded, GridWaiting
from assistant.tui.messages import Outbox
from assistant.tui.page_text import page_content
from assistant.tui.screens.dialogs import ErrorDialog
from assistant.tui.screens.main_screen import NARROW, scroll_past
from assistant.tui.screens.review_edit import EditDialog
from assistant.tui.widgets.lock_mark import MarkedHead
from assistant.types.tabular import (
    NOT_THERE,
    Cell,
    CellReview,
    Grid,
    GridEvent,
    GridFinished,
    GridSpec,
    RowGone,
    RowRead,
)

MUTED = "$foreground-muted"
DRAW_SECONDS = 0.3  # what was read is drawn together: each change draws all of a table
PAGE_SECONDS = 0.12
"""The page is loaded when the cursor has rested so long: moving on waits for nothing."""


class GridScreen(ModalScreen[None]):
    """Shows a table of the library; with `spec` a new one that is filled at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "review('accepted')", "Accept"),
        Binding("x", "review('rejected')", "Reject"),
        Binding("c", "correct", "Correct"),
        Binding("z", "review('')", "Undo"),
        Binding("s", "sort", "Sort"),
        Binding("f", "filter", "Filter"),
        Binding("r", "fill", "Read"),
        Binding("escape", "leave", "Close"),
        Binding("f4", "app.lock", show=False),
    ]
    DEFAULT_CSS = """
    GridScreen { background: $background; align: left top; }
    GridScreen #grid-head, GridScreen #grid-place { height: 1; text-wrap: nowrap;
        text-overflow: ellipsis; padding: 0 1; }
    GridScreen DataTable { width: 3fr; height: 1fr; }
    GridScreen #grid-page { width: 2fr; height: 1fr; border-left: solid $panel; padding: 0 1;
        scrollbar-size-vertical: 1; }
    GridScreen #grid-cell { height: 6; padding: 0 1; border-top: solid $panel; }
    """

    def __init__(self, app_state: AppState, name: str, spec: GridSpec | None = None) -> None:
        super().__init__()
        self._desk = app_state
        self._called, self._spec = name, spec
        self._view = GridView()
        self._shown: list[int] = []
        self._progress, self._loading, self._serial = "", False, 0

    def compose(self) -> ComposeResult:
        yield MarkedHead("grid-head", "Opening the table ...")
        with Horizontal():
            yield DataTable[object](id="grid", cursor_type="cell", fixed_columns=1)
            with Vertical(id="grid-page"):
                yield Static(id="grid-place")
                with VerticalScroll(id="grid-body", can_focus=False):
                    yield Static(id="grid-text")
        yield Static(id="grid-cell")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(DataTable).focus()
        if self._spec is not None:
            self._desk.fill(self._spec, self)
        else:
            self._load()

    def _load(self) -> None:
        self._loading = True
        name = self._called
        self._desk.run_short(lambda w, p: grid_workers.load_grid(w, name, p), self)

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(Footer).compact = event.size.width < NARROW
        self.query_one("#grid-page").display = event.size.width >= NARROW

    # What comes in -------------------------------------------------------------------

    @on(GridLoaded)
    def _loaded(self, event: GridLoaded) -> None:
        if event.grid is not None:
            self._take(event.grid)
        elif event.problem is not None:
            self._failed(event.problem)

    def _failed(self, problem: ErrorView) -> None:
        self.app.push_screen(ErrorDialog(problem))
        if not self._view.columns:
            self.dismiss(None)

    def _take(self, grid: Grid) -> None:
        self._spec = grid.spec
        self._view.take(grid)
        self._fill_table()

    @on(GridWaiting)
    def _events_wait(self, event: GridWaiting) -> None:
        self.set_timer(DRAW_SECONDS, lambda: self._drain(event.outbox))

    @on(GridEnded)
    def _ended(self, event: GridEnded) -> None:
        self._drain(event.outbox)
        self._progress = ""
        self._head()
        if event.problem:
            self._failed(event.problem)

    def _drain(self, outbox: Outbox[GridEvent]) -> None:
        for event in outbox.take():
            if isinstance(event, RowRead):
                if not self._loading:
                    self._load()  # a new table: it is kept by now
                left = "" if event.seconds_left is None else f", {event.seconds_left:.0f} s left"
                self._progress = f"reading: {event.done} of {event.total} cells{left}"
                for number, cell in event.cells:
                    self._set(event.document.id, number, cell)
            elif isinstance(event, RowGone):
                self._progress = "a document was forgotten meanwhile"
            elif isinstance(event, GridFinished):
                self._take(event.grid)
        self._head()

    def _set(self, document_id: int, number: int, cell: Cell) -> None:
        if self._view.put(document_id, number, cell) and document_id in self._shown:
            table = self.query_one(DataTable)
            table.update_cell(str(document_id), str(number), shown_cell(cell))
            if self._here() == (document_id, number):
                self._show_cell()

    # Showing -------------------------------------------------------------------------

    def _fill_table(self) -> None:
        table, here = self.query_one(DataTable), self._here()
        table.clear(columns=True)
        table.add_column(safe_content.cell("Document"), key="document", width=WIDEST)
        for number, column in enumerate(self._view.columns):
            head = safe_content.cell(safe_content.shortened(column.name, WIDEST))
            table.add_column(head, key=str(number), width=WIDEST)
        self._shown = [row.document.id for row in self._view.ordered(self._number())]
        for document_id in self._shown:
            row = self._view.rows[document_id]
            name = safe_content.cell(safe_content.shortened_name(row.document.name, WIDEST))
            shown = (shown_cell(cell) for cell in row.cells)
            table.add_row(name, *shown, key=str(document_id))
        if self._shown:
            at = self._shown.index(here[0]) if here and here[0] in self._shown else 0
            table.move_cursor(row=at, column=(here[1] + 1 if here else 1), animate=False)
        self._head()
        self._show_cell()

    def _number(self) -> int:
        here = self._here()
        return here[1] if here else 0

    def _here(self) -> tuple[int, int] | None:
        """Return the document and the column that the cursor is at."""
        at = self.query_one(DataTable).cursor_coordinate
        if not 0 <= at.row < len(self._shown) or not self._view.columns:
            return None
        return self._shown[at.row], min(max(at.column - 1, 0), len(self._view.columns) - 1)

    def _head(self) -> None:
        said = [f"{len(self._shown)} of {len(self._view.rows)} documents"]
        said += [f"filter: {self._view.filter}"] if self._view.filter != "all" else []
        said += [self._progress] if self._progress else []
        name = safe_content.line(self._called, "bold")
        head = safe_content.join(name, safe_content.line(f"   {'   '.join(said)}", MUTED))
        self.query_one("#grid-head", Static).update(head, layout=False)

    @on(DataTable.CellHighlighted)
    def _show_cell(self) -> None:
        here = self._here()
        if here is None:
            return
        document_id, number = here
        cell = self._view.rows[document_id].cells[number]
        said = cell_details(self._view.columns[number], cell)
        self.query_one("#grid-cell", Static).update(said, layout=False)  # a layout takes long
        self._serial += 1
        serial = self._serial
        self.set_timer(PAGE_SECONDS, lambda: self._load_page(serial))

    def _load_page(self, serial: int) -> None:
        here = self._here()
        if here is None or serial != self._serial or self._desk.workspace is None:
            return
        document_id, number = here
        cell = self._view.rows[document_id].cells[number]
        quotes = cell.quotes or tuple(p for item in cell.others[:1] for p in item.places)
        self._desk.run_short(
            lambda w, p: grid_workers.load_cell_page(w, document_id, quotes, serial, p), self
        )

    @on(CellPage)
    def _page(self, event: CellPage) -> None:
        here = self._here()
        if event.serial != self._serial or here is None:
            return  # the person has gone on meanwhile
        page, row = event.page, self._view.rows[here[0]]
        spans = [
            (quote.start - page.offset, quote.end - page.offset)
            for quote in row.cells[here[1]].quotes
            if quote.page == page.page.number
        ]
        place = safe_content.line(f"{row.document.name}, {page.page.where}", "$text-accent")
        self.query_one("#grid-place", Static).update(place, layout=False)
        text, body = (
            self.query_one("#grid-text", Static),
            self.query_one("#grid-body", VerticalScroll),
        )
        text.update(page_content(page, spans))
        before = safe_content.block(page.text[: min((s for s, _ in spans), default=0)])
        self.call_after_refresh(scroll_past, body, text, before, 3)

    # Deciding ------------------------------------------------------------------------

    def action_review(self, review: CellReview, words: str = "") -> None:
        here, name = self._here(), self._called
        if here is None or not self._view.rows[here[0]].cells[here[1]].reader:
            self.notify("This cell was not read yet.", markup=False)
            return
        place = (*here, self._view.columns[here[1]].name)
        self._desk.run_short(
            lambda w, p: grid_workers.review_cell(w, name, place, review, words, p), self
        )
        if review:
            at = self.query_one(DataTable).cursor_coordinate
            self.query_one(DataTable).cursor_coordinate = Coordinate(
                min(at.row + 1, len(self._shown) - 1), at.column
            )

    def action_correct(self) -> None:
        here = self._here()
        if here is None:
            return
        cell = self._view.rows[here[0]].cells[here[1]]
        foot = f"Enter takes it; '{NOT_THERE}' says that the document does not answer."

        def corrected(words: str | None) -> None:
            if words is not None:
                self.action_review("corrected", words)

        title = self._view.columns[here[1]].question
        self.app.push_screen(EditDialog(title, cell.value, foot), corrected)

    @on(CellKept)
    def _kept(self, event: CellKept) -> None:
        if event.cell is not None:
            self._set(event.document_id, event.column, event.cell)
        elif event.problem is not None:
            self.app.push_screen(ErrorDialog(event.problem))

    def action_sort(self) -> None:
        number = self._number()
        self._view.sort_by(number)
        self._fill_table()

    def action_filter(self) -> None:
        self._view.filter = FILTERS[(FILTERS.index(self._view.filter) + 1) % len(FILTERS)]
        self._fill_table()

    def action_fill(self) -> None:
        if self._spec is not None and not self._desk.busy(GRID):
            self._progress = "reading ..."
            self._head()
            self._desk.fill(self._spec, self)

    def action_leave(self) -> None:
        """Escape: stop reading, else close."""
        if self._desk.cancel(GRID):
            self.notify("Stopping; what was read is kept. R goes on.", markup=False)
        elif not self._desk.busy(GRID):
            self.dismiss(None)
