"""The file that carries a public key to the laptop, with the endorsement by the key before it.

One line of canonical JSON. A new key may bring an endorsement: the signature of the key
that it follows over both identities. Whoever trusts the old key can then check the new one
without comparing fingerprints again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from assistant.bundle.signatures import SUCCESSION_LABEL, is_signed, key_id, spoken
from assistant.errors import BundleError
from assistant.strict_reader import (
    MaybeSha256,
    Meta,
    Sha256,
    canonical,
    read_canonical,
    read_file,
    refused,
)

FORMAT = 1
SUFFIX = ".pub"
_MAX_BYTES = 4096
_MAX_NAME = 64
_Signature = Annotated[
    str, Meta(pattern=r"\A([0-9a-f]{128})?\Z", description='a signature (128 digits) or ""')
]


@dataclass(frozen=True, slots=True)
class _KeyFile:
    """What stands in the file: bytes in hexadecimal."""

    format: Literal[1]
    name: Annotated[str, Meta(min_length=1, max_length=_MAX_NAME)]
    created: Annotated[str, Meta(max_length=64)]
    public: Sha256  # the same form: 32 bytes
    endorsed_by: MaybeSha256
    endorsement: _Signature

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise ValueError("'name' can't be shown")
        if bool(self.endorsed_by) != bool(self.endorsement):
            raise ValueError("the endorsement is incomplete")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as it is carried. `endorsed_by` and `endorsement` are b"" if none signed it."""

    name: str
    created: str
    public: bytes
    endorsed_by: bytes = b""
    endorsement: bytes = b""

    @property
    def identity(self) -> bytes:
        return key_id(self.public)

    @property
    def words(self) -> str:
        """The fingerprint as eight words."""
        return spoken(self.identity)

    def follows(self, older: bytes) -> bool:
        """Tell whether the owner of the public key `older` named this one its successor."""
        message = succession_message(key_id(older), self.public)
        return key_id(older) == self.endorsed_by and is_signed(older, message, self.endorsement)


def succession_message(older: bytes, public: bytes) -> bytes:
    """Return what the older key (its identity) signs to name a new public key."""
    return SUCCESSION_LABEL + older + public


def encode_key(key: PublicKey) -> bytes:
    table = {
        "format": FORMAT,
        "name": key.name,
        "created": key.created,
        "public": key.public.hex(),
        "endorsed_by": key.endorsed_by.hex(),
        "endorsement": key.endorsement.hex(),
    }
    return canonical(table) + b"\n"


def decode_key(raw: bytes, what: str = "The key file") -> PublicKey:
    """Read a public key. Raises `BundleError`; the endorsement is not checked here."""
    with refused(BundleError, f"{what} is damaged, or of a newer version"):
        found = read_canonical(raw.rstrip(b"\r\n"), _KeyFile)
    parts = (found.public, found.endorsed_by, found.endorsement)
    return PublicKey(found.name, found.created, *map(bytes.fromhex, parts))


def read_key(path: Path) -> PublicKey:
    """Read a public key from a file. Raises `BundleError`."""
    with refused(BundleError, f"{path} can't be read"):
        raw = read_file(path, _MAX_BYTES)
    return decode_key(raw, str(path))


def is_key_name(name: str) -> bool:
    """Tell whether a key can be called so: one line of printable text."""
    return 0 < len(name) <= _MAX_NAME and name.isprintable()
