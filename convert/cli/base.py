"""`assistant-convert base`: a trainable folder out of a GGUF."""

from __future__ import annotations

from pathlib import Path

import click

from convert.cli.step_runner import running_step


@click.command("base")
@click.argument("gguf", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
def base_command(gguf: Path, folder: Path, *, as_json: bool) -> None:
    """Write the model of the file GGUF as a FOLDER that can be tuned.

    Weights are dequantized to 32 bits: what the quantization lost stays lost, so take the
    original weights where you have them.

    Example: assistant-convert base SmolLM2-135M-Instruct.Q4_1.gguf base/
    """
    with running_step(as_json=as_json) as step:
        from convert.base_model import unpack_gguf

        step.progress("Unpacking the weights", 0, 0)
        info = unpack_gguf(gguf, folder)
        step.progress.end()
        if as_json:
            step.output.json(
                {
                    "folder": str(folder),
                    "architecture": info.architecture,
                    "context_length": info.context_length,
                    "sha256": info.sha256,
                }
            )
            return
        step.output.line(f"{folder}: {info.architecture}, context of {info.context_length} tokens.")
