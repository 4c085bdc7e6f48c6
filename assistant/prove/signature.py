"""The signed report: an Ed25519 key made for this machine, and what it signs.

The signature shows that a report was not changed after it was made, and that it was made
with this machine's key. It can't show more: whoever controls the machine has the key. An
auditor notes the public key when it is made, and holds later reports against it.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from nacl.exceptions import BadSignatureError, CryptoError
from nacl.signing import SigningKey, VerifyKey

from assistant.errors import ProofError
from assistant.strict_reader import Meta, Sha256, read_file, read_json, refused

KEY_FILE = "prove.key"
FORMAT = 1
_LABEL = b"airgap-assistant offline proof v1\0"
_LONGEST_REPORT = 64 << 20
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Signature:
    algorithm: Literal["Ed25519"]
    public_key: Sha256  # the same form: 32 bytes
    signature: Annotated[str, Meta(pattern=r"\A[0-9a-f]{128}\Z")]


@dataclass(frozen=True, slots=True)
class _SealedFile:
    format: Literal[1]
    report: dict[str, Any]
    signature: _Signature


@dataclass(frozen=True, slots=True)
class Sealed:
    """A report whose signature is good, and the public key (64 hex digits) that signed it."""

    report: dict[str, Any]
    public_key: str


def machine_key(folder: Path) -> SigningKey:
    """Return the key of this machine, made at the first call (mode 0600).

    Raises `ProofError` if it can't be read or others may read it.
    """
    path = folder / KEY_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        return SigningKey(_read(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ProofError(
            f"The key that signs reports, {path}, can't be used: {reason}.",
            hint="Check who may read it (chmod 600), or move it away; a new one is made then.",
        ) from error


def known_public_key(folder: Path) -> str:
    """Return this machine's public key, or "" if none was made yet (or it can't be read)."""
    with contextlib.suppress(OSError, ValueError):
        return bytes(SigningKey(_read(folder / KEY_FILE)).verify_key).hex()
    return ""


def seal(report: dict[str, Any], key: SigningKey) -> bytes:
    """Return the report with its signature, as the bytes of a JSON file."""
    public = bytes(key.verify_key).hex()
    signature = bytes(key.sign(_message(report)).signature).hex()
    sealed = {
        "format": FORMAT,
        "report": report,
        "signature": {"algorithm": "Ed25519", "public_key": public, "signature": signature},
    }
    return json.dumps(sealed, ensure_ascii=True, indent=1, sort_keys=True).encode() + b"\n"


def unseal(path: Path, key: str | None = None) -> Sealed:
    """Read a report and check its signature, by the public key `key` (hex digits) if it is given.

    Raises `ProofError`.
    """
    with refused(ProofError, f"{path} is no signed report of this program"):
        sealed = read_json(read_file(path, _LONGEST_REPORT), _SealedFile)
    signed = sealed.signature
    public, signature = bytes.fromhex(signed.public_key), bytes.fromhex(signed.signature)
    try:
        VerifyKey(public).verify(_message(sealed.report), signature)
    except BadSignatureError as error:
        raise ProofError(
            f"{path} was changed after it was signed.", hint="Ask for the report itself again."
        ) from error
    except CryptoError as error:
        raise ProofError(f"{path} is no signed report of this program.") from error
    if key is not None and public.hex() != key.strip().lower():
        raise ProofError(
            f"{path} is signed, but with another key: {public.hex()}.",
            hint="Ask whose key that is.",
        )
    return Sealed(sealed.report, public.hex())


def _message(report: dict[str, Any]) -> bytes:
    """Return what is signed: a label and the report in one form only."""
    text = json.dumps(
        report, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return _LABEL + text.encode()


def _make(path: Path) -> None:
    draft = path.with_name(f"{path.name}.new-{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(bytes(SigningKey.generate()).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    """Read the secret. Raises `OSError`, and `ValueError` if it is none or lies open."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no plain file")
        if os.name == "posix" and status.st_mode & 0o077:
            raise ValueError("others may read it")
        secret = bytes.fromhex(file.read(200).decode("ascii").strip())
    if len(secret) != _SECRET_BYTES:
        raise ValueError("it holds no key")
    return secret
