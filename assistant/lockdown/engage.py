"""Apply the lockdown to this process, and remember what is in force."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from assistant.errors import LockdownError
from assistant.lockdown.report import Facility, LockdownReport, Policy, Results

_MODULES = {"linux": "linux", "darwin": "macos", "win32": "windows"}

_in_force: list[LockdownReport] = []


def engage(policy: Policy, *, allow_degraded: bool = False) -> LockdownReport:
    """Lock this process and all that it starts down to `policy`, for good.

    Then probes whether it holds. Raises `LockdownError` that names what is missing or got
    through, unless `allow_degraded`; also on a second call, as nothing can be undone.
    """
    if _in_force:
        raise LockdownError("This process is locked down already.")
    system = _system()
    report = _nothing() if system is None else system.engage(policy)
    _in_force.append(report)
    if report.degraded and not allow_degraded:
        raise LockdownError(
            f"{said(report)}.",
            hint="Use a system that enforces all of it (Linux 5.13 or newer with Landlock), or "
            'accept less: --allow-degraded "i accept"; that is shown and logged.',
        )
    return report


def said(report: LockdownReport) -> str:
    """Say in one line what is missing in a report."""
    parts = [f"{f.name}: {f.detail}" for f in report.missing]
    if report.failed:
        parts.append(f"got through: {', '.join(report.failed)}")
    return "; ".join(parts)


def current() -> LockdownReport | None:
    """Return what is in force in this process; None before `engage`."""
    return _in_force[-1] if _in_force else None


def try_sockets() -> Results:
    """Try the ways to a socket once more, from this very process, and say which got through.

    What gets through is closed at once; nothing is sent. Without a lock all of them do.
    """
    from assistant.lockdown import self_test
    from assistant.lockdown.syscalls import machine

    results = Results()
    self_test.probe_sockets(results)
    if sys.platform == "linux" and (on := machine()) is not None and current() is not None:
        self_test.probe_calls(results, on)
    return results


def preview() -> LockdownReport:
    """Return what `engage` would use on this machine; changes nothing, probes nothing."""
    system = _system()
    return _nothing() if system is None else system.preview()


def child_preamble(read: Sequence[Path] = (), *, program: bool = True) -> None:
    """Lock a child process of ours further: it reads `read`, writes and starts nothing.

    To be called by the child, while it has one thread. `program=False`: not even Python's
    own files, for a child that has loaded all it needs. What the platform lacks is passed
    over, as the parent has answered for it. Raises `LockdownError`.
    """
    system = _system()
    if system is None:
        return
    try:
        system.restrict_child(read, program=program)
    except OSError as error:
        raise LockdownError(f"A child process could not be locked: {error.strerror}.") from error


def prepare_compute_only() -> None:
    """Make ready now what `compute_only` needs."""
    system = _system()
    if system is not None:
        system.compute_filter()


def compute_only() -> None:
    """From here on this process may only compute and use its open pipes.

    Raises `LockdownError`. Does nothing where the platform has no such means.
    """
    system = _system()
    if system is None:
        return
    try:
        system.compute_only()
    except OSError as error:
        raise LockdownError(f"A parser could not be locked: {error.strerror}.") from error


def _system() -> ModuleType | None:
    """Return the module that knows this platform's means."""
    name = _MODULES.get(sys.platform)
    return importlib.import_module(f"assistant.lockdown.{name}") if name else None


def _nothing() -> LockdownReport:
    absent = Facility("system calls", "absent", "nothing is known for this platform")
    return LockdownReport(sys.platform, "none", (absent,))
