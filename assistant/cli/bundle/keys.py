"""`assistant bundle keys`: the signing keys that this machine trusts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.options import Invocation, command_options
from assistant.console.output import Output
from assistant.errors import UntrustedKeyError, UsageError

if TYPE_CHECKING:
    from assistant.bundle.public_key_file import PublicKey
    from assistant.bundle.trusted_keys import TrustedKey


@click.group()
def keys() -> None:
    """Trust, list and revoke the keys of workstations."""


@keys.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--fingerprint",
    default="",
    help="The eight words or 64 digits that the workstation showed; asked for if left out.",
)
@click.option("--yes", is_flag=True, help="Accept a key that a trusted one has signed.")
@command_options
def trust(invocation: Invocation, file: Path, fingerprint: str, *, yes: bool) -> None:
    """Accept bundles that are signed with the key in FILE (.pub) from now on.

    Compare the fingerprint with what the workstation shows: by telephone or on paper, not
    with what came along with the file. A key that a trusted key has signed as its
    successor is checked by that signature, and the older key is retired.

    \b
    Examples:
      assistant bundle keys trust ward.pub
      assistant bundle keys trust ward.pub --fingerprint "lusab babad gutih tugad ..."
      assistant bundle keys trust ward-2027.pub --yes
    """
    from assistant.bundle.public_key_file import read_key
    from assistant.bundle.trusted_keys import TrustStore

    store = TrustStore(invocation.settings.data_dir)
    key = read_key(file)
    if fingerprint:
        _require_same(key, fingerprint)
    else:
        _ask(key, store.predecessor(key), invocation.output, yes=yes)
    _show([store.trust(key)], invocation.output)


@keys.command("list")
@command_options
def list_(invocation: Invocation) -> None:
    """List the keys that are trusted, retired or revoked, with their fingerprints.

    \b
    Example:
      assistant bundle keys list
    """
    from assistant.bundle.trusted_keys import TrustStore

    found = TrustStore(invocation.settings.data_dir).keys()
    if not found:
        invocation.output.note("No key is trusted. Add one: assistant bundle keys trust KEY.pub")
    _show(found, invocation.output)


@keys.command()
@click.argument("key")
@click.option("--reason", default="", help="Why; shown when something that it signed is refused.")
@command_options
def revoke(invocation: Invocation, key: str, reason: str) -> None:
    """Never again accept what KEY (its name or fingerprint) signed. This can't be undone.

    What was imported before stays, and is named, so that you can remove it.

    \b
    Example:
      assistant bundle keys revoke ward --reason "stolen workstation"
    """
    from assistant.bundle.bundle_schema import RevokeJson, key_json
    from assistant.bundle.rollback_guard import MinimumVersions
    from assistant.bundle.trusted_keys import TrustStore

    store = TrustStore(invocation.settings.data_dir)
    revoked = store.revoke(key, reason)
    identity = revoked.identity.hex()
    imported = [
        f.installed_name for f in MinimumVersions(store.folder).all() if f.signer == identity
    ]
    if invocation.output.as_json:
        invocation.output.json(RevokeJson(key_json(revoked), imported))
        return
    _show([revoked], invocation.output)
    for name in imported:
        invocation.output.note(f"Signed by it and imported here: {name}")


def _require_same(key: PublicKey, fingerprint: str) -> None:
    from assistant.bundle.signatures import same_fingerprint

    if not same_fingerprint(key.identity, fingerprint):
        raise UntrustedKeyError(
            f"The key in the file has another fingerprint: {key.words}.",
            hint="It is not the key that you were told of. Ask the person who made it.",
        )


def _ask(key: PublicKey, older: TrustedKey | None, output: Output, *, yes: bool) -> None:
    """Let a person compare the fingerprint; raise `UsageError` where nobody can be asked."""
    if older is not None:
        output.note(f"'{key.name}' is signed by the trusted key '{older.name}', which it follows.")
        if yes:
            return
    output.note(f"Name:        {key.name} ({key.created})")
    output.note(f"Fingerprint: {key.words}")
    output.note(f"             {key.identity.hex()}")
    if not output.has_person:
        what = "--yes" if older is not None else "--fingerprint WORDS"
        raise UsageError("Nobody can be asked here whether this key is right.", hint=f"Add: {what}")
    if not click.confirm("Is this the fingerprint that the workstation shows?", default=False):
        raise UntrustedKeyError("The key was not trusted.")


def _show(found: list[TrustedKey], output: Output) -> None:
    from assistant.bundle.bundle_schema import KeysJson, key_json

    if output.as_json:
        output.json(KeysJson([key_json(key) for key in found]))
        return
    rows = [[key.name, key.status, key.words, key.added_at[:10], key.note] for key in found]
    output.table(["name", "status", "fingerprint", "since", "note"], rows, right=frozenset())
