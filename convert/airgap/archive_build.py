"""Build the archive from wheels: list, licences, hashes, signature."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant import __version__
from assistant.errors import UsageError
from assistant.models.catalogue import load_catalogue
from assistant.types import CancelToken
from convert.airgap.archive_writer import measured, write_archive
from convert.airgap.installer.manifest import File, Manifest
from convert.airgap.licences import Licence, licences_of
from convert.airgap.native_libraries import Library, libraries_of, parts_of, platform_of
from convert.airgap.printed_texts import readme, sheet
from convert.airgap.sbom import make_sbom, sha256_lines
from convert.airgap.wheel_build import PROGRAM, Wheels, gather
from convert.airgap.wheel_file import Wheel
from convert.atomic_output import Job, Progress, quiet
from convert.bundle.signing_keys import SigningKey

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""Versions of Python that the archive brings wheels for, unless others are named."""
SBOM_NAME = "sbom.cdx.json"
_INSTALLER = Path(__file__).resolve().parent / "installer"
_START = "start.py"
_COMPILED = 1.4
"""How much larger a package is with its compiled modules and the disk's blocks."""


@dataclass(frozen=True, slots=True)
class BuiltArchive:
    """An archive: where it is and its sheet, its SHA-256, its manifest."""

    path: Path
    sheet: Path
    sha256: str
    manifest: Manifest


def make_archive(
    root: Path,
    cache: Path,
    out: Path,
    key: SigningKey,
    *,
    pythons: tuple[str, ...] = PYTHONS,
    release: int = 1,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> BuiltArchive:
    """Make the archive of the checkout `root` in the folder `out`.

    Raises `UsageError` if pip fails, `BundleError` for a component without a licence or one
    that the lists don't know, `ModelError` for a full disk.
    """
    if platform.system() not in ("Linux", "Darwin"):
        raise UsageError("The installer knows Linux and macOS only.")
    wheels = gather(root, cache, pythons, progress)
    progress("Listing what is in it", 0, 1)
    libraries = {wheel.filename: libraries_of(wheel) for wheel in wheels.all}
    contents, room = lay_out(wheels, libraries)
    wanted = platform_of(
        [library for wheel in wheels.installed for library in libraries[wheel.filename]],
        pythons,
        next(wheel.path for wheel in wheels.installed if wheel.name == "llama-cpp-python"),
    )
    draft = Manifest(__version__, release, room, wanted, ())
    contents["README.txt"] = readme(draft)
    files = measured(contents)
    contents["SHA256SUMS"] = sha256_lines((file.name, file.sha256) for file in files)
    files = tuple(sorted((*files, *_sums(contents)), key=lambda file: file.name))
    manifest = Manifest(__version__, release, room, wanted, files)
    target = out / archive_name(manifest)
    write_archive(manifest, contents, key, target, Job.of(progress, cancel))
    return _with_sheet(target, manifest, key)


def archive_name(manifest: Manifest) -> str:
    """Return the archive's file name; the first release of a version is not numbered."""
    number = "" if manifest.release == 1 else f"-{manifest.release}"
    where = f"{manifest.platform.system}-{manifest.platform.machine}"
    return f"{PROGRAM}-{manifest.version}{number}-{where}.zip"


def lay_out(
    wheels: Wheels, libraries: Mapping[str, Sequence[Library]]
) -> tuple[dict[str, Path | bytes], int]:
    """Return the archive's files by name, and the room that an installation takes.

    `libraries` are the native libraries by the wheels' file names.
    """
    licences = licences_of(wheels.all)
    contents: dict[str, Path | bytes] = {**installer_files(), **_licence_files(licences)}
    for folder, found in (
        ("wheels", wheels.installed),
        ("models", wheels.models),
        ("tools", wheels.tools),
    ):
        contents |= {f"{folder}/{wheel.filename}": wheel.path for wheel in found}
    contents["requirements.txt"] = pinned(wheels.installed)
    contents[SBOM_NAME] = make_sbom(
        wheels,
        licences,
        libraries,
        {wheel.filename: parts_of(wheel) for wheel in wheels.all},
        load_catalogue(),
    )
    return contents, _room(wheels)


def installer_files() -> dict[str, Path | bytes]:
    """Return the installer as it lies in the archive: `__main__.py` and its package."""
    files: dict[str, Path | bytes] = {
        f"airgap_installer/{path.name}": path
        for path in sorted(_INSTALLER.glob("*.py"))
        if path.name != _START
    }
    return {"__main__.py": _INSTALLER / _START, **files}


def pinned(wheels: tuple[Wheel, ...]) -> bytes:
    """Return the requirement file with the hash of every wheel that may be installed."""
    hashes: dict[str, list[str]] = {}
    for wheel in wheels:
        hashes.setdefault(f"{wheel.name}=={wheel.version}", []).append(wheel.sha256)
    lines = [
        " ".join([pin, *(f"--hash=sha256:{digest}" for digest in sorted(found))])
        for pin, found in sorted(hashes.items())
    ]
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _sums(contents: Mapping[str, Path | bytes]) -> tuple[File, ...]:
    return measured({"SHA256SUMS": contents["SHA256SUMS"]})


def _licence_files(licences: Mapping[str, Licence]) -> dict[str, bytes]:
    return {
        f"licences/{name}/{text}": content
        for name, licence in licences.items()
        for text, content in licence.texts.items()
    }


def _room(wheels: Wheels) -> int:
    """Return what an installation takes at its fullest: the parcel, the packages, the models."""
    carried = sum(wheel.path.stat().st_size for wheel in wheels.all)
    largest: dict[str, int] = {}
    for wheel in wheels.installed:
        largest[wheel.name] = max(largest.get(wheel.name, 0), wheel.unpacked_size)
    entry = load_catalogue().default_chat
    return carried + int(_COMPILED * sum(largest.values())) + 3 * entry.source_size


def _with_sheet(target: Path, manifest: Manifest, key: SigningKey) -> BuiltArchive:
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    text = sheet(manifest, target.name, target.stat().st_size, digest, key.name, key.public)
    place = target.with_suffix(".txt")
    place.write_text(text, encoding="utf-8")
    return BuiltArchive(target, place, digest, manifest)
