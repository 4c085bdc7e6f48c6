"""The dialog that opens a table: one that is kept, or a new one from a template."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from assistant.tabular.question_file import template_names
from assistant.tui import grid_workers, safe_content
from assistant.tui.app_state import AppState
from assistant.tui.grid_workers import GridsListed
from assistant.tui.screens.grid import GridScreen
from assistant.tui.screens.review_edit import EditDialog

MUTED = "$foreground-muted"
_SCOPE = (
    "Names, folders, patterns such as *.pdf, with commas between them; nothing stands for all "
    "documents. Each is read whole. Enter begins, Escape goes back."
)


class TablesDialog(ModalScreen[None]):
    """Lists tables and templates; Enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close")]

    def __init__(self, app_state: AppState) -> None:
        super().__init__()
        self._desk = app_state
        self._names: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static(safe_content.line("Tables"), classes="dialog-title")
            yield OptionList(id="tables")
            yield Static(
                safe_content.line("Enter: open   Escape: close", MUTED), classes="dialog-foot"
            )

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self._desk.run_short(grid_workers.list_grids, self)

    @on(GridsListed)
    def _listed(self, event: GridsListed) -> None:
        self._names = event.names
        rows = self.query_one(OptionList)
        rows.clear_options()
        rows.add_options(
            [Option(safe_content.line(name), id=f"kept-{n}") for n, name in enumerate(event.names)]
        )
        rows.add_options(
            [
                Option(safe_content.line(f"new: {name}", MUTED), id=f"new-{name}")
                for name in template_names()
            ]
        )
        rows.highlighted = 0

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        kind, _, name = (event.option_id or "").partition("-")
        if kind == "kept":
            self._open(GridScreen(self._desk, self._names[int(name)]))
            return

        def scoped(documents: str | None) -> None:
            if documents is not None:
                spec = grid_workers.spec_of(name, documents)
                self._open(GridScreen(self._desk, name, spec))

        if name in self._names:
            self._open(GridScreen(self._desk, name))
        else:
            self.app.push_screen(EditDialog("Which documents?", "", _SCOPE), scoped)

    def _open(self, screen: GridScreen) -> None:
        app = self.app
        self.dismiss(None)
        app.call_later(app.push_screen, screen)
