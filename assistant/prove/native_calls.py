"""Call the C library, system calls by number and machine code, bypassing Python.

Numbers are those of the kernel's tables `arch/x86/entry/syscalls/syscall_64.tbl` and
`include/uapi/asm-generic/unistd.h` (aarch64).
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import struct
import sys
from collections.abc import Callable
from typing import Any

from assistant.lockdown import kernel_calls
from assistant.prove.probe import Absent

MACHINE = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
_COLUMN = {"x86_64": 0, "aarch64": 1}.get(MACHINE)

_TABLE = """
    socket 41 198, socketpair 53 199, connect 42 203, sendto 44 206, ptrace 101 117,
    process_vm_readv 310 270, process_vm_writev 311 271, pidfd_open 434 434,
    pidfd_getfd 438 438, io_uring_setup 425 425, io_uring_enter 426 426, unshare 272 97,
    setns 308 268, mount 165 40, fsopen 430 430, open_tree 428 428, chroot 161 51, bpf 321 280,
    perf_event_open 298 241, add_key 248 217, request_key 249 218, keyctl 250 219,
    userfaultfd 323 282, kcmp 312 272, mq_open 240 180, mq_unlink 241 181, shmget 29 194,
    shmctl 31 195, msgget 68 186, msgctl 71 187, semget 64 190, semctl 66 191, clone3 435 435,
    name_to_handle_at 303 264, open_by_handle_at 304 265, fanotify_init 300 262,
    init_module 175 105, setxattr 188 5, fchmodat 268 53, utimensat 280 88, openat2 437 437,
    memfd_create 319 279, linkat 265 37, ioperm 173 -1
"""
NUMBERS: dict[str, tuple[int, int]] = {
    name: (int(intel), int(arm)) for name, intel, arm in map(str.split, _TABLE.split(","))
}
"""Name: number on x86-64, number on aarch64 (-1: it has none). Not those of the lock: a number
that is wrong there is to come out here."""

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform != "win32" else None


def c_library() -> Any:
    """Return the C library that this process runs on. Raises `Absent`."""
    if _libc is None:
        raise Absent("no C library")
    return _libc


def text(value: object) -> ctypes.c_char_p:
    """Return a text or a path as C takes it."""
    return ctypes.c_char_p(str(value).encode())


def packed(form: str, *values: int, size: int = 0) -> ctypes.Array[ctypes.c_char]:
    """Return a C structure (`form` as in `struct`), filled up with zeros to `size` bytes."""
    content = struct.pack(form, *values)
    return ctypes.create_string_buffer(content, max(size, len(content)))


def number(name: str) -> int:
    """Return the number of a system call here. Raises `Absent` on an unknown processor."""
    if _COLUMN is None or NUMBERS[name][_COLUMN] < 0:
        raise Absent(f"no number of {name} is known for {MACHINE}")
    return NUMBERS[name][_COLUMN]


def checked(result: int, what: str = "") -> int:
    """Return the result of a C call, or raise its `OSError`."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what or None)
    return result


def syscall(name: str, *arguments: Any) -> int:
    """Make a system call by number through the C library's `syscall`. Raises `OSError`."""
    return kernel_calls.call(number(name), *arguments)


def _numbered(value: int) -> bytes:
    return value.to_bytes(4, "little")


def direct_socket() -> Callable[[int, int, int], int]:
    """Return machine code that makes the socket call itself, without the C library."""
    call = number("socket")
    if MACHINE == "x86_64":  # mov eax, call; syscall; ret
        return kernel_calls.machine_code(b"\xb8" + _numbered(call) + b"\x0f\x05\xc3", 3)
    # movz x8, call; svc 0; ret
    words = (0xD2800008 | call << 5, 0xD4000001, 0xD65F03C0)
    return kernel_calls.machine_code(b"".join(_numbered(word) for word in words), 3)


def i386_socket() -> Callable[[int, int, int], int]:
    """Return machine code that makes the 32-bit system call socket (359) with `int 0x80`."""
    if MACHINE != "x86_64":
        raise Absent("32-bit calls with int 0x80 are x86 only")
    # push rbx; mov ebx, edi; mov ecx, esi; mov eax, 359; int 0x80; pop rbx; ret
    code = b"\x53\x89\xfb\x89\xf1\xb8" + _numbered(359) + b"\xcd\x80\x5b\xc3"
    return kernel_calls.machine_code(code, 3)


def i386_socketcall() -> Callable[[int, int, int], int]:
    """Return machine code that makes the older 32-bit `socketcall` (102, SYS_SOCKET is 1).

    Its arguments lie in memory that 32 bits can address: here, in the code's own page.
    """
    if MACHINE != "x86_64":
        raise Absent("32-bit calls with int 0x80 are x86 only")
    # push rbx; sub rsp, 16; mov [r8], edi; [r8+4], esi; [r8+8], edx; mov ecx, r8d ...
    code = (
        b"\x53\x41\x89\x38\x41\x89\x70\x04\x41\x89\x50\x08\x44\x89\xc1"
        b"\xbb\x01\x00\x00\x00\xb8" + _numbered(102) + b"\xcd\x80\x5b\xc3"
    )
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40  # MAP_32BIT
    low = mmap.mmap(-1, mmap.PAGESIZE, flags=flags)
    place = ctypes.addressof(ctypes.c_char.from_buffer(low))
    inner = kernel_calls.machine_code(code, 5)

    def call(family: int, kind: int, protocol: int) -> int:
        return inner(family, kind, protocol, 0, place)

    call.keep = low  # type: ignore[attr-defined]
    return call


def x32_socket(family: int, kind: int, protocol: int) -> int:
    """Make the socket call of the x32 interface (bit 30 set in the number)."""
    if MACHINE != "x86_64":
        raise Absent("x32 is an interface of x86-64")
    return kernel_calls.call(0x40000000 | 41, family, kind, protocol)


LACKING = frozenset({
    errno.ENOSYS, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ENODEV, errno.EPROTOTYPE,
    errno.EOPNOTSUPP, errno.ENOPROTOOPT, errno.ENXIO, getattr(errno, "ESOCKTNOSUPPORT", 94),
})  # fmt: skip
"""Errors by which a kernel says that it does not have something."""
