"""`assistant sync`: keep the library in step with folders, once or for as long as they change."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from assistant.cli.ingest_report import finish_sync, said, sync_folders
from assistant.cli.options import Invocation, command_options
from assistant.console.interrupt import cancel_on_interrupt
from assistant.documents.file_discovery import FoundFile, discover
from assistant.errors import UsageError
from assistant.types import CancelToken, SyncRules, Workspace
from assistant.types.ingest import GRACE_DAYS

_DAY = 86400.0
_AT_LEAST_EVERY = 3600.0
"""Seconds after which a watched folder is synced without a change: graces come to their end."""

_SHARE = 20
"""A look takes at most one part in so many of the time: 10,000 files take 0.3 s."""


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Go on: sync whenever something has changed.")
@click.option(
    "--every",
    type=click.FloatRange(0.1, 86400.0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How often --watch looks for changes.",
)
@click.option(
    "--grace",
    type=click.FloatRange(0.0, 36500.0),
    default=GRACE_DAYS,
    show_default=True,
    metavar="DAYS",
    help="How long a document is kept after its file is gone; 0 forgets it at once.",
)
@click.option("--full", is_flag=True, help="Read all files, also those that look unchanged.")
@click.option(
    "--emptied",
    is_flag=True,
    help="Believe that all files of a folder were deleted, if none is there.",
)
@click.option("--no-passphrase", is_flag=True, help="Make a new library without a passphrase.")
@command_options
def sync(
    invocation: Invocation,
    folders: tuple[Path, ...],
    watch: bool,
    every: float,
    grace: float,
    full: bool,
    emptied: bool,
    no_passphrase: bool,
) -> None:
    """Keep the library in step with FOLDERS: new, changed, moved and deleted files.

    Files whose size, times and inode are as they were are not read again. A file that was
    moved or renamed stays the same document. A document whose file is gone is forgotten
    after --grace days; if all files of a folder are gone at once, or the folder itself,
    nothing is forgotten: a medium may be unplugged.

    Ctrl-C stops and Ctrl-Z pauses between two steps; what was added stays, and the next
    sync goes on from there.

    \b
    Examples:
      assistant sync contracts/ minutes/
      assistant sync contracts/ --watch
      assistant sync contracts/ --grace 0
    """
    for folder in folders:
        if not str(folder) or folder.is_file():
            raise UsageError(
                f"'{folder}' is no folder.", hint="Name folders; single files: assistant add FILE"
            )
    making = replace(invocation, new_library=True, without_passphrase=no_passphrase)
    rules = SyncRules(grace * _DAY, full=full, emptied=emptied)
    output = invocation.output
    with making.workspace() as workspace, cancel_on_interrupt() as cancel:
        if watch:
            _watch(workspace, folders, rules, every, invocation, cancel)
            return
        report = sync_folders(workspace, folders, rules, output, cancel)
    finish_sync(report, output)


def _watch(
    workspace: Workspace,
    folders: Sequence[Path],
    rules: SyncRules,
    every: float,
    invocation: Invocation,
    cancel: CancelToken,
) -> None:
    """Sync after each change until the token is cancelled.

    The folders are looked at again and again. The system's own notices (inotify) would need a
    watch for each folder, miss changes on network drives, and come before a file is complete.
    """
    output = invocation.output
    if output.as_json:
        raise UsageError("--watch has no end that --json could tell.", hint="Leave one out.")
    stop = threading.Event()
    with cancel.calling(stop.set):
        seen: dict[Path, str] | None = None
        synced = 0.0
        while not cancel.is_cancelled:
            began = time.monotonic()
            now = _stamps(folders)
            looked = time.monotonic() - began
            if now != seen or began - synced > _AT_LEAST_EVERY:
                report = sync_folders(workspace, folders, rules, output, cancel)
                output.line(f"{time.strftime('%H:%M:%S')}  {said(report)}")
                rules = replace(rules, full=False, emptied=False)
                seen, synced = now, began
            stop.wait(max(every, looked * _SHARE))
    output.note("No longer watched; what was added stays.")


def _stamps(folders: Sequence[Path]) -> dict[Path, str]:
    """Return what changes with the files of the folders."""
    found = discover(folders).entries
    return {e.path: e.stamp if isinstance(e, FoundFile) else "" for e in found}
