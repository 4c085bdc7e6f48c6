"""The wrapped key file: the store's key, sealed once for the passphrase and once for paper.

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
from typing import Any, Literal

import nacl.exceptions
from nacl import bindings
from nacl.pwhash import argon2id

from assistant.errors import NewerStoreError, StoreError, WrongKeyError
from assistant.store.key_source import KEY_BYTES, StoreKey

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
    """What one guess of a passphrase costs: passes of Argon2id, and its memory in bytes.

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
    """What a key file holds. `number` is random and names this key in reports."""

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
        content = json.loads(raw, object_pairs_hook=_pairs, parse_constant=_refuse)
        return _wrapped_key(content)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _MalformedError) else "it is not JSON"
        raise WrongKeyError(
            f"The key file is damaged: {reason}.",
            hint="Put the key file back from a backup; the recovery key can't replace it.",
        ) from None


class _MalformedError(ValueError):
    """Says what is wrong without repeating what is in the file."""


def _wrapped_key(content: object) -> WrappedKey:
    match content:
        case {"format": kind, "version": version, **rest} if kind == FORMAT:
            if _natural(version) > VERSION:
                raise NewerStoreError(
                    "The key file was written by a newer version of this program.",
                    hint="Install the newer version again.",
                )
            if version != VERSION or rest.keys() != {"number", "slots"}:
                raise _MalformedError("it has other fields than a key file")
        case _:
            raise _MalformedError("it is no key file of this program")
    slots = rest["slots"]
    if not isinstance(slots, list) or not 1 <= len(slots) <= 2:
        raise _MalformedError("it has no slots")
    read = tuple(map(_slot, slots))
    if [slot.kind for slot in read] not in (["passphrase"], ["passphrase", "recovery"]):
        raise _MalformedError("its slots are not a passphrase and a recovery key")
    return WrappedKey(_hex(rest["number"], _ID_BYTES), read)


def _slot(content: object) -> Slot:
    kind: Kind = "recovery"
    cost: Cost | None = None
    more: dict[object, object] = {}
    match content:
        case {"kind": "passphrase", "argon2id": {"passes": n, "memory": m, **more}, **rest}:
            try:
                cost = Cost(_natural(n), _natural(m))
            except ValueError as error:
                raise _MalformedError("its Argon2id numbers are out of their limits") from error
            kind = "passphrase"
        case {"kind": "recovery", **rest}:
            pass
        case _:
            raise _MalformedError("a slot is of an unknown kind")
    if more or rest.keys() != {"salt", "nonce", "sealed"}:
        raise _MalformedError("it has other fields than a key file")
    salt, nonce = _hex(rest["salt"], _SALT_BYTES), _hex(rest["nonce"], _NONCE_BYTES)
    return Slot(kind, salt, cost, nonce, _hex(rest["sealed"], _SEALED_BYTES))


def _natural(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise _MalformedError("a number is none")
    return value


def _hex(value: object, length: int) -> bytes:
    digits = set("0123456789abcdef")
    if not isinstance(value, str) or len(value) != 2 * length or not digits >= set(value):
        raise _MalformedError("bytes are not written as they must be")
    return bytes.fromhex(value)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _MalformedError("a field is there twice")
    return dict(pairs)


def _refuse(constant: str) -> None:
    raise _MalformedError(f"a number is {constant}")


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
