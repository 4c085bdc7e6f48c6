"""Open a bundle, verifying everything before anything in it is parsed.

In this order: it is a plain file, head, the signer's key is trusted, the signature, then
the manifest's own rules, the file's name, its size to the byte, and the SHA-256 of every
file in it. Only then does a caller get to see any content. What a caller reads afterwards
is hashed once more while it is read: the file lies on a medium that others may change.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from assistant import __version__
from assistant.bundle.file_layout import COPY_AGAIN, SUFFIX, read_head, truncated
from assistant.bundle.manifest import (
    MAX_TEXT_BYTES,
    BundleFile,
    Manifest,
    decode,
    own_version,
    program_version,
)
from assistant.bundle.signatures import is_signed
from assistant.bundle.trusted_keys import FindKey, TrustedKey
from assistant.errors import BundleError, ModelError
from assistant.models.model_install import open_regular
from assistant.types import CancelToken

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, bytes done, bytes in all)."""

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class OpenBundle:
    """A verified bundle. `digest` is the SHA-256 of its manifest, in hexadecimal."""

    path: Path
    manifest: Manifest
    raw_manifest: bytes
    digest: str
    key: TrustedKey
    size: int
    offsets: dict[str, int]
    file: BinaryIO

    def raw(self, entry: BundleFile) -> bytes:
        """Return the bytes of a text file. Raises `BundleError` if it changed meanwhile."""
        content = self.member(entry).read(min(entry.size, MAX_TEXT_BYTES))
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise changed()
        return content

    def text(self, entry: BundleFile) -> str:
        """Return a text of the bundle; bytes that are no UTF-8 become U+FFFD."""
        return self.raw(entry).decode("utf-8", "replace")

    def texts(self, role: str) -> list[tuple[BundleFile, str]]:
        return [(file, self.text(file)) for file in self.manifest.files if file.role == role]

    def member(self, entry: BundleFile) -> Member:
        """Return a stream of a file's bytes. Only one can be read at a time."""
        self.file.seek(self.offsets[entry.name])
        return Member(self.file, entry.size)


class Member:
    """The bytes of one file of a bundle, and not one more."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes (all that are left if negative), b"" at the end."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        self._left -= len(data)
        return data


@contextmanager
def open_bundle(
    path: Path,
    find_key: FindKey,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[OpenBundle]:
    """Verify all of a bundle and give it open; errors name `path`.

    Raises `BundleError` for whatever is wrong with it, `UntrustedKeyError` if `find_key`
    does not know the signer, `Cancelled` on cancel.
    """
    try:
        file = open_regular(path)
    except ModelError as error:
        raise BundleError(error.message, hint="Name a .bundle file that you may read.") from error
    with file:
        try:
            found = _verified(path, file, find_key, progress, cancel)
        except BundleError as error:
            message = error.message[:1].lower() + error.message[1:]
            raise type(error)(f"{path}: {message}", hint=error.hint) from error
        except OSError as error:
            raise BundleError(f"{path} can't be read: {error.strerror or error}.") from error
        yield found


def file_name(manifest: Manifest) -> str:
    """Return the one name that a bundle's file may have."""
    return manifest.installed_name + SUFFIX


def changed() -> BundleError:
    return BundleError("It changed while it was read.", hint=COPY_AGAIN)


def _verified(
    path: Path,
    file: BinaryIO,
    find_key: FindKey,
    progress: Progress | None,
    cancel: CancelToken | None,
) -> OpenBundle:
    size = os.fstat(file.fileno()).st_size
    head = read_head(file, size)
    key = find_key(head.signer)
    if not is_signed(bytes.fromhex(key.public), head.message, head.signature):
        raise BundleError(
            "Its signature is wrong: it was changed, or is not from the key it names.",
            hint=COPY_AGAIN,
        )
    manifest = decode(head.manifest)
    _check_fit(path, manifest, head.signer)
    offsets = {}
    at = head.size
    for entry in manifest.files:
        offsets[entry.name] = at
        at += entry.size
    if at > size:
        raise truncated()
    if at < size:
        raise BundleError(f"{size - at} bytes stand after its end.", hint=COPY_AGAIN)
    _check_hashes(file, manifest, at - head.size, progress, cancel)
    digest = hashlib.sha256(head.manifest).hexdigest()
    return OpenBundle(path, manifest, head.manifest, digest, key, size, offsets, file)


def _check_fit(path: Path, manifest: Manifest, signer: bytes) -> None:
    if manifest.signer != signer.hex():
        raise BundleError("Its manifest names another signer than its head.", hint=COPY_AGAIN)
    if program_version(manifest.program) > own_version():
        raise BundleError(
            f"It needs version {manifest.program} of this program; this is {__version__}.",
            hint="Install that version first.",
        )
    if path.name != file_name(manifest):
        raise BundleError(
            f"It was renamed: it holds {manifest.installed_name}.",
            hint=f"If that is what you want, give it its name back: {file_name(manifest)}",
        )


def _check_hashes(
    file: BinaryIO,
    manifest: Manifest,
    total: int,
    progress: Progress | None,
    cancel: CancelToken | None,
) -> None:
    done = 0
    for entry in manifest.files:
        digest, member = hashlib.sha256(), Member(file, entry.size)
        while block := member.read(_BLOCK):
            if cancel is not None:
                cancel.raise_if_cancelled()
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress("Verifying", done, total)
        if digest.hexdigest() != entry.sha256:
            raise BundleError(f"Its file {entry.name} was changed.", hint=COPY_AGAIN)
