"""`assistant audit`: check, read and export the log of what was done with a library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.audit.terminal_view import Filter, show_records
from assistant.cli.options import Invocation, command_options
from assistant.console.interrupt import undisturbed
from assistant.console.json_output import shaped
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.errors import AuditError, UsageError
from assistant.safe_text import safe_text

if TYPE_CHECKING:
    from assistant.audit import Report
    from assistant.cli.audit.audit_schema import AuditVerifyJson
    from assistant.config import Settings
    from assistant.store import SqliteStore

_STYLES = {"ok": "green", "busy": "yellow", "interrupted": "yellow", "tampered": "bold red"}
_SAID = {
    "ok": "Every record and every page is as this program left it.",
    "busy": "The library is in use, so its last changes can't be judged. Close it and try again.",
    "interrupted": "The program was killed, or a page or the end of the log was set back.",
    "tampered": "The log or the library was changed by something else than this program.",
}


@click.group()
def audit() -> None:
    """Check, read and export the log of what was done with a library."""


@audit.command()
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An export: the log must begin with just its records.",
)
@command_options
def verify(invocation: Invocation, against: Path | None) -> None:
    """Check every record of the log and every page of the library; change neither.

    The first bad record is named, with the reason. Exit code 0 means that all is as this
    program left it; anything else ends with 1. Only an export from before (`--against`) can
    show that the whole folder was put back to an earlier day.

    \b
    Examples:
      assistant audit verify
      assistant audit verify --against /media/stick/library-120.audit-export --json
    """
    from assistant.audit import verify_library

    settings, output = invocation.settings, invocation.output
    with _opened(invocation) as store, progress_bar(output) as bar:
        lines = _export_lines(store, against) if against else None
        report = verify_library(
            settings.audit_path,
            store.audit,
            against=lines,
            progress=lambda done, total: bar("checking the log", done, total),
        )
    if output.as_json:
        output.json(_verify_json(report, settings))
    else:
        _show_report(report, output)
    if report.verdict != "ok":
        sys.exit(1)


@audit.command()
@click.option("--action", "actions", multiple=True, metavar="NAME", help="Only this action.")
@click.option("--since", metavar="TIME", default="", help="Only from this time (UTC) on.")
@click.option("--until", metavar="TIME", default="", help="Only before this time (UTC).")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the last N of them.")
@click.option("--unchecked", is_flag=True, help="Read without the passphrase: seals not checked.")
@command_options
def show(
    invocation: Invocation,
    actions: tuple[str, ...],
    since: str,
    until: str,
    last: int | None,
    unchecked: bool,
) -> None:
    """Show the records of the log, oldest first, up to the first bad one.

    What the records say is in docs/audit.md. Texts of questions and names of documents are
    not in the log, unless the setting `audit_content` is on.

    \b
    Examples:
      assistant audit show --last 20
      assistant audit show --action forget --since 2026-11-01
      assistant audit show --action ask --action cite --json
    """
    chosen = Filter(actions, since, until, last)
    if unchecked:
        bad = show_records(invocation, None, chosen)
    else:
        with _opened(invocation) as store:
            secret = store.audit.secret()
        bad = show_records(invocation, secret, chosen)
    if bad:
        sys.exit(1)


@audit.command()
@click.argument("path", type=click.Path(path_type=Path, writable=True))
@command_options
def export(invocation: Invocation, path: Path) -> None:
    """Write a signed copy of the log to PATH: a new file, or a folder on removable media.

    Keep it where this machine can't change it. `assistant audit verify --against` then shows
    whether the log was cut, rewritten or put back since.

    \b
    Examples:
      assistant audit export /media/stick/
      assistant audit export /media/stick/ward-3-november.audit-export --library ward-3
    """
    from assistant.audit import AuditRecorder, write_export

    settings, output = invocation.settings, invocation.output
    with _opened(invocation) as store:
        recorder = AuditRecorder(settings)
        recorder.attach(store)
        try:
            log = recorder.log
            if log is None:  # `attach` gives one or raises
                raise AssertionError
            log.before_write()
            done = write_export(log, path, settings.library)
        finally:
            with undisturbed():
                recorder.close()
    if output.as_json:
        from assistant.cli.audit.audit_schema import AuditExportJson

        output.json(shaped(AuditExportJson, done, path=str(done.path), records=done.count))
        return
    output.line(f"{done.count} records written to {done.path}")
    output.line(f"head {done.hash}")


@audit.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@command_options
def accept(invocation: Invocation, yes: bool) -> None:
    """Go on with a library that the log refuses: take it as it is, and record that for good.

    For a log that is missing or spoiled a new one is begun, and the old one kept beside it.
    Run `assistant audit verify` first: what it finds may be the work of somebody else.

    \b
    Example:
      assistant audit accept
    """
    from assistant.audit import open_log, restart_log

    settings, output = invocation.settings, invocation.output
    with _opened(invocation) as store:
        _confirm(settings.library, output, yes=yes)
        try:
            log, anew = open_log(settings.audit_path, store.audit), False
        except AuditError as error:
            log, anew = restart_log(settings.audit_path, store.audit, error.message[:200]), True
        if not anew:
            log.accept("a person")
        log.close()
        records = log.count
    if output.as_json:
        from assistant.cli.audit.audit_schema import AuditAcceptJson

        output.json(AuditAcceptJson(anew, records))
    else:
        output.line("A new log was begun." if anew else "Recorded: the library is taken as it is.")


@contextmanager
def _opened(invocation: Invocation) -> Iterator[SqliteStore]:
    """Open the library's store, without engines and without a record of its own."""
    from assistant.store import open_store
    from assistant.unlock.unlock import LibraryUnlocker

    settings = invocation.settings
    if not settings.store_path.exists():
        raise UsageError(
            f"There is no library '{settings.library}'.", hint="Add a document: assistant add PATH"
        )
    key = LibraryUnlocker(settings, invocation.output).get(create=False)
    with open_store(settings.store_path, key, create=False, embedder=None) as store:
        yield store


def _export_lines(store: SqliteStore, path: Path) -> list[bytes]:
    from assistant.audit import AuditKeys, read_export

    secret = store.audit.secret()
    if secret is None:
        raise UsageError("This library has no log yet.", hint="Open it once: assistant docs")
    return read_export(path, AuditKeys(secret))[1]


def _confirm(library: str, output: Output, *, yes: bool) -> None:
    if yes:
        return
    if output.as_json or not sys.stdin.isatty():
        raise UsageError("Nobody could be asked.", hint="Say --yes to accept without a question.")
    shown = safe_text(library, single_line=True)
    if not click.confirm(f"Take '{shown}' as it is now, whatever happened to it?", err=True):
        raise UsageError("Nothing was recorded.", hint="The log refuses the library as before.")


def _verify_json(report: Report, settings: Settings) -> AuditVerifyJson:
    from assistant.cli.audit.audit_schema import AuditVerifyJson

    root, pages = (report.root.root, report.root.pages) if report.root else ("", 0)
    return shaped(AuditVerifyJson, report, library=settings.library, root=root, pages=pages)


def _show_report(report: Report, output: Output) -> None:
    for found in report.findings:
        place = "" if found.record is None else f"record {found.record}: "
        word = "note" if found.verdict == "ok" else found.verdict
        output.line((f"{word:12}", _STYLES[found.verdict]), f"{place}{found.message}.")
    output.line(f"{report.records} records are right; head {report.hash}")
    if report.root:
        output.line(f"{report.root.pages} pages; root {report.root.root}")
    output.line((f"{report.verdict.upper()}. ", _STYLES[report.verdict]), _SAID[report.verdict])
