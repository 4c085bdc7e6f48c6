"""The Linux system calls of the lockdown, through ctypes. Each says no by `OSError`."""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

# linux/prctl.h, linux/seccomp.h, linux/capability.h
_SET_DUMPABLE, _GET_DUMPABLE = 4, 3
_SET_NO_NEW_PRIVS, _GET_NO_NEW_PRIVS = 38, 39
_CAPBSET_DROP = 24
_SECCOMP_SET_MODE_FILTER, _FILTER_FLAG_TSYNC = 1, 1
_CAPABILITY_VERSION_3 = 0x20080522
_KEPT_CAPABILITIES = 0b1110  # DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER: root's own files
_CAPABILITIES = 64

SECCOMP_NUMBER = {"x86_64": 317, "aarch64": 277}


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


@cache
def _library() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a system call past the C library's wrappers. Raises `OSError`."""
    wide = [
        ctypes.c_long(value)
        if isinstance(value, int)
        else ctypes.c_char_p(value)
        if isinstance(value, bytes)
        else value
        for value in arguments
    ]
    function = _library().syscall
    function.restype = ctypes.c_long
    return _checked(function(ctypes.c_long(number), *wide))


def machine_code(code: bytes, arguments: int = 0) -> Callable[..., int]:
    """Return a function of whole numbers that runs `code`, past the C library.

    Raises `PermissionError` where no memory can be made executable; what it returns raises
    `OSError` if the result is an error number of the kernel.
    """
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    function = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_long] * arguments)(address)

    def run(*given: int) -> int:
        result = int(function(*given))
        if -4096 < result < 0:
            raise OSError(-result, os.strerror(-result))
        return result

    run.keep = page  # type: ignore[attr-defined]
    return run


def _prctl(option: int, *arguments: int) -> int:
    wide = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_library().prctl(ctypes.c_int(option), *wide))


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def set_no_new_privileges() -> None:
    """No set-user-id program gives rights from now on; the kernel wants this for a filter."""
    _prctl(_SET_NO_NEW_PRIVS, 1)


def has_no_new_privileges() -> bool:
    return _prctl(_GET_NO_NEW_PRIVS) == 1


def set_not_dumpable() -> None:
    """No core dump, and no look into this process by others of the same user (prctl(2))."""
    _prctl(_SET_DUMPABLE, 0)


def is_dumpable() -> bool:
    return _prctl(_GET_DUMPABLE) != 0


def install_filter(program: bytes, machine: str) -> None:
    """Install a seccomp program for every thread of this process (seccomp(2), TSYNC).

    Raises `OSError`, also if a thread could not take it over.
    """
    buffer = ctypes.create_string_buffer(program, len(program))
    given = _Program(len(program) // 8, ctypes.addressof(buffer))
    function = _library().syscall
    function.restype = ctypes.c_long
    result = function(
        ctypes.c_long(SECCOMP_NUMBER[machine]),
        ctypes.c_long(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_long(_FILTER_FLAG_TSYNC),
        ctypes.byref(given),
    )
    if _checked(result) != 0:
        raise OSError(0, f"thread {result} kept its own filter")


def drop_capabilities() -> bool:
    """Give up an administrator's powers but those over files; False if there were none.

    capset(2) binds the calling thread; threads and children started later inherit.
    """
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), 8)
    data = ctypes.create_string_buffer(24)
    library = _library()
    _checked(library.capget(header, data))
    effective, permitted, _, _, high_permitted, _ = struct.unpack("=6I", data.raw)
    if not (permitted or high_permitted):
        return False
    for capability in range(_CAPABILITIES):
        try:
            _prctl(_CAPBSET_DROP, capability)
        except OSError:
            break  # EINVAL past the last one that the kernel knows; EPERM without CAP_SETPCAP
    kept = struct.pack(
        "=6I", effective & _KEPT_CAPABILITIES, permitted & _KEPT_CAPABILITIES, 0, 0, 0, 0
    )
    data.raw = kept
    _checked(library.capset(header, data))
    return True
