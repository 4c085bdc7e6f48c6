"""`assistant-convert merge`: an adapter into its base, in 16 bits."""

from __future__ import annotations

from pathlib import Path

import click

from convert.cli.step_runner import running_step

# Not `exists=True`: a hub's name is no folder either, and gets an error that says so.
_FOLDER = click.Path(path_type=Path)


@click.command("merge")
@click.argument("base", type=_FOLDER)
@click.argument("adapter", type=_FOLDER)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--dtype", type=click.Choice(["float16", "bfloat16"]), default="float16",
              show_default=True, help="Format of the stored weights.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Do nothing if this very merge is there already.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
def merge_command(
    base: Path, adapter: Path, out: Path, *, dtype: str, resume: bool, as_json: bool
) -> None:
    """Merge ADAPTER into BASE and write the model's folder OUT.

    BASE is a folder with 16- or 32-bit weights, also for an adapter that was trained with
    QLoRA; ADAPTER the folder that training wrote. The merged weights are compared with the
    base's: a merge that changed nothing is refused.

    Example: assistant-convert merge base/ tuned/adapter/ merged/
    """
    with running_step(as_json=as_json) as step:
        from convert.merge import MergeSettings, run_merge

        result = run_merge(
            base,
            adapter,
            out,
            MergeSettings.from_table({"dtype": dtype}),
            progress=step.progress,
            cancel=step.cancel,
            resume=resume,
        )
        step.progress.end()
        figures = result.record.figures
        if as_json:
            step.output.json({"folder": str(out), "skipped": result.skipped, **figures})
            return
        step.output.line(f"{out}: {figures['changed']} layers merged ({dtype}).")
        if result.unchanged:
            shown = ", ".join(result.unchanged[:5])
            step.output.note(f"As in the base, though targeted: {shown} ...")
