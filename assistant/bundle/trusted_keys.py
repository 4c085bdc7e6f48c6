"""The keys that this machine trusts: pinned one by one, by a person who compared them.

`<data>/trust/keys.json`. A key is trusted; or retired, when a key that it signed took its
place; or revoked, for ever. Only a trusted key can sign a bundle that is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from assistant.bundle.manifest import TIME_FORMAT
from assistant.bundle.public_key_file import PublicKey
from assistant.bundle.rollback_guard import MinimumVersions
from assistant.bundle.signatures import key_id, same_fingerprint, spoken
from assistant.bundle.trust_tables import FOLDER, locked, read_table, write_table
from assistant.errors import BundleError, UntrustedKeyError, UsageError
from assistant.strict_reader import Meta, Sha256

KEYS_FILE = "keys.json"
Status = Literal["trusted", "retired", "revoked"]
FindKey = Callable[[bytes], "TrustedKey"]
"""Gives the key of an identity, or raises `UntrustedKeyError`."""
_SHORTEST_REFERENCE = 8


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that was trusted on this machine, now or once; `public` in hexadecimal."""

    public: Sha256  # 64 digits as well
    name: str
    status: Status
    added_at: str
    note: str

    @property
    def identity(self) -> bytes:
        return key_id(bytes.fromhex(self.public))

    @property
    def words(self) -> str:
        return spoken(self.identity)


@dataclass(frozen=True, slots=True)
class _KeyRing:
    format: Literal[1]
    keys: Annotated[tuple[TrustedKey, ...], Meta(max_length=1000)]


class TrustStore:
    """The trusted keys of a data folder; each change is written at once."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / FOLDER
        self._path = self.folder / KEYS_FILE

    def keys(self) -> list[TrustedKey]:
        """Return all keys, also retired and revoked ones. Raises `BundleError`."""
        ring = read_table(self._path, _KeyRing)
        return list(ring.keys) if ring is not None else []

    def find(self, identity: bytes) -> TrustedKey:
        """Return the trusted key of this identity. Raises `UntrustedKeyError`."""
        for key in self.keys():
            if key.identity == identity:
                if key.status == "trusted":
                    return key
                raise UntrustedKeyError(
                    f"It is signed by the key '{key.name}', which was {key.status}: {key.note}.",
                    hint="Ask for a bundle that is signed with the key in use today.",
                )
        raise UntrustedKeyError(
            f"It is signed by a key that is not trusted here: {spoken(identity)}.",
            hint="If you know whose key that is: assistant bundle keys trust KEY.pub",
        )

    def predecessor(self, key: PublicKey) -> TrustedKey | None:
        """Return the trusted key that signed this one as its successor, if any.

        Raises `BundleError` for an endorsement by a trusted key that is forged.
        """
        for older in self.keys():
            if older.status == "trusted" and older.identity == key.endorsed_by:
                if key.follows(bytes.fromhex(older.public)):
                    return older
                raise BundleError(
                    f"The key claims to follow '{older.name}', but that is not true.",
                    hint="Don't trust it. Ask the person who made it, by another way.",
                )
        return None

    def trust(self, key: PublicKey) -> TrustedKey:
        """Pin a key that a person has checked; retire the one that it follows.

        Trusting a key again changes nothing. Raises `BundleError` for a revoked one, and
        `UsageError` if another key has its name.
        """
        with locked(self.folder):
            keys = self.keys()
            for known in keys:
                self._check_new(key, known)
                if known.identity == key.identity and known.status == "trusted":
                    return known
            older = self.predecessor(key)
            now = datetime.now(UTC).strftime(TIME_FORMAT)
            note = f"follows '{older.name}'" if older else "fingerprint compared"
            added = TrustedKey(key.public.hex(), key.name, "trusted", now, note)
            kept = [known for known in keys if known.identity != key.identity]
            if older is not None:
                kept = _changed(kept, older.identity, "retired", f"followed by '{key.name}'")
            # First, so that a folder with keys but without minimum versions is known to be damaged.
            MinimumVersions(self.folder).create()
            self._write([*kept, added])
            return added

    def revoke(self, reference: str, reason: str) -> TrustedKey:
        """Never again accept what this key signs. Raises `UsageError` if it is unknown."""
        with locked(self.folder):
            key = self.named(reference)
            if key.status == "revoked":
                return key
            note = reason or "no reason given"
            keys = _changed(self.keys(), key.identity, "revoked", note)
            self._write(keys)
            return replace(key, status="revoked", note=note)

    def named(self, reference: str) -> TrustedKey:
        """Find a key by its name, its words or the beginning of its identity."""
        keys = self.keys()
        found = [k for k in keys if k.name == reference or same_fingerprint(k.identity, reference)]
        if not found and len(reference) >= _SHORTEST_REFERENCE:
            found = [k for k in keys if k.identity.hex().startswith(reference.lower())]
        if len(found) != 1:
            what = "Several keys are" if found else "No key is"
            raise UsageError(f"{what} named '{reference}'.", hint="See: assistant bundle keys list")
        return found[0]

    def _check_new(self, key: PublicKey, known: TrustedKey) -> None:
        if known.identity == key.identity:
            if known.status == "revoked":
                raise BundleError(
                    f"The key '{known.name}' was revoked: {known.note}.",
                    hint="A revoked key is never trusted again. Make a new one on the "
                    "workstation: assistant-convert bundle keygen",
                )
        elif known.name == key.name:
            raise UsageError(
                f"Another key is named '{key.name}'.",
                hint="Give it another name when you make it, so that the two can be told apart.",
            )

    def _write(self, keys: Iterable[TrustedKey]) -> None:
        write_table(self._path, {"keys": [asdict(key) for key in keys]})


def _changed(
    keys: Iterable[TrustedKey], identity: bytes, status: Status, note: str
) -> list[TrustedKey]:
    return [
        replace(key, status=status, note=note) if key.identity == identity else key for key in keys
    ]
