"""`assistant eval`: measure the quality of answers on one's own questions."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant import __version__
from assistant.cli.default_group import DefaultGroup
from assistant.cli.eval.arms import (
    DECIDING,
    ArmSelection,
    arm_opener,
    deciding_key,
    installed_models,
)
from assistant.cli.eval.draft import draft, review
from assistant.cli.options import Invocation, command_options
from assistant.config import Settings
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.evaluation.saved_run import ArmRun, SavedRun
    from assistant.evaluation.suite import Suite
    from assistant.evaluation.suite_runner import Library, Runner

FOLDER = "evaluations"
_STOPPED = "stopped"
_LISTED = 5


@click.group("eval", cls=DefaultGroup)
def evaluate() -> None:
    """Measure the answers on your own questions: assistant eval SUITE.

    `assistant eval SUITE` is short for `assistant eval run SUITE`.
    """


evaluate.add_command(draft)
evaluate.add_command(review)


@evaluate.command()
@click.argument("suite", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--arm",
    "names",
    multiple=True,
    metavar="ARM",
    help="A way of answering to measure; name several to compare them. current: as set up;"
    " retrieval: sentences of the documents, no model; base: the model without its adapter;"
    " tuned: the model in use, if it was tuned; model:NAME; adapter:NAME. Each with +closed"
    " (without documents), +shots (five examples in the prompt) or +STRATEGY"
    " [default: current].",
)
@click.option(
    "--for-advice", is_flag=True, help="Measure all arms that `assistant advise` compares."
)
@click.option(
    "--shots",
    "examples",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Questions for the examples of +shots, in a suite's form [default: those of SUITE"
    ' with "part": "train"].',
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="A saved run (run.json or its folder): exit code 1 if a figure got worse.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, writable=True),
    help="Folder for run.json and report.html [default: in the data folder].",
)
@click.option(
    "--keep-texts", is_flag=True, help="Write questions and answers to the folder --out too."
)
@click.option("--restart", is_flag=True, help="Ask everything anew, also after a stopped run.")
@click.option("--unreviewed", is_flag=True, help="Ask drafted questions that nobody reviewed too.")
@command_options
def run(
    invocation: Invocation,
    suite: Path,
    against: Path | None,
    out: Path | None,
    keep_texts: bool,
    restart: bool,
    unreviewed: bool,
    **which: Any,
) -> None:
    """Ask every question of SUITE and measure the answers.

    SUITE has one JSON object a line: an id, a question, and what is right: accepted answers,
    spans of documents, or that the library can't answer it. docs/evaluation.md has the form.
    Everything is asked as `assistant ask` does. A run that was stopped goes on when it is
    started again. Exit code 1: a question failed, or a figure got worse (--against).

    Measured are search, answers, refusals, quotes, confidence, times and memory, each with
    its 95 % interval; arms are compared question by question. The report holds no text of
    questions, answers or documents unless --keep-texts is given.

    \b
    Examples:
      assistant eval questions.jsonl
      assistant eval questions.jsonl --arm retrieval --arm base --arm current
      assistant eval questions.jsonl --for-advice --shots examples.jsonl
      assistant eval questions.jsonl --against evaluations/library-20261121-160500 --json
    """
    from assistant.evaluation.run_comparison import require_common
    from assistant.evaluation.saved_run import read_run
    from assistant.evaluation.suite_runner import Runner

    settings, output = invocation.settings, invocation.output
    journals = _journals(settings, out, keep_texts=keep_texts)
    questions = _questions(suite, output, unreviewed=unreviewed)
    saved = read_run(against) if against else None
    asked = ArmSelection.of(questions, installed_models(settings), **which)
    if saved is not None:
        require_common(saved, [arm.name for arm in asked.arms])
    with cancel_on_interrupt() as cancel, progress_bar(output) as report:
        runner = Runner(
            questions,
            arm_opener(invocation, asked.shots),
            journals,
            deciding_key(settings, asked.shots),
            keep_texts=keep_texts,
            cancel=cancel,
            progress=report,
        )
        for said in asked.left_out:
            output.note(said)
        runs = runner.run(asked.arms, restart=restart)
        report("computing intervals", 0, 0)
        table = _table(settings, questions, runner, runs, saved)
    _write(table, runner, out or _folder(settings), output)
    if keep_texts:
        _remove_empty(journals)
    if _say_failed(runs, output) or (saved and table["against"]["worse"]):
        sys.exit(1)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # another run that was stopped may still lie there
        folder.rmdir()


def _questions(path: Path, output: Output, *, unreviewed: bool) -> Suite:
    """Read a suite; say how many drafts in it are passed over."""
    from assistant.evaluation.suite import read_suite

    questions = read_suite(path, unreviewed=unreviewed)
    if left := questions.unreviewed:
        output.note(f"Drafts that nobody has reviewed, and that are not asked: {left}")
    return questions


def _folder(settings: Settings) -> Path:
    """Return where a run is written that the person has named no folder for."""
    made = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return settings.data_dir / FOLDER / f"{settings.library}-{made}"


def _journals(settings: Settings, out: Path | None, *, keep_texts: bool) -> Path:
    """Return where answers are kept while a run is under way.

    With texts that is where the person wants texts to lie: in the data folder all that holds
    text is encrypted. Raises `UsageError` if no such place is named.
    """
    if not keep_texts:
        return settings.data_dir / FOLDER / _STOPPED
    if out is None:
        raise UsageError(
            "Texts are not written to the data folder: there all that holds text is encrypted.",
            hint="Name a folder for them: --keep-texts --out FOLDER",
        )
    return out / _STOPPED


def _say_failed(runs: Sequence[ArmRun], output: Output) -> bool:
    """Say which questions ended with an error; whether there are any."""
    failed = [(arm.name, row) for arm in runs for row in arm.rows if row.failed]
    for name, row in failed[:_LISTED]:
        output.note((f"{name}: ", "bold red"), f"question '{row.id}' failed ({row.failed})")
    if len(failed) > _LISTED:
        output.note(f"and {len(failed) - _LISTED} more")
    return bool(failed)


def _write(table: dict[str, Any], runner: Runner, folder: Path, output: Output) -> None:
    """Write a run and its report into a folder, and show them."""
    from assistant.cli.eval.terminal_view import show_run
    from assistant.evaluation.html_report import html_page
    from assistant.evaluation.run_table import without_rows
    from assistant.evaluation.saved_run import write_run

    write_run(folder, table, html_page(table), runner.texts)
    runner.done()
    if output.as_json:
        output.json({**without_rows(table), "folder": str(folder)})
        return
    show_run(table, output)
    output.note(f"The report: {folder / 'report.html'}")


def _table(
    settings: Settings,
    suite: Suite,
    runner: Any,
    runs: Sequence[ArmRun],
    saved: SavedRun | None,
) -> dict[str, Any]:
    from assistant.engine.engine_loader import embedder_identity
    from assistant.evaluation.run_table import run_table

    library: Library = runner.library
    answerable = sum(item.answerable for item in suite.items)
    about = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "suite": {
            "name": suite.name,
            "sha256": suite.sha256,
            "questions": len(suite.items),
            "answerable": answerable,
            "unanswerable": len(suite.items) - answerable,
        },
        "library": {
            "name": library.name,
            "sha256": library.sha256,
            "documents": library.documents,
        },
        "embedder": embedder_identity(settings).name,
        "settings": {name: getattr(settings, name) for name in DECIDING},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "resumed": runner.resumed,
    }
    table = run_table(about, runs)
    if saved is not None:
        table["against"] = _against(saved, suite, library, runs)
    return table


def _against(
    saved: SavedRun, suite: Suite, library: Library, runs: Sequence[ArmRun]
) -> dict[str, Any]:
    from assistant.evaluation.run_comparison import compare
    from assistant.evaluation.run_table import change_table

    changes = compare(saved, runs)
    return {
        "made_at": saved.made_at,
        "version": saved.version,
        "same_suite": saved.suite.sha256 == suite.sha256,
        "same_library": saved.library.sha256 == library.sha256,
        "worse": any(change.worse for change in changes),
        "changes": [change_table(change) for change in changes],
    }
