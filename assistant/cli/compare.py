"""`assistant compare`: what is different in the new version of a document."""

from __future__ import annotations

from collections import Counter

import click
from rich.text import Text

from assistant.cli.options import Invocation, command_options
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.json_output import Document, shaped
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.errors import UsageError
from assistant.safe_text import safe_text
from assistant.types import Page
from assistant.types.comparison import Change, ChangeKind, Comparison

_TITLES: dict[ChangeKind, str] = {
    "changed": "Changed", "added": "Added", "dropped": "Dropped", "moved": "Moved",
    "renumbered": "Renumbered",
}  # fmt: skip
_STYLES: dict[ChangeKind, str] = {"added": "green", "dropped": "red"}


class CompareJson(Document, frozen=True):
    """`changes` are in the order of the new version; `unchanged` counts sentences."""

    old: str
    new: str
    changes: list[Change]
    unchanged: int


@click.command()
@click.argument("old")
@click.argument("new")
@command_options
def compare(invocation: Invocation, old: str, new: str) -> None:
    """Say what is different in NEW, a later version of OLD (names, or numbers from `docs`).

    Every sentence that was added, dropped, changed or moved is given with its page in both.
    Other line breaks, pages and running heads make no difference, and the number of a clause
    is compared apart. No model takes part.

    \b
    Examples:
      assistant compare lease-2024.pdf lease-2025.pdf
      assistant compare 3 7 --json
    """
    # Imported here: what they need starts threads, and none may run before the lock.
    from assistant.comparison import compare_versions, document_text

    with invocation.workspace() as workspace, cancel_on_interrupt() as cancel:
        records = workspace.resolve(old), workspace.resolve(new)
        if records[0].id == records[1].id:
            raise UsageError("These are one and the same document.", hint="Name two of them.")
        total = sum(record.pages for record in records)
        with progress_bar(invocation.output) as report:
            read = 0

            def page(document_id: int, number: int) -> Page:
                nonlocal read
                cancel.raise_if_cancelled()
                read += 1
                report("pages read", read, total)
                return workspace.page(document_id, number)

            texts = [document_text(record, page) for record in records]
        found = compare_versions(*texts)
    if invocation.output.as_json:
        names = {"old": records[0].name, "new": records[1].name}
        invocation.output.json(shaped(CompareJson, found, **names))
    else:
        show_comparison(found, invocation.output)


def show_comparison(found: Comparison, output: Output) -> None:
    """Print the differences, then how many there are of each kind."""
    for change in found.changes:
        if change.kind != "renumbered":
            _show(change, output)
    counts = Counter(change.kind for change in found.changes)
    parts = [f"{counts[kind]} {kind}" for kind in _TITLES if counts[kind]]
    output.line(", ".join([*parts, f"{found.unchanged} sentences unchanged"]) + ".")


def _show(change: Change, output: Output) -> None:
    places = " → ".join(quotes[0].where for quotes in (change.old, change.new) if quotes)
    output.line((f"{_TITLES[change.kind]} ", "bold"), (f"({_line(places)})", "cyan"))
    if change.kind == "changed":
        output.line("  ", _line(change.new_text))
        for words in change.words:
            line = Text("    ")
            line.append(_line(words.old) or "(nothing)", style="red strike")
            line.append(" → ")
            line.append(_line(words.new) or "(nothing)", style="green")
            output.console.print(line)
        return
    text = change.new_text or change.old_text
    output.line("  ", (_line(text), _STYLES.get(change.kind, "")))


def _line(text: str) -> str:
    return safe_text(" ".join(text.split()), single_line=True)
