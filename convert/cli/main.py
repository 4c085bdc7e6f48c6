"""`assistant-convert`: its commands, each imported only when it is called.

torch and transformers take seconds to import; `--help` must not wait for them.
"""

from __future__ import annotations

import importlib

import click

from convert.base_model import offline

COMMANDS = {
    "adapter": "convert.cli.adapter:adapter_command",
    "airgap": "convert.cli.airgap:airgap_command",
    "base": "convert.cli.base:base_command",
    "bundle": "convert.cli.bundle:bundle_group",
    "canaries": "convert.cli.evaluate:canaries_command",
    "dataset": "convert.cli.dataset:dataset_group",
    "embedder": "convert.cli.embedder:embedder_group",
    "evaluate": "convert.cli.evaluate:evaluate_command",
    "export": "convert.cli.export:export_command",
    "export-embedder": "convert.cli.embedder:export_embedder_command",
    "merge": "convert.cli.merge:merge_command",
    "run": "convert.cli.run:run_command",
    "train": "convert.cli.train:train_command",
}


class LazyGroup(click.Group):
    """A group whose commands live in modules that are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        # Switches that libraries read when they are first imported, whichever comes first.
        offline()
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="airgap-assistant", prog_name="assistant-convert")
def main() -> None:
    """Turn private data into a tuned model on a workstation, and pack it for the laptop.

    Nothing is downloaded and nothing leaves the machine. Each step is a command of its
    own; `run RECIPE` does them all and goes on where it was interrupted.
    """
