"""Write a bundle file: sign the manifest, copy the files behind it, verify, rename."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assistant.bundle.file_layout import head_to_sign, signed_message
from assistant.bundle.manifest import BundleFile, Manifest, encode
from assistant.bundle.signatures import key_id, sign
from assistant.bundle.trusted_keys import FindKey, TrustedKey
from assistant.bundle.verify_bundle import file_name, open_bundle
from assistant.errors import UntrustedKeyError, UsageError
from convert.atomic_output import Job, Progress, disk_errors, quiet, require_room
from convert.bundle.signing_keys import SigningKey

_BLOCK = 1 << 20
_SILENT = Job()


@dataclass(frozen=True, slots=True)
class Part:
    """One file to pack: `content` is a path on disk, or the bytes themselves."""

    name: str
    role: str
    content: Path | bytes


def measure(parts: Iterable[Part], progress: Progress = quiet) -> tuple[BundleFile, ...]:
    """Hash every part. Raises `UsageError` for what can't be read."""
    return tuple(_measured(part, progress) for part in parts)


def signed_head(manifest: Manifest, key: SigningKey) -> bytes:
    """Return head and manifest as they stand at the beginning of the file."""
    raw = encode(manifest)
    signed = head_to_sign(key.identity, raw)
    return signed + sign(key.secret, signed_message(signed, raw)) + raw


def write_bundle(
    manifest: Manifest,
    parts: Iterable[Part],
    key: SigningKey,
    folder: Path,
    job: Job = _SILENT,
) -> Path:
    """Write `<name>-v<version>.bundle` into `folder`; return its path.

    `manifest.files` must be those of `measure(parts)`. The file is read back and verified
    as the laptop does before it gets its name. Raises `UsageError` if it is there already,
    `ModelError` for a full disk, `Cancelled` on cancel.
    """
    head = signed_head(manifest, key)
    target = folder / file_name(manifest)
    require_new(target)
    total = len(head) + sum(file.size for file in manifest.files)
    with disk_errors(target, total):
        folder.mkdir(parents=True, exist_ok=True)
        require_room(folder, total)
        # A folder of its own, because the verification wants the file's final name.
        temporary = folder / f".{target.name}.incoming-{os.getpid()}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        try:
            draft = temporary / target.name
            with draft.open("wb") as out:
                out.write(head)
                _copy_all(out, parts, total, job)
                out.flush()
                os.fsync(out.fileno())
            find = trusting(key.public, key.name, key.created)
            with open_bundle(draft, find, progress=job.progress, cancel=job.cancel):
                pass
            draft.rename(target)
        finally:
            with suppress(OSError):
                shutil.rmtree(temporary)
    return target


def require_new(target: Path) -> None:
    """Refuse to seal a version twice: a transfer key would be shown that opens nothing."""
    if target.exists():
        raise UsageError(
            f"{target} is there already.",
            hint="A version is packed once. Give a higher --version, or move the file away.",
        )


def trusting(public: bytes, name: str, created: str) -> FindKey:
    """Return what finds this one key, and raises `UntrustedKeyError` for any other."""

    def find(identity: bytes) -> TrustedKey:
        if identity != key_id(public):
            raise UntrustedKeyError(f"It is not signed by the key '{name}'.")
        return TrustedKey(public.hex(), name, "trusted", created, "")

    return find


def _measured(part: Part, progress: Progress) -> BundleFile:
    if isinstance(part.content, bytes):
        digest = hashlib.sha256(part.content).hexdigest()
        return BundleFile(part.name, part.role, len(part.content), digest)
    try:
        with part.content.open("rb") as file:
            size, done, digest_ = os.fstat(file.fileno()).st_size, 0, hashlib.sha256()
            while block := file.read(_BLOCK):
                digest_.update(block)
                done += len(block)
                progress(f"Hashing {part.content.name}", done, size)
    except OSError as error:
        raise UsageError(f"{part.content} can't be read: {error.strerror or error}.") from error
    return BundleFile(part.name, part.role, done, digest_.hexdigest())


def _copy_all(out: IO[bytes], parts: Iterable[Part], total: int, job: Job) -> None:
    for part in parts:
        if isinstance(part.content, bytes):
            out.write(part.content)
            continue
        with part.content.open("rb") as file:
            while block := file.read(_BLOCK):
                job.cancel.raise_if_cancelled()
                out.write(block)
                job.progress("Packing", out.tell(), total)
