"""`assistant-convert evaluate`: the tuned GGUF beside its base, through the laptop's engine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from assistant.cli.options import reporting
from assistant.cli.output import Output

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("evaluate")
@click.argument("tuned", nargs=-1, type=_FILE)
@click.option("--base", type=_FILE, help="GGUF of the untuned base, to compare with.")
@click.option("--adapter", "adapters", multiple=True, type=_FILE, help="LoRA GGUF over the base.")
@click.option("--dataset", type=_FOLDER, help="Dataset folder: its validation part is asked.")
@click.option("--squad", multiple=True, type=_FILE, help="Held-out file in SQuAD's shape.")
@click.option("--way", "ways", multiple=True, type=click.Choice(["whole", "served"]),
              help="How passages are shown [default: both].")  # fmt: skip
@click.option("--count", type=click.IntRange(0), default=200, show_default=True,
              help="Answerable and unanswerable questions of each set; 0: all.")  # fmt: skip
@click.option("--shots", type=click.IntRange(0, 16), default=5, show_default=True,
              help="Examples in the prompt of the base's second try.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Chooses the questions.")
@click.option("--threads", type=click.IntRange(0, 512), default=0, help="Threads [0: all cores].")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True,
              help="Folder for evaluation.json and the answers.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Write the report to stdout as JSON.")
def evaluate_command(
    tuned: tuple[Path, ...],
    base: Path | None,
    adapters: tuple[Path, ...],
    dataset: Path | None,
    out: Path,
    *,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Ask every model the same held-out questions, as the laptop would.

    TUNED are GGUF files. A run that was stopped goes on where it was.

    Example: assistant-convert evaluate tuned-Q8_0.gguf --base base.gguf
    --squad squad2_A2-dev-eval.json --out evaluation
    """
    output = Output(as_json=as_json)
    with reporting(output):
        from convert.evaluate.report import show
        from convert.evaluate.settings import EvaluateSettings
        from convert.evaluate.step import Entrants, run_evaluate

        if not chosen["ways"]:
            del chosen["ways"]
        chosen["squad"] = tuple(str(path) for path in chosen["squad"])
        settings = EvaluateSettings(**chosen)
        entrants = Entrants(base, tuned, adapters, dataset)
        report = run_evaluate(settings, entrants, out, _show_progress)
        if as_json:
            output.json(report)
        else:
            show(report, output)


def _show_progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty() or done == total or done % 50 == 0:
        end = "\r" if sys.stderr.isatty() and done < total else "\n"
        count = f" {done}/{total}" if total else ""
        click.echo(f"{what}{count}   ", err=True, nl=False)
        click.echo(end, err=True, nl=False)
