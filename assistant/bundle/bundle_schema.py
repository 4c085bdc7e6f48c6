"""The shapes of `assistant bundle ... --json`; see `schema.py` for the rules."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from typing_extensions import TypedDict

from assistant.bundle.manifest import Manifest
from assistant.bundle.trusted_keys import TrustedKey
from assistant.bundle.verify_bundle import OpenBundle


class BundleFileJson(TypedDict):
    name: str
    role: str
    size: int
    sha256: str


class BaseJson(TypedDict):
    """The model that it belongs over; `source_sha256` is "" if that is made of no other file."""

    name: str
    sha256: str
    source_sha256: str


class PromptJson(TypedDict):
    version: int
    style: str
    template: str
    template_sha256: str


class GateJson(TypedDict):
    """`forced` says why it was packed without a passed gate ("" if the gate was passed)."""

    evaluated: bool
    passed: bool
    forced: str


class SourceJson(TypedDict):
    name: str
    licence: str
    attribution: str


class StepJson(TypedDict):
    """A step of the making; `inputs` and `outputs` map names to SHA-256."""

    step: str
    finished_at: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    settings: dict[str, Any]
    versions: dict[str, str]
    figures: dict[str, Any]


class ManifestJson(TypedDict):
    """What was signed. `kind` is model, adapter or library; `program` the oldest version
    of this program that can use it.
    """

    kind: str
    name: str
    version: int
    label: str
    title: str
    created: str
    signer: str
    program: str
    licence: str
    gate: GateJson
    files: list[BundleFileJson]
    base: BaseJson | None
    prompt: PromptJson | None
    calibration: dict[str, float]
    sources: list[SourceJson]
    lineage: list[StepJson]


class KeyJson(TypedDict):
    """`status` is trusted, retired or revoked; `identity` 64 hexadecimal digits."""

    name: str
    status: str
    identity: str
    words: str
    added_at: str
    note: str


class KeysJson(TypedDict):
    format: int
    keys: list[KeyJson]


class RevokeJson(TypedDict):
    """The revoked key, and the names of what it signed that was imported here."""

    format: int
    key: KeyJson
    imported: list[str]


class InspectJson(TypedDict):
    """A bundle whose signature and every hash are right; `card` is Markdown."""

    format: int
    manifest: ManifestJson
    manifest_sha256: str
    key: KeyJson
    card: str


class ImportJson(TypedDict):
    """`already`: this very bundle was installed before; `active`: it is in use now."""

    format: int
    name: str
    already: bool
    active: bool
    manifest: ManifestJson
    manifest_sha256: str


def manifest_json(manifest: Manifest) -> ManifestJson:
    table: dict[str, Any] = asdict(manifest)
    table["files"], table["sources"] = list(table["files"]), list(table["sources"])
    table["lineage"] = list(table["lineage"])
    return table  # type: ignore[return-value]  # its fields are those of the dataclass


def key_json(key: TrustedKey) -> KeyJson:
    return {
        "name": key.name,
        "status": key.status,
        "identity": key.identity.hex(),
        "words": key.words,
        "added_at": key.added_at,
        "note": key.note,
    }


def inspect_json(bundle: OpenBundle, version: int) -> InspectJson:
    return {
        "format": version,
        "manifest": manifest_json(bundle.manifest),
        "manifest_sha256": bundle.digest,
        "key": key_json(bundle.key),
        "card": bundle.texts("card")[0][1],
    }
