"""The manifest of a bundle: what is in it, what it is for, and where it comes from.

Parsed only after its signature was found good, and still strictly: a trusted workstation
may be in error. `encode(decode(raw)) == raw` always. The types below are what is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from assistant import __version__
from assistant.errors import BundleError
from assistant.models.embedder_folder import MODEL_FILE, TOKENIZER_FILE
from assistant.models.installed_readers import CONFIG_FILE
from assistant.models.model_record import safe_name
from assistant.strict_reader import (
    Limits,
    MaybeSha256,
    Meta,
    Sha256,
    canonical,
    read_canonical,
    refused,
)
from assistant.types import Calibration

KINDS = ("model", "adapter", "library", "reader")
KEY_ROLE = "key"
"""The sealed key that a library travels under."""
TEXT_ROLES = ("card", "licence", "evaluation", "recipe")
PAYLOAD_ROLES = KINDS
READER_ROLES = {"reader": MODEL_FILE, "tokenizer": TOKENIZER_FILE, "description": CONFIG_FILE}
"""A reader's files: `reader` is its payload, the two others come with it, under these names."""
MAX_TEXT_BYTES = 4 << 20
MAX_PAYLOAD_BYTES = 1 << 40
MAX_VERSION = 2**31 - 1
MAX_NAME = 48
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

_FileName = Annotated[
    str,
    Meta(
        pattern=r"\A(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\.)[a-z0-9][a-z0-9_-]{0,63}"
        r"\.(?:gguf|onnx|db|md|txt|json|toml)\Z",
        description="a plain name in small letters with a known ending",  # no device of Windows
    ),
]
_Short = Annotated[str, Meta(max_length=200)]
_Version = Annotated[
    str,
    Meta(pattern=r"\A[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}\Z", description="a version such as 1.2.3"),
]
_Count = Annotated[int, Meta(ge=1, le=MAX_VERSION)]
_LIMITS = Limits(depth=12, values=50_000, text=16_384)
_WHAT = "Its manifest is damaged"


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file; `size` in bytes. Names are shown, and never become paths as they are."""

    name: _FileName
    role: str
    size: Annotated[int, Meta(ge=1, le=MAX_PAYLOAD_BYTES)]
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class Base:
    """The model that an adapter belongs over, or that a model was tuned from.

    `sha256` is that of the GGUF which the laptop must have; `source_sha256` ("" if there is
    none) of the file that the laptop's own set-up makes it from.
    """

    name: str
    sha256: Sha256
    source_sha256: MaybeSha256 = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The prompts that it was tuned with, which must be those that it will be asked with.

    `version` and `style` are those of `assistant.prompts`; `template` names the renderer of
    the chat template, `template_sha256` is the template's own hash.
    """

    version: int
    style: str
    template: str
    template_sha256: Sha256


@dataclass(frozen=True, slots=True)
class GateResult:
    """The result of the release gate; `forced` says why it was packed without passing."""

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

    step: _Short
    finished_at: _Short
    inputs: Mapping[str, Sha256]
    outputs: Mapping[str, Sha256]
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
    version: _Count
    label: _Short
    title: _Short
    created: str
    signer: Sha256
    program: _Version
    licence: _Short
    gate: GateResult
    files: Annotated[tuple[BundleFile, ...], Meta(max_length=32)]
    base: Base | None = None
    prompt: Prompt | None = None
    calibration: Annotated[Mapping[str, float], Meta(max_length=32)] = field(default_factory=dict)
    """As `types.Calibration.stored` gives it: what was signed stays as it is."""
    sources: Annotated[tuple[Source, ...], Meta(max_length=64)] = ()
    lineage: Annotated[tuple[Step, ...], Meta(max_length=64)] = ()

    @property
    def payload(self) -> BundleFile:
        return next(file for file in self.files if file.role in PAYLOAD_ROLES)

    @property
    def prompt_version(self) -> int:
        return self.prompt.version if self.prompt is not None else 0

    @property
    def installed_name(self) -> str:
        """The name of this very version on the laptop."""
        return f"{self.name}-v{self.version}"


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as canonical JSON. Raises `BundleError` if it is not valid."""
    try:
        raw = canonical(asdict(manifest))
    except (TypeError, ValueError) as error:
        raise BundleError(f"The manifest can't be written: {error}.") from error
    if decode(raw) != manifest:
        raise BundleError("The manifest can't be written: it does not read back the same.")
    return raw


def decode(raw: bytes) -> Manifest:
    """Read a manifest that was signed. Raises `BundleError` for anything out of order."""
    with refused(BundleError, _WHAT):
        found = read_canonical(raw, Manifest, limits=_LIMITS)
    for problem in (*_problems(found), *_file_problems(found)):
        raise BundleError(f"{_WHAT}: {problem}.")
    return found


def program_version(text: str) -> tuple[int, ...]:
    """Read `1.2.3`; what follows the three numbers does not count."""
    match = re.match(r"[0-9]+\.[0-9]+\.[0-9]+", text)
    return tuple(map(int, match[0].split("."))) if match else (0, 0, 0)


def own_version() -> tuple[int, ...]:
    """Return this program's version."""
    return program_version(__version__)


def is_name(text: str) -> bool:
    """Tell whether a bundle can have this name: it becomes part of a folder's name."""
    return 0 < len(text) <= MAX_NAME and safe_name(text) == text


def _problems(manifest: Manifest) -> Iterator[str]:
    if manifest.kind not in KINDS:
        yield "its kind is unknown"
    if not is_name(manifest.name):
        yield "its name can't be one"
    try:
        datetime.strptime(manifest.created, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        yield "'created' is no time"
    wanted = {"adapter": (True,), "library": (False,), "reader": (False,)}.get(
        manifest.kind, (True, False)
    )
    if (manifest.base is not None) not in wanted:
        yield "a base is missing, or out of place"
    try:
        Calibration.read(dict(manifest.calibration))
    except ValueError as error:
        yield f"its calibration is damaged: {error}"
    if (manifest.prompt is None) != (manifest.kind in ("library", "reader")):
        yield "the prompt version is missing, or out of place"


def _file_problems(manifest: Manifest) -> Iterator[str]:
    roles = [file.role for file in manifest.files]
    if len({file.name for file in manifest.files}) != len(roles):
        yield "a file is there twice"
    allowed = {*TEXT_ROLES, manifest.kind}
    if manifest.kind == "library" and roles.count(KEY_ROLE) == 1:
        allowed.add(KEY_ROLE)
    if manifest.kind == "reader":
        allowed |= READER_ROLES.keys()
        parts = {file.role: file.name for file in manifest.files if file.role in READER_ROLES}
        if parts != READER_ROLES or sum(role in READER_ROLES for role in roles) != len(parts):
            yield "a reader is a model, a tokenizer and a description"
    if not set(roles) <= allowed or roles.count(manifest.kind) != 1:
        yield f"it must hold one {manifest.kind} and its texts"
    if roles.count("card") != 1 or (manifest.kind != "library" and "licence" not in roles):
        yield "the card or the licence is missing"
    if any(f.size > MAX_TEXT_BYTES for f in manifest.files if f.role != manifest.kind):
        yield "a text is too long"
