"""`assistant-convert bundle`: make keys, pack and sign, look into what was packed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.json_output import FORMAT
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.console.reporting import reporting
from assistant.errors import UsageError

_FILE = click.Path(path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")


@click.group("bundle")
def bundle_group() -> None:
    """Pack results into one signed file that a laptop can trust."""


@bundle_group.command()
@click.argument("path", type=_FILE)
@click.option("--name", default="", help="Name of the key [default: that of the file].")
@click.option("--follows", type=_FILE, help="Older secret key, which signs the new one.")
@_JSON
def keygen(path: Path, name: str, follows: Path | None, *, as_json: bool) -> None:
    """Make PATH.key (secret, stays here) and PATH.pub (to carry to the laptops).

    Read the fingerprint out to whoever trusts the key on a laptop, or print it; don't send
    it along with the file.

    \b
    Examples:
      assistant-convert bundle keygen keys/ward
      assistant-convert bundle keygen keys/ward-2027 --follows keys/ward.key
    """
    output = Output(as_json=as_json)
    with reporting(output):
        from convert.bundle.signing_keys import generate, read_signing_key

        older = read_signing_key(follows) if follows is not None else None
        public, secret_file, public_file = generate(path, name, older)
        if as_json:
            output.json(
                {
                    "format": FORMAT,
                    "name": public.name,
                    "identity": public.identity.hex(),
                    "words": public.words,
                    "secret_file": str(secret_file),
                    "public_file": str(public_file),
                }
            )
            return
        output.line(f"Secret key:  {secret_file} (keep it here; whoever has it can sign)")
        output.line(f"Public key:  {public_file} (carry it to the laptops)")
        output.line("Fingerprint: ", (public.words, "bold"))
        output.line(f"             {public.identity.hex()}")


@bundle_group.command()
@click.option("--model", type=_FILE, help="Chat model (GGUF) to pack.")
@click.option("--adapter", type=_FILE, help="LoRA adapter (GGUF) to pack; needs --base.")
@click.option("--reader", type=_FOLDER, help="Folder of an exported reader to pack.")
@click.option("--library", type=_FILE, help="Library (.db) to pack, under a key for the way.")
@click.option("--transfer-key-file", type=_FILE,
              help="Write the transfer key to this new private file; do not show it.")  # fmt: skip
@click.option(
    "--separate-key",
    is_flag=True,
    help="Pack a library as it is; its .key file is carried by another way.",
)
@click.option("--base", type=_FILE, help="GGUF of the base, as the laptop has it.")
@click.option("--step", "steps", type=_FOLDER, multiple=True, help="Folder with a step.json.")
@click.option("--evaluation", type=_FOLDER, help="Folder that `evaluate` wrote.")
@click.option("--recipe", type=_FILE, help="Recipe (TOML) to pack, without comments.")
@click.option("--key", required=True, help="Secret key that signs.")
@click.option("--name", required=True, help="Name on the laptop.")
@click.option("--version", type=int, required=True, help="Higher than any carried before.")
@click.option("--label", default="", help="The version for people.")
@click.option("--title", default="", help="Title in lists and on the card.")
@click.option("--purpose", default="", help="What it is for: a paragraph of the card.")
@click.option("--licence", required=True, help='Its licence, such as "Apache-2.0".')
@click.option("--licence-file", "licences", multiple=True, help="Text that must travel along.")
@click.option("--source", "sources", multiple=True, help='"NAME|LICENCE|ATTRIBUTION" of data.')
@click.option("--force-without-gate", default="", metavar="REASON",
              help="Pack it though no gate was passed; REASON stands in the manifest.")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True,
              help="Folder for the bundle.")  # fmt: skip
@_JSON
def pack(
    out: Path,
    sources: tuple[str, ...],
    licences: tuple[str, ...],
    *,
    as_json: bool,
    **given: Any,
) -> None:
    """Sign a model, an adapter, a reader or a library with its lineage, licences and card.

    A library is unlocked here (as every command does) and written anew for the way; the
    transfer key that opens it on the laptop is shown once.

    \b
    Examples:
      assistant-convert bundle pack --adapter run/adapter/adapter.gguf --base model.gguf
        --step run/dataset --step run/train --step run/adapter --evaluation run/evaluation
        --name discharge --version 3 --licence Apache-2.0 --licence-file LICENSE
        --source "SQuAD 2.0|CC BY-SA 4.0|Rajpurkar et al." --key keys/ward.key --out carry
      assistant-convert bundle pack --library wards.db --name wards --version 1
        --licence "internal" --key keys/ward.key --out carry
    """
    output = Output(as_json=as_json)
    with reporting(output):
        from convert.bundle.pack import run_bundle
        from convert.bundle.request_check import Contents
        from convert.bundle.settings import BundleSettings
        from convert.cli.library_key import seal_with

        kind, payload = _payload(given)
        transfer_file = given.pop("transfer_key_file")
        separate = given.pop("separate_key")
        sealing = None
        if kind == "library" and not separate:
            sealing = seal_with(payload, transfer_file, output)
        contents = Contents(
            kind,
            payload,
            given.pop("base"),
            given.pop("steps"),
            given.pop("evaluation"),
            given.pop("recipe"),
            sealing,
        )
        settings = BundleSettings(
            **given, licences=licences, sources=tuple(_source(text) for text in sources)
        )
        with cancel_on_interrupt() as cancel, progress_bar(output) as report:
            target = run_bundle(settings, contents, out, report, cancel)
        if as_json:
            output.json({"format": FORMAT, "bundle": str(target), "size": target.stat().st_size})
        else:
            output.line(f"{target} ({target.stat().st_size / 2**20:.1f} MiB)")
            output.note("Look at what will leave this machine: assistant-convert bundle inspect")


@bundle_group.command()
@click.argument("file", type=_FILE)
@click.option("--key", required=True, type=_FILE, help="Public key (.pub) that it is signed with.")
@_JSON
def inspect(file: Path, key: Path, *, as_json: bool) -> None:
    """Verify FILE with a public key, and show all that is in its manifest, and its card.

    \b
    Example:
      assistant-convert bundle inspect carry/discharge-v3.bundle --key keys/ward.pub
    """
    output = Output(as_json=as_json)
    with reporting(output):
        from assistant.bundle.bundle_schema import inspect_json
        from assistant.bundle.public_key_file import read_key
        from assistant.bundle.terminal_view import show_manifest
        from assistant.bundle.verify_bundle import open_bundle
        from convert.bundle.bundle_writer import trusting

        public = read_key(key)
        find = trusting(public.public, public.name, public.created)
        with (
            cancel_on_interrupt() as cancel,
            progress_bar(output) as report,
            open_bundle(file, find, progress=report, cancel=cancel) as found,
        ):
            document = inspect_json(found)
        if as_json:
            output.json(document)
            return
        show_manifest(found.manifest, public.name, output)
        output.line()
        output.line(document.card)


def _payload(given: dict[str, Any]) -> tuple[str, Path]:
    """Take the one file that is to be packed out of the options."""
    found = {kind: given.pop(kind) for kind in ("model", "adapter", "reader", "library")}
    named = [(kind, path) for kind, path in found.items() if path is not None]
    if len(named) != 1:
        raise UsageError("Name one of --model, --adapter, --reader and --library.")
    return named[0]


def _source(text: str) -> Any:
    from convert.bundle.settings import sources_from

    parts = [part.strip() for part in text.split("|")]
    if len(parts) not in (2, 3) or not all(parts[:2]):
        raise UsageError(
            f"--source {text[:80]!r} is not in the form NAME|LICENCE|ATTRIBUTION.",
            hint='For example: --source "SQuAD 2.0|CC BY-SA 4.0|Rajpurkar et al."',
        )
    return sources_from([dict(zip(("name", "licence", "attribution"), parts, strict=False))])[0]
