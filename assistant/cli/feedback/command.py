"""`assistant feedback`: mark answers as right or wrong, and use these marks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from assistant.cli.ask.answer_schema import (
    FeedbackGivenJson,
    FeedbackListJson,
    FeedbackRemovedJson,
    feedback_json,
    states_of,
)
from assistant.cli.feedback.export import export
from assistant.cli.options import Invocation, command_options
from assistant.console.output import Output
from assistant.errors import UsageError
from assistant.safe_text import safe_text
from assistant.types import (
    VERDICTS,
    Correction,
    Feedback,
    Workspace,
)

_SAID = {
    "answer": "answer",
    "unanswerable": "not in the documents",
    "needs-correction": "needs a correction",
    "superseded": "newer feedback counts",
}
_SHOWN = 60


@click.group()
def feedback() -> None:
    """Mark answers right or wrong; make questions for `eval` and data for tuning of it."""


@feedback.command()
@click.argument(
    "saved",
    required=False,
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
)
@click.option("--question", metavar="TEXT", help="Ask this now, and judge the answer.")
@click.option(
    "--verdict",
    required=True,
    type=click.Choice(VERDICTS),
    help="What the answer is; wrong-source: the words are right, the place is not.",
)
@click.option("--answer", "words", default="", metavar="TEXT", help="What would be right.")
@click.option("--document", default="", metavar="NAME", help="Where the right answer stands.")
@click.option("--page", type=click.IntRange(1), help="On which page of that document.")
@click.option("--text", default="", metavar="TEXT", help="The words that stand there.")
@click.option("--unanswerable", is_flag=True, help="The documents do not hold the answer.")
@click.option(
    "--any-words", is_flag=True, help="Take --answer although it stands nowhere word for word."
)
@command_options
def add(invocation: Invocation, saved: Path | None, question: str | None, **given: Any) -> None:
    """Say whether an answer is right: SAVED, the output of `assistant ask --json`.

    "-" is standard input. Every quote of SAVED is compared with the library first. With
    --question the question is asked again instead, and that answer is judged.

    A correction makes a wrong answer useful: the right words (--answer), their place
    (--document, --text, --page), both, or --unanswerable. The newest verdict on a question
    counts.

    \b
    Examples:
      assistant ask "How long is the warranty?" --json > answer.json
      assistant feedback add answer.json --verdict right
      assistant feedback add answer.json --verdict wrong --answer "24 months"
      assistant feedback add answer.json --verdict wrong-source --document contract.pdf
        --page 2 --text "24 months from the date of delivery"
      assistant feedback add --question "What does a fan cost?" --verdict wrong --unanswerable
    """
    from assistant.cli.feedback.saved_answer import read_answer
    from assistant.feedback.validation import feedback_of

    output = invocation.output
    if (saved is None) == (question is None):
        raise UsageError(
            "Name a saved answer, or give --question.",
            hint='Save one with: assistant ask "your question" --json > answer.json',
        )
    correction = _correction(given)
    answer = read_answer(saved) if saved is not None else None
    with invocation.workspace() as workspace:
        if answer is None:
            answer = _asked(workspace, question or "", output)
        wanted = feedback_of(answer, given["verdict"], correction)
        kept = workspace.give_feedback(wanted, any_words=given["any_words"])
        states = states_of(workspace.feedback())
    if output.as_json:
        output.json(FeedbackGivenJson(feedback_json(kept, states[kept.id])))
        return
    output.line((f"Feedback {kept.id}: ", "bold"), f"{kept.verdict} ({_SAID[states[kept.id]]})")
    if states[kept.id] == "needs-correction":
        output.note("It can be used once a correction says what would be right.")
    output.note(f"To take it back: assistant feedback remove {kept.id}")


def _correction(given: Mapping[str, Any]) -> Correction | None:
    from assistant.feedback.validation import to_look_for

    document, page, text = given["document"], given["page"], given["text"]
    if (page or text) and not document:
        raise UsageError("--page and --text need --document.", hint="Name the document too.")
    if document and not (text or given["words"]):
        raise UsageError(
            "--document needs the words that stand there.", hint="Give them with --text."
        )
    places = (to_look_for(text or given["words"], document, page or 0),) if document else ()
    words = given["words"]
    if not (words or places or given["unanswerable"]):
        return None
    return Correction(words, places, given["unanswerable"])


def _asked(workspace: Workspace, question: str, output: Output) -> Any:
    from assistant.cli.ask.command import follow, show_answer
    from assistant.console.interrupt import cancel_on_interrupt
    from assistant.errors import Cancelled

    with cancel_on_interrupt() as cancel:
        answer = follow(workspace.ask(question, cancel), output)
    if answer.cancelled:
        raise Cancelled
    if not output.as_json:
        show_answer(answer, output, passages=False)
    return answer


@feedback.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only what needs a correction.")
@command_options
def list_feedback(invocation: Invocation, only_open: bool) -> None:
    """List what was said of answers, and what it is good for.

    \b
    Examples:
      assistant feedback list
      assistant feedback list --open --json
    """
    with invocation.workspace() as workspace:
        entries = workspace.feedback()
    states = states_of(entries)
    if only_open:
        entries = [entry for entry in entries if states[entry.id] == "needs-correction"]
    output = invocation.output
    if output.as_json:
        listed = [feedback_json(entry, states[entry.id]) for entry in entries]
        output.json(FeedbackListJson(invocation.settings.library, listed))
    elif not entries:
        output.line("There is no feedback. In the app, F6 judges an answer.")
    else:
        rows = [_table_row(entry, _SAID[states[entry.id]]) for entry in entries]
        columns = ["id", "when", "verdict", "gives", "exported", "question"]
        output.table(columns, rows, right=frozenset({0}))


def _table_row(entry: Feedback, gives: str) -> list[str]:
    question = " ".join(entry.question.split())
    short = question if len(question) <= _SHOWN else question[: _SHOWN - 3] + "..."
    exported = ", ".join(entry.exported)
    return [str(entry.id), entry.at[:10], entry.verdict, gives, exported, short]


@feedback.command()
@click.argument("number", metavar="ID", type=click.IntRange(1))
@command_options
def show(invocation: Invocation, number: int) -> None:
    """Show one verdict with its answer, quotes and correction.

    \b
    Example:
      assistant feedback show 3
    """
    with invocation.workspace() as workspace:
        entries = workspace.feedback()
    entry = next((entry for entry in entries if entry.id == number), None)
    if entry is None:
        raise UsageError(
            f"There is no feedback number {number}.", hint="List it: assistant feedback list"
        )
    state = states_of(entries)[number]
    if invocation.output.as_json:
        invocation.output.json(FeedbackGivenJson(feedback_json(entry, state)))
        return
    _show(entry, _SAID[state], invocation.output)


def _show(entry: Feedback, gives: str, output: Output) -> None:
    output.line((safe_text(entry.question), "bold"))
    output.line(safe_text(entry.answer))
    output.line(f"{entry.verdict} ({gives}), {entry.at}, model {entry.model or 'none'}")
    correction = entry.correction
    places = [("quoted", quote) for quote in entry.quotes]
    if correction is not None:
        places += [("right", place) for place in correction.places]
        if correction.answer:
            output.line(("right words: ", "green"), safe_text(correction.answer))
        if correction.unanswerable:
            output.line(("right: ", "green"), "not in the documents")
    for word, place in places:
        where = safe_text(f"{place.document}, {place.where}", single_line=True)
        output.line((f"{word}: ", "cyan"), f'"{" ".join(place.text.split())}" ({where})')


@feedback.command()
@click.argument("numbers", metavar="ID...", nargs=-1, required=True, type=click.IntRange(1))
@command_options
def remove(invocation: Invocation, numbers: tuple[int, ...]) -> None:
    """Take feedback back: delete it, so that earlier feedback on the question counts again.

    \b
    Example:
      assistant feedback remove 3 4
    """
    with invocation.workspace() as workspace:
        known = {entry.id for entry in workspace.feedback()}
        missing = [number for number in numbers if number not in known]
        if missing:
            raise UsageError(
                f"There is no feedback number {missing[0]}; nothing was removed.",
                hint="List it: assistant feedback list",
            )
        wanted = list(dict.fromkeys(numbers))
        for number in wanted:
            workspace.remove_feedback(number)
    if invocation.output.as_json:
        invocation.output.json(FeedbackRemovedJson(wanted))
    else:
        invocation.output.line(f"Removed: {', '.join(map(str, wanted))}")


feedback.add_command(export)
