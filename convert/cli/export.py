"""`assistant-convert export`: GGUF files of a model, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assistant.errors import UsageError
from convert.cli.step_runner import StepContext, options, running_step
from convert.export.settings import QUANTIZATIONS, ExportSettings

_FILE = click.Path(dir_okay=False, path_type=Path)
_DEFAULTS = ExportSettings()


converter_options = options(
    click.option(
        "--converter-sdist",
        "sdist",
        type=_FILE,
        help="llama_cpp_python-VERSION.tar.gz of the version in use; needed once, then cached "
        "[default: the file that ASSISTANT_CONVERTER_SDIST names].",
    ),
    click.option(
        "--fetch-converter",
        "fetch",
        is_flag=True,
        help="Let pip download that file once (76 MB), with its pinned hash.",
    ),
)
"""Where llama.cpp's converter comes from."""


@click.command("export")
@click.argument("model", type=click.Path(path_type=Path), required=False)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option(
    "-q",
    "--quantization",
    "quantizations",
    multiple=True,
    type=click.Choice(QUANTIZATIONS, case_sensitive=False),
    help=f"Repeat for several [default: {', '.join(_DEFAULTS.quantizations)}].",
)
@click.option(
    "--name", default=_DEFAULTS.name, show_default=True, help="Beginning of the files' names."
)
@click.option(
    "--imatrix",
    "calibration",
    type=click.Path(file_okay=False, path_type=Path),
    help="Dataset folder from whose training part an importance matrix is made.",
)
@click.option(
    "--imatrix-tokens",
    type=click.IntRange(512),
    default=32768,
    show_default=True,
    help="How much of it is used.",
)
@click.option(
    "--list-architectures", "listing", is_flag=True, help="List what the converter knows, and end."
)
@converter_options
@click.option("--resume", is_flag=True, help="Do nothing if this very export is there already.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
def export_command(
    model: Path | None, out: Path | None, *, listing: bool, as_json: bool, **chosen: Any
) -> None:
    """Convert the folder MODEL to GGUF, quantize it, verify it, and put it into OUT.

    The converter is llama.cpp's own, of the very version that will run the model. Each file
    is loaded by the laptop's engine and compared with the weights before it gets its name;
    an older file of that name stays until then.

    Example: assistant-convert export merged/ gguf/ -q F16 -q Q8_0
    """
    with running_step(as_json=as_json) as step:
        if listing:
            _list(step, chosen["sdist"], fetch=chosen["fetch"])
            return
        if model is None or out is None:
            raise UsageError(
                "MODEL and OUT are needed.", hint="See: assistant-convert export --help"
            )
        _export(step, model, out, chosen)


def _export(step: StepContext, model: Path, out: Path, chosen: dict[str, Any]) -> None:
    from convert.export import Source, run_export

    settings = ExportSettings(
        quantizations=tuple(dict.fromkeys(chosen["quantizations"])) or _DEFAULTS.quantizations,
        name=chosen["name"],
        imatrix_tokens=chosen["imatrix_tokens"] if chosen["calibration"] else 0,
    )
    result = run_export(
        model,
        out,
        settings,
        source=Source(chosen["sdist"], fetch=chosen["fetch"]),
        calibration=chosen["calibration"],
        progress=step.progress,
        cancel=step.cancel,
        resume=chosen["resume"],
    )
    step.progress.end()
    files = {q: str(path) for q, path in result.files.items()}
    if step.output.as_json:
        found = {"files": files, "figures": result.record.figures, "skipped": result.skipped}
        step.output.json(found)
        return
    rows = [
        [str(result.files[q].name), f"{f['bytes'] / 1e6:.0f} MB", f"{f['cosine']:.5f}",
         f"{f['same_token']:.1%}"]
        for q, f in result.record.figures.items()
    ]  # fmt: skip
    columns = ["File", "Size", "Logits' cosine to the weights", "Same likeliest token"]
    step.output.table(columns, rows, right=frozenset({1, 2, 3}))


def _list(step: StepContext, sdist: Path | None, *, fetch: bool) -> None:
    from convert.export import Source, obtain
    from convert.export.run_converter import known_architectures

    known = known_architectures(obtain(Source(sdist, fetch=fetch)))
    if step.output.as_json:
        step.output.json({"architectures": known})
    else:
        for name in known:
            step.output.line(name)
