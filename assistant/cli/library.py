"""`assistant library`: look after the library as a whole."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import click

from assistant.cli.options import Invocation, command_options
from assistant.cli.schema import (
    FindingJson,
    LibraryCheckJson,
    ReadingJson,
    ReadingNoteJson,
    ReEmbedJson,
)
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.json_output import shaped
from assistant.console.output import Output
from assistant.console.progress import progress_bar, time_left
from assistant.documents.reading_notes import advice, worded
from assistant.errors import Cancelled
from assistant.safe_text import safe_text
from assistant.text.counted import counted
from assistant.types import DocumentRecord, Note, ReEmbedProgress
from assistant.types.library_check import Finding


@click.group()
def library() -> None:
    """Look after the library as a whole."""


@library.command()
@command_options
def check(invocation: Invocation) -> None:
    """Look through the library for what makes answers wrong, and say what to do.

    Of each document: what was left out or is doubtful. Of all: texts that are the same, versions
    of one document, pages with hardly any text, passages that can't be read or come up again and
    again, and what no kept answer quotes. Nothing is changed.

    \b
    Examples:
      assistant library check
      assistant library check --json | jq '.findings[] | select(.kind == "versions")'
      assistant library check --json | jq '.documents[] | select(.notes != [])'
    """
    output = invocation.output
    with (
        invocation.workspace() as workspace,
        cancel_on_interrupt() as cancel,
        progress_bar(output) as report,
    ):
        found = [(record, workspace.notes(record.id)) for record in workspace.documents()]
        began = time.monotonic()

        def look(done: int, total: int) -> None:
            left = (time.monotonic() - began) / done * (total - done) if done else None
            report(f"{done} of {total} documents{time_left(left)}", done, total)

        findings = workspace.check(look, cancel) if found else ()
    if output.as_json:
        documents = [_json(record, notes) for record, notes in found]
        told = [shaped(FindingJson, finding) for finding in findings]
        output.json(LibraryCheckJson(invocation.settings.library, documents, told))
    else:
        _show(found, output)
        _show_findings(findings, output)


@library.command("re-embed")
@click.option(
    "--embedder",
    default="",
    metavar="NAME",
    help="An embedder's name (assistant models list) [default: what suits the documents].",
)
@command_options
def re_embed(invocation: Invocation, embedder: str) -> None:
    """Make all vectors of the library anew with another embedder, such as the multilingual one.

    The library is searched as before until all are made. Ctrl-C stops; the next call goes on
    where it was, also after a crash. Documents are not read again.

    \b
    Examples:
      assistant library re-embed
      assistant library re-embed --embedder multilingual-e5-small-int8
    """
    # Opened with the embedder that it has, whatever the settings say.
    own = replace(invocation, settings=invocation.settings.with_changes(embedder=""))
    last = ReEmbedProgress(0, 0)
    with (
        own.workspace() as workspace,
        cancel_on_interrupt() as cancel,
        progress_bar(invocation.output) as report,
    ):
        for last in workspace.re_embed(embedder, cancel):
            said = f"{last.done} of {last.total} chunks{time_left(last.seconds_left)}"
            report(said, last.done, last.total)
    if invocation.output.as_json:
        invocation.output.json(ReEmbedJson(last.done, last.total, last.finished))
    elif last.finished:
        invocation.output.line(f"{last.total} chunks have new vectors, which are in use now.")
    if not last.finished:
        invocation.output.note("Stopped: the old vectors are in use. The next call goes on.")
        sys.exit(Cancelled.exit_code)


def _show_findings(findings: tuple[Finding, ...], output: Output) -> None:
    """Print what was found in the whole library, a heading for each kind."""
    kind = ""
    for finding in findings:
        if finding.kind != kind:
            kind = finding.kind
            output.line()
            output.line((kind.capitalize(), "bold"))
        output.line(f"  {finding.said}.")
        if finding.advice:
            output.line((f"    {finding.advice}", "dim"))


def _json(record: DocumentRecord, notes: tuple[Note, ...]) -> ReadingJson:
    said = [ReadingNoteJson(n.code, worded(n), advice(n), list(n.pages)) for n in notes]
    return shaped(ReadingJson, record, notes=said)


def _show(found: list[tuple[DocumentRecord, tuple[Note, ...]]], output: Output) -> None:
    if not found:
        output.line("The library is empty. Add documents with: assistant add PATH...")
        return
    columns = ["id", "name", "type", "pages", "chunks", "notes"]
    rows = [
        [str(r.id), r.name, r.media_type, str(r.pages), str(r.chunks), str(len(notes) or "")]
        for r, notes in found
    ]
    output.table(columns, rows, right=frozenset({0, 3, 4, 5}))
    for record, notes in found:
        if notes:
            output.line()
            output.line((safe_text(record.name, single_line=True), "bold"))
        for note in notes:
            output.line(f"  {worded(note)}.")
            if said := advice(note):
                output.line((f"    {said}", "dim"))
    doubtful = sum(bool(notes) for _, notes in found)
    output.line()
    output.line(f"{counted(len(found), 'document')}, {doubtful} with notes.")
