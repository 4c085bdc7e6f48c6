"""Show a table in the terminal."""

from __future__ import annotations

from assistant.console.output import Output
from assistant.safe_text import safe_text
from assistant.tabular.export import cell_text, mark, places
from assistant.types.tabular import Cell, Grid

_QUOTED = 160
"""Characters of a quote that are printed; the files hold it whole."""


def show_grid(grid: Grid, output: Output) -> None:
    """Print a grid, document by document."""
    for row in grid.rows:
        output.line((one_line(row.document.name), "bold"))
        for column, cell in zip(grid.spec.columns, row.cells, strict=True):
            show_cell(column.name, cell, output)
    states = [cell.state for row in grid.rows for cell in row.cells if cell.reader]
    counts = f"{states.count('found')} found, {states.count('doubtful')} doubtful"
    unread = f", {grid.unread} not read" if grid.unread else ""
    size = f"{len(grid.rows)} documents, {len(grid.spec.columns)} questions"
    output.line(
        f"{one_line(grid.spec.name)}: {size}; {counts}, {states.count('absent')} absent{unread}."
    )


def show_cell(name: str, cell: Cell, output: Output) -> None:
    style = "dim" if not cell.quotes else "yellow" if cell.state == "doubtful" else ""
    where = f"  [{one_line(at)}]" if (at := places(cell)) else ""
    sure = f"  {cell.confidence:.0%}{f' {word}' if (word := mark(cell)) else ''}"
    output.line(
        f"  {one_line(name)}: ",
        (_short(cell_text(cell)), style),
        (where, "cyan"),
        (sure if cell.reader else "", "dim"),
    )
    quote = " ".join(place.text for place in cell.quotes)
    if cell.quotes and _short(quote) != _short(cell_text(cell)):
        output.line((f'    "{_short(quote)}"', "dim"))
    if cell.note and cell.quotes:
        output.line((f"    {one_line(cell.note)}", "yellow"))


def _short(text: str) -> str:
    folded = one_line(" ".join(text.split()))
    return folded if len(folded) <= _QUOTED else folded[:_QUOTED].rsplit(" ", 1)[0] + " ..."


def one_line(text: str) -> str:
    return safe_text(text, single_line=True)
