"""Commands for tables that a library keeps: list, show, export, mark, remove."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.cli.options import Invocation, command_options
from assistant.cli.table.export_file import check_target, export_grid
from assistant.cli.table.table_schema import (
    TableExportedJson,
    TableMarkedJson,
    TableNamesJson,
    TableRemovedJson,
    cell_json,
    table_json,
)
from assistant.cli.table.terminal_view import one_line, show_cell, show_grid
from assistant.errors import UsageError
from assistant.types.tabular import NOT_THERE, CellReview


@click.command("list")
@command_options
def list_tables(invocation: Invocation) -> None:
    """List the tables of the library.

    \b
    Example:
      assistant table list
    """
    with invocation.workspace() as workspace:
        names = workspace.grids.names() if workspace.documents() else []
    if invocation.output.as_json:
        invocation.output.json(TableNamesJson(names))
    elif not names:
        invocation.output.line("There is no table. Make one: assistant table QUESTIONS DOCUMENTS")
    for name in () if invocation.output.as_json else names:
        invocation.output.line(one_line(name))


@click.command()
@click.argument("name")
@command_options
def show(invocation: Invocation, name: str) -> None:
    """Show the table NAME as it is kept; nothing is read.

    \b
    Example:
      assistant table show nda --json
    """
    with invocation.workspace() as workspace:
        grid = workspace.grids.load(name)
    if invocation.output.as_json:
        invocation.output.json(table_json(grid))
    else:
        show_grid(grid, invocation.output)


@click.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True))
@click.option("--overwrite", is_flag=True, help="Replace a file that holds something.")
@command_options
def export(invocation: Invocation, name: str, file: Path, overwrite: bool) -> None:
    """Write the table NAME to FILE: .xlsx, .csv, .md or .json.

    THE FILE HOLDS TEXT OF YOUR DOCUMENTS AND IS NOT ENCRYPTED. The export is recorded in the
    audit log before it is written. In a spreadsheet the quotes and pages are comments, and
    colours show what was reviewed or is doubtful; no text of a document is run as a formula.

    \b
    Example:
      assistant table export nda nda.xlsx
    """
    check_target(file, overwrite=overwrite)
    with invocation.workspace() as workspace:
        grid = workspace.grids.load(name)
        export_grid(workspace, grid, file)
    if invocation.output.as_json:
        invocation.output.json(TableExportedJson(name, str(file), len(grid.rows)))
    else:
        invocation.output.line(f"{len(grid.rows)} documents written to {file}")
        invocation.output.note(("Not encrypted: ", "yellow"), "it holds text of your documents.")


@click.command("mark")
@click.argument("name")
@click.argument("document")
@click.argument("column")
@click.option("--accept", "review", flag_value="accepted", help="It is right.")
@click.option("--reject", "review", flag_value="rejected", help="It is wrong.")
@click.option("--undo", "review", flag_value="", help="Take back what was said of it.")
@click.option(
    "--correct", "words", metavar="TEXT", help=f"What is right; '{NOT_THERE}': it is not there."
)
@command_options
def mark_cell(
    invocation: Invocation,
    name: str,
    document: str,
    column: str,
    review: CellReview | None,
    words: str | None,
) -> None:
    """Accept, correct or reject a cell of the table NAME: that of DOCUMENT and COLUMN.

    A correction's words are looked for in the document. What is said here is feedback too
    (assistant feedback list), and can become questions for `eval` and data for training.

    \b
    Examples:
      assistant table mark nda 3 "Governing law" --accept
      assistant table mark nda acme.pdf Term --correct "five years"
    """
    if (review is None) == (words is None):
        raise UsageError(
            "Say one thing of the cell.", hint="--accept, --reject, --undo, or --correct TEXT."
        )
    said: CellReview = "corrected" if words is not None else review or ""
    with invocation.workspace() as workspace:
        record = workspace.resolve(document)
        grids = workspace.grids
        cell = grids.review(name, record.id, column, said, words or "")
        asked = next(
            c for c in grids.load(name).spec.columns if c.name.casefold() == column.casefold()
        )
    if invocation.output.as_json:
        invocation.output.json(TableMarkedJson(record.id, cell_json(asked, cell)))
    else:
        show_cell(asked.name, cell, invocation.output)


@click.command()
@click.argument("name")
@command_options
def remove(invocation: Invocation, name: str) -> None:
    """Delete the table NAME; its documents and the feedback on its cells stay.

    \b
    Example:
      assistant table remove nda
    """
    with invocation.workspace() as workspace:
        workspace.grids.remove(name)
    if invocation.output.as_json:
        invocation.output.json(TableRemovedJson(name))
    else:
        invocation.output.line(f"Removed: {one_line(name)}")
