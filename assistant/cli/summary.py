"""`assistant summary`: what a document says, quoted part by part."""

from __future__ import annotations

import sys

import click

from assistant.cli.ask.answer_schema import answer_json
from assistant.cli.ask.command import follow
from assistant.cli.options import Invocation, command_options
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.output import Output
from assistant.errors import Cancelled, UsageError
from assistant.safe_text import safe_text
from assistant.types import SUMMARY, Answer, Sentence, Workspace


@click.command()
@click.argument("document")
@command_options
def summary(invocation: Invocation, document: str) -> None:
    """Summarise DOCUMENT (its name, or a number from `docs`): the key sentence of each part.

    Every sentence is copied from the document and cited; no model writes anything, so that
    nothing is made up and the same document always gives the same summary.

    \b
    Examples:
      assistant summary supply-contract.pdf
      assistant summary 3 --json
    """
    with invocation.workspace() as workspace, cancel_on_interrupt() as cancel:
        name = _named(document, workspace)
        events = workspace.ask(f"Summarise {name}", cancel, strategy=SUMMARY)
        answer = follow(events, invocation.output)
    if invocation.output.as_json:
        invocation.output.json(answer_json(answer))
    else:
        show_summary(answer, invocation.output)
    if answer.cancelled:
        sys.exit(Cancelled.exit_code)


def _named(document: str, workspace: Workspace) -> str:
    """Return the document's name; what is no name or number is looked for by its words."""
    try:
        return workspace.resolve(document).name
    except UsageError:
        return document


def show_summary(answer: Answer, output: Output) -> None:
    """Print each sentence under the heading of its part, with its place."""
    before = ""
    for sentence in answer.sentences:
        heading = _heading(answer, sentence)
        if heading and heading != before:
            output.line((safe_text(heading, single_line=True), "bold"))
        before = heading
        place = f" ({sentence.quotes[0].where})" if sentence.quotes else ""
        words = safe_text(" ".join(sentence.text.split()), single_line=True)
        output.line("  ", words, (safe_text(place, single_line=True), "cyan"))
    if not answer.sentences:
        output.line(answer.text)


def _heading(answer: Answer, sentence: Sentence) -> str:
    """Return the innermost heading above a sentence."""
    for hit in answer.passages:
        passage = hit.passage
        whole = passage.cite(0, len(passage.text))
        if any(
            (own.document_id, own.page) == (quote.document_id, quote.page)
            and own.start <= quote.start
            and quote.end <= own.end
            for own in whole
            for quote in sentence.quotes[:1]
        ):
            return passage.heading.rsplit(" > ", 1)[-1]
    return ""
