"""The lockdown on macOS: the sandbox of the system (Seatbelt), by `sandbox_init`.

Deprecated by Apple since 10.8 and in use ever since (Chromium, Nix, Bazel); see
sandbox_init(3). The profile denies all and names what is allowed; what it allows besides
files is what Nix gives its builders. Written after the sources and tested with a stand-in
for the library: nobody has run it on a Mac yet, and `doctor` says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.lockdown import self_test
from assistant.lockdown.program_files import python_folders
from assistant.lockdown.report import (
    Facility,
    LockdownReport,
    Policy,
    Results,
    attempted,
    report_of,
)

_LIBRARY = "/usr/lib/libSystem.B.dylib"
_PT_DENY_ATTACH = 31
_UNTESTED = "not tested on a Mac by us"

_SYSTEM = (
    "/usr/lib",
    "/usr/share/locale",
    "/usr/share/terminfo",
    "/usr/share/zoneinfo",
    "/System/Library",
    "/System/Volumes/Preboot/Cryptexes",
    "/private/etc/localtime",
    "/private/var/db/timezone",
)
_BASE = """(version 1)
(deny default)
(deny network*)
(deny file-write-setugid)
(allow process-fork)
(allow process-info* (target same-sandbox))
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow file-read-metadata)
(allow file-read-data (literal "/"))
(allow file-read* (literal "/dev/random") (literal "/dev/urandom") (literal "/dev/zero"))
(allow file-read* file-write-data file-ioctl (literal "/dev/null") (literal "/dev/tty"))
"""


def engage(policy: Policy) -> LockdownReport:
    """Enter the sandbox, try what must be denied, and report."""
    readable = [*map(Path, _SYSTEM), *python_folders(), *policy.read, *policy.write]
    outside = self_test.readable_outside(readable)
    early = self_test.EarlyThread()
    facilities = [_core_dumps(), _sandbox(profile(policy))]
    results = Results()
    results.add("socket in a thread from before", early.try_now())
    self_test.probe_sockets(results)
    self_test.probe_fork(results)
    self_test.probe_streams(results, policy.keep)
    self_test.probe_files(results, outside, policy.write)
    return _report(facilities, results)


def preview() -> LockdownReport:
    """Return what `engage` would use here, without using it."""
    return _report([_held()])


def restrict_child(read: Sequence[Path], *, program: bool) -> None:
    """Enter a tighter sandbox; a child of a sandboxed process is in its parent's already.

    A second `sandbox_init` is refused there, which leaves the parent's in force.
    """
    text = profile(Policy(read=tuple(read)), program=program, start=False)
    with contextlib.suppress(OSError):
        _enter(text)


def compute_filter() -> None:
    """There is no filter of system calls to prepare."""


def compute_only() -> None:
    """The sandbox that the child entered is all there is."""


def profile(policy: Policy, *, program: bool = True, start: bool = True) -> str:
    """Return the profile in the sandbox's own language; paths are resolved and quoted."""
    lines = [_BASE]
    reads = [*policy.read]
    if program:
        reads += [*map(Path, _SYSTEM), *python_folders(), Path(sys.base_prefix)]
    if reads:
        lines.append(f"(allow file-read* {_subpaths(reads)})")
    if policy.write:
        lines.append(f"(allow file-read* file-write* {_subpaths(policy.write)})")
    if policy.names:
        listed = " ".join(f"(literal {_quoted(path)})" for path in policy.names)
        lines.append(f"(allow file-read-data {listed})")
    if start:
        # A framework's `python3` starts the real program that lies beside it.
        programs = f"(literal {_quoted(Path(sys.executable))}) {_subpaths([_python_home()])}"
        lines.append(f"(allow process-exec {programs})")
    return "\n".join(lines) + "\n"


def _python_home() -> Path:
    return Path(sys.base_prefix, "Resources", "Python.app")


def _subpaths(paths: Sequence[Path]) -> str:
    return " ".join(f"(subpath {_quoted(path)})" for path in paths)


def _quoted(path: Path) -> str:
    """Return a path as a string of the profile. A quote in a name must not end it."""
    real = os.path.realpath(path)
    escaped = real.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _sandbox(text: str) -> Facility:
    held = _held()
    return attempted(held.name, held.detail, lambda: _enter(text))


def _held() -> Facility:
    detail = f"no network, read what was named, write the data folder; {_UNTESTED}"
    return Facility("sandbox", "on", detail)


def _enter(text: str) -> None:
    """Apply a profile to this process for good. Raises `OSError` with what the system says."""
    library = _library()
    said = ctypes.c_char_p()
    if library.sandbox_init(text.encode(), ctypes.c_uint64(0), ctypes.byref(said)) != 0:
        raise OSError(1, (said.value or b"sandbox_init failed").decode("utf-8", "replace"))


def _core_dumps() -> Facility:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _library().ptrace(ctypes.c_int(_PT_DENY_ATTACH), 0, None, 0)
    except (OSError, ValueError) as error:
        return Facility("core dumps", "failed", str(error))
    return Facility("core dumps", "on", "none, and no debugger may attach")


def _library() -> Any:
    return ctypes.CDLL(_LIBRARY, use_errno=True)


def _report(facilities: Sequence[Facility], results: Results | None = None) -> LockdownReport:
    return report_of(f"macOS {os.uname().machine}", "sandbox", facilities, results)
