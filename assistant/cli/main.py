"""The `assistant` command."""

from __future__ import annotations

import sys

import click

from assistant import __version__
from assistant.cli.excepthook import install as install_last_resort
from assistant.cli.hidden_arguments import hide as hide_arguments
from assistant.cli.hidden_arguments import read_as_utf8
from assistant.cli.options import Invocation, command_options
from assistant.cli.sandbox import arm
from assistant.console.lazy_commands import LazyCommands
from assistant.console.output import Output
from assistant.console.reporting import reporting
from assistant.errors import UsageError

COMMANDS = {
    "demo": "assistant.cli.sample:demo",
    "add": "assistant.cli.documents:add",
    "advise": "assistant.cli.advise.command:advise",
    "ask": "assistant.cli.ask.command:ask",
    "audit": "assistant.cli.audit.command:audit",
    "bundle": "assistant.cli.bundle.command:bundle",
    "compare": "assistant.cli.compare:compare",
    "completion": "assistant.cli.completion:completion",
    "conversations": "assistant.cli.conversations.command:conversations",
    "docs": "assistant.cli.documents:docs",
    "doctor": "assistant.cli.doctor.command:doctor",
    "eval": "assistant.cli.eval.command:evaluate",
    "feedback": "assistant.cli.feedback.command:feedback",
    "forget": "assistant.cli.forget:forget",
    "library": "assistant.cli.library:library",
    "models": "assistant.cli.models.command:models",
    "passphrase": "assistant.cli.passphrase.command:passphrase",
    "prove-offline": "assistant.cli.prove.command:prove_offline",
    "rekey": "assistant.cli.passphrase.command:rekey",
    "sample": "assistant.cli.sample:sample",
    "search": "assistant.cli.ask.search:search",
    "summary": "assistant.cli.summary:summary",
    "table": "assistant.cli.table.command:table",
    "sync": "assistant.cli.sync:sync",
    "tag": "assistant.cli.tag:tag",
}

EXAMPLES = """
\b
Examples:
  assistant demo                               try it on a sample library
  assistant                                    open the app
  assistant add contracts/ guideline.pdf       add a folder and a file
  assistant ask "How long is the warranty?"    answer with checked quotes
  assistant search "termination notice"        passages and why they were found
  assistant summary contract.pdf               the key sentence of each of its parts
  assistant compare old.pdf new.pdf            what the new version changes, with pages
  assistant table nda "*.pdf"                  the same questions to many documents
  assistant doctor                             what is missing, and how to mend it

\b
Exit codes: 0 done; 1 some files or checks failed; 2 wrong usage or settings;
3 document, 4 library, 5 model file, 6 model run failed; 7 bundle refused;
9 the lockdown could not be enforced; 10 audit log refused; 11 library locked (passphrase
missing or wrong); 130 cancelled.
"""


class OrderedGroup(click.Group):
    """Its first command is listed first; the others go by name."""

    def list_commands(self, _context: click.Context) -> list[str]:
        first, *others = self.commands
        return [first, *sorted(others)]


@click.group(
    cls=OrderedGroup,
    commands=LazyCommands(COMMANDS),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXAMPLES,
)
@click.version_option(__version__, prog_name="assistant")
@click.pass_context
def cli(context: click.Context) -> None:
    """Ask your own documents. Nothing leaves this machine.

    Without a command, the app opens (the same as `assistant app`).
    """
    if context.invoked_subcommand is None:
        context.invoke(app)


@cli.command()
@command_options
def app(invocation: Invocation) -> None:
    """Open the app: chat with citations, and the library.

    \b
    Examples:
      assistant app
      assistant app --library ward-3
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The app needs a terminal, and this is none.",
            hint='For scripts there is: assistant ask "your question" --json',
        )
    invocation.open_app()


def main() -> None:
    """Run the command line; the entry point of `assistant`."""
    read_as_utf8()
    as_json = "--json" in sys.argv[1:]
    try:
        with reporting(Output(as_json=as_json)):
            install_last_resort()
            hide_arguments(cli.commands)
            arm()
            status = cli(prog_name="assistant", standalone_mode=False)
        sys.stdout.flush()
    except OSError:
        # Not even the error could be written (a full device, a closed output).
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
