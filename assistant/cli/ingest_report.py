"""What adding and syncing tell: progress on stderr, then the result, file by file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from assistant.cli.schema import (
    AddedJson,
    AddJson,
    FileFailureJson,
    GoneJson,
    KeptJson,
    MovedJson,
    SyncJson,
)
from assistant.console.interrupt import cancel_on_interrupt, pausing
from assistant.console.json_output import ErrorJson, shaped
from assistant.console.output import Output
from assistant.console.progress import time_left
from assistant.errors import Cancelled
from assistant.safe_text import safe_text
from assistant.types import (
    AS_FOUND,
    CancelToken,
    DocumentMoved,
    DocumentRecord,
    FileAdded,
    FileFailed,
    FileGone,
    FileKnown,
    FileProgress,
    FilesFound,
    FilesKept,
    IngestEvent,
    IngestFinished,
    NamesAlike,
    ReadOptions,
    RunProgress,
    SyncRules,
    Workspace,
)


@dataclass
class Report:
    """The result of one run or, while folders are watched, of several."""

    added: list[FileAdded] = field(default_factory=list)
    known: list[DocumentRecord] = field(default_factory=list)
    failed: list[FileFailureJson] = field(default_factory=list)
    moved: list[DocumentMoved] = field(default_factory=list)
    gone: list[FileGone] = field(default_factory=list)
    kept: list[FilesKept] = field(default_factory=list)
    alike: list[NamesAlike] = field(default_factory=list)
    unchanged: int = 0
    skipped: int = 0
    cancelled: bool = False

    def json(self) -> AddJson:
        return shaped(AddJson, self, added=self._added(), gone=self._gone())

    def sync_json(self) -> SyncJson:
        return shaped(
            SyncJson,
            self,
            added=self._added(),
            gone=self._gone(),
            moved=[shaped(MovedJson, event.document, before=event.before) for event in self.moved],
            kept=[
                KeptJson(str(event.folder), event.files, shaped(ErrorJson, event.error))
                for event in self.kept
            ],
            names_alike=[[str(path) for path in event.paths] for event in self.alike],
        )

    def _added(self) -> list[AddedJson]:
        return [_added_json(event) for event in self.added]

    def _gone(self) -> list[GoneJson]:
        return [
            shaped(GoneJson, event.document, due=event.due, forgotten=event.forgotten)
            for event in self.gone
        ]


def add_paths(
    workspace: Workspace,
    paths: Sequence[Path],
    output: Output,
    options: ReadOptions = AS_FOUND,
) -> Report:
    """Add files with progress on stderr; Ctrl-C cancels after what is at work."""
    report = Report()
    with cancel_on_interrupt() as cancel:
        follow_run(workspace.add(paths, cancel, options=options), report, output)
    return report


def sync_folders(
    workspace: Workspace,
    folders: Sequence[Path],
    rules: SyncRules,
    output: Output,
    cancel: CancelToken,
) -> Report:
    """Sync folders once, with progress on stderr."""
    report = Report()
    follow_run(workspace.add(folders, cancel, sync=rules), report, output)
    return report


def follow_run(events: Iterator[IngestEvent], report: Report, output: Output) -> None:
    """Show the events and collect them; Ctrl-Z pauses between two of them."""
    with pausing() as pause, _progress(output) as shown:
        for event in events:
            shown(event)
            _record(event, report, output)
            pause()


def _added_json(event: FileAdded) -> AddedJson:
    replaced = event.replaced.id if event.replaced else None
    return shaped(AddedJson, event.document, replaced=replaced, note=event.note)


def _record(event: IngestEvent, report: Report, output: Output) -> None:
    match event:
        case FilesFound(skipped=skipped, note=note):
            report.skipped = skipped
            if note:
                output.note(("note: ", "yellow"), note)
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
        case IngestFinished(cancelled=cancelled, unchanged=unchanged):
            report.cancelled, report.unchanged = cancelled, unchanged
        case _:
            _record_sync(event, report, output)


def _record_sync(event: IngestEvent, report: Report, output: Output) -> None:
    match event:
        case DocumentMoved(document=document, before=before):
            report.moved.append(event)
            output.note(("moved ", "green"), f"{_line(before)} -> {_line(document.source)}")
        case FileGone(path=path, due=due, forgotten=forgotten):
            report.gone.append(event)
            word = "forgotten " if forgotten else "gone "
            when = f"  (to be forgotten on {due[:10]})" if due and not forgotten else ""
            output.note((word, "yellow"), f"{_line(str(path))}{when}")
        case FilesKept(error=error):
            report.kept.append(event)
            output.note(("kept ", "bold yellow"), str(error))
        case NamesAlike(paths=paths):
            report.alike.append(event)
            names = ", ".join(_line(str(path)) for path in paths)
            output.note(("names ", "yellow"), f"that differ in case or accents only: {names}")
        case _:
            pass


def finish(report: Report, output: Output) -> None:
    """Write the result of adding, and exit with its status."""
    if output.as_json:
        output.json(report.json())
    else:
        counts = f"{len(report.added)} added, {len(report.known)} known before"
        output.line(f"{counts}, {len(report.failed)} failed{_passed_over(report)}.")
        if report.gone:
            output.note(
                f"The files of {len(report.gone)} documents are gone, but they still answer. "
                "Take them out with: assistant sync FOLDER (or: assistant forget DOCUMENT)"
            )
    _exit(report, output)


def finish_sync(report: Report, output: Output) -> None:
    """Write the result of a sync, and exit with its status."""
    if output.as_json:
        output.json(report.sync_json())
    else:
        output.line(said(report))
    _exit(report, output)


def said(report: Report) -> str:
    """Say in a line what a sync has done."""
    forgotten = sum(event.forgotten for event in report.gone)
    updated = sum(event.replaced is not None for event in report.added)
    counts = {
        "added": len(report.added) - updated,
        "updated": updated,
        "moved": len(report.moved),
        "forgotten": forgotten,
        "gone but kept for now": len(report.gone) - forgotten,
        "failed": len(report.failed),
    }
    shown = [f"{number} {what}" for what, number in counts.items() if number]
    same = report.unchanged + len(report.known)
    return ", ".join([*shown, f"{same} as before"]) + f"{_passed_over(report)}."


def _passed_over(report: Report) -> str:
    return f", {report.skipped} of other kinds passed over" if report.skipped else ""


def _exit(report: Report, output: Output) -> None:
    if report.cancelled:
        output.note("Cancelled: what was added before stays in the library.")
        sys.exit(Cancelled.exit_code)
    if report.failed or report.kept:
        sys.exit(1)


class _Shown:
    """A progress bar over all files, with the file at work and its stage beside it."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task = progress.add_task("looking for documents", total=None)
        self.pace = ""

    def __call__(self, event: IngestEvent) -> None:
        match event:
            case FilesFound(total=total):
                self.progress.update(self.task, total=total)
            case RunProgress(done=done, total=total, rate=rate, seconds_left=left) if rate:
                speed = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB, {rate / 1e6:.2f} MB/s"
                self.pace = f"{speed}{time_left(left)}: "
            case FileProgress(path=path, stage="comparing"):
                self.progress.update(self.task, description=f"comparing {_line(path.name)}")
            case FileProgress(path=path, stage="recognizing", done=done, total=total):
                page = f"page {min(done + 1, total)} of {total} by OCR"
                label = f"reading {_line(path.name)}, {page}{time_left(event.seconds_left)}"
                self.progress.update(self.task, description=label)
            case FileProgress(path=path, index=index, stage=stage, done=done, total=total):
                share = done / total if total else 0.0
                weight = {"embedding": 0.1, "storing": 0.95}.get(stage, 0.0)
                span = {"embedding": 0.85, "storing": 0.05}.get(stage, 0.1)
                label = f"{self.pace}{stage} {_line(path.name)}"
                completed = index + weight + span * share
                self.progress.update(self.task, completed=completed, description=label)
            case FileAdded(index=index) | FileKnown(index=index) | FileFailed(index=index):
                self.progress.update(self.task, completed=index + 1)
            case _:
                pass


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


def _line(text: str) -> str:
    return safe_text(text, single_line=True)
