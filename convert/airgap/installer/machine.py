"""Check that this machine fits the archive, before anything is written."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from .manifest import Platform
from .problems import MachineError

_TAG = re.compile(rb"(?<=\0)([A-Z]+)_(\d+(?:\.\d+)*)(?=\0)", re.ASCII)
_PACKAGES = {"libgomp.so.1": "libgomp1 (Debian, Ubuntu) or libgomp (Fedora, RHEL)"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine is, in the terms of `Platform`; empty where it can't be known."""

    system: str
    machine: str
    python: str
    implementation: str
    free_threaded: bool
    glibc: str
    cpu_flags: frozenset[str]

    @classmethod
    def this(cls) -> Machine:
        return cls(
            system=platform.system().lower(),
            machine=machine_name(platform.machine()),
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            implementation=sys.implementation.name,
            free_threaded="t" in getattr(sys, "abiflags", ""),
            glibc=glibc_version(),
            cpu_flags=_cpu_flags(Path("/proc/cpuinfo")),
        )


def require_fit(wanted: Platform, here: Machine) -> None:
    """Raise `MachineError`, naming what does not fit and what to do."""
    if (here.system, here.machine) != (wanted.system, wanted.machine):
        raise MachineError(
            f"The archive is for {wanted.system} on {wanted.machine}; "
            f"this is {here.system} on {here.machine}.",
            "Make the archive on a machine of this kind: make airgap-bundle",
        )
    _require_python(wanted, here)
    _require_glibc(wanted, here)
    if here.cpu_flags and (lacking := sorted(set(wanted.cpu_flags) - here.cpu_flags)):
        raise MachineError(
            f"This processor lacks what the models need: {', '.join(lacking)}.",
            "Use a machine with these instructions (for x86-64: from about 2014 on).",
        )
    for name, newest in wanted.libraries.items():
        require_library(name, newest)


def require_library(name: str, newest: str) -> None:
    """Load a library of the system, and look for the symbol version `newest` in it."""
    try:
        ctypes.CDLL(name)
    except OSError as error:
        package = _PACKAGES.get(name, f"the package that holds {name}")
        raise MachineError(
            f"The system's library {name} is missing.",
            f"Have it installed from the system's own media: {package}.",
        ) from error
    path = _loaded(name)
    if newest and path is not None and not _has_tag(path, newest):
        raise MachineError(
            f"The system's library {name} is too old: it lacks {newest}.",
            "Use a newer system, or make the archive on one as old as this.",
        )


def glibc_version() -> str:
    """Return the version of the GNU C library in use, "" if it is another one."""
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""
    name, _, version = text.partition(" ")
    return version if name == "glibc" else ""


def numbers(version: str) -> tuple[int, ...]:
    """Return "2.34" as (2, 34); what is no number counts as nothing."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def machine_name(raw: str) -> str:
    """Return the processor's architecture under one name on every system."""
    small = raw.lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(small, small)


def _require_python(wanted: Platform, here: Machine) -> None:
    if here.implementation == "cpython" and not here.free_threaded:
        if here.python in wanted.pythons:
            return
        found = f"Python {here.python}"
    else:
        found = f"{here.implementation} {here.python}" + " (free-threaded)" * here.free_threaded
    versions = ", ".join(wanted.pythons)
    raise MachineError(
        f"This is {found}; the archive has wheels for CPython {versions}.",
        f"Run it with one of these, for example: python{wanted.pythons[-1]} ARCHIVE",
    )


def _require_glibc(wanted: Platform, here: Machine) -> None:
    if not wanted.glibc:
        return
    if not here.glibc:
        raise MachineError(
            "This system's C library is not the GNU one (musl, as in Alpine, is not enough).",
            "Use a system with glibc, such as Debian, Ubuntu, Fedora or RHEL.",
        )
    if numbers(here.glibc) < numbers(wanted.glibc):
        raise MachineError(
            f"This system's glibc {here.glibc} is too old; {wanted.glibc} is needed.",
            "Use a newer system, or make the archive on one as old as this.",
        )


def _cpu_flags(path: Path) -> frozenset[str]:
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in ("flags", "Features"):
                return frozenset(value.split())
    return frozenset()


def _loaded(name: str) -> Path | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
            place = line.rpartition(" ")[2]
            if place.startswith("/") and Path(place).name.startswith(name.partition(".so")[0]):
                return Path(place)
    return None


def _has_tag(path: Path, newest: str) -> bool:
    """Tell whether a library defines a symbol version at least as new, by its own names."""
    family, _, version = newest.partition("_")
    with contextlib.suppress(OSError):
        found = (tag for tag in _TAG.findall(path.read_bytes()) if tag[0] == family.encode())
        return any(numbers(tag[1].decode()) >= numbers(version) for tag in found)
    return True
