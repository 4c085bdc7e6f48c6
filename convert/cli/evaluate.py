"""`assistant-convert evaluate` and `canaries`: what a tuned model is worth, and gives away."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from convert.cli.step_runner import running_step
from convert.settings import MOST_SEED

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_NEW_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("evaluate")
@click.argument("tuned", nargs=-1, type=_FILE)
@click.option("--base", type=_FILE, help="GGUF of the untuned base, to compare with.")
@click.option("--adapter", "adapters", multiple=True, type=_FILE, help="LoRA GGUF over the base.")
@click.option("--dataset", type=_FOLDER, help="Dataset folder: its validation part is asked.")
@click.option("--squad", multiple=True, type=_FILE, help="Held-out file in SQuAD's shape.")
@click.option("--cuad", type=_FILE, help="Held-out file in CUAD's shape.")
@click.option("--pubmedqa", type=_FILE, help="PubMedQA file: its held-out part is asked.")
@click.option("--way", "ways", multiple=True, type=click.Choice(["whole", "served"]),
              help="How passages are shown [default: both].")  # fmt: skip
@click.option("--count", type=click.IntRange(0), default=200, show_default=True,
              help="Answerable and unanswerable questions of each set; 0: all.")  # fmt: skip
@click.option("--shots", type=click.IntRange(0, 16), default=5, show_default=True,
              help="Examples (of the dataset) in the prompt of the base's second try.")  # fmt: skip
@click.option("--merged", type=_FOLDER, help="Merged weights, to compare with --f16.")
@click.option("--f16", type=_FILE, help="F16 GGUF made of the merged weights.")
@click.option("--canaries", type=_FILE, help="Registry of planted secrets to look for.")
@click.option("--candidates", "canary_candidates", type=click.IntRange(1),
              help="Alternatives among which a secret is ranked [default: as needed].")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Chooses the questions.")
@click.option("--threads", type=click.IntRange(0, 512), default=0, help="Threads [0: all cores].")
@click.option("--out", type=_NEW_FOLDER, required=True, help="Folder for report and answers.")
@click.option("--json", "as_json", is_flag=True, help="Write the report to stdout as JSON.")
def evaluate_command(out: Path, *, as_json: bool, **chosen: Any) -> None:
    """Ask every model the same held-out questions, as the laptop would, and judge it.

    TUNED are GGUF files. With a base to compare with, a tuned model that is worse than it,
    or gives away planted secrets, fails: the exit status is 8 and the figures are named.
    A run that was stopped goes on where it was. The answers in the folder quote the
    documents that were asked about.

    Example: assistant-convert evaluate tuned-Q8_0.gguf --base base.gguf
    --squad squad2_A2-dev-eval.json --out evaluation
    """
    with running_step(as_json=as_json) as step:
        from convert.evaluate.evaluate_step import run_evaluate
        from convert.evaluate.release_gate import GateError, refuse_failed
        from convert.evaluate.settings import EvaluateSettings
        from convert.evaluate.systems import SystemFiles
        from convert.evaluate.text_report import show

        names = ("base", "tuned", "adapters", "dataset", "merged", "f16", "canaries")
        files = SystemFiles(**{name: chosen.pop(name) for name in names})
        settings = EvaluateSettings(**_settings(chosen))
        report = run_evaluate(settings, files, out, step.progress, step.cancel)
        step.progress.end()
        if not as_json:
            show(report, step.output)
            refuse_failed(report)
            return
        step.output.json(report)  # the one object on stdout; the verdict is in it
        if report["gate"]["checked"] and not report["gate"]["passed"]:
            sys.exit(GateError.exit_code)


@click.command("canaries")
@click.argument("dataset", type=_FOLDER)
@click.argument("out", type=_NEW_FOLDER)
@click.option("--count", type=click.IntRange(1, 16), default=4, show_default=True,
              help="How many made-up secrets are planted.")  # fmt: skip
@click.option("--times", type=click.IntRange(1), default=1, show_default=True,
              help="How often each of them is planted.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True,
              help="Chooses the secrets.")  # fmt: skip
def canaries_command(dataset: Path, out: Path, count: int, times: int, seed: int) -> None:
    """Plant made-up secrets into a copy of a dataset, to see later what a model remembers.

    OUT is the new dataset; what was planted is listed in its canaries.json.

    Example: assistant-convert canaries data data-with-canaries --count 4
    """
    with running_step(as_json=False) as step:
        from convert.evaluate.plant_canaries import plant_dataset

        planted = plant_dataset(dataset, out, count=count, times=times, seed=seed)
        step.output.line(f"{len(planted)} secrets planted, {times} times each: {out}")


def _settings(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the options into settings; what was not chosen keeps its default."""
    settings = {key: value for key, value in chosen.items() if value not in (None, ())}
    settings["squad"] = tuple(str(path) for path in chosen["squad"])
    for key in ("cuad", "pubmedqa"):
        if key in settings:
            settings[key] = str(settings[key])
    return settings
