"""The lockdown's report on itself, as plain data for `doctor`, the audit log and the proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

State = Literal["on", "partial", "absent", "failed"]
"""`partial`: works, but the kernel knows less than the newest one. `failed`: the system has
it, and it did not work or a probe got through."""

Tier = Literal["kernel", "sandbox", "reduced", "none"]
"""`kernel`: system calls and files are denied by the kernel (Linux). `sandbox`: denied by the
system's sandbox (macOS). `reduced`: sockets can't be denied without an administrator
(Windows), or a facility is missing. `none`: nothing is enforced."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the process may still open, apart from the program itself and its libraries.

    A folder stands for all that is in it. `read`: files and folders to be read. `write`:
    folders to be read and written, or files that exist and are written in place. `names`:
    folders that may be listed, with nothing in them opened. Paths that do not exist grant
    nothing. `keep`: inherited descriptors that stay open.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    names: tuple[Path, ...] = ()
    keep: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Facility:
    """One means of enforcement, its state, and what that means in words."""

    name: str
    state: State
    detail: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class LockdownReport:
    """What is in force in this process since `engage`.

    `failed` names the probes that got through; `probes` is how many were tried. Both a
    failed probe and a required facility that is absent make it `degraded`, which
    `engage` refuses unless it was told to allow it.
    """

    platform: str
    tier: Tier
    facilities: tuple[Facility, ...]
    failed: tuple[str, ...] = ()
    probes: int = 0

    @property
    def missing(self) -> tuple[Facility, ...]:
        """Required facilities that are not in force."""
        return tuple(f for f in self.facilities if f.required and f.state in ("absent", "failed"))

    @property
    def degraded(self) -> bool:
        return bool(self.failed or self.missing)


@dataclass
class Results:
    """Names of the probes that were tried, and of those that got through."""

    tried: list[str] = field(default_factory=list)
    through: list[str] = field(default_factory=list)

    def add(self, name: str, stopped: bool) -> None:
        self.tried.append(name)
        if not stopped:
            self.through.append(name)


def attempted(name: str, detail: str, action: Callable[[], object]) -> Facility:
    """Put a facility in force; return it, "failed" with the reason if that raises `OSError`."""
    try:
        action()
    except OSError as error:
        return Facility(name, "failed", error.strerror or str(error))
    return Facility(name, "on", detail)


def report_of(
    platform: str, tier: Tier, facilities: Sequence[Facility], results: Results | None = None
) -> LockdownReport:
    """Make the report of a platform whose tier is `tier` if nothing is missing or got through."""
    found = results or Results()
    through, tried = tuple(found.through), len(found.tried)
    report = LockdownReport(platform, tier, tuple(facilities), through, tried)
    return replace(report, tier="reduced") if report.degraded else report
