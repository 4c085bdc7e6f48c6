"""The archive's manifest: what is in it, for which machine, signed as a whole.

Its bytes are JSON in one canonical form: ASCII, keys sorted, no white space. They are only
parsed after their signature was found good.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from .ed25519 import is_signed, key_id
from .problems import RefusedError

FORMAT = 1
PROGRAM = "airgap-assistant"
MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "manifest.sig"
SIGNATURE_BYTES = 32 + 64
MAX_MANIFEST = 1 << 20
LABEL = b"airgap-assistant airgap archive v1\0"

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_VERSION = re.compile(r"(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){1,3}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_.+-]{0,64}", re.ASCII)
_FIELDS = {"format", "name", "version", "release", "room", "platform", "files"}
_MOST_FILES = 5000
_LARGEST = 1 << 40


@dataclass(frozen=True, slots=True)
class File:
    """A file of the archive: its name with slashes, its size in bytes, its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Platform:
    """What the machine must be.

    `system` and `machine` as `platform` says them, in small letters; `pythons` are the
    versions of CPython with wheels for them; `glibc` is the oldest one, "" for none.
    `libraries` are those that the system must have, with the newest symbol version asked of
    each ("" for any); `cpu_flags` as /proc/cpuinfo names them.
    """

    system: str
    machine: str
    pythons: tuple[str, ...]
    glibc: str
    libraries: dict[str, str]
    cpu_flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is signed. `room` is what an installation takes on the disk, in bytes."""

    version: str
    release: int
    room: int
    platform: Platform
    files: tuple[File, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """What versions are compared by: four numbers of the version, then the release."""
        return version_order(self.version, self.release)

    @property
    def title(self) -> str:
        return f"{PROGRAM} {self.version} (release {self.release})"


def version_order(version: str, release: int) -> tuple[int, ...]:
    """Return version and release as five numbers that compare rightly."""
    numbers = [int(part) for part in version.split(".")]
    return (*numbers, *[0] * (4 - len(numbers)), release)


def encode(manifest: Manifest) -> bytes:
    """Return the canonical bytes of a manifest."""
    table = {"format": FORMAT, "name": PROGRAM, **asdict(manifest)}
    return json.dumps(table, sort_keys=True, separators=(",", ":")).encode("ascii")


def message_to_sign(public: bytes, raw: bytes) -> bytes:
    """Return what the signature covers: a label, the signer's identity, the manifest."""
    return LABEL + key_id(public) + hashlib.sha512(raw).digest()


def verified(raw: bytes, signature: bytes) -> tuple[Manifest, bytes]:
    """Check the signature and read the manifest; return it and the signer's public key.

    Whether that key may sign is for the caller to decide. Raises `RefusedError`.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise RefusedError(f"{SIGNATURE_NAME} has not the length of a signature.", _AGAIN)
    public = signature[:32]
    if not is_signed(public, message_to_sign(public, raw), signature[32:]):
        raise RefusedError(
            f"{MANIFEST_NAME} or {SIGNATURE_NAME} was changed: the signature does not fit.", _AGAIN
        )
    return decode(raw), public


def decode(raw: bytes) -> Manifest:
    """Read a manifest strictly. Raises `RefusedError`."""
    try:
        table = json.loads(raw.decode("ascii"))
        manifest = _manifest(table)
        canonical = encode(manifest) == raw
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedError(
            f"{MANIFEST_NAME} can't be read: {type(error).__name__}.",
            "It may have been made for a newer installer.",
        ) from error
    if not canonical:
        raise RefusedError(f"{MANIFEST_NAME} is not in canonical form.")
    return manifest


_AGAIN = "Copy the archive again from the machine that made it."


def _manifest(table: Any) -> Manifest:
    if not isinstance(table, dict) or table.keys() != _FIELDS:
        raise ValueError("fields are missing or unknown")
    if table["format"] != FORMAT or table["name"] != PROGRAM:
        raise ValueError("it is of another format or program")
    given = table["platform"]
    platform = Platform(
        system=_text(given["system"], _TOKEN),
        machine=_text(given["machine"], _TOKEN),
        pythons=tuple(_text(entry, _VERSION) for entry in given["pythons"]),
        glibc=_text(given["glibc"], _TOKEN),
        libraries={
            _text(key, _TOKEN): _text(value, _TOKEN) for key, value in given["libraries"].items()
        },
        cpu_flags=tuple(_text(entry, _TOKEN) for entry in given["cpu_flags"]),
    )
    files = tuple(
        File(_text(row["name"], _NAME), _number(row["size"]), _text(row["sha256"], _SHA256))
        for row in table["files"]
    )
    names = [file.name for file in files]
    if names != sorted(set(names)) or len(names) > _MOST_FILES:
        raise ValueError("its files are not in order")
    if any(".." in name.split("/") for name in names):
        raise ValueError("a name leads elsewhere")
    return Manifest(
        _text(table["version"], _VERSION),
        _number(table["release"]),
        _number(table["room"]),
        platform,
        files,
    )


def _text(value: Any, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError("a text has not its form")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise ValueError("a number is out of its limits")
    return value
