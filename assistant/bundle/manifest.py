"""The manifest of a bundle: what is in it, what it is for, and where it comes from.

Parsed only after its signature was found good, and still strictly: a trusted workstation
may be in error. `encode(decode(raw)) == raw` always.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from assistant import __version__
from assistant.bundle import canonical_json
from assistant.errors import BundleError
from assistant.models.model_record import safe_name
from assistant.types import Calibration

KINDS = ("model", "adapter", "library")
KEY_ROLE = "key"
"""The sealed key that a library travels under."""
TEXT_ROLES = ("card", "licence", "evaluation", "recipe")
PAYLOAD_ROLES = KINDS
MAX_FILES = 32
MAX_STEPS = 64
MAX_TEXT_BYTES = 4 << 20
MAX_PAYLOAD_BYTES = 1 << 40
MAX_VERSION = 2**31 - 1
MAX_NAME = 48
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

_FILE_NAME = re.compile(
    r"(?!(?:con|prn|aux|nul|com\d|lpt\d)\.)[a-z0-9][a-z0-9_-]{0,63}\.(?:gguf|db|md|txt|json|toml)",
    re.ASCII,
)
"""A plain name in small letters with one known ending; no device name of Windows."""

_PROGRAM = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", re.ASCII)
_WHAT = "Its manifest"


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file; `size` in bytes. Names are shown, and never become paths as they are."""

    name: str
    role: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Base:
    """The model that an adapter belongs over, or that a model was tuned from.

    `sha256` is that of the GGUF which the laptop must have; `source_sha256` ("" if there is
    none) of the file that the laptop's own set-up makes it from.
    """

    name: str
    sha256: str
    source_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The prompts that it was tuned with, which must be those that it will be asked with.

    `version` and `style` are those of `assistant.prompts`; `template` names the renderer of
    the chat template, `template_sha256` is the template's own hash.
    """

    version: int
    style: str
    template: str
    template_sha256: str


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether it was evaluated and passed; `forced` says why it was packed all the same."""

    evaluated: bool
    passed: bool
    forced: str


@dataclass(frozen=True, slots=True)
class Source:
    """Data that went in: name, licence, and whom to name."""

    name: str
    licence: str
    attribution: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the making. Inputs and outputs map names to SHA-256."""

    step: str
    finished_at: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is signed. `version` only ever grows for a name; `label` is for people.

    `created` is UTC in seconds; `signer` the identity of the key (hex); `program` the
    oldest version of this program that can use it. `lineage` is in the order of making.
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
    gate: Gate
    files: tuple[BundleFile, ...]
    base: Base | None = None
    prompt: Prompt | None = None
    calibration: Calibration = field(default_factory=Calibration)
    sources: tuple[Source, ...] = ()
    lineage: tuple[Step, ...] = field(default=())

    @property
    def payload(self) -> BundleFile:
        return next(file for file in self.files if file.role in PAYLOAD_ROLES)

    @property
    def installed_name(self) -> str:
        """The name of this very version on the laptop."""
        return f"{self.name}-v{self.version}"

    def table(self) -> dict[str, Any]:
        """Return what is signed as plain data."""
        return {**asdict(self), "calibration": self.calibration.stored()}


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as canonical JSON. Raises `BundleError` if it is not valid."""
    try:
        raw = canonical_json.canonical(manifest.table())
    except (TypeError, ValueError) as error:
        raise BundleError(f"The manifest can't be written: {error}.") from error
    if decode(raw) != manifest:
        raise BundleError("The manifest can't be written: it does not read back the same.")
    return raw


def decode(raw: bytes) -> Manifest:
    """Read a manifest that was signed. Raises `BundleError` for anything out of order."""
    table = canonical_json.parse(raw, _WHAT)
    canonical_json.keys(table, Manifest.__slots__, _WHAT)
    plain = {}
    for key in ("kind", "name", "label", "title", "created", "signer", "program", "licence"):
        if not isinstance(table[key], str) or len(table[key]) > 200:
            raise BundleError(f"{_WHAT} is damaged: '{key}' is no short text.")
        plain[key] = table[key]
    found = Manifest(
        **plain,
        version=_version(table["version"]),
        gate=canonical_json.row(Gate, table["gate"], f"{_WHAT} (gate)"),
        files=canonical_json.rows(BundleFile, table["files"], f"{_WHAT} (files)", MAX_FILES),
        base=_optional(Base, table["base"], "base"),
        prompt=_optional(Prompt, table["prompt"], "prompt"),
        calibration=_calibration(table["calibration"]),
        sources=canonical_json.rows(Source, table["sources"], f"{_WHAT} (sources)", MAX_STEPS),
        lineage=_lineage(table["lineage"]),
    )
    _check(found)
    return found


def program_version(text: str) -> tuple[int, int, int]:
    """Read `1.2.3`. Raises `BundleError`."""
    match = _PROGRAM.fullmatch(text)
    if match is None:
        raise BundleError(f"{_WHAT} is damaged: 'program' is no version such as 1.2.3.")
    major, minor, patch = (int(part) for part in match.groups())
    return major, minor, patch


def own_version() -> tuple[int, int, int]:
    """Return this program's version; what follows the three numbers does not count."""
    match = _PROGRAM.match(__version__)
    return program_version(match[0]) if match else (0, 0, 0)


def is_name(text: str) -> bool:
    """Tell whether a bundle can have this name: it becomes part of a folder's name."""
    return 0 < len(text) <= MAX_NAME and safe_name(text) == text


def _check(manifest: Manifest) -> None:
    if manifest.kind not in KINDS:
        raise BundleError(f"{_WHAT} is damaged: its kind is unknown.")
    if not is_name(manifest.name):
        raise BundleError(f"{_WHAT} is damaged: its name can't be one.")
    canonical_json.sha256(manifest.signer, f"{_WHAT}: 'signer'")
    program_version(manifest.program)
    try:
        datetime.strptime(manifest.created, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise BundleError(f"{_WHAT} is damaged: 'created' is no time.") from error
    if (manifest.base is None and manifest.kind == "adapter") or (
        manifest.base is not None and manifest.kind == "library"
    ):
        raise BundleError(f"{_WHAT} is damaged: a base is missing, or out of place.")
    if (manifest.prompt is None) != (manifest.kind == "library"):
        raise BundleError(f"{_WHAT} is damaged: the prompt version is missing, or out of place.")
    _check_files(manifest)


def _check_files(manifest: Manifest) -> None:
    names = [file.name for file in manifest.files]
    roles = [file.role for file in manifest.files]
    if len(set(names)) != len(names) or not all(_FILE_NAME.fullmatch(name) for name in names):
        raise BundleError(f"{_WHAT} is damaged: a file's name is not allowed, or is there twice.")
    allowed = {*TEXT_ROLES, manifest.kind}
    if manifest.kind == "library" and roles.count(KEY_ROLE) == 1:
        allowed.add(KEY_ROLE)
    if not set(roles) <= allowed or roles.count(manifest.kind) != 1:
        raise BundleError(f"{_WHAT} is damaged: it must hold one {manifest.kind} and its texts.")
    if roles.count("card") != 1 or (manifest.kind != "library" and "licence" not in roles):
        raise BundleError(f"{_WHAT} is damaged: the card or the licence is missing.")
    for file in manifest.files:
        limit = MAX_PAYLOAD_BYTES if file.role == manifest.kind else MAX_TEXT_BYTES
        if not 0 < file.size <= limit:
            raise BundleError(f"{_WHAT} is damaged: the size of a file makes no sense.")


def _version(value: object) -> int:
    if type(value) is not int or not 1 <= value <= MAX_VERSION:
        raise BundleError(f"{_WHAT} is damaged: its version is no number from 1.")
    return value


def _calibration(table: object) -> Calibration:
    what = f"{_WHAT} (calibration) is damaged"
    try:
        found = Calibration.read(table)
    except ValueError as error:
        raise BundleError(f"{what}: {error}.") from error
    if canonical_json.canonical(found.stored()) != canonical_json.canonical(dict(table)):  # type: ignore[call-overload]
        raise BundleError(f"{what}: a figure is no decimal number.")
    return found


def _optional(kind: type[Any], table: object, what: str) -> Any:
    return None if table is None else canonical_json.row(kind, table, f"{_WHAT} ({what})")


def _lineage(table: object) -> tuple[Step, ...]:
    what = f"{_WHAT} (lineage)"
    if not isinstance(table, list) or len(table) > MAX_STEPS:
        raise BundleError(f"{what} is damaged: it is no list of at most {MAX_STEPS} steps.")
    return tuple(_step(entry, what) for entry in table)


def _step(table: object, what: str) -> Step:
    if not isinstance(table, dict):
        raise BundleError(f"{what} is damaged: a step is no table.")
    canonical_json.keys(table, Step.__slots__, what)
    for key in ("step", "finished_at"):
        if not isinstance(table[key], str) or len(table[key]) > 200:
            raise BundleError(f"{what} is damaged: '{key}' is no short text.")
    for key in ("inputs", "outputs", "settings", "versions", "figures"):
        if not isinstance(table[key], dict):
            raise BundleError(f"{what} is damaged: '{key}' is no table.")
    for key in ("inputs", "outputs"):
        for value in table[key].values():
            canonical_json.sha256(value, what)
    if not all(isinstance(value, str) for value in table["versions"].values()):
        raise BundleError(f"{what} is damaged: a version is no text.")
    return Step(**table)
