"""`assistant feedback export`: write feedback to a file outside the encrypted library."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from json import dumps
from pathlib import Path

import click

from assistant.cli.ask.answer_schema import FeedbackExportJson, FeedbackFileJson, file_json
from assistant.cli.options import Invocation, command_options
from assistant.console.output import Output
from assistant.errors import UsageError
from assistant.text.counted import counted
from assistant.types import ExportKind, FeedbackExport
from assistant.whole_file import write_in_place


@click.command()
@click.option(
    "--suite",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="File for questions that `assistant eval` asks.",
)
@click.option(
    "--training",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="File for the workstation: assistant-convert dataset raft or build.",
)
@click.option(
    "--training-share",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Share of the questions that go to training and not to evaluation.",
)
@click.option(
    "--both",
    is_flag=True,
    help="Write every question to both files: what was trained can then not be measured.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that hold something.")
@command_options
def export(
    invocation: Invocation,
    suite: Path | None,
    training: Path | None,
    training_share: float,
    both: bool,
    overwrite: bool,
) -> None:
    """Write a suite for `assistant eval`, or data for tuning on the workstation.

    THE FILES HOLD TEXT OF YOUR DOCUMENTS AND ARE NOT ENCRYPTED: guard them as you guard
    the documents. Every export is recorded in the audit log before it is written.

    A question goes to one side only, decided by a hash of it; what went to one side once
    stays there.

    \b
    Examples:
      assistant feedback export --suite questions.jsonl
      assistant feedback export --training /media/stick/feedback.jsonl --training-share 0.8
    """
    wanted: list[tuple[ExportKind, Path]] = []
    wanted += [("suite", suite)] if suite else []
    wanted += [("training", training)] if training else []
    _check_targets([path for _, path in wanted], overwrite=overwrite)
    files: list[FeedbackFileJson] = []
    output = invocation.output
    with invocation.workspace() as workspace:
        for kind, path in wanted:
            made = workspace.export_feedback(kind, training_share=training_share, both=both)
            _write(path, made)
            files.append(file_json(made, str(path)))
            if not output.as_json:
                _say(made, path, output)
    if output.as_json:
        library = invocation.settings.library
        output.json(FeedbackExportJson(library, training_share, both, files))
    if not any(file.rows for file in files):
        sys.exit(1)


def _check_targets(paths: Sequence[Path], *, overwrite: bool) -> None:
    if not paths:
        raise UsageError(
            "Nothing was asked for.", hint="Name a file: --suite FILE, --training FILE, or both."
        )
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise UsageError("Both files have one name.", hint="Name two files.")
    for path in paths:
        if not overwrite and path.exists() and path.stat().st_size:
            raise UsageError(f"{path} holds something.", hint="Say --overwrite to replace it.")


def _write(path: Path, made: FeedbackExport) -> None:
    """Write the rows, all or none: the lockdown lets no other file be made beside it."""
    if not made.rows:
        with suppress(OSError):
            if path.stat().st_size == 0:  # made just now, for the lockdown
                path.unlink()
        return
    data = "".join(dumps(row, ensure_ascii=True) + "\n" for row in made.rows)
    hint = "Make room or name another file; the feedback itself is as it was."
    write_in_place(path, data.encode("ascii"), hint)


def _say(made: FeedbackExport, path: Path, output: Output) -> None:
    rows = len(made.rows)
    if rows:
        output.line(f"{counted(rows, 'question')} ({made.kind}) written to {path}")
        output.note(("Not encrypted: ", "yellow"), "it holds text of your documents.")
    else:
        output.line(f"No feedback for {made.kind}; nothing was written.")
    for left in made.left_out:
        output.note((f"  left out: feedback {left.id} ", "dim"), (left.reason, "dim"))
