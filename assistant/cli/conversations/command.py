"""`assistant conversations`: list, show, export, rename and delete what the app kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from assistant.cli.ask.command import show_answer
from assistant.cli.conversations.conversations_schema import (
    ConversationDeletedJson,
    ConversationExportedJson,
    ConversationsJson,
    record_json,
    shown_json,
)
from assistant.cli.conversations.markdown import FORGOTTEN, as_markdown
from assistant.cli.options import Invocation, command_options
from assistant.console.json_output import plain
from assistant.errors import Cancelled, UsageError
from assistant.safe_text import safe_text
from assistant.text.counted import counted
from assistant.types.conversations import Conversation
from assistant.whole_file import write_in_place


@click.group()
def conversations() -> None:
    """List, show, export and delete the conversations that the app has kept."""


@conversations.command("list")
@click.option("--search", "words", default="", metavar="WORDS", help="Those that hold all of them.")
@command_options
def list_conversations(invocation: Invocation, words: str) -> None:
    """List conversations, the newest first.

    \b
    Examples:
      assistant conversations list
      assistant conversations list --search "notice period" --json
    """
    with invocation.workspace() as workspace:
        records = workspace.conversations.find(words)
    output = invocation.output
    if output.as_json:
        output.json(ConversationsJson([record_json(record) for record in records]))
    elif not records:
        output.line("There is no such conversation." if words else "No conversation is kept.")
    else:
        rows = [[str(r.id), r.name, str(r.turns), r.changed_at[:16]] for r in records]
        output.table(["id", "name", "questions", "last"], rows, right=frozenset({0, 2}))


@conversations.command()
@click.argument("number", type=int)
@command_options
def show(invocation: Invocation, number: int) -> None:
    """Show the conversation NUMBER: its questions, and the answers as they were given.

    \b
    Example:
      assistant conversations show 3
    """
    with invocation.workspace() as workspace:
        found = workspace.conversations.load(number)
    output = invocation.output
    if output.as_json:
        output.json(shown_json(found))
        return
    for turn in found.turns:
        output.line((f"> {_line(turn.question)}", "bold"))
        if turn.answer is None:
            output.line((FORGOTTEN, "yellow"))
        else:
            show_answer(turn.answer, output, passages=False)
        output.line()


@conversations.command()
@click.argument("number", type=int)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True))
@click.option("--overwrite", is_flag=True, help="Replace a file that holds something.")
@command_options
def export(invocation: Invocation, number: int, file: Path, overwrite: bool) -> None:
    """Write the conversation NUMBER to FILE (.md or .json), sources as numbered endnotes.

    The file is not encrypted; that it was written stands in the audit log.

    \b
    Example:
      assistant conversations export 3 notice-period.md
    """
    kind = file.suffix.lower()
    if kind not in (".md", ".json"):
        raise UsageError(f"'{file.name}' has no ending that says what to write.", hint=".md, .json")
    if not overwrite and file.exists() and file.stat().st_size:
        raise UsageError(f"{file} holds something.", hint="Say --overwrite to replace it.")
    with invocation.workspace() as workspace:
        found = workspace.conversations.load(number)
        workspace.note_export("conversation", len(found.turns), _documents(found))
        if kind == ".md":
            data = as_markdown(found).encode()
        else:
            data = json.dumps(plain(shown_json(found)), indent=1).encode() + b"\n"
        write_in_place(file, data, "Make room or name another file; the conversation is kept.")
    if invocation.output.as_json:
        invocation.output.json(ConversationExportedJson(record_json(found.record), str(file)))
    else:
        invocation.output.line(f"Written: {_line(str(file))}")


@conversations.command()
@click.argument("number", type=int)
@click.argument("name")
@command_options
def rename(invocation: Invocation, number: int, name: str) -> None:
    """Call the conversation NUMBER by another NAME.

    \b
    Example:
      assistant conversations rename 3 "Notice periods"
    """
    with invocation.workspace() as workspace:
        record = workspace.conversations.rename(number, name)
    if invocation.output.as_json:
        invocation.output.json(ConversationsJson([record_json(record)]))
    else:
        invocation.output.line(f"{record.id}: {_line(record.name)}")


@conversations.command()
@click.argument("number", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@command_options
def delete(invocation: Invocation, number: int, yes: bool) -> None:
    """Delete the conversation NUMBER for good: no byte of it stays in the library.

    \b
    Example:
      assistant conversations delete 3 --yes
    """
    with invocation.workspace() as workspace:
        if not yes:
            _confirm(invocation, workspace.conversations.load(number))
        record = workspace.conversations.remove(number)
    if invocation.output.as_json:
        invocation.output.json(ConversationDeletedJson(record_json(record)))
    else:
        invocation.output.line(f"Deleted: {_line(record.name)}")


def _confirm(invocation: Invocation, found: Conversation) -> None:
    if invocation.output.as_json or not sys.stdin.isatty():
        raise UsageError(
            "Nothing was deleted, because nobody could be asked.",
            hint="Say --yes to delete it without a question.",
        )
    try:
        questions = _line(counted(found.record.turns, "question"))
        agreed = click.confirm(f"Delete '{_line(found.record.name)}' ({questions})?")
    except click.Abort as error:
        raise Cancelled from error
    if not agreed:
        raise Cancelled("Nothing was deleted.")


def _documents(found: Conversation) -> list[int]:
    quotes = [q for t in found.turns if t.answer for s in t.answer.sentences for q in s.quotes]
    return sorted({quote.document_id for quote in quotes})


def _line(text: str) -> str:
    return safe_text(text, single_line=True)
