"""`assistant tag`: tags and dates of documents, by which searches are narrowed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from assistant.cli.document_filter import clean_tag, day_or_span
from assistant.cli.options import Invocation, command_options
from assistant.cli.schema import TagListJson, TagsJson, TagUseJson
from assistant.safe_text import safe_text
from assistant.tabular.scope import in_scope
from assistant.types import DocumentRecord, Labels


@click.group()
def tag() -> None:
    """Tag documents, and say of which day they are; search by it with --tag and --since."""


@tag.command()
@click.argument("name", metavar="TAG")
@click.argument("documents", nargs=-1, required=True)
@command_options
def add(invocation: Invocation, name: str, documents: tuple[str, ...]) -> None:
    """Give DOCUMENTS (numbers, names, folders, patterns) the tag TAG.

    A newer version of a document keeps its tags.

    \b
    Examples:
      assistant tag add signed contracts/2025
      assistant tag add "to check" 3 "letter-*"
    """
    _describe(invocation, documents, Labels(add=(clean_tag(name),)))


@tag.command()
@click.argument("name", metavar="TAG")
@click.argument("documents", nargs=-1, required=True)
@command_options
def remove(invocation: Invocation, name: str, documents: tuple[str, ...]) -> None:
    """Take the tag TAG away from DOCUMENTS.

    \b
    Example:
      assistant tag remove signed 3
    """
    _describe(invocation, documents, Labels(remove=(clean_tag(name),)))


@tag.command(name="date")
@click.argument("day", metavar="DATE")
@click.argument("documents", nargs=-1, required=True)
@command_options
def set_date(invocation: Invocation, day: str, documents: tuple[str, ...]) -> None:
    """Say that DOCUMENTS are of the day DATE (2025-03-31), or "-" that they are of none.

    When a document is added, its date is the first whole date in the file's name, else at
    the beginning of its text.

    \b
    Example:
      assistant tag date 2025-03-31 minutes.pdf
    """
    dated = "" if day == "-" else day_or_span(day, whole=True)
    _describe(invocation, documents, Labels(dated=dated))


@tag.command(name="list")
@command_options
def list_tags(invocation: Invocation) -> None:
    """List the tags of the library, with the number of documents that have each.

    \b
    Example:
      assistant tag list
    """
    with invocation.workspace() as workspace:
        records = workspace.documents()
    counts = Counter(name for record in records for name in record.tags)
    output = invocation.output
    if output.as_json:
        used = [TagUseJson(name, number) for name, number in sorted(counts.items())]
        output.json(TagListJson(used))
    elif not counts:
        output.line("There are no tags. Give some with: assistant tag add TAG DOCUMENT...")
    else:
        rows = [[name, str(number)] for name, number in sorted(counts.items())]
        output.table(["tag", "documents"], rows, right=frozenset({1}))


def _describe(invocation: Invocation, documents: Sequence[str], labels: Labels) -> None:
    with invocation.workspace() as workspace:
        chosen = in_scope(workspace.documents(), documents)
        records: list[DocumentRecord] = [workspace.describe(record.id, labels) for record in chosen]
    output = invocation.output
    if output.as_json:
        output.json(TagsJson(records))
        return
    for record in records:
        said = ", ".join([*([record.dated] if record.dated else []), *record.tags])
        output.line(safe_text(f"{record.name}: {said or 'no tags, no date'}", single_line=True))
