"""The lockdown on Windows: the rights that a process can drop without an administrator.

A job object (few children, no clipboard, all ended with us), a low integrity level (writes
only where the label allows it: the data folder) and mitigations of the loader. Sockets can
only be denied by a firewall rule or an app container that an administrator sets up, so that
this tier is `reduced`, and a start needs `--allow-degraded`. Written after Microsoft's
documentation of each call and tested with a stand-in for the libraries.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Sequence
from ctypes import c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

from assistant.lockdown import self_test
from assistant.lockdown.report import (
    Facility,
    LockdownReport,
    Policy,
    Results,
    attempted,
    report_of,
)

# winnt.h
_JOB_UI_RESTRICTIONS, _JOB_EXTENDED_LIMITS = 4, 9
_LIMIT_ACTIVE_PROCESS, _DIE_ON_UNHANDLED_EXCEPTION, _KILL_ON_JOB_CLOSE = 0x8, 0x400, 0x2000
_MOST_PROCESSES = 4
_ALL_UI_LIMITS = 0xFF
_TOKEN_QUERY, _TOKEN_ADJUST_DEFAULT = 0x8, 0x80
_TOKEN_INTEGRITY_LEVEL, _GROUP_INTEGRITY = 25, 0x20
_LOW_INTEGRITY = "S-1-16-4096"
# accctrl.h, sddl.h
_FILE_OBJECT, _LABEL_INFORMATION, _SDDL_REVISION = 1, 0x10, 1
_LOW_LABEL = "S:(ML;OICI;NW;;;LW)"
_MITIGATIONS = (
    (3, 0x3, "strict handles"),
    (6, 0x1, "no extension points"),
    (10, 0x3, "no libraries from the network or with a low label"),
)

_kept: list[Any] = []
"""Handles that must live as long as the process."""


class _ExtendedLimits(ctypes.Structure):
    """`JOBOBJECT_EXTENDED_LIMIT_INFORMATION`, its basic part and counters spelled out."""

    _fields_ = (
        ("process_time", c_int64),
        ("job_time", c_int64),
        ("flags", c_uint32),
        ("least_working_set", c_size_t),
        ("most_working_set", c_size_t),
        ("active_processes", c_uint32),
        ("affinity", c_size_t),
        ("priority", c_uint32),
        ("scheduling", c_uint32),
        ("io_counters", c_uint64 * 6),
        ("process_memory", c_size_t),
        ("job_memory", c_size_t),
        ("peak_process_memory", c_size_t),
        ("peak_job_memory", c_size_t),
    )


class _Label(ctypes.Structure):
    """`TOKEN_MANDATORY_LABEL`."""

    _fields_ = (("sid", c_void_p), ("attributes", c_uint32))


def engage(policy: Policy) -> LockdownReport:
    """Take what can be taken, try what should be denied, and report."""
    facilities = [
        attempted("job", "few children, no clipboard, ended with us", _enter_job),
        attempted("loader", ", ".join(said for _, _, said in _MITIGATIONS), _mitigate),
        attempted("integrity", "low: writes only the data folder", lambda: _lower(policy.write)),
        *_absent(),
    ]
    results = Results()
    self_test.probe_sockets(results)
    self_test.probe_files(results, None, policy.write)
    return _report(facilities, results)


def preview() -> LockdownReport:
    """Return what `engage` would use here, without using it."""
    detail = "job object, low integrity, loader mitigations"
    return _report([Facility("job", "on", detail), *_absent()])


def restrict_child(read: Sequence[Path], *, program: bool) -> None:
    """A child is in its parent's job and has its low integrity; there is no more to take."""
    del read, program


def compute_filter() -> None:
    """There is no filter of system calls to prepare."""


def compute_only() -> None:
    """There is no filter of system calls."""


def _absent() -> list[Facility]:
    return [
        Facility(
            "sockets", "absent", "Windows denies them only by an administrator's firewall rule"
        ),
        Facility("reading", "absent", "files of this user can be read", required=False),
    ]


def _enter_job() -> None:
    kernel32 = _library("kernel32")
    job = _needed(kernel32.CreateJobObjectW(None, None), "CreateJobObject")
    flags = _LIMIT_ACTIVE_PROCESS | _DIE_ON_UNHANDLED_EXCEPTION | _KILL_ON_JOB_CLOSE
    limits = _ExtendedLimits(flags=flags, active_processes=_MOST_PROCESSES)
    for kind, value in (
        (_JOB_EXTENDED_LIMITS, limits),
        (_JOB_UI_RESTRICTIONS, c_uint32(_ALL_UI_LIMITS)),
    ):
        done = kernel32.SetInformationJobObject(
            c_void_p(job), kind, ctypes.byref(value), ctypes.sizeof(value)
        )
        _needed(done, "SetInformationJobObject")
    own = c_void_p(kernel32.GetCurrentProcess())
    _needed(kernel32.AssignProcessToJobObject(c_void_p(job), own), "AssignProcessToJobObject")
    _kept.append(job)


def _mitigate() -> None:
    kernel32 = _library("kernel32")
    for kind, flags, said in _MITIGATIONS:
        value = c_uint32(flags)
        done = kernel32.SetProcessMitigationPolicy(kind, ctypes.byref(value), 4)
        _needed(done, f"SetProcessMitigationPolicy ({said})")


def _lower(writable: Sequence[Path]) -> None:
    """Label what stays writable as low, then lower this process: the other order is refused."""
    advapi32 = _library("advapi32")
    for path in writable:
        _label_low(advapi32, path)
    token = c_void_p()
    own = c_void_p(_library("kernel32").GetCurrentProcess())
    wanted = _TOKEN_QUERY | _TOKEN_ADJUST_DEFAULT
    _needed(advapi32.OpenProcessToken(own, wanted, ctypes.byref(token)), "OpenProcessToken")
    sid = c_void_p()
    converted = advapi32.ConvertStringSidToSidW(_LOW_INTEGRITY, ctypes.byref(sid))
    _needed(converted, "ConvertStringSidToSid")
    label = _Label(sid, _GROUP_INTEGRITY)
    lowered = advapi32.SetTokenInformation(
        token, _TOKEN_INTEGRITY_LEVEL, ctypes.byref(label), ctypes.sizeof(label)
    )
    _needed(lowered, "SetTokenInformation")


def _label_low(advapi32: Any, path: Path) -> None:
    descriptor, acl = c_void_p(), c_void_p()
    present, defaulted = ctypes.c_int(), ctypes.c_int()
    made = advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
        _LOW_LABEL, _SDDL_REVISION, ctypes.byref(descriptor), None
    )
    _needed(made, "ConvertStringSecurityDescriptor")
    found = advapi32.GetSecurityDescriptorSacl(
        descriptor, ctypes.byref(present), ctypes.byref(acl), ctypes.byref(defaulted)
    )
    _needed(found, "GetSecurityDescriptorSacl")
    # Unlike the others, this one returns an error number: 0 is good.
    refused = advapi32.SetNamedSecurityInfoW(
        str(path), _FILE_OBJECT, _LABEL_INFORMATION, None, None, None, acl
    )
    if refused:
        raise OSError(refused, f"SetNamedSecurityInfo refused for {path.name}")


def _needed(result: int, what: str) -> int:
    if not result:
        raise OSError(1, f"{what} was refused")
    return result


def _library(name: str) -> Any:
    """Return a system library; pointers come back whole only if their type is said."""
    library = getattr(ctypes, "WinDLL")(name, use_last_error=True)  # noqa: B009 - Windows only
    if name == "kernel32":
        library.CreateJobObjectW.restype = c_void_p
        library.GetCurrentProcess.restype = c_void_p
    return library


def _report(facilities: Sequence[Facility], results: Results | None = None) -> LockdownReport:
    return report_of(f"Windows {platform.release()}", "reduced", facilities, results)
