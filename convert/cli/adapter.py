"""`assistant-convert adapter`: an adapter as LoRA GGUF for the laptop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from convert.cli.export import converter_options
from convert.cli.step_runner import running_step
from convert.export.settings import OUTTYPES, AdapterSettings

_FOLDER = click.Path(path_type=Path)
_DEFAULTS = AdapterSettings()


@click.command("adapter")
@click.argument("base", type=_FOLDER)
@click.argument("adapter", type=_FOLDER)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--outtype",
    type=click.Choice(OUTTYPES, case_sensitive=False),
    default=_DEFAULTS.outtype,
    show_default=True,
    help="Format of the matrices.",
)
@click.option(
    "--base-gguf",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The base as the laptop has it: the adapter is tried over it too.",
)
@click.option(
    "--name", default=_DEFAULTS.name, show_default=True, help="Beginning of the file's name."
)
@converter_options
@click.option("--resume", is_flag=True, help="Do nothing if this very file is there already.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
def adapter_command(base: Path, adapter: Path, out: Path, *, as_json: bool, **chosen: Any) -> None:
    """Write ADAPTER as LoRA GGUF into OUT: a few MB that the laptop loads over its base.

    BASE is the folder that ADAPTER was trained on. What the adapter changes in llama.cpp is
    compared with what it changes in the weights themselves.

    Example: assistant-convert adapter base/ tuned/adapter/ lora/ --base-gguf base.gguf
    """
    with running_step(as_json=as_json) as step:
        from convert.export import Source, run_adapter

        settings = AdapterSettings(outtype=chosen["outtype"], name=chosen["name"])
        result = run_adapter(
            base,
            adapter,
            out,
            settings,
            base_gguf=chosen["base_gguf"],
            source=Source(chosen["sdist"], fetch=chosen["fetch"]),
            progress=step.progress,
            cancel=step.cancel,
            resume=chosen["resume"],
        )
        step.progress.end()
        figures = result.record.figures
        if as_json:
            step.output.json(
                {"file": str(result.file), "figures": figures, "skipped": result.skipped}
            )
            return
        step.output.line(
            f"{result.file}: {figures['bytes'] / 1e6:.1f} MB; its effect has the cosine "
            f"{figures['effect_cosine']:.4f} to that of the weights."
        )
        if tried := figures.get("over_base_gguf"):
            step.output.line(f"Over {chosen['base_gguf']}: {tried['effect_cosine']:.4f}.")
