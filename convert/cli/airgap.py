"""`assistant-convert airgap`: the archive for machines without a network."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.bundle.signatures import spoken
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.json_output import FORMAT
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.console.reporting import reporting
from assistant.errors import UsageError

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("airgap")
@click.option("--out", type=_FOLDER, required=True, help="Folder for archive and check sheet.")
@click.option(
    "--key", type=click.Path(path_type=Path), required=True, help="Secret key that signs."
)
@click.option("--make-key", is_flag=True, help="Make that key first if it is not there.")
@click.option("--release", type=click.IntRange(1, 1_000_000), default=1, show_default=True,
              help="Raise it for another archive of the same version.")  # fmt: skip
@click.option("--python", "pythons", multiple=True, metavar="X.Y",
              help="Version of Python to serve; repeat [default: 3.11 to 3.14].")  # fmt: skip
@click.option("--cache", type=_FOLDER, help="Folder for wheels [default: .build/airgap].")
@click.option("--checkout", type=_FOLDER, help="Checkout to pack [default: the one in use].")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
def airgap_command(
    out: Path,
    key: Path,
    release: int,
    pythons: tuple[str, ...],
    cache: Path | None,
    checkout: Path | None,
    *,
    make_key: bool,
    as_json: bool,
) -> None:
    """Make one signed archive that installs the assistant where there is no network.

    Wheels, models, SBOM, licences, hashes and an installer that needs Python alone. The
    first run fetches the pinned wheels and builds llama.cpp; later ones need neither
    network nor compiler.

    \b
    Example:
      assistant-convert airgap --key keys/airgap.key --make-key --out dist
    """
    output = Output(as_json=as_json)
    with reporting(output):
        from convert.airgap.archive_build import PYTHONS, make_archive
        from convert.bundle.signing_keys import SECRET_SUFFIX, generate, read_signing_key

        root = (checkout or Path(__file__).parents[2]).resolve()
        if not (root / "requirements" / "laptop.txt").is_file():
            raise UsageError(f"{root} is no checkout of this project.", hint="--checkout FOLDER")
        if make_key and not key.exists():
            generate(key.with_suffix("") if key.suffix == SECRET_SUFFIX else key)
            output.note(f"A new signing key was made: {key}. Keep it safe, and out of backups "
                        "that others read.")  # fmt: skip
        with cancel_on_interrupt() as cancel, progress_bar(output) as report:
            made = make_archive(
                root,
                (cache or root / ".build" / "airgap").absolute(),
                out.absolute(),
                signer := read_signing_key(key),
                pythons=pythons or PYTHONS,
                release=release,
                progress=report,
                cancel=cancel,
            )
        if as_json:
            table = {"archive": str(made.path), "sheet": str(made.sheet), "sha256": made.sha256}
            size, identity = made.path.stat().st_size, signer.identity.hex()
            output.json({"format": FORMAT, **table, "size": size, "key": identity})
            return
        output.line(f"{made.path} ({made.path.stat().st_size / 2**20:.0f} MiB)")
        output.line(f"SHA-256: {made.sha256}")
        output.line("Key:     ", (spoken(signer.identity), "bold"))
        output.note(f"Print {made.sheet} and carry it apart from the archive.")
