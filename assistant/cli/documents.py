"""`assistant add`, `docs` and `forget`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from assistant.cli.document_filter import filter_options
from assistant.cli.ingest_report import add_paths, finish
from assistant.cli.options import Invocation, command_options
from assistant.cli.schema import DocsJson
from assistant.errors import UsageError
from assistant.safe_text import safe_text
from assistant.tabular.scope import fitting
from assistant.types import (
    EVERYTHING,
    DocumentFilter,
    ReadOptions,
)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option(
    "--no-passphrase",
    is_flag=True,
    help="Make a new library without a passphrase: whoever has the folder can read it.",
)
@click.option(
    "--embedder",
    default="",
    metavar="NAME",
    help="For a new library: what it is searched with (assistant models list)"
    " [default: what suits the documents' language].",
)
@click.option(
    "--encoding",
    default="",
    metavar="NAME",
    help="The encoding of text files, where they can't tell it: cp1251, big5, mac-roman ...",
)
@click.option(
    "--ocr",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Read pictures of writing: where there is no text, on every page, or not at all.",
)
@command_options
def add(
    invocation: Invocation,
    paths: tuple[str, ...],
    no_passphrase: bool,
    embedder: str,
    encoding: str,
    ocr: Literal["auto", "always", "never"],
) -> None:
    """Add documents, and folders with all in them.

    PDF with a text layer; Word, PowerPoint, Excel, OpenDocument, RTF; EPUB and web pages; mail
    with what is attached to it; tables (CSV), JSON, Markdown, plain text and source code.

    A document that is in the library already is left as it is, unless --encoding or
    --ocr always asks for another reading of it. A file that can't be read
    is named with the reason, and the others are added. A new library asks for a passphrase.

    \b
    Examples:
      assistant add contracts/
      assistant add guideline.pdf notes.md --library ward-3
      assistant add letter.txt --encoding cp1251
    """
    if not all(paths):
        # Path("") would be the current folder: an unset variable must not add that.
        raise UsageError("An empty name was given.", hint="Name a file or folder ('.' is here).")
    options = ReadOptions(encoding=_text_encoding(encoding), ocr=ocr)
    settings = invocation.settings.with_changes(embedder=embedder or None)
    making = replace(
        invocation, settings=settings, new_library=True, without_passphrase=no_passphrase
    )
    with making.workspace() as workspace:
        report = add_paths(workspace, [Path(path) for path in paths], invocation.output, options)
    finish(report, invocation.output)


def _text_encoding(name: str) -> str:
    """Return Python's name of the encoding that a person names. Raises `UsageError`."""
    from assistant.documents.charsets import named_charset  # its tables take their time

    found = named_charset(name) if name else ""
    if name and not found:
        raise UsageError(
            f"There is no text encoding '{safe_text(name, single_line=True)}'.",
            hint="Some that there are: utf-8, cp1252, cp1250, cp1251, koi8-r, mac-roman, "
            "shift_jis, gb18030, big5, euc_kr.",
        )
    return found


@click.command()
@command_options
@filter_options(documents=True)
def docs(invocation: Invocation, within: DocumentFilter) -> None:
    """List the documents of the library, or those that fit.

    \b
    Examples:
      assistant docs --json
      assistant docs --in contracts/2025 --tag signed
    """
    with invocation.workspace() as workspace:
        records = workspace.documents()
        if within != EVERYTHING:
            records = fitting(records, within)
    output = invocation.output
    if output.as_json:
        output.json(DocsJson(invocation.settings.library, records))
    elif not records:
        output.line("The library is empty. Add documents with: assistant add PATH...")
    else:
        columns = ["id", "name", "pages", "chunks", "added", "dated", "tags"]
        rows = [
            [*map(str, (r.id, r.name, r.pages, r.chunks)), r.added_at[:10], r.dated, tags]
            for r in records
            for tags in [", ".join(r.tags)]
        ]
        output.table(columns, rows, right=frozenset({0, 2, 3}))
