"""The layout of a bundle file: a header of fixed size, the manifest, the files.

All numbers are little endian.

    offset  bytes  what
         0      8  magic
         8      2  version of this layout (1)
        10      2  zero
        12      4  length of the manifest
        16     32  identity of the signer's key
        48     64  Ed25519 signature
       112      -  manifest (canonical JSON)
         -      -  the files, one after another, in the manifest's order; nothing after them

Signed are a label, the first 48 bytes of the head and the SHA-512 of the manifest, which
holds the size and SHA-256 of each file. So the signature is checked before any JSON is
parsed, and there is no archive format (names, links, compression) to parse at all.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import BinaryIO

from assistant.bundle.signatures import KEY_ID_BYTES, MANIFEST_LABEL, SIGNATURE_BYTES
from assistant.errors import BundleError

MAGIC = b"\x89AGB\r\n\x1a\n"  # as in PNG: a copy in text mode shows at once
LAYOUT = 1
MAX_MANIFEST = 1 << 20
SUFFIX = ".bundle"

_HEAD = struct.Struct(f"<8sHHI{KEY_ID_BYTES}s")
HEAD_BYTES = _HEAD.size + SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class Head:
    """The head and the manifest's bytes as they stand in the file; nothing is verified."""

    signed: bytes
    signer: bytes
    signature: bytes
    manifest: bytes

    @property
    def message(self) -> bytes:
        return signed_message(self.signed, self.manifest)

    @property
    def size(self) -> int:
        """Bytes before the first file."""
        return HEAD_BYTES + len(self.manifest)


def head_to_sign(signer: bytes, manifest: bytes) -> bytes:
    """Return the part of the head that is signed. Raises `BundleError` if it can't be."""
    if len(manifest) > MAX_MANIFEST:
        raise BundleError(
            f"The manifest would have {len(manifest):,} bytes; at most {MAX_MANIFEST:,} fit.",
            hint="Put long tables into a file of the bundle, not into figures or settings.",
        )
    return _HEAD.pack(MAGIC, LAYOUT, 0, len(manifest), signer)


def signed_message(signed: bytes, manifest: bytes) -> bytes:
    """Return what the signature covers."""
    return MANIFEST_LABEL + signed + hashlib.sha512(manifest).digest()


def read_head(file: BinaryIO, size: int) -> Head:
    """Read head and manifest of a file of `size` bytes, without trusting either.

    Memory is bounded by `MAX_MANIFEST`. Raises `BundleError`.
    """
    raw = file.read(HEAD_BYTES)
    if raw[: len(MAGIC)] != MAGIC[: len(raw)] or not raw:
        raise BundleError("It is no bundle.", hint="A bundle's name ends in .bundle.")
    if len(raw) < HEAD_BYTES:
        raise truncated()
    _, layout, zero, length, signer = _HEAD.unpack(raw[: _HEAD.size])
    if layout > LAYOUT:
        raise BundleError(
            f"Its layout has version {layout}, this program knows {LAYOUT}.",
            hint="Install the version of this program that it was made for.",
        )
    if layout != LAYOUT or zero != 0 or not 0 < length <= MAX_MANIFEST:
        raise BundleError("It is damaged: its head makes no sense.", hint=COPY_AGAIN)
    if HEAD_BYTES + length > size:
        raise truncated()
    manifest = file.read(length)
    if len(manifest) != length:
        raise truncated()
    return Head(raw[: _HEAD.size], signer, raw[_HEAD.size :], manifest)


COPY_AGAIN = "Copy it again from the workstation; if that does not help, pack it again there."


def truncated() -> BundleError:
    return BundleError("It is cut off: bytes are missing at its end.", hint=COPY_AGAIN)
