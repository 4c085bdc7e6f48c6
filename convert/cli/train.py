"""`assistant-convert train`: tune a base on a dataset with LoRA."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from assistant.console.output import Output
from convert.cli.step_runner import running_step, set_values
from convert.settings import read_tables
from convert.train.settings import TrainSettings

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("train")
@click.argument("base", type=_FOLDER)
@click.argument("dataset", type=_FOLDER)
@click.option("--out", type=_FOLDER, required=True, help="Folder for adapter, curves and record.")
@click.option("--recipe", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="TOML file whose table [train] is taken first.")  # fmt: skip
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE",
              help="Any setting of [train] (docs/training.md); may be repeated.")  # fmt: skip
@click.option("--rank", type=int, help="Rank of the LoRA [default: 32].")
@click.option("--learning-rate", type=float, help="Highest learning rate [default: 5e-4].")
@click.option("--epochs", type=int, help="Times that the data is gone through [default: 1].")
@click.option("--max-steps", type=int, help="Stop after so many steps.")
@click.option("--samples-per-step", type=int, help="Samples of one step [default: 32].")
@click.option("--row-tokens", type=int, help="Tokens computed at once: memory [default: 1024].")
@click.option("--qlora", is_flag=True, default=None, help="Hold the base in 4 bits.")
@click.option("--gradient-checkpointing", is_flag=True, default=None,
              help="Less memory, a third slower.")  # fmt: skip
@click.option("--seed", type=int, help="Order of the data, start of the LoRA [default: 1].")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="[default: auto]")
@click.option("--threads", type=int, help="Threads on the CPU [default: all].")
@click.option("--fresh", is_flag=True, help="Discard an unfinished run instead of going on.")
@click.option("--json", "as_json", is_flag=True, help="Write the result to stdout as JSON.")
def train_command(
    base: Path,
    dataset: Path,
    out: Path,
    recipe: Path | None,
    changes: tuple[str, ...],
    *,
    fresh: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Tune a model on samples, and write a LoRA adapter.

    BASE is a folder in Hugging Face's layout (safetensors), DATASET one that
    `assistant-convert dataset` wrote. Both are local: nothing is downloaded. A run that was
    stopped (Ctrl-C, power cut) goes on when the same command is given again.

    Example: assistant-convert train smollm2-base dataset --out tuned --epochs 2
    """
    with running_step(as_json=as_json) as step:
        given = {name: value for name, value in chosen.items() if value is not None}
        settings = _settings(recipe, changes, given)
        from convert.train.progress_display import watching
        from convert.train.train_step import run_train

        # Of processes that accelerate started together, one speaks.
        alone = os.environ.get("RANK", "0") == "0"
        console = step.output.errors if alone else Console(quiet=True)
        with watching(console) as watch:
            result = run_train(
                base, dataset, out, settings, progress=watch, cancel=step.cancel, fresh=fresh
            )
        figures = result.record.figures
        if as_json and result.leads:
            step.output.json({"adapter": str(result.adapter), **figures})
        elif result.leads:
            _show(figures, result.folder, result.adapter, step.output)


def _settings(
    recipe: Path | None, changes: tuple[str, ...], given: dict[str, Any]
) -> TrainSettings:
    """Put recipe, `--set` and options together; the later ones win."""
    table = read_tables(recipe).get("train", {}) if recipe else {}
    return TrainSettings.from_table({**table, **set_values(changes), **given})


def _show(figures: Mapping[str, Any], folder: Path, adapter: Path, output: Output) -> None:
    best = figures["best"]
    early = " (stopped early)" if figures["stopped_early"] else ""
    output.line(f"{figures['steps']} steps{early}; best at step {best['step']}: "
                f"held-out loss {best['loss']:.4f}")  # fmt: skip
    output.line(("Adapter  ", "bold"), str(adapter))
    output.line(("Report   ", "bold"), str(folder / "report.html"))
    output.line(("Next     ", "bold"), "assistant-convert merge --help")
