"""List the native libraries in the wheels: names, versions, system requirements."""

from __future__ import annotations

import hashlib
import platform
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from assistant.errors import BundleError
from convert.airgap.elf_header import ElfRequirements, is_elf, needs_of
from convert.airgap.installer.machine import glibc_version, machine_name, numbers
from convert.airgap.installer.manifest import Platform
from convert.airgap.wheel_build import features_of
from convert.airgap.wheel_file import Wheel

_LIBRARY = re.compile(r".*\.(so(\.\d+)*|dylib|dll|pyd)")
_GLIBC = re.compile(r"(lib(c|m|dl|rt|util|pthread|resolv)|ld-linux[\w-]*)\.so\.\d+")
_FAMILY = {"libstdc++.so.6": "GLIBCXX"}
_FLAGS = {"SSE3": "pni", "NEON": "asimd"}
_NOT_FLAGS = frozenset({"LLAMAFILE", "OPENMP", "ACCELERATE", "REPACK", "ARM_FMA"})


@dataclass(frozen=True, slots=True)
class Library:
    """A native library of a wheel."""

    name: str
    sha256: str
    needs: ElfRequirements


@dataclass(frozen=True, slots=True)
class Part:
    """Something of another project that is compiled into a wheel; `version` may be unknown."""

    name: str
    version: str
    licence: str


def libraries_of(wheel: Wheel) -> tuple[Library, ...]:
    """Return the native libraries of a wheel, sorted by name."""
    found = [
        Library(
            name,
            hashlib.sha256(content).hexdigest(),
            needs_of(content) if is_elf(content) else ElfRequirements(frozenset(), frozenset()),
        )
        for name, content in wheel.members()
        if _LIBRARY.fullmatch(name)
    ]
    return tuple(sorted(found, key=lambda library: library.name))


def parts_of(wheel: Wheel) -> tuple[Part, ...]:
    """Return what natives.toml knows to be in a wheel. Raises `BundleError` if it isn't."""
    path = Path(__file__).resolve().parent / "natives.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["part"]
    return tuple(_part(wheel, row) for row in rows if row["wheel"] == wheel.name)


def platform_of(libraries: Iterable[Library], pythons: tuple[str, ...], llama: Path) -> Platform:
    """Return what all these libraries together ask of a machine of this kind."""
    found = list(libraries)
    own = {Path(library.name).name for library in found}
    versions = {pair for library in found for pair in library.needs.versions}
    wanted = {name for library in found for name in library.needs.libraries} - own
    return Platform(
        system=platform.system().lower(),
        machine=machine_name(platform.machine()),
        pythons=pythons,
        glibc=_newest(version for _, version in versions if version.startswith("GLIBC_"))[6:]
        if glibc_version()
        else "",
        libraries={
            name: _newest(
                version
                for library, version in versions
                if library == name and version.startswith(_FAMILY.get(name, "-"))
            )
            for name in sorted(wanted)
            if not _GLIBC.fullmatch(name)
        },
        cpu_flags=tuple(
            sorted(
                _FLAGS.get(name, name.lower())
                for name in features_of(llama)
                if name not in _NOT_FLAGS
            )
        ),
    )


def _newest(versions: Iterable[str]) -> str:
    return max(versions, key=numbers, default="")


def _part(wheel: Wheel, row: dict[str, str]) -> Part:
    members = [name for name in wheel.names() if fnmatchcase(name, row["member"])]
    if not members:
        raise BundleError(
            f"{wheel.filename} does not hold {row['member']}.",
            hint="Look what became of it, and mend convert/airgap/natives.toml.",
        )
    if not row["version"]:
        return Part(row["name"], "", row["licence"])
    found = re.search(row["version"].encode(), wheel.read(members[0]))
    if found is None:
        raise BundleError(
            f"The version of {row['name']} was not found in {wheel.filename}.",
            hint="Look how it is told there, and mend convert/airgap/natives.toml.",
        )
    return Part(row["name"], b".".join(found.groups()).decode("ascii"), row["licence"])
