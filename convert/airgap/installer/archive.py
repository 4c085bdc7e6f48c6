"""The archive: a zip without compression, whose every byte is accounted for.

Its names must be those of the signed manifest, in order, each stored whole, with nothing
between, before or after them. A file is hashed in the same pass in which it is copied, so
that a medium which gives other bytes at the second reading gains nothing.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .manifest import (
    MANIFEST_NAME,
    MAX_MANIFEST,
    SIGNATURE_BYTES,
    SIGNATURE_NAME,
    File,
    Manifest,
    verified,
)
from .problems import RefusedError, shown

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, bytes done, bytes in all)."""

_BLOCK = 1 << 20
_LOCAL, _CENTRAL, _END = 30, 46, 22
_MOST_NAMES = 6000
_COPY_AGAIN = "Copy the archive again from the machine that made it, and compare its SHA-256."
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose manifest bears a good signature; its files are not yet read."""

    path: Path
    manifest: Manifest
    public: bytes
    raw: bytes
    signature: bytes
    opened: zipfile.ZipFile

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest: names this very content."""
        return hashlib.sha256(self.raw).hexdigest()

    def check(self, progress: Progress) -> None:
        """Hash every file and compare. Raises `RefusedError` naming the first bad one."""
        self._read(None, progress)

    def extract(self, folder: Path, progress: Progress) -> None:
        """Copy every file into `folder`, hashing it on the way.

        Raises `RefusedError` naming the first bad file; what was copied so far stays.
        """
        self._read(folder, progress)

    def _read(self, folder: Path | None, progress: Progress) -> None:
        total, done = sum(file.size for file in self.manifest.files), 0
        for file in self.manifest.files:
            target = folder.joinpath(*file.name.split("/")) if folder is not None else None
            self._copy(file, target)
            done += file.size
            progress("Verifying", done, total)

    def _copy(self, file: File, target: Path | None) -> None:
        digest, size = hashlib.sha256(), 0
        with _naming(file.name), self.opened.open(file.name) as source, _sink(target) as sink:
            while block := source.read(_BLOCK):
                digest.update(block)
                size += len(block)
                sink.write(block)
        if size != file.size or digest.hexdigest() != file.sha256:
            raise RefusedError(f"{file.name} was changed: its SHA-256 is another.", _COPY_AGAIN)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open an archive, check its signature and its structure. Raises `RefusedError`.

    Whether its signer is trusted is not decided here, nor are its files hashed.
    """
    try:
        opened = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise RefusedError(f"{path} is cut off or no archive.", _COPY_AGAIN) from error
    with opened:
        raw = _member(opened, MANIFEST_NAME, MAX_MANIFEST)
        signature = _member(opened, SIGNATURE_NAME, SIGNATURE_BYTES)
        manifest, public = verified(raw, signature)
        _check_names(opened, manifest)
        _check_layout(opened, {file.name: file.size for file in manifest.files}, path)
        yield Archive(path, manifest, public, raw, signature, opened)


def sha256_of(path: Path, progress: Progress) -> str:
    """Return the SHA-256 of a whole file, as `sha256sum` prints it."""
    digest, total, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            progress("Hashing the archive", done, total)
    return digest.hexdigest()


def _member(opened: zipfile.ZipFile, name: str, most: int) -> bytes:
    try:
        info = opened.getinfo(name)
    except KeyError as error:
        raise RefusedError(f"{name} is missing: it is no archive of this program.") from error
    if info.file_size > most or info.compress_type != zipfile.ZIP_STORED:
        raise RefusedError(f"{name} was changed: it is too long.", _COPY_AGAIN)
    with _naming(name):
        return opened.read(info)


def _check_names(opened: zipfile.ZipFile, manifest: Manifest) -> None:
    found = opened.namelist()
    if len(found) > _MOST_NAMES:
        raise RefusedError("It holds more files than any archive of this program.")
    wanted = {file.name for file in manifest.files} | {MANIFEST_NAME, SIGNATURE_NAME}
    for name in sorted(wanted - set(found)):
        raise RefusedError(f"{name} is missing (removed, or renamed).", _COPY_AGAIN)
    for name in sorted(set(found) - wanted):
        raise RefusedError(f"{shown(name)} does not belong into it: it was added.", _COPY_AGAIN)
    for name in (one for one, other in zip(found, sorted(wanted), strict=False) if one != other):
        raise RefusedError(f"{shown(name)} stands there twice or out of order.", _COPY_AGAIN)
    if len(found) != len(wanted):
        raise RefusedError(f"{shown(found[-1])} stands there twice.", _COPY_AGAIN)


def _check_layout(opened: zipfile.ZipFile, sizes: dict[str, int], path: Path) -> None:
    """Check that the files lie one after another and that nothing else is in the zip."""
    at = directory = 0
    for info in opened.infolist():
        plain = (
            info.compress_type == zipfile.ZIP_STORED
            and not info.extra
            and not info.comment
            and info.flag_bits == 0
            and info.header_offset == at
            and info.compress_size == info.file_size == sizes.get(info.filename, info.file_size)
        )
        if not plain:
            raise RefusedError(f"{info.filename} was changed: its size or place.", _COPY_AGAIN)
        at += _LOCAL + len(info.filename) + info.file_size
        directory += _CENTRAL + len(info.filename)
    if path.stat().st_size != at + directory + _END:
        raise RefusedError(f"{path} has bytes that belong to no file in it.", _COPY_AGAIN)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Let an error of the zip itself name the file that could not be read."""
    try:
        yield
    except _DAMAGE as error:
        raise RefusedError(f"{name} was changed: it can't be read.", _COPY_AGAIN) from error


class _NullWriter:
    def write(self, block: bytes) -> int:
        return len(block)


@contextmanager
def _sink(target: Path | None) -> Iterator[IO[bytes] | _NullWriter]:
    if target is None:
        yield _NullWriter()
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
