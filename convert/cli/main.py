"""`assistant-convert`: its commands, each imported only when it is called.

torch and transformers take seconds to import; `--help` must not wait for them.
"""

from __future__ import annotations

import click

from assistant.console.lazy_commands import LazyCommands
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
    "reader": "convert.cli.reader:reader_group",
    "run": "convert.cli.run:run_command",
    "train": "convert.cli.train:train_command",
}


# `offline` sets switches that libraries read when they are first imported, whichever comes first.
@click.group(
    commands=LazyCommands(COMMANDS, before=offline),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="airgap-assistant", prog_name="assistant-convert")
def main() -> None:
    """Turn private data into a tuned model on a workstation, and pack it for the laptop.

    Nothing is downloaded and nothing leaves the machine. Each step is a command of its
    own; `run RECIPE` does them all and goes on where it was interrupted.
    """
