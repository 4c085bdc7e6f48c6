"""`assistant table`: the same questions asked of many documents, each read whole."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from assistant.cli.default_group import DefaultGroup
from assistant.cli.options import Invocation, command_options
from assistant.cli.table.export_file import check_target, export_grid
from assistant.cli.table.kept_tables import export, list_tables, mark_cell, remove, show
from assistant.cli.table.table_schema import (
    TableFilledJson,
    TemplateJson,
    TemplatesJson,
    column_json,
    table_json,
)
from assistant.cli.table.terminal_view import one_line, show_grid
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.output import Output
from assistant.console.progress import progress_bar, time_left
from assistant.errors import Cancelled, UsageError
from assistant.tabular.question_file import read_questions, template_names
from assistant.types.tabular import GridFinished, GridSpec, GridStarted, RowGone, RowRead


class _TableGroup(DefaultGroup):
    default = "fill"


@click.group(cls=_TableGroup)
def table() -> None:
    """Ask many documents the same questions: assistant table QUESTIONS DOCUMENTS.

    `assistant table QUESTIONS ...` is short for `assistant table fill QUESTIONS ...`.
    """


for command in (export, list_tables, mark_cell, remove, show):
    table.add_command(command)


_EXPORT = click.Path(path_type=Path, dir_okay=False, writable=True)


@table.command()
@click.argument("questions", type=click.Path())
@click.argument("documents", nargs=-1)
@click.option("--name", default="", help="Name of the table [default: that of QUESTIONS].")
@click.option("--again", is_flag=True, help="Read all anew, but for cells that were reviewed.")
@click.option("--export", "target", type=_EXPORT, help="Also write it: .xlsx, .csv, .md, .json.")
@click.option("--overwrite", is_flag=True, help="Replace a file that holds something.")
@command_options
def fill(
    invocation: Invocation,
    questions: str,
    documents: tuple[str, ...],
    name: str,
    again: bool,
    target: Path | None,
    overwrite: bool,
) -> None:
    """Ask each of QUESTIONS of each of DOCUMENTS, and keep the table in the library.

    QUESTIONS is a file (TOML, or text with a question on each line) or the name of a template
    (assistant table templates). DOCUMENTS are documents of the library: numbers, names or
    their beginnings, paths and folders that they were added from, patterns such as '*.pdf';
    without any all are read.

    Each document is read whole. What was read before is not read again, unless the document,
    the question or the reader has changed: a run that was stopped goes on.

    \b
    Examples:
      assistant table commercial-contract
      assistant table questions.toml contracts/ --export review.xlsx
      assistant table discharge-letter "letter-2026-*" --name ward-3
    """
    check_target(target, overwrite=overwrite)
    columns = read_questions(questions)
    spec = GridSpec(name.strip() or Path(questions).stem, columns, documents)
    if not spec.name.isprintable() or len(spec.name) > 100:
        raise UsageError("That can't be the name of a table.", hint="Give a short one: --name")
    output, gone = invocation.output, list[str]()
    with invocation.workspace() as workspace, cancel_on_interrupt() as cancel:
        finished: GridFinished | None = None
        with progress_bar(output) as report:
            for event in workspace.grids.fill(spec, cancel, again=again):
                match event:
                    case GridStarted(cells=cells, known=known):
                        report("reading", known, cells)
                    case RowRead(document=document, done=done, total=total):
                        left = time_left(event.seconds_left)
                        report(f"{done} of {total} cells, {document.name}{left}", done, total)
                    case RowGone(document=document):
                        gone.append(document.name)
                    case GridFinished():
                        finished = event
        if finished is None:
            raise Cancelled
        if target is not None and not finished.cancelled:
            export_grid(workspace, finished.grid, target)
    _finish(finished, gone, str(target or ""), output)


def _finish(finished: GridFinished, gone: list[str], target: str, output: Output) -> None:
    if output.as_json:
        shape = table_json(finished.grid)
        output.json(TableFilledJson(shape, finished.read, gone, finished.cancelled, target))
    else:
        show_grid(finished.grid, output)
        for name in gone:
            output.note(("forgotten meanwhile: ", "yellow"), one_line(name))
        if target and not finished.cancelled:
            output.note(f"Written to {target}. ", ("It holds text of your documents.", "yellow"))
    if finished.cancelled:
        output.note("Cancelled: what was read is kept; the same command goes on.")
        sys.exit(Cancelled.exit_code)


@table.command()
@click.argument("template", required=False)
@command_options
def templates(invocation: Invocation, template: str | None) -> None:
    """List the templates that come with the program, or the questions of TEMPLATE.

    \b
    Examples:
      assistant table templates
      assistant table templates lease
    """
    names = [template] if template else template_names()
    if template and template not in template_names():
        raise UsageError(
            f"There is no template '{template[:80]}'.",
            hint=f"There are: {', '.join(template_names())}.",
        )
    found = {name: read_questions(name) for name in names}
    output = invocation.output
    if output.as_json:
        listed = [TemplateJson(n, [column_json(c) for c in cols]) for n, cols in found.items()]
        output.json(TemplatesJson(listed))
        return
    for name, columns in found.items():
        output.line((name, "bold"), f"  {len(columns)} questions")
        for column in columns if template else ():
            output.line(f"  {column.name} [{column.type}]: {column.question}")
