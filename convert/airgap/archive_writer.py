"""Write the archive reproducibly: sorted names, fixed times, one signature."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from assistant.bundle.signatures import sign
from assistant.errors import BundleError
from assistant.types import CancelToken
from convert.airgap.installer.archive import open_archive
from convert.airgap.installer.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    File,
    Manifest,
    encode,
    message_to_sign,
)
from convert.airgap.installer.problems import RefusedError
from convert.airgap.wheel_file import FIXED_TIME
from convert.atomic_output import Job, Progress, disk_errors, quiet, require_room
from convert.bundle.bundle_writer import Part, measure
from convert.bundle.signing_keys import SigningKey

_BLOCK = 1 << 20
_SILENT = Job()
_REGULAR_FILE = 0o100644
_UNIX = 3


def measured(contents: Mapping[str, Path | bytes], progress: Progress = quiet) -> tuple[File, ...]:
    """Hash every file; return them in the order of their names."""
    parts = [Part(name, "", contents[name]) for name in sorted(contents)]
    return tuple(File(row.name, row.size, row.sha256) for row in measure(parts, progress))


def write_archive(
    manifest: Manifest,
    contents: Mapping[str, Path | bytes],
    key: SigningKey,
    target: Path,
    job: Job = _SILENT,
) -> None:
    """Write the archive, read it back as the installer does, then give it its name.

    `manifest.files` must be those of `measured(contents)`. Raises `ModelError` for a full
    disk, `Cancelled` on cancel.
    """
    raw = encode(manifest)
    signature = key.public + sign(key.secret, message_to_sign(key.public, raw))
    whole = {**contents, MANIFEST_NAME: raw, SIGNATURE_NAME: signature}
    total = sum(file.size for file in manifest.files)
    draft = target.with_name(f".{target.name}.incoming-{os.getpid()}")
    with disk_errors(target, total):
        target.parent.mkdir(parents=True, exist_ok=True)
        require_room(target.parent, total)
        try:
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED, allowZip64=False) as out:
                for name in sorted(whole):
                    _add(out, name, whole[name], job.cancel)
                    job.progress("Packing", out.fp.tell() if out.fp else 0, total)
            _read_back(draft, key, job.progress)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def _add(out: zipfile.ZipFile, name: str, content: Path | bytes, cancel: CancelToken) -> None:
    entry = zipfile.ZipInfo(name, FIXED_TIME)
    entry.create_system = _UNIX
    entry.external_attr = _REGULAR_FILE << 16
    if isinstance(content, bytes):
        out.writestr(entry, content)
        return
    with content.open("rb") as source, out.open(entry, "w") as sink:
        while block := source.read(_BLOCK):
            cancel.raise_if_cancelled()
            sink.write(block)


def _read_back(draft: Path, key: SigningKey, progress: Progress) -> None:
    try:
        with open_archive(draft) as archive:
            archive.check(progress)
            known = archive.public == key.public
    except RefusedError as error:
        raise BundleError(f"The archive was not written well: {error.message}") from error
    if not known:
        raise BundleError("The archive bears another key than the one given.")
