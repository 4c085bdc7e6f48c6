"""The inventory of the proof: native libraries with hashes, Python packages, kernel."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.lockdown import LockdownReport

_CALLS = ("socket", "connect", "getaddrinfo", "gethostbyname", "sendto")
_STATUS = ("NoNewPrivs", "Seccomp", "Seccomp_filters", "CapEff", "Uid")
_SWITCHES = (
    "/proc/sys/kernel/io_uring_disabled",
    "/proc/sys/kernel/yama/ptrace_scope",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/user/max_user_namespaces",
    "/sys/kernel/security/lsm",
)


def loaded_libraries(maps: Path = Path("/proc/self/maps")) -> list[dict[str, Any]]:
    """Return every file that is mapped as code here: path, SHA-256, size, network calls.

    The network calls are the names that it imports from the C library (or, the C library
    itself, offers): what it could try. The lock is what denies them.
    """
    found: dict[str, None] = {}
    for line in maps.read_text(encoding="utf-8", errors="replace").splitlines():
        parts = line.split(maxsplit=5)
        if len(parts) == 6 and "x" in parts[1] and parts[5].startswith("/"):
            found[parts[5]] = None
    return [_library(Path(name)) for name in sorted(found)]


def _library(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        return {"path": str(path), "sha256": "", "size": 0, "calls": [], "problem": str(error)}
    calls = [name for name in _CALLS if b"\0" + name.encode() + b"\0" in content]
    digest = hashlib.sha256(content).hexdigest()
    return {"path": str(path), "sha256": digest, "size": len(content), "calls": calls}


def process_state() -> dict[str, str]:
    """Return what the kernel says of this process's limits."""
    text = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    found = dict(re.findall(r"^(\w+):\t(.*)$", text, re.MULTILINE))
    return {name: found[name] for name in _STATUS if name in found}


def open_sockets() -> list[str]:
    """Return the descriptors of this process that are sockets, but for joined pairs."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:"):
            found.append(f"{entry.name}: {target}")
    return found


def packages() -> list[dict[str, str]]:
    """Return every installed Python distribution with its version."""
    found = {
        (dist.metadata["Name"] or "?", dist.version) for dist in importlib.metadata.distributions()
    }
    return [{"name": name, "version": version} for name, version in sorted(found)]


def machine() -> dict[str, Any]:
    """Return kernel, processor, Python, and the kernel's switches that matter here."""
    switches = {}
    for name in _SWITCHES:
        try:
            switches[name] = Path(name).read_text(encoding="utf-8", errors="replace").strip()[:300]
        except OSError:
            switches[name] = "not there"
    system = os.uname()
    return {
        "system": system.sysname,
        "kernel": system.release,
        "kernel_version": system.version,
        "processor": system.machine,
        "c_library": " ".join(platform.libc_ver()),
        "python": sys.version.split()[0],
        "python_sha256": _library(Path(sys.executable).resolve())["sha256"],
        "switches": switches,
    }


def lockdown_facts(report: LockdownReport | None) -> dict[str, Any]:
    """Return a lockdown's own report as plain data; empty if there is none."""
    if report is None:
        return {}
    return {**asdict(report), "degraded": report.degraded}
