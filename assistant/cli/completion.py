"""`assistant completion`: what a shell needs to complete commands, options and file names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from assistant.console.output import Output
from assistant.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_ASSISTANT_COMPLETE"
"""Set by the shell's script when it asks the program what fits (click's convention)."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script with which SHELL completes commands, options and file names.

    Names of libraries and documents are not completed: they would have to be read before a
    library is unlocked.

    \b
    Examples:
      assistant completion bash > ~/.local/share/bash-completion/completions/assistant
      assistant completion zsh > ~/.zfunc/_assistant        # with ~/.zfunc in $fpath
      assistant completion fish > ~/.config/fish/completions/assistant.fish
    """
    made = get_completion_class(shell)
    if made is None:  # a click without this shell
        raise UsageError(f"Completion for {shell} is not supported by this click.")
    root = context.find_root().command
    script = made(root, {}, "assistant", VARIABLE)
    Output(as_json=False).script(script.source())
