"""`assistant eval draft` and `review`: draft a suite from a library, and review it by hand."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.cli.eval.evaluate_schema import DraftJson, ReviewJson
from assistant.cli.options import Invocation, command_options
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.json_output import shaped
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.errors import UsageError
from assistant.safe_text import safe_text
from assistant.whole_file import write_in_place

if TYPE_CHECKING:
    from assistant.evaluation.draft.draft_suite import Draft, Wanted
    from assistant.types import Workspace

_SHOWN = 5
# Written out, and compared with the rules' own names by a test: nothing heavy is loaded
# for a help text.
KIND_NAMES = ("definition", "cloze", "table", "list", "heading")


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False, writable=True))
@click.option(
    "--count", type=click.IntRange(1, 5_000), default=50, show_default=True,
    help="Most questions to draft.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0, 2**31), default=0, show_default=True,
    help="Another number chooses other questions, where there are enough.",
)  # fmt: skip
@click.option(
    "--document", "names", multiple=True, metavar="NAME",
    help="Only from this document (as `assistant docs` lists it); may be repeated.",
)  # fmt: skip
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(KIND_NAMES),
    help="Only questions of this kind; may be repeated.",
)  # fmt: skip
@click.option(
    "--unanswerable-share", "share", type=click.FloatRange(0, 1), default=0.25,
    show_default=True, help="How many of the questions the library shall not answer.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@command_options
def draft(
    invocation: Invocation,
    out: Path,
    names: tuple[str, ...],
    force: bool,
    **wanted: Any,
) -> None:
    """Draft questions from your library into OUT, a suite for `assistant eval`.

    Rules make them from definitions, figures and dates in sentences, tables, lists and
    headings; no model and no network is used. Each has its answer and the very place in the
    document. A quarter can't be answered from the library: a party or term is swapped for one
    that stands on no page, a heading is asked of the wrong document, or a topic is far off.

    Drafts are not asked by `assistant eval` until somebody has looked at them:
    `assistant eval review OUT`. THE FILE IS NOT ENCRYPTED and holds text of your documents; the
    audit log records that it was written. (A draft that is refused or cancelled may leave an
    empty file: the lockdown has it made before anything is read.)

    \b
    Examples:
      assistant eval draft questions.jsonl
      assistant eval draft questions.jsonl --count 200 --seed 7 --force
      assistant eval draft questions.jsonl --document contract.pdf --kind definition --kind table
    """
    from assistant.evaluation.draft.draft_suite import draft as make_draft
    from assistant.evaluation.draft.suite_lines import as_bytes, suite_lines

    output = invocation.output
    _refuse_existing(out, force=force)
    with (
        invocation.workspace() as workspace,
        cancel_on_interrupt() as cancel,
        progress_bar(output) as report,
    ):
        chosen = _wanted(workspace, names, **wanted)
        made = make_draft(workspace, chosen, cancel, report)
        data = as_bytes(suite_lines(made))
        cancel.raise_if_cancelled()
        count = len(made.questions) + len(made.unanswerable)
        workspace.note_export("questions", count, [record.id for record in made.documents])
        write_in_place(out, data, hint="Check the folder and its room.")
    _show(made, out, output)


def _wanted(
    workspace: Workspace,
    names: Sequence[str],
    *,
    count: int,
    seed: int,
    kinds: tuple[str, ...],
    share: float,
) -> Wanted:
    from assistant.evaluation.draft.draft_suite import Wanted

    documents = tuple(workspace.resolve(name).id for name in names)
    return Wanted(count, seed, share, documents, kinds or KIND_NAMES)


def _refuse_existing(path: Path, *, force: bool) -> None:
    try:
        size = path.stat().st_size if path.exists() else 0
    except OSError as error:
        raise UsageError(f"{path} can't be looked at: {error.strerror}.") from error
    if size and not force:
        raise UsageError(
            f"{path} exists.",
            hint="Reviewed questions may be in it: choose another name, or say --force.",
        )


def _show(made: Draft, path: Path, output: Output) -> None:
    kinds = Counter(question.kind for question in made.questions)
    sorts = Counter(question.sort for question in made.unanswerable)
    if output.as_json:
        counted = {
            "questions": len(made.questions) + len(made.unanswerable),
            "unanswerable": len(made.unanswerable),
            "documents": len(made.documents),
        }
        output.json(shaped(DraftJson, made, path=str(path), kinds={**kinds, **sorts}, **counted))
        return
    shown = safe_text(str(path), single_line=True)
    said = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    output.line(
        f"{len(made.questions)} questions with answers ({said or 'none'}) and "
        f"{len(made.unanswerable)} without, of {len(made.documents)} documents: {shown}"
    )
    for name in made.left_out[:_SHOWN]:
        output.note(
            "Left out, because another document has the same name: "
            + safe_text(name, single_line=True)
        )
    output.note(("This file is not encrypted and holds text of your documents.", "yellow"))
    output.note(f"Look through them: assistant eval review {shown}")


@click.command()
@click.argument(
    "suite",
    type=click.Path(path_type=Path, dir_okay=False, exists=True, writable=True),
)
@command_options
def review(invocation: Invocation, suite: Path) -> None:
    """Look through drafted questions in the app: one key keeps, mends or drops each.

    Every key is written at once; the next time goes on with the first that is left. With
    --json nothing is opened: it says how many are left.

    \b
    Examples:
      assistant eval review questions.jsonl
      assistant eval review questions.jsonl --json
    """
    from assistant.evaluation.draft.review import Review

    output = invocation.output
    opened = Review(suite)
    if output.as_json:
        states = opened.states()
        done = {name: states[name] for name in ("kept", "mended", "dropped")}
        output.json(shaped(ReviewJson, opened, path=str(suite), questions=len(opened), **done))
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The review needs a terminal, and this is none.",
            hint=f"How many are left: assistant eval review {suite} --json",
        )
    invocation.open_app(review=suite)
