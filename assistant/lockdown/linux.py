"""The lockdown on Linux: seccomp and Landlock, tried before it is trusted.

Order matters. Landlock binds the calling thread and what it starts later, so it comes while
there is one thread; the filter binds all of them (TSYNC).
"""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from assistant.lockdown import kernel_calls, landlock, seccomp_bpf, self_test
from assistant.lockdown.landlock import Rule
from assistant.lockdown.program_files import program_rules
from assistant.lockdown.report import (
    Facility,
    LockdownReport,
    Policy,
    Results,
    attempted,
    report_of,
)
from assistant.lockdown.syscalls import Machine, machine

_SCOPES_SINCE, _TRUNCATE_SINCE = 6, 3


def engage(policy: Policy) -> LockdownReport:
    """Lock this process, try what must be denied, and report what is in force.

    What the kernel lacks is in the report; a facility that is there and fails as well.
    """
    on, version = machine(), landlock.abi()
    rules = rules_of(policy)
    readable = [rule.path for rule in rules if rule.rights & landlock.READ_FILE]
    outside = self_test.readable_outside(readable)
    facilities = [*_process(), _files(rules, version), _scopes(version)]
    early = self_test.EarlyThread()
    facilities.append(_calls(on))
    results = Results()
    results.add("socket in a thread from before", early.try_now())
    self_test.probe_sockets(results)
    if on is not None:
        self_test.probe_calls(results, on)
        self_test.probe_children(results, on)
    self_test.probe_streams(results, policy.keep)
    self_test.probe_state(results)
    self_test.probe_files(results, outside, policy.write)
    if version >= _SCOPES_SINCE:
        self_test.probe_signal(results)
    return _report(on, facilities, results)


def preview() -> LockdownReport:
    """Return what `engage` would use here, without using it."""
    on, version = machine(), landlock.abi()
    held = on is not None and _has_filters()
    calls = Facility("system calls", "on", _calls_detail(on)) if on and held else _no_calls(on)
    facilities = [calls, _files_facility(version), _scopes(version)]
    return _report(on, facilities)


def rules_of(policy: Policy) -> list[Rule]:
    """Return every rule that the policy and the program itself need."""
    rules = program_rules()
    rules += [Rule(path, landlock.READ) for path in policy.read]
    rules += [Rule(path, landlock.READ_DIR) for path in policy.names]
    return rules + [Rule(path, landlock.WRITE) for path in policy.write]


def restrict_child(read: Sequence[Path], *, program: bool) -> None:
    """Lock a child further: it reads `read`, and the program unless that is all loaded.

    What the kernel lacks is passed over: the parent has refused to start, or was told to.
    Raises `OSError` if what is there fails.
    """
    _end_core_dumps()
    kernel_calls.set_no_new_privileges()
    on, version = machine(), landlock.abi()
    rules = program_rules(run=False, terminal=False) if program else []
    rules += [Rule(path, landlock.READ) for path in read]
    if version:
        landlock.restrict(rules, version)
    if on is not None and _has_filters():
        kernel_calls.install_filter(seccomp_bpf.packed(seccomp_bpf.deny_program(on)), on)


@cache
def compute_filter() -> tuple[bytes, Machine] | None:
    """Return the packed filter of a parser, made once; None where there are none."""
    on = machine()
    if on is None or not _has_filters():
        return None
    return seccomp_bpf.packed(seccomp_bpf.compute_program(on)), on


def compute_only() -> None:
    """From here on only memory, time and open pipes. Raises `OSError`."""
    made = compute_filter()
    if made is not None:
        kernel_calls.install_filter(*made)


def _report(
    on: Machine | None, facilities: Sequence[Facility], results: Results | None = None
) -> LockdownReport:
    system = os.uname()
    platform = f"Linux {system.release} {on or system.machine}"
    return report_of(platform, "kernel", facilities, results)


def _process() -> list[Facility]:
    return [
        attempted(
            "privileges", "no program can give more rights", kernel_calls.set_no_new_privileges
        ),
        attempted("core dumps", "none, and memory closed to other processes", _end_core_dumps),
        attempted(
            "capabilities", "an administrator's powers given up", kernel_calls.drop_capabilities
        ),
    ]


def _end_core_dumps() -> None:
    """No core of this process, nor of a program that it starts, wherever cores go to.

    A program that is started can be dumped again, so that the limit has to do it. Where the
    system hands cores to a crash reporter (`|` in core_pattern), the kernel passes over a
    limit of 0, and refuses one of exactly 1 byte (`fs/coredump.c`); no core file fits in it
    either. The filter keeps it so. A plain user whose hard limit is 0 can't raise it.
    """
    kernel_calls.set_not_dumpable()
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    except ValueError:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except PermissionError:
        # A child of ours: the filter lets nobody change what its parent has set.
        if resource.getrlimit(resource.RLIMIT_CORE)[1] not in (0, 1):
            raise


def _has_filters() -> bool:
    """Ask the kernel for an action that every seccomp has (SECCOMP_GET_ACTION_AVAIL)."""
    on = machine()
    if on is None:
        return False
    try:
        kernel_calls.call(
            kernel_calls.SECCOMP_NUMBER[on], 2, 0, seccomp_bpf.KILL.to_bytes(4, "little")
        )
    except OSError:
        return False
    return True


def _calls(on: Machine | None) -> Facility:
    if on is None or not _has_filters():
        return _no_calls(on)
    program = seccomp_bpf.packed(seccomp_bpf.deny_program(on))
    return attempted(
        "system calls", _calls_detail(on), lambda: kernel_calls.install_filter(program, on)
    )


def _no_calls(on: Machine | None) -> Facility:
    cause = "this kernel has no seccomp filters" if on else "no filter for this processor"
    return Facility("system calls", "absent", f"{cause}: sockets are not denied")


def _calls_detail(on: Machine) -> str:
    count = len(seccomp_bpf.deny_program(on))
    return f"seccomp, {count} instructions: no socket of any family, no io_uring, no ptrace"


def _files(rules: Sequence[Rule], version: int) -> Facility:
    facility = _files_facility(version)
    if facility.state == "absent":
        return facility
    try:
        threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    except OSError:
        threads = 1
    if threads > 1:
        detail = f"{threads} threads ran before the lock, which would not be bound"
        return Facility("files", "failed", detail)
    try:
        landlock.restrict(rules, version)
    except OSError as error:
        return Facility("files", "failed", f"Landlock refused: {error.strerror}")
    return facility


def _files_facility(version: int) -> Facility:
    if version == 0:
        return Facility("files", "absent", "this kernel offers no Landlock")
    detail = f"Landlock {version}: read what was named, write the data folder"
    if version < _TRUNCATE_SINCE:
        return Facility("files", "partial", f"{detail}; files outside could be emptied")
    return Facility("files", "on", detail)


def _scopes(version: int) -> Facility:
    if version < _SCOPES_SINCE:
        detail = "this kernel can't keep signals and abstract UNIX sockets in"
        return Facility("scopes", "absent", detail, required=False)
    return Facility("scopes", "on", "no signal to a process outside", required=False)
