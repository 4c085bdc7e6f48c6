"""`assistant bundle`: signed files from the workstation, verified before anything is read."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.cli.bundle.keys import keys
from assistant.cli.options import Invocation, command_options
from assistant.config import Settings
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.safe_text import safe_text

_BUNDLE = click.Path(path_type=Path)


@click.group()
def bundle() -> None:
    """Import models, adapters and libraries that a trusted workstation has signed."""


@bundle.command()
@click.argument("file", type=_BUNDLE)
@command_options
def inspect(invocation: Invocation, file: Path) -> None:
    """Verify FILE as an import does, and show lineage, scores and card; nothing is installed.

    \b
    Examples:
      assistant bundle inspect /media/stick/discharge-v3.bundle
      assistant bundle inspect discharge-v3.bundle --json
    """
    from assistant.bundle.bundle_schema import inspect_json
    from assistant.bundle.terminal_view import show_manifest
    from assistant.bundle.trusted_keys import TrustStore
    from assistant.bundle.verify_bundle import open_bundle

    output = invocation.output
    trust = TrustStore(invocation.settings.data_dir)
    with (
        cancel_on_interrupt() as cancel,
        progress_bar(output) as report,
        open_bundle(file, trust.find, progress=report, cancel=cancel) as found,
    ):
        document = inspect_json(found)
    if output.as_json:
        output.json(document)
        return
    show_manifest(found.manifest, found.key.name, output)
    output.line()
    output.line(document.card)
    output.note("Signature and every hash are right.")


@bundle.command("import")
@click.argument("file", type=_BUNDLE)
@click.option("--yes", is_flag=True, help="Use it from now on, without asking.")
@click.option("--no-switch", is_flag=True, help="Install it, and keep using the present model.")
@click.option(
    "--library-key",
    type=click.Path(path_type=Path),
    help="File with the key of a library that came without a sealed one.",
)
@click.option(
    "--transfer-key",
    type=click.Path(path_type=Path),
    help="Private file (mode 600) with a library's transfer key; asked for if left out.",
)
@click.option(
    "--no-passphrase",
    is_flag=True,
    help="Keep a library's new key in the open beside it: whoever has the folder can read it.",
)
@command_options
def import_(
    invocation: Invocation,
    file: Path,
    *,
    yes: bool,
    no_switch: bool,
    library_key: Path | None,
    transfer_key: Path | None,
    no_passphrase: bool,
) -> None:
    """Verify FILE, try it in a child process, install it, and ask whether to use it.

    Refused are: a key that is not trusted here, any change, a version that is older than
    one that was ever imported, an adapter whose base is not installed. Without a terminal
    nothing is asked, and the present model stays in use unless there is --yes. A library is
    opened with the transfer key that the workstation showed, and written anew under a key of
    this machine, with a passphrase of its own.

    \b
    Examples:
      assistant bundle import /media/stick/discharge-v3.bundle
      assistant bundle import discharge-v3.bundle --yes --json
      assistant bundle import wards-v1.bundle --transfer-key words.txt
    """
    from assistant.audit import changing
    from assistant.bundle.bundle_install import import_bundle
    from assistant.bundle.bundle_schema import ImportJson
    from assistant.bundle.terminal_view import show_manifest
    from assistant.bundle.trusted_keys import TrustStore
    from assistant.bundle.verify_bundle import open_bundle
    from assistant.cli.bundle.library_keys import library_access
    from assistant.models.installed_models import use_model
    from assistant.models.model_install import quiet

    output, settings = invocation.output, invocation.settings
    trust = TrustStore(settings.data_dir)
    access = library_access(output, library_key, transfer_key, without_passphrase=no_passphrase)
    with cancel_on_interrupt() as cancel, progress_bar(output) as report:
        with open_bundle(file, trust.find, progress=report, cancel=cancel) as opened:
            # A library's keys are asked for meanwhile: a bar would be drawn over the question.
            asking = opened.manifest.kind == "library"
            shown = quiet if asking else report
            with changing(settings, "bundle", "import") as logged:
                done = import_bundle(
                    opened, settings, library=access, progress=shown, cancel=cancel
                )
                logged["sha256"] = opened.digest
        manifest, digest, signer = opened.manifest, opened.digest, opened.key.name
    if not output.as_json:
        show_manifest(manifest, signer, output)
    if manifest.kind == "library":
        output.note(f"Installed. To use it: assistant --library {done.name}")
    elif not no_switch and (yes or _wants(done.name, _present(done.kind, settings), output)):
        use_model(done.name, settings)
    active = manifest.kind != "library" and _present(done.kind, settings) == done.name
    if output.as_json:
        output.json(ImportJson(done.name, done.already, active, manifest, digest))
    elif manifest.kind != "library":
        _say_installed(done.name, output, already=done.already, active=active)


def _present(kind: str, settings: Settings) -> str:
    """Return the model in use that a bundle of this kind would replace, "" if none is."""
    from assistant.models.installed_models import active_chat_name, list_models

    if kind != "reader":
        return active_chat_name(settings)
    models = list_models(settings)
    return next((info.name for info in models if info.role == "reader" and info.active), "")


def _say_installed(name: str, output: Output, *, already: bool, active: bool) -> None:
    said = "was installed before" if already else "is installed"
    use = "in use now" if active else f"to use it: assistant models use {name}"
    output.note(f"{name} {said}; {use}.")


def _wants(name: str, present: str, output: Output) -> bool:
    """Ask whether to switch. Nobody is asked who is not there: the answer is then no."""
    if name == present or not output.has_person:
        return False
    shown = safe_text(present or "none", single_line=True)
    return click.confirm(
        f"Use {safe_text(name, single_line=True)} from now on, in place of {shown}?", default=False
    )


bundle.add_command(keys)
