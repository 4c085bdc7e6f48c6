"""`assistant advise`: retrieval, tuning or both, from what was measured and what is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.advise.terminal_view import show_advice
from assistant.cli.eval.command import FOLDER
from assistant.cli.options import Invocation, command_options
from assistant.config import Settings
from assistant.console.output import Output
from assistant.console.terminal import Terminal, controlling_terminal
from assistant.errors import SuiteError, UsageError
from assistant.html_page.page import Block, html_page
from assistant.whole_file import write_in_place

if TYPE_CHECKING:
    from assistant.advice.costs import Sizes
    from assistant.advice.evidence import Evidence
    from assistant.advice.questionnaire import Question, QuestionnaireAnswers
    from assistant.evaluation.saved_run import SavedRun

_TRIES = 3


@click.command()
@click.option(
    "--run",
    "run_path",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="A run of `assistant eval` (run.json or its folder) [default: the library's newest].",
)
@click.option("--unmeasured", is_flag=True, help="Take no run: a guess, and said to be one.")
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Answers to the questions (TOML, or .json); what it leaves out has its default.",
)
@click.option("--defaults", is_flag=True, help="Ask nothing: take the default answers.")
@click.option(
    "--tuned", multiple=True, metavar="ARM", help="An arm of the run whose model was tuned."
)
@click.option(
    "--training",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="training.json of your own training, for what one costs.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    metavar="FILE",
    help="Write the advice to a file too: .md (Markdown) or .html.",
)
@command_options
def advise(
    invocation: Invocation,
    run_path: Path | None,
    answers: Path | None,
    out: Path | None,
    training: Path | None,
    tuned: tuple[str, ...],
    **how: bool,
) -> None:
    """Advise: retrieval, tuning, both, or neither yet; with reasons, costs, and what would
    change it.

    It takes a measured run (assistant eval SUITE --for-advice) and asks what no measurement
    can tell: how often the knowledge changes, whether answers must be traced, who may see
    the data, and so on. Differences within their paired interval count as none. Without a run
    it says that it is a guess. docs/advise.md explains every rule.

    \b
    Examples:
      assistant advise
      assistant advise --run evaluations/library-20261121-160500 --out advice.html
      assistant advise --answers needs.toml --json
      assistant advise --unmeasured --defaults
    """
    _require_suffix(out)
    from assistant.advice.advice_report import blocks_of
    from assistant.advice.costs import Speed, costs_of, read_speed
    from assistant.advice.decision import AdviceInput
    from assistant.advice.rules import decide

    settings, output = invocation.settings, invocation.output
    speed = read_speed(training) if training else Speed()
    found = None if how["unmeasured"] else _run(settings, run_path)
    said = _circumstances(answers, output, ask=not how["defaults"])
    evidence = _evidence(found, said, tuned, output)
    case = AdviceInput(said, evidence, costs_of(said, evidence, _sizes(settings), speed))
    decision = decide(case)
    blocks = blocks_of(case, decision)
    if out is not None:
        _write(out, blocks)
    if output.as_json:
        from assistant.cli.advise.advise_schema import advice_json

        output.json(advice_json(case, decision, found[0] if found else ""))
        return
    show_advice(blocks, output)
    if out is not None:
        output.note(f"Written: {out}")


def _require_suffix(out: Path | None) -> None:
    if out is not None and out.suffix.lower() not in (".md", ".html"):
        raise UsageError(
            f"{out.name} is neither Markdown nor HTML.", hint="End the name with .md or .html."
        )


# -- what was measured ----------------------------------------------------------------------


def _run(settings: Settings, path: Path | None) -> tuple[str, SavedRun] | None:
    """Return the run that is named, else the newest of this library, with its name."""
    from assistant.evaluation.saved_run import read_run

    if path is not None:
        return path.name, read_run(path)
    for folder in _newest_first(settings):
        try:
            saved = read_run(folder)
        except SuiteError:
            continue
        if saved.library.name == settings.library:
            return folder.name, saved
    return None


def _newest_first(settings: Settings) -> list[Path]:
    folder = settings.data_dir / FOLDER
    try:
        runs = [entry for entry in folder.iterdir() if (entry / "run.json").is_file()]
    except OSError:
        return []
    return sorted(runs, key=lambda entry: (entry / "run.json").stat().st_mtime, reverse=True)


def _evidence(
    found: tuple[str, SavedRun] | None,
    said: QuestionnaireAnswers,
    tuned: tuple[str, ...],
    output: Output,
) -> Evidence | None:
    if found is None:
        if tuned:
            raise UsageError("--tuned names an arm of a run, and there is no run.")
        return None
    from assistant.advice.evidence import RIGHT, SCORE, evidence_of
    from assistant.advice.questionnaire import SENTENCE

    name, saved = found
    output.note(f"From the run {name} of {saved.made_at[:10]}.")
    return evidence_of(saved, RIGHT if said.form == SENTENCE else SCORE, tuned)


def _sizes(settings: Settings) -> Sizes:
    """Look up how much is on disk; what is not there counts 0."""
    from assistant.advice.costs import Sizes
    from assistant.models.installed_models import list_models

    models = list_models(settings)
    active = next((m for m in models if m.active and m.role == "chat"), None)
    base = next((m for m in models if active and m.name == active.base), None)
    embedder = next((m for m in models if m.active and m.role == "embedder"), None)
    whole = base or active
    return Sizes(
        library=_size(settings.store_path),
        embedder=embedder.size if embedder else 0,
        model=whole.size if whole else 0,
        adapter=active.size if active and base else 0,
        parameters=whole.parameters if whole else 0,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


# -- what is asked ----------------------------------------------------------------------------


def _circumstances(answers: Path | None, output: Output, *, ask: bool) -> QuestionnaireAnswers:
    """Read the answers, or ask for them where somebody can be asked."""
    from assistant.advice.questionnaire import QUESTIONS, QuestionnaireAnswers, read_answers

    if answers is not None:
        return read_answers(answers)
    said = QuestionnaireAnswers()
    terminal = controlling_terminal() if ask and output.interactive and _typing() else None
    if terminal is None:
        output.note("Nobody was asked: default answers are taken (see --answers).")
        return said
    terminal.say("Enter takes the answer in brackets.")
    for question in QUESTIONS:
        said = said.with_answer(question.key, _asked(question, said, terminal))
    return said


def _typing() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _asked(question: Question, said: QuestionnaireAnswers, terminal: Terminal) -> str | float:
    default = said.table()[question.key]
    shown = default if isinstance(default, str) else f"{default:g}"
    for choice, meaning in (question.choices or {}).items():
        terminal.say(f"  {choice}: {meaning}")
    for _ in range(_TRIES):
        unit = f" ({question.unit})" if question.unit else ""
        typed = terminal.ask(f"{question.text}{unit} [{shown}] ").strip()
        if not typed:
            return default
        try:
            return question.read(typed)
        except UsageError as error:
            terminal.say(f"{error.message} {error.hint}")
    return default


# -- what is shown ------------------------------------------------------------------------------


def _write(path: Path, blocks: list[Block]) -> None:
    """Write the file; under the lock only this very file may be written, so it is no new one."""
    from assistant.advice.advice_report import markdown

    text = html_page("Advice", blocks) if path.suffix.lower() == ".html" else markdown(blocks)
    write_in_place(path, text.encode("utf-8"), hint="Name another file with --out.")
