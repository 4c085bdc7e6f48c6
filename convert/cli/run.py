"""`assistant-convert run`: a whole recipe."""

from __future__ import annotations

from pathlib import Path

import click

from convert.cli.step_runner import StepContext, running_step
from convert.recipe import STEPS, Outcome, read_recipe, run_recipe


@click.command("run")
@click.argument("recipe", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of the results [default: RECIPE's name, without .toml].")  # fmt: skip
@click.option("--until", type=click.Choice(STEPS), default=STEPS[-1], show_default=True,
              help="The last step that is run.")  # fmt: skip
@click.option("--fetch-converter", "fetch", is_flag=True,
              help="Let pip bring the source archive with llama.cpp's converter.")  # fmt: skip
@click.option("--check", "only_check", is_flag=True, help="Check the recipe, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
def run_command(
    recipe: Path, *, out: Path | None, until: str, fetch: bool, only_check: bool, as_json: bool
) -> None:
    """Run all steps of the file RECIPE: from data to a signed bundle.

    Each step leaves a folder with a record of what went in. A run that was stopped goes on
    where it was; steps whose inputs and settings did not change are not repeated. A tuned
    model that is worse than its base is not packed (exit status 8).

    Example: assistant-convert run recipe.toml --out ward-round
    """
    with running_step(as_json=as_json) as step:
        read = read_recipe(recipe)
        if only_check:
            step.output.line(f"{recipe}: nothing wrong.")
            return
        outcome = run_recipe(
            read,
            out or recipe.with_suffix(""),
            fetch=fetch,
            until=until,
            progress=step.progress,
            cancel=step.cancel,
        )
        step.progress.end()
        if as_json:
            step.output.json(
                {
                    "folders": {name: str(path) for name, path in outcome.folders.items()},
                    "skipped": outcome.skipped,
                    "bundle": str(outcome.bundle) if outcome.bundle else None,
                    "evaluation": outcome.report,
                }
            )
            return
        _show(step, outcome)


def _show(step: StepContext, outcome: Outcome) -> None:
    from convert.evaluate.text_report import show

    if outcome.report:
        show(outcome.report, step.output)
    for name, folder in outcome.folders.items():
        note = " (as it was)" if name in outcome.skipped else ""
        step.output.line(f"{name:9} {folder}{note}")
    if outcome.bundle is not None:
        step.output.line(("Bundle    ", "bold"), str(outcome.bundle))
