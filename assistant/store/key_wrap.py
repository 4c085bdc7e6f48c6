"""The wrapped key file: the store's key, encrypted with the passphrase and the recovery key.

JSON of a few hundred bytes. Each slot seals the same 32 bytes with XChaCha20-Poly1305 under
a key of its own: Argon2id (RFC 9106) of the passphrase, or keyed BLAKE2b of the recovery
key, which has 150 random bits and needs no slow function. Everything else in the file is
associated data of the seal: a changed number opens nothing. docs/encryption.md has the
format field by field.

The file is hostile input: it is read strictly, and its Argon2id numbers have limits, so that
no file can ask for all memory or for hours.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import nacl.exceptions
from nacl import bindings
from nacl.pwhash import argon2id

from assistant.errors import NewerStoreError, StoreError, WrongKeyError
from assistant.store.key_source import KEY_BYTES, StoreKey
from assistant.strict_reader import BadInputError, Meta, fitted, read_json

FORMAT = "airgap-assistant keys"
VERSION = 1
LONGEST_FILE = 16 * 1024
MIB = 1024 * 1024

Kind = Literal["passphrase", "recovery"]

_ID_BYTES = 16
_SALT_BYTES = 16
_NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_SEALED_BYTES = KEY_BYTES + bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
_RECOVERY_PERSON = b"airgap recovery"


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one guess of a passphrase: passes of Argon2id, and its memory in bytes.

    libsodium runs it in one lane. Raises `ValueError` out of 1 to 16 passes and 8 MiB to
    1 GiB.
    """

    passes: int = 3
    memory: int = 64 * MIB

    def __post_init__(self) -> None:
        if not (1 <= self.passes <= 16 and 8 * MIB <= self.memory <= 1024 * MIB):
            raise ValueError("Argon2id parameters out of their limits")


@dataclass(frozen=True, slots=True)
class Slot:
    """One way to the key. `cost` is None for the recovery key."""

    kind: Kind
    salt: bytes
    cost: Cost | None
    nonce: bytes
    sealed: bytes

    def header(self) -> dict[str, Any]:
        """Return all but the seal, as it stands in the file."""
        shown: dict[str, Any] = {"kind": self.kind, "salt": self.salt.hex()}
        if self.cost is not None:
            shown["argon2id"] = {"passes": self.cost.passes, "memory": self.cost.memory}
        return shown


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The content of a key file. `number` is random and names this key in reports."""

    number: bytes
    slots: tuple[Slot, ...]

    def has(self, kind: Kind) -> bool:
        return any(slot.kind == kind for slot in self.slots)

    def unwrap(self, kind: Kind, secret: bytes) -> StoreKey | None:
        """Return the key, or None if `secret` is not the right one.

        Raises `StoreError` when there is not enough memory for Argon2id.
        """
        for slot in self.slots:
            if slot.kind == kind:
                return _opened(self.number, slot, secret)
        return None

    def with_slot(self, key: StoreKey, kind: Kind, secret: bytes, cost: Cost) -> WrappedKey:
        """Return a copy in which `secret` opens the slot `kind`, and the old secret does not."""
        slot = _sealed(self.number, key, kind, secret, cost if kind == "passphrase" else None)
        others = tuple(s for s in self.slots if s.kind != kind)
        return replace(self, slots=(*others, slot))

    def to_bytes(self) -> bytes:
        slots = [
            {**s.header(), "nonce": s.nonce.hex(), "sealed": s.sealed.hex()} for s in self.slots
        ]
        content = {
            "format": FORMAT,
            "version": VERSION,
            "number": self.number.hex(),
            "slots": sorted(slots, key=lambda slot: str(slot["kind"])),
        }
        return (json.dumps(content, indent=1) + "\n").encode("ascii")


def new_wrapped_key() -> WrappedKey:
    """Return a key file without slots: `with_slot` adds them."""
    return WrappedKey(secrets.token_bytes(_ID_BYTES), ())


def parse(raw: bytes) -> WrappedKey:
    """Read a key file. Raises `WrongKeyError`, or `NewerStoreError` for a later version."""
    try:
        content = read_json(raw, dict[str, Any])
        version = content.get("version")
        if content.get("format") == FORMAT and type(version) is int and version > VERSION:
            raise NewerStoreError(
                "The key file was written by a newer version of this program.",
                hint="Install the newer version again.",
            )
        found = fitted(content, _KeyFile)
    except BadInputError as error:
        raise WrongKeyError(
            f"The key file is damaged: {error.discreet}.",
            hint="Put the key file back from a backup; the recovery key can't replace it.",
        ) from None
    return WrappedKey(bytes.fromhex(found.number), tuple(slot.slot() for slot in found.slots))


def _hex(length: int) -> Meta:
    return Meta(pattern=rf"\A[0-9a-f]{{{2 * length}}}\Z")


@dataclass(frozen=True, slots=True)
class _CostFile:
    passes: Annotated[int, Meta(ge=1, le=16)]
    memory: Annotated[int, Meta(ge=8 * MIB, le=1024 * MIB)]


@dataclass(frozen=True, slots=True)
class _SlotFile:
    """A slot as it stands in the file."""

    kind: Kind
    salt: Annotated[str, _hex(_SALT_BYTES)]
    nonce: Annotated[str, _hex(_NONCE_BYTES)]
    sealed: Annotated[str, _hex(_SEALED_BYTES)]
    argon2id: _CostFile | None = None

    def slot(self) -> Slot:
        salt, nonce, sealed = map(bytes.fromhex, (self.salt, self.nonce, self.sealed))
        cost = Cost(self.argon2id.passes, self.argon2id.memory) if self.argon2id else None
        return Slot(self.kind, salt, cost, nonce, sealed)


@dataclass(frozen=True, slots=True)
class _KeyFile:
    format: Literal["airgap-assistant keys"]
    version: Literal[1]
    number: Annotated[str, _hex(_ID_BYTES)]
    slots: tuple[_SlotFile, ...]

    def __post_init__(self) -> None:
        ways = [(slot.kind, slot.argon2id is not None) for slot in self.slots]
        if ways not in ([("passphrase", True)], [("passphrase", True), ("recovery", False)]):
            raise ValueError("the slots are not a passphrase and a recovery key")


def _associated(number: bytes, slot: Slot) -> bytes:
    header = {"format": FORMAT, "version": VERSION, "number": number.hex(), **slot.header()}
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode("ascii")


def _sealed(number: bytes, key: StoreKey, kind: Kind, secret: bytes, cost: Cost | None) -> Slot:
    bare = Slot(
        kind, secrets.token_bytes(_SALT_BYTES), cost, secrets.token_bytes(_NONCE_BYTES), b""
    )
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        key.reveal(), _associated(number, bare), bare.nonce, _slot_key(bare, secret)
    )
    return replace(bare, sealed=sealed)


def _opened(number: bytes, slot: Slot, secret: bytes) -> StoreKey | None:
    try:
        return StoreKey(
            bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                slot.sealed, _associated(number, slot), slot.nonce, _slot_key(slot, secret)
            )
        )
    except nacl.exceptions.CryptoError:
        return None


def _slot_key(slot: Slot, secret: bytes) -> bytes:
    if slot.cost is None:
        return hashlib.blake2b(
            slot.salt, digest_size=KEY_BYTES, key=secret, person=_RECOVERY_PERSON
        ).digest()
    try:
        return bytes(argon2id.kdf(KEY_BYTES, secret, slot.salt, slot.cost.passes, slot.cost.memory))
    except nacl.exceptions.RuntimeError as error:
        raise StoreError(
            f"There was not enough memory to check the passphrase "
            f"({slot.cost.memory // MIB} MiB are needed).",
            hint="Close other programs, try again.",
        ) from error
