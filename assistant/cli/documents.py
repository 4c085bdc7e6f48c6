"""`assistant add`, `docs` and `forget`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from assistant.cli.options import Invocation, command_options
from assistant.cli.schema import AddedJson, AddJson, DocsJson, FileFailureJson, ForgetJson
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.json_output import ErrorJson, shaped
from assistant.console.output import Output
from assistant.documents.charsets import named_charset
from assistant.errors import Cancelled, UsageError
from assistant.safe_text import safe_text
from assistant.types import (
    AS_FOUND,
    DocumentRecord,
    FileAdded,
    FileFailed,
    FileKnown,
    FileProgress,
    FilesFound,
    IngestEvent,
    IngestFinished,
    ReadOptions,
    Workspace,
)


@dataclass
class Report:
    """The result of `add`, file by file."""

    added: list[FileAdded] = field(default_factory=list)
    known: list[DocumentRecord] = field(default_factory=list)
    failed: list[FileFailureJson] = field(default_factory=list)
    skipped: int = 0
    cancelled: bool = False

    def json(self) -> AddJson:
        return shaped(AddJson, self, added=[_added_json(event) for event in self.added])


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option(
    "--no-passphrase",
    is_flag=True,
    help="Make a new library without a passphrase: whoever has the folder can read it.",
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
    making = replace(invocation, new_library=True, without_passphrase=no_passphrase)
    with making.workspace() as workspace:
        report = add_paths(workspace, [Path(path) for path in paths], invocation.output, options)
    _finish(report, invocation.output)


def _text_encoding(name: str) -> str:
    """Return Python's name of the encoding that a person names. Raises `UsageError`."""
    found = named_charset(name) if name else ""
    if name and not found:
        raise UsageError(
            f"There is no text encoding '{_line(name)}'.",
            hint="Some that there are: utf-8, cp1252, cp1250, cp1251, koi8-r, mac-roman, "
            "shift_jis, gb18030, big5, euc_kr.",
        )
    return found


def add_paths(
    workspace: Workspace,
    paths: Sequence[Path],
    output: Output,
    options: ReadOptions = AS_FOUND,
) -> Report:
    """Add files with progress on stderr; Ctrl-C cancels after what is at work."""
    report = Report()
    with cancel_on_interrupt() as cancel, _progress(output) as shown:
        for event in workspace.add(paths, cancel, options=options):
            shown(event)
            _record(event, report, output)
    return report


def _added_json(event: FileAdded) -> AddedJson:
    replaced = event.replaced.id if event.replaced else None
    return shaped(AddedJson, event.document, replaced=replaced, note=event.note)


def _record(event: IngestEvent, report: Report, output: Output) -> None:
    match event:
        case FilesFound(skipped=skipped):
            report.skipped = skipped
        case FileAdded(document=document, replaced=replaced, note=note):
            report.added.append(event)
            pages = f"{document.pages} page{'s' if document.pages != 1 else ''}"
            word = "updated " if replaced else "added "
            output.note((word, "green"), f"{_line(document.name)}  ({pages})")
            if note:
                output.note(("  note: ", "yellow"), note)
        case FileKnown(document=document):
            report.known.append(document)
            output.note(("known ", "dim"), _line(document.name))
        case FileFailed(path=path, error=error):
            report.failed.append(FileFailureJson(str(path), shaped(ErrorJson, error)))
            output.note(("failed ", "bold red"), f"{_line(str(path))}: {error}")
        case IngestFinished(cancelled=cancelled):
            report.cancelled = cancelled
        case _:
            pass


def _finish(report: Report, output: Output) -> None:
    if output.as_json:
        output.json(report.json())
    else:
        counts = f"{len(report.added)} added, {len(report.known)} known before"
        passed = f", {report.skipped} of other kinds passed over" if report.skipped else ""
        output.line(f"{counts}, {len(report.failed)} failed{passed}.")
    if report.cancelled:
        output.note("Cancelled: what was added before stays in the library.")
        sys.exit(Cancelled.exit_code)
    if report.failed:
        sys.exit(1)


class _Shown:
    """A progress bar over all files, with the file at work and its stage beside it."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task = progress.add_task("looking for documents", total=None)

    def __call__(self, event: IngestEvent) -> None:
        match event:
            case FilesFound(total=total):
                self.progress.update(self.task, total=total)
            case FileProgress(path=path, stage="comparing"):
                self.progress.update(self.task, description=f"comparing {_line(path.name)}")
            case FileProgress(path=path, stage="recognizing", done=done, total=total):
                page = f"page {min(done + 1, total)} of {total} by OCR"
                label = f"reading {_line(path.name)}, {page}{_time_left(event.seconds_left)}"
                self.progress.update(self.task, description=label)
            case FileProgress(path=path, index=index, stage=stage, done=done, total=total):
                share = done / total if total else 0.0
                weight = {"embedding": 0.1, "storing": 0.95}.get(stage, 0.0)
                span = {"embedding": 0.85, "storing": 0.05}.get(stage, 0.1)
                label = f"{stage} {_line(path.name)}"
                completed = index + weight + span * share
                self.progress.update(self.task, completed=completed, description=label)
            case FileAdded(index=index) | FileKnown(index=index) | FileFailed(index=index):
                self.progress.update(self.task, completed=index + 1)
            case _:
                pass


def _time_left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f", {seconds / 60:.0f} min left" if seconds >= 90 else f", {seconds:.0f} s left"


@contextmanager
def _progress(output: Output) -> Iterator[_Shown]:
    with Progress(
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}", markup=False),
        console=output.errors,
        transient=True,
        disable=not output.interactive,
    ) as progress:
        yield _Shown(progress)


@click.command()
@command_options
def docs(invocation: Invocation) -> None:
    """List the documents of the library.

    \b
    Example:
      assistant docs --json
    """
    with invocation.workspace() as workspace:
        records = workspace.documents()
    output = invocation.output
    if output.as_json:
        output.json(DocsJson(invocation.settings.library, records))
    elif not records:
        output.line("The library is empty. Add documents with: assistant add PATH...")
    else:
        columns = ["id", "name", "pages", "chunks", "added"]
        rows = [[str(r.id), r.name, str(r.pages), str(r.chunks), r.added_at[:10]] for r in records]
        output.table(columns, rows, right=frozenset({0, 2, 3}))


@click.command()
@click.argument("document")
@click.option("--yes", is_flag=True, help="Do not ask.")
@command_options
def forget(invocation: Invocation, document: str, yes: bool) -> None:
    """Delete DOCUMENT (its id, name, or the beginning of its name) and every trace of it.

    The document's file outside the library is not touched.

    \b
    Examples:
      assistant forget 3
      assistant forget old-contract.pdf --yes
    """
    with invocation.workspace() as workspace:
        record = workspace.resolve(document)
        if not yes:
            _confirm(record, invocation.output)
        forgotten = workspace.forget(record.id)
    if invocation.output.as_json:
        invocation.output.json(ForgetJson(forgotten))
    else:
        invocation.output.line(f"Forgotten: {_line(forgotten.name)}")


def _confirm(record: DocumentRecord, output: Output) -> None:
    if output.as_json or not sys.stdin.isatty():
        raise UsageError(
            f"'{record.name}' was not forgotten, because nobody could be asked.",
            hint="Say --yes to forget it without a question.",
        )
    try:
        agreed = click.confirm(f"Forget {_line(record.name)} ({record.pages} pages)?")
    except click.Abort as error:
        raise Cancelled from error
    if not agreed:
        raise Cancelled("Nothing was forgotten.")


def _line(text: str) -> str:
    return safe_text(text, single_line=True)
