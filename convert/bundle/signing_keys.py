"""The workstation's signing key: made once, readable by its owner only, never overwritten.

The secret stays on the workstation. What goes to the laptop is the `.pub` file, and its
fingerprint by another way (read out, printed): a person compares the two.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from assistant.bundle.manifest import TIME_FORMAT
from assistant.bundle.public_key_file import SUFFIX as PUBLIC_SUFFIX
from assistant.bundle.public_key_file import (
    PublicKey,
    encode_key,
    is_key_name,
    succession_message,
)
from assistant.bundle.signatures import SECRET_BYTES, key_id, public_of, sign
from assistant.errors import BundleError, UsageError
from assistant.strict_reader import BadInputError, Meta, read_json

SECRET_SUFFIX = ".key"  # noqa: S105 - the ending of a file's name
_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret key; never shown by `repr`."""

    name: str
    created: str
    secret: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r}, <hidden>)"

    @property
    def public(self) -> bytes:
        return public_of(self.secret)

    @property
    def identity(self) -> bytes:
        return key_id(self.public)


@dataclass(frozen=True, slots=True)
class _File:
    """A secret key as it lies on the disk."""

    name: str
    created: str
    secret: Annotated[str, Meta(pattern=rf"\A[0-9a-f]{{{2 * SECRET_BYTES}}}\Z")]
    format: Literal[1] = 1
    kind: Literal["airgap-assistant signing key"] = "airgap-assistant signing key"

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise ValueError("that can't be the name of a key")


def generate(
    path: Path, name: str = "", predecessor: SigningKey | None = None
) -> tuple[PublicKey, Path, Path]:
    """Make a key pair: `path`.key (mode 0600) and `path`.pub; return the public key and both.

    An ending .key or .pub of `path` does not count.
    With `predecessor`, that key names the new one its successor. Raises `UsageError` if
    either file is there already, or the name can't be one.
    """
    if path.suffix in (SECRET_SUFFIX, PUBLIC_SUFFIX):
        path = path.with_suffix("")
    shown = name or path.name
    if not is_key_name(shown):
        raise UsageError("That can't be the name of a key.", hint="Give it one: --name NAME")
    if predecessor is not None and predecessor.name == shown:
        raise UsageError(
            "The new key has the name of the one that it follows.",
            hint="Give it another one, with the year for example: --name NAME",
        )
    secret_path = path.with_name(path.name + SECRET_SUFFIX)
    public_path = path.with_name(path.name + PUBLIC_SUFFIX)
    for there in (secret_path, public_path):
        if there.exists() or there.is_symlink():
            raise UsageError(
                f"{there} is there already; a key is never overwritten.",
                hint="Choose another name, or move the old pair to a safe place.",
            )
    key = SigningKey(
        shown, time.strftime(TIME_FORMAT, time.gmtime()), secrets.token_bytes(SECRET_BYTES)
    )
    public = _public(key, predecessor)
    table = asdict(_File(key.name, key.created, key.secret.hex()))
    _create(secret_path, json.dumps(table).encode() + b"\n", 0o600)
    try:
        _create(public_path, encode_key(public), 0o644)
    except UsageError:
        secret_path.unlink()
        raise
    return public, secret_path, public_path


def read_signing_key(path: Path) -> SigningKey:
    """Read a secret key. Raises `UsageError` if others may read it, or it is no key."""
    raw = _read_secret(path)
    try:
        file = read_json(raw, _File)
    except BadInputError:
        # Nothing of the file's content in the message: it is a secret, or somebody else's.
        raise UsageError(f"{path} is no signing key of this program.") from None
    return SigningKey(file.name, file.created, bytes.fromhex(file.secret))


def _read_secret(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(_MAX_BYTES) if stat.S_ISREG(mode) else b""
    except OSError as error:
        raise UsageError(
            f"The signing key {path} can't be read: {error.strerror or error}.",
            hint="Make one: assistant-convert bundle keygen PATH",
        ) from error
    if os.name == "posix" and mode & 0o077:
        raise UsageError(
            f"Other users of this machine may read the signing key {path}.",
            hint=f"Take that right away: chmod 600 '{path}'. If somebody may have read it: "
            "make a new key, and revoke this one on the laptops.",
        )
    return raw


def _public(key: SigningKey, predecessor: SigningKey | None) -> PublicKey:
    if predecessor is None:
        return PublicKey(key.name, key.created, key.public)
    older = predecessor.identity
    endorsement = sign(predecessor.secret, succession_message(older, key.public))
    public = PublicKey(key.name, key.created, key.public, older, endorsement)
    if not public.follows(predecessor.public):
        raise BundleError("The endorsement of the new key does not verify.")
    return public


def _create(path: Path, content: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise UsageError(f"{path} can't be made: {error.strerror or error}.") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UsageError(f"{path} can't be written: {error.strerror or error}.") from error
