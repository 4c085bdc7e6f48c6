"""`assistant demo`: open the app on a small library of fictional documents."""

from __future__ import annotations

import copy
import sys
from dataclasses import replace

import click

from assistant.cli.ask.answer_schema import answer_json
from assistant.cli.ask.command import follow, show_answer
from assistant.cli.ingest_report import add_paths
from assistant.cli.options import Invocation, command_options
from assistant.config import DEFAULT_LIBRARY
from assistant.sample_library import SAMPLE_QUESTION, sample_paths

SAMPLE_LIBRARY = "sample"


@click.command()
@command_options
def demo(invocation: Invocation) -> None:
    """Try it: open the app on a sample library (a contract, a guideline, a manual...).

    The library is called "sample" and does not touch yours; it has no passphrase, because
    its content is public. Without a terminal, a sample question is answered instead.

    \b
    Example:
      assistant demo
    """
    settings = invocation.settings
    if settings.library == DEFAULT_LIBRARY:
        settings = settings.with_changes(library=SAMPLE_LIBRARY)
    here = replace(invocation, settings=settings, new_library=True, without_passphrase=True)
    with here.workspace() as workspace:
        report = add_paths(workspace, sample_paths(), here.output)
        if report.failed or report.cancelled:
            sys.exit(1)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            answer = follow(workspace.ask(SAMPLE_QUESTION), here.output)
            if here.output.as_json:
                here.output.json(answer_json(answer))
            else:
                here.output.line(("Question: ", "bold"), SAMPLE_QUESTION)
                show_answer(answer, here.output, passages=False)
            return
    here.open_app()


sample = copy.copy(demo)
"""The name that it had before."""
sample.hidden = True
