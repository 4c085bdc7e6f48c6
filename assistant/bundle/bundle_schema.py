"""The shapes of `assistant bundle ... --json`; see `schema.py` for the rules."""

from __future__ import annotations

from assistant.bundle.manifest import Manifest
from assistant.bundle.trusted_keys import TrustedKey
from assistant.bundle.verify_bundle import OpenBundle
from assistant.console.json_output import Document, Shape, shaped


class KeyJson(Shape, frozen=True):
    """`status` is trusted, retired or revoked; `identity` 64 hexadecimal digits."""

    name: str
    status: str
    identity: str
    words: str
    added_at: str
    note: str


class KeysJson(Document, frozen=True):
    keys: list[KeyJson]


class RevokeJson(Document, frozen=True):
    """The revoked key, and the names of what it signed that was imported here."""

    key: KeyJson
    imported: list[str]


class InspectJson(Document, frozen=True):
    """A bundle whose signature and every hash are right; `card` is Markdown."""

    manifest: Manifest
    manifest_sha256: str
    key: KeyJson
    card: str


class ImportJson(Document, frozen=True):
    """`already`: this very bundle was installed before; `active`: it is in use now."""

    name: str
    already: bool
    active: bool
    manifest: Manifest
    manifest_sha256: str


def key_json(key: TrustedKey) -> KeyJson:
    return shaped(KeyJson, key, identity=key.identity.hex())


def inspect_json(bundle: OpenBundle) -> InspectJson:
    return InspectJson(
        manifest=bundle.manifest,
        manifest_sha256=bundle.digest,
        key=key_json(bundle.key),
        card=bundle.texts("card")[0][1],
    )
