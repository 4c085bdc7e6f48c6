"""The file in which a public key is carried to the laptop, and the signed succession of keys.

One line of canonical JSON. A new key may bring an endorsement: the signature of the key
that it follows over both identities. Whoever trusts the old key can then check the new one
without comparing fingerprints again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.bundle import canonical_json
from assistant.bundle.signatures import (
    KEY_ID_BYTES,
    PUBLIC_BYTES,
    SIGNATURE_BYTES,
    SUCCESSION_LABEL,
    is_signed,
    key_id,
    spoken,
)
from assistant.errors import BundleError, ModelError
from assistant.models.model_install import open_regular

FORMAT = 1
SUFFIX = ".pub"
_MAX_BYTES = 4096
_MAX_NAME = 64
_FIELDS = ("format", "name", "created", "public", "endorsed_by", "endorsement")


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
    return canonical_json.canonical(table) + b"\n"


def decode_key(raw: bytes, what: str = "The key file") -> PublicKey:
    """Read a public key. Raises `BundleError`; the endorsement is not checked here."""
    table = canonical_json.parse(raw.rstrip(b"\r\n"), what)
    canonical_json.keys(table, _FIELDS, what)
    if table["format"] != FORMAT:
        raise BundleError(f"{what} has an unknown format.", hint="It may be of a newer version.")
    if not is_key_name(table["name"]) or not _short(table["created"]):
        raise BundleError(f"{what} is damaged: its name or date can't be one.")
    key = PublicKey(
        name=table["name"],
        created=table["created"],
        public=_bytes(table["public"], PUBLIC_BYTES, what),
        endorsed_by=_bytes(table["endorsed_by"], KEY_ID_BYTES, what, or_none=True),
        endorsement=_bytes(table["endorsement"], SIGNATURE_BYTES, what, or_none=True),
    )
    if bool(key.endorsed_by) != bool(key.endorsement):
        raise BundleError(f"{what} is damaged: its endorsement is incomplete.")
    return key


def read_key(path: Path) -> PublicKey:
    """Read a public key from a file. Raises `BundleError`."""
    try:
        with open_regular(path) as file:
            raw = file.read(_MAX_BYTES + 1)
    except (OSError, ModelError) as error:
        reason = getattr(error, "strerror", None) or "it is no plain file that you may read"
        raise BundleError(f"{path} can't be read: {reason}.") from error
    if len(raw) > _MAX_BYTES:
        raise BundleError(f"{path} is too long for a public key.")
    return decode_key(raw, str(path))


def is_key_name(name: object) -> bool:
    """Tell whether a key can be called so: one line of printable text."""
    return isinstance(name, str) and 0 < len(name) <= _MAX_NAME and name.isprintable()


def _short(text: object) -> bool:
    return isinstance(text, str) and len(text) <= 64


def _bytes(text: object, length: int, what: str, *, or_none: bool = False) -> bytes:
    if or_none and text == "":
        return b""
    try:
        raw = bytes.fromhex(text) if isinstance(text, str) and text.isascii() else b""
    except ValueError:
        raw = b""
    if len(raw) != length or raw.hex() != text:
        raise BundleError(f"{what} is damaged: it does not hold {length} bytes where it should.")
    return raw
