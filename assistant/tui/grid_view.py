"""What a table's screen shows: which rows, in which order, and each cell in words."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text
from textual.content import Content

from assistant.tabular.export import cell_text, mark, places
from assistant.tabular.typed_values import sort_key
from assistant.tui import safe_content
from assistant.types.tabular import Cell, Column, Grid, GridRow

WIDEST = 26
"""Characters of a cell; the whole of it stands below."""

FILTERS = ("all", "doubtful", "found", "absent", "not reviewed")
_MUTED = "$foreground-muted"
_COLORS = {"doubtful": "yellow", "accepted": "green", "corrected": "cyan", "rejected": "red"}


class GridView:
    """The rows of a table by document, filtered and sorted."""

    def __init__(self) -> None:
        self.columns: tuple[Column, ...] = ()
        self.rows: dict[int, GridRow] = {}
        self.filter = FILTERS[0]
        self._sorted, self._descending = -1, False

    def take(self, grid: Grid) -> None:
        """Show a table as it is kept."""
        self.columns = grid.spec.columns
        self.rows = {row.document.id: row for row in grid.rows}

    def put(self, document_id: int, number: int, cell: Cell) -> bool:
        """Put in a cell; False if there is no place for it."""
        row = self.rows.get(document_id)
        if row is None or number >= len(row.cells):
            return False
        cells = (*row.cells[:number], cell, *row.cells[number + 1 :])
        self.rows[document_id] = replace(row, cells=cells)
        return True

    def sort_by(self, number: int) -> None:
        """Sort by a column; by the same one again the other way round."""
        self._descending = self._sorted == number and not self._descending
        self._sorted = number

    def ordered(self, number: int) -> list[GridRow]:
        """Return the rows whose cell in column `number` passes the filter, in order."""
        rows = [row for row in self.rows.values() if self._passes(row.cells[number])]
        if self._sorted >= 0:
            kind = self.columns[self._sorted].type
            rows.sort(
                key=lambda row: sort_key(kind, row.cells[self._sorted].value),
                reverse=self._descending,
            )
        return rows

    def _passes(self, cell: Cell) -> bool:
        if self.filter == "not reviewed":
            return not cell.review
        return self.filter == "all" or (bool(cell.reader) and cell.state == self.filter)


def shown_cell(cell: Cell) -> Text:
    """Return a cell as it stands in the table."""
    word = mark(cell)
    color = _COLORS.get(word, "" if cell.quotes else "dim")
    text = cell_text(cell) if cell.reader else "\u2026"
    return safe_content.cell(safe_content.shortened(text, WIDEST), color)


def cell_details(column: Column, cell: Cell) -> Content:
    """Return the question, and the whole value with its quote and how sure it is."""
    sure = f"   {cell.confidence:.0%} {mark(cell)}" if cell.reader else ""
    value = safe_content.shortened(cell_text(cell), 300)
    rows = [
        safe_content.join(safe_content.line(column.question, "bold"), (sure, _MUTED)),
        safe_content.join(safe_content.line(value), (f"   {places(cell)}", "$text-accent")),
    ]
    others = "" if cell.quotes else " ".join(p.text for i in cell.others[:1] for p in i.places)
    if cell.note:
        rows.append(safe_content.line(cell.note, "$text-warning"))
    if others:
        rows.append(safe_content.line(f"nearest: {safe_content.shortened(others, 200)}", _MUTED))
    return safe_content.lines(rows)
